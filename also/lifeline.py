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
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

from also.settings import child_environment

FLAG = "--lifeline"
"""Argument that tells a process to hold on to its standard input."""

ORPHANED = 75
"""Exit code of a process whose parent is gone."""


class Process(Protocol):
    """A child process on a lifeline: a `subprocess.Popen`, or one that was forked (`also.forks`)."""

    stdin: IO[bytes] | None
    """Write end of its lifeline."""
    stdout: IO[bytes] | None
    """Read end of its standard output, where that is a pipe."""
    returncode: Any
    """Its exit code, negative for a signal that ended it; None while it runs, or while nobody has looked."""

    @property
    def pid(self) -> int:
        """Its process id."""

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended.

        Args:
            timeout: how long to wait, seconds; None waits until it has ended.

        Raises:
            subprocess.TimeoutExpired: it runs still.
        """

    def terminate(self) -> None:
        """Send it SIGTERM, if it runs."""

    def kill(self) -> None:
        """Send it SIGKILL, if it runs."""


def spawn(
    module: str,
    arguments: Sequence[str],
    *,
    log: Path,
    stdout: int | IO[bytes] | None = None,
    environment: Mapping[str, str] | None = None,
    descriptors: Sequence[int] = (),
) -> "subprocess.Popen[bytes]":
    """Start a module of ALSO on a lifeline, in a session of its own.

    Args:
        module: module to run; its main must call `hold`.
        arguments: its arguments; the lifeline flag is added.
        log: file that its standard error is appended to.
        stdout: where its standard output goes; None is the log too.
        environment: variables that differ from this process's own.
        descriptors: what it inherits besides, under the same numbers.

    Returns:
        The process. Closing its `stdin` ends it, and so does the end of this process.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as stderr:
        return subprocess.Popen(
            [*command_of(module), *arguments, FLAG],
            stdin=subprocess.PIPE,
            stdout=stderr if stdout is None else stdout,
            stderr=stderr,
            start_new_session=True,
            pass_fds=descriptors,
            env=environment_of(environment),
        )


def command_of(module: str) -> list[str]:
    """Command that runs a module of ALSO's own, whatever lies in the current folder; its arguments follow."""
    return [sys.executable, str(Path(__file__).with_name("start.py")), module]


def environment_of(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment of a process on a lifeline: this one's without secrets, one thread a process, and changes."""
    return child_environment(OMP_NUM_THREADS="1", PYTHONUNBUFFERED="1", **(changes or {}))


def hold() -> None:
    """End this process as soon as its standard input closes; call it before heavy imports."""
    threading.Thread(target=_wait_for_end, args=(sys.stdin.fileno(),), name="lifeline", daemon=True).start()


def end(processes: Sequence[Process], *, grace_seconds: float = 3.0) -> None:
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


def last_line(log: Path, most: int = 300) -> str:
    """The last line with anything in it that a process has written to its log; empty where there is none.

    Args:
        log: the log.
        most: characters of the line at most, its beginning.
    """
    with log.open(encoding="utf-8", errors="replace") as lines:
        last = deque((line.strip() for line in lines if line.strip()), maxlen=1)
    return last[0][:most] if last else ""


def _wait_for_end(descriptor: int) -> None:
    while os.read(descriptor, 4096):
        pass
    os._exit(ORPHANED)
