"""The way to a fork server: starts it, asks it for children, and starts it again when it has died.

Where there can be none, children are spawned as ever (`also.lifeline`); that is said once.
"""

import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from also import lifeline
from also.forks import request
from also.forks.process import ForkedProcess
from also.forks.request import Request

READY_SECONDS = 60.0
"""How long a fork server may take to load its modules."""

ANSWER_SECONDS = 5.0
"""How long it may take to fork."""

END_SECONDS = 5.0
"""How long it may take to end when it cannot load them."""

TRIES = 3
"""Starts of a fork server at most that is killed while it loads; one that ends by itself is not started again."""


class ForkServer:
    """A fork server, and what takes its place where there is none."""

    def __init__(self, modules: Sequence[str], *, log: Path, lent: int | None = None) -> None:
        """Nothing is started yet.

        Args:
            modules: what it loads; none may start a thread, or open what must not be shared.
            log: file that its standard error is appended to.
            lent: descriptor of a connection to another process's fork server, which is asked while it lives;
                one that leads nowhere is as good as none.
        """
        self._lent = lent
        self._modules = modules
        self._log = log
        self._server: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None
        self._ready = False
        self._refused = False
        self._deaths = 0
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Process id of a fork server of this process's own; None where there is none."""
        return None if self._server is None else self._server.pid

    def start(self) -> None:
        """Begin to load the modules; returns at once."""
        with self._lock:
            self._look(0.0)

    def ready(self) -> bool:
        """Whether `spawn` starts a process now, without waiting until the modules are loaded."""
        with self._lock:
            return self._look(0.0)

    def spawn(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        log: Path,
        stdout: int | IO[bytes] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> lifeline.Process:
        """Start a process that is like `lifeline.spawn(module, ...)`, with the same arguments.

        Its module's `main()` is run, with the modules of the fork server loaded already. Variables that
        the interpreter or a library reads when it is loaded are those of the fork server.
        """
        with self._lock:
            if self._look(READY_SECONDS) and self._requests is not None:
                try:
                    return _fork(self._requests, module, arguments, log=log, stdout=stdout, environment=environment)
                except TimeoutError:
                    self._leave()
                except OSError:  # it died just now, or cannot fork
                    pass
                self._look(0.0)
        return lifeline.spawn(module, arguments, log=log, stdout=stdout, environment=environment)

    def lend(self) -> socket.socket | None:
        """A connection to the fork server for a child to inherit, the caller's to close; None where there is none."""
        with self._lock:
            self._look(0.0)
            if self._requests is None:
                return None
            ours, theirs = socket.socketpair()
            with theirs, contextlib.suppress(OSError):
                request.lend(self._requests, theirs.fileno())
            return ours

    def close(self) -> None:
        """End the fork server, or leave the one that was lent. Children run on."""
        with self._lock:
            self._refused = True
            self._leave()

    def _look(self, seconds: float) -> bool:
        """Whether nothing has to be waited for, after waiting for so long at most; a dead server is started again."""
        if self._refused:
            return True
        if self._ready and self._requests is not None and _readable(self._requests, 0.0):
            self._leave()  # it says nothing more, so this is its end
        if self._requests is None:
            self._begin()
        if not self._ready and self._requests is not None:
            self._hear_ready(self._requests, seconds)
        return self._ready or self._refused

    def _begin(self) -> None:
        if sys.platform != "linux":
            self._refuse(f"this is {sys.platform}, not Linux")
            return
        if self._lent is not None:
            with contextlib.suppress(OSError):
                self._requests = socket.socket(fileno=self._lent)
                self._requests.set_inheritable(False)
            self._lent = None
        if self._requests is None:
            self._start_own()

    def _start_own(self) -> None:
        ours, theirs = socket.socketpair()
        arguments = ["--socket", str(theirs.fileno()), *self._modules]
        with theirs:
            try:
                self._server = lifeline.spawn(
                    "also.forks.server", arguments, log=self._log, descriptors=[theirs.fileno()]
                )
            except OSError:  # of its log, most likely; the process that is started in its place says so
                ours.close()
                self._refused = True
                return
        self._requests = ours

    def _hear_ready(self, requests: socket.socket, seconds: float) -> None:
        if not _readable(requests, seconds):
            if seconds:
                self._refuse(f"it has not loaded {', '.join(self._modules)} within {seconds:.0f} s")
            return
        with contextlib.suppress(OSError):
            self._ready = requests.recv(len(request.READY)) == request.READY
        if self._ready:
            self._deaths = 0
            return
        if self._server is None:  # another process's, which is gone
            self._leave()
            self._look(seconds)
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._server.wait(END_SECONDS)  # its last words are for the log
        self._deaths += 1
        killed = (self._server.returncode or 0) < 0
        if killed and self._deaths < TRIES:
            self._leave()
            self._look(seconds)
        else:
            self._refuse("it ended while it loaded")

    def _refuse(self, reason: str) -> None:
        """Do without a fork server from now on."""
        self._refused = True
        print(f"warning: no fork server, processes load anew: {reason}; see {self._log}", file=sys.stderr)
        self._leave()

    def _leave(self) -> None:
        """End the server, if there is one, and forget it."""
        if self._requests is not None:
            self._requests.close()
        if self._server is not None:
            lifeline.end([self._server], grace_seconds=0.0)
        self._requests = self._server = None
        self._ready = False


def _readable(connection: socket.socket, seconds: float) -> bool:
    """Whether something can be read within `seconds`."""
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


def _fork(
    requests: socket.socket,
    module: str,
    arguments: Sequence[str],
    *,
    log: Path,
    stdout: int | IO[bytes] | None,
    environment: Mapping[str, str] | None,
) -> ForkedProcess:
    """Ask for a child.

    Raises:
        OSError: the fork server is gone, or could not fork.
    """
    wanted = Request(
        module=module,
        arguments=[*arguments, lifeline.FLAG],
        environment=lifeline.environment_of(environment),
        folder=str(Path.cwd()),
    )
    log.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
        error = theirs.enter_context(log.open("ab")).fileno()
        end, lifeline_end = os.pipe()
        theirs.callback(os.close, end)
        stdin = ours.enter_context(os.fdopen(lifeline_end, "wb"))
        output, piped = error, None
        if stdout == subprocess.PIPE:
            read, output = os.pipe()
            theirs.callback(os.close, output)
            piped = ours.enter_context(os.fdopen(read, "rb"))
        elif stdout is not None:
            output = stdout if isinstance(stdout, int) else stdout.fileno()
        told, telling = socket.socketpair()
        ours.enter_context(told)
        told.settimeout(ANSWER_SECONDS)
        request.send(requests, wanted, [end, output, error, theirs.enter_context(telling).fileno()])
        theirs.close()  # else a fork server that dies now would not be noticed
        process = ForkedProcess(module, told, stdin, piped)
        ours.pop_all()
    return process
