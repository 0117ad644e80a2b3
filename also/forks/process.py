"""A forked process as its requester sees it: what `subprocess.Popen` offers, of a child that is not ours to wait for.

It is signalled by its pidfd, so no signal can reach another process that got its id. Its exit code
is the fork server's to know. When that dies the child runs on, and its end is seen by the same
pidfd, without a code.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import threading
from typing import IO

from also import lifeline
from also.forks import request


class ForkedProcess:
    """A child of a fork server."""

    def __init__(self, module: str, told: socket.socket, stdin: IO[bytes], stdout: IO[bytes] | None) -> None:
        """Take charge of a child that was asked for; waits until it is there.

        Args:
            module: what it runs.
            told: the connection that tells of it.
            stdin: write end of its lifeline.
            stdout: read end of its standard output, where that is a pipe.

        Raises:
            OSError: the fork server is gone, or could not fork.
        """
        self.pid, self._pidfd = request.hear_pid(told)
        self.stdin: IO[bytes] | None = stdin
        self.stdout = stdout
        self.returncode: int | None = None
        told.settimeout(None)
        self._module = module
        self._told = told
        self._lock = threading.Lock()
        self._ended = threading.Event()
        threading.Thread(target=self._see_end, name=f"end-of-{self.pid}", daemon=True).start()

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """As `lifeline.Process.wait`; the exit code is `lifeline.ORPHANED` if the fork server died before it."""
        self._ended.wait(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self._module, timeout or 0.0)
        return self.returncode

    def terminate(self) -> None:
        """Send it SIGTERM, if it runs."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send it SIGKILL, if it runs."""
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it runs."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self.returncode is None:
                signal.pidfd_send_signal(self._pidfd, number)

    def _see_end(self) -> None:
        with self._told:
            try:
                code = request.hear_end(self._told)
            except OSError:
                _wait_for_end(self._pidfd)
                code = lifeline.ORPHANED
        with self._lock:
            self.returncode = code
            os.close(self._pidfd)
        self._ended.set()


def _wait_for_end(pidfd: int) -> None:
    ended = select.poll()
    ended.register(pidfd, select.POLLIN)
    ended.poll()
