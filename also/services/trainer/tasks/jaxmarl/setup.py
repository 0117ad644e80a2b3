"""JAX and JaxMARL, loaded once a process, and only where a task needs them.

Loading takes two to three seconds and starts threads, so nothing that a fork server loads does it. XLA is told before
that to compute in one thread, as PyTorch does here (`determinism`): parallelism comes from processes. What XLA compiles
is kept in the user's cache folder, so that the same program is compiled once on a machine and not once in each branch
process.
"""

import contextlib
import functools
import importlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from also import settings
from also.errors import DeviceError, TaskError


@functools.cache
def load() -> None:
    """Load both packages; call it before any module that imports them.

    Raises:
        TaskError: one of them cannot be loaded.
    """
    settings.prepare_xla()
    try:
        _load()
    except (ImportError, RuntimeError) as error:
        raise TaskError(f"JAX or JaxMARL is installed and cannot be loaded: {error}") from None


def _load() -> None:
    import jax

    jax.config.update("jax_cpu_enable_async_dispatch", False)  # computes in the thread that calls
    folder = _cache_folder()
    if folder is not None and not jax.config.jax_compilation_cache_dir:
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    with _streams_kept():
        importlib.import_module("jaxmarl")


def jax_device(device: torch.device) -> Any:
    """JAX's name of a device of PyTorch's.

    Raises:
        DeviceError: JAX does not see it.
    """
    import jax

    kind = "cuda" if device.type == "cuda" else device.type
    try:
        return jax.devices(kind)[device.index or 0]
    except (RuntimeError, IndexError):
        found = ", ".join(sorted({each.platform for each in jax.devices()}))
        raise DeviceError(
            f"JAX does not see device {str(device)!r}, on which JaxMARL's environments are to be stepped; it sees "
            f"{found}. Install a JAX for that device, e.g. jax[cuda13], or set learner.device to cpu"
        ) from None


@contextlib.contextmanager
def _streams_kept() -> Iterator[None]:
    """Silence what JaxMARL prints while it is loaded, and undo that it puts the process's first streams back."""
    kept = sys.stdout, sys.stderr, sys.__stdout__
    sys.stdout = sys.__stdout__ = io.StringIO()  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        sys.stdout, sys.stderr, sys.__stdout__ = kept  # type: ignore[misc]


def _cache_folder() -> Path | None:
    """Where compiled programs are kept; None where this user has no home."""
    try:
        return settings.cache_folder() / "xla"
    except RuntimeError:
        return None
