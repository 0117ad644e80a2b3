"""Files that a trial of a PettingZoo task rests on: a trial need not be repeated while all of them are as they were.

These are the files of all modules that are loaded when the trial is over, ALSO's own among them, and whatever Python
code opened for reading meanwhile: maps, settings, models. An interpreter of the task's own (`task.python`) tells
both of itself. What compiled code opens is not seen, unless the task's arguments name it.
"""

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from also.v1.task_pb2 import Task

Stamp = tuple[int, int]
"""Size of a file, bytes, and time of its last change, nanoseconds."""

_PASSING = ("/proc/", "/sys/", "/dev/")
"""Where files are no files."""

_opened: set[str] | None = None
"""Paths that were opened for reading; None while nobody watches."""


@contextmanager
def watched() -> Iterator[set[str]]:
    """Collect the paths of files that are opened for reading inside, absolute. One at a time."""
    global _opened
    if not getattr(watched, "hooked", False):  # a hook stays for the rest of the process
        sys.addaudithook(_hear)
        watched.hooked = True  # type: ignore[attr-defined]
    _opened = set()
    try:
        yield _opened
    finally:
        _opened = None


def is_watching() -> bool:
    """Whether paths are being collected."""
    return _opened is not None


def stamps(task: Task, opened: Iterable[str], modules: Iterable[str] = (), *, began_ns: int) -> dict[str, Stamp]:
    """The files that a trial rests on, by absolute path; none where one of the sources was changed meanwhile.

    Args:
        task: the task; a text argument may be the path of a file, and so is its interpreter.
        opened: what was opened for reading; what has changed since the trial began is its own product.
        modules: files of modules that are loaded in an interpreter of the task's own.
        began_ns: when the trial began, nanoseconds since the epoch.
    """
    named = [argument.text for argument in task.arguments.values() if argument.WhichOneof("value") == "text"]
    loaded = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    sources = _stamped(str(Path(path).absolute()) for path in [task.python, *named, *loaded, *modules] if path)
    if any(changed_ns >= began_ns for _, changed_ns in sources.values()):
        return {}
    read = _stamped(path for path in opened if "__pycache__" not in path)
    return {**{path: stamp for path, stamp in read.items() if stamp[1] < began_ns}, **sources}


def _stamped(paths: Iterable[str]) -> dict[str, Stamp]:
    stamped = ((path, stamp_of(path)) for path in sorted(set(paths)) if not path.startswith(_PASSING))
    return {path: stamp for path, stamp in stamped if stamp is not None}


def stamp_of(path: str) -> Stamp | None:
    """The stamp of a regular file; None where there is none."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return (found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def _hear(event: str, details: tuple[Any, ...]) -> None:
    if _opened is None or event != "open":
        return
    path, mode, flags = details
    if not isinstance(path, str | bytes | os.PathLike):
        return
    writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool(flags & os.O_ACCMODE)
    if not writes:
        _opened.add(str(Path(os.fsdecode(path)).absolute()))
