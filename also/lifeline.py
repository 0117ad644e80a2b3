"""Child processes that cannot outlive their parent.

A child holds the read end of a pipe on its standard input; only the parent holds the write end.
When the parent ends, however it ends (`kill -9` too), the kernel closes the pipe and the child
exits at once, and its own children by the same rule. No signal can be missed and no process id
can be mistaken for another's.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from also.settings import child_environment

FLAG = "--lifeline"
"""Argument that tells a process to hold on to its standard input."""

ORPHANED = 75
"""Exit code of a process whose parent is gone."""


def spawn(
    module: str,
    arguments: Sequence[str],
    *,
    log: Path,
    stdout: int | IO[bytes] | None = None,
    environment: Mapping[str, str] | None = None,
) -> "subprocess.Popen[bytes]":
    """Start `python -m module` on a lifeline, in a session of its own.

    Args:
        module: module to run; its main must call `hold`.
        arguments: its arguments; the lifeline flag is added.
        log: file that its standard error is appended to.
        stdout: where its standard output goes; None is the log too.
        environment: variables that differ from this process's own.

    Returns:
        The process. Closing its `stdin` ends it, and so does the end of this process.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as stderr:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments, FLAG],
            stdin=subprocess.PIPE,
            stdout=stderr if stdout is None else stdout,
            stderr=stderr,
            start_new_session=True,
            env=child_environment(OMP_NUM_THREADS="1", PYTHONUNBUFFERED="1", **(environment or {})),
        )


def hold() -> None:
    """End this process as soon as its standard input closes; call it before heavy imports."""
    threading.Thread(target=_wait_for_end, args=(sys.stdin.fileno(),), name="lifeline", daemon=True).start()


def end(processes: Sequence["subprocess.Popen[bytes]"], *, grace_seconds: float = 3.0) -> None:
    """End child processes: SIGTERM to all, SIGKILL to those left after the grace. Returns when all are gone."""
    deadline = time.monotonic() + grace_seconds
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(max(deadline - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()


def _wait_for_end(descriptor: int) -> None:
    while os.read(descriptor, 4096):
        pass
    os._exit(ORPHANED)
