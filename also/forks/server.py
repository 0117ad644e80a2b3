"""A fork server as a process: `python -m also.forks.server --socket DESCRIPTOR --lifeline MODULE...`

It loads its modules, says that it is ready, and forks a child for every request that comes over its
socket. It has one thread, as a fork copies only the thread that calls it: what other threads were
at, and the locks they held, would be lost. So it waits for its lifeline without a thread, and
refuses to serve when a module has started one.

A child leaves with nothing of the server's but what it has loaded. Every descriptor is closed, so
that neither the server nor a sibling keeps a lifeline or an output open.

Exit codes: 0 nobody asks any more, 1 it cannot serve here.
"""

import argparse
import contextlib
import gc
import importlib
import os
import selectors
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from also import lifeline, settings
from also.forks import request
from also.forks.request import Request

_INPUT = 0
"""Descriptor of the server's lifeline."""

_NAME_LENGTH = 15
"""Characters of a process's short name on Linux."""


@dataclass(frozen=True, slots=True)
class _Child:
    """A child that runs."""

    pid: int
    pidfd: int
    told: socket.socket

    def reap(self) -> None:
        """Take its exit code, which frees its process id, and pass it on."""
        _, status = os.waitpid(self.pid, 0)
        with self.told, contextlib.suppress(OSError):
            request.tell_end(self.told, os.waitstatus_to_exitcode(status))
        os.close(self.pidfd)


def main(given: Sequence[str] | None = None) -> None:
    """Serve until the process that started this one is gone; in a child, run its module."""
    parser = argparse.ArgumentParser(prog="also.forks.server")
    parser.add_argument("--socket", type=int, required=True, help="descriptor of the socket that requests come over")
    parser.add_argument(lifeline.FLAG, action="store_true", help="end when standard input closes")
    parser.add_argument("modules", nargs="*", help="modules to load")
    parsed = parser.parse_args(given)
    with socket.socket(fileno=parsed.socket) as first:
        _load(parsed.modules)
        wanted = _serve(first)
    if wanted is not None:
        _become(wanted)


def _load(modules: Sequence[str]) -> None:
    """Load what children need, and make sure that this process may be forked."""
    _call_oneself("fork-server")
    signal.pidfd_send_signal(pidfd := os.pidfd_open(os.getpid()), 0)
    os.close(pidfd)
    for module in modules:
        importlib.import_module(module)
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads > 1:
        print(f"error: {threads} threads run once {', '.join(modules)} are loaded; 1 is allowed", file=sys.stderr)
        sys.exit(1)
    gc.collect()
    gc.freeze()  # what is loaded stays: children neither look at it nor copy its pages


def _serve(first: socket.socket) -> Request | None:
    """Fork a child for every request. In a child, its request; in the server None, when its starter is gone."""
    children: dict[int, _Child] = {}
    requesters: dict[int, socket.socket] = {}
    with selectors.PollSelector() as selector:
        selector.register(_INPUT, selectors.EVENT_READ)
        _welcome(first, requesters, selector)
        while True:
            for key, _ in selector.select():
                if key.fd in children:
                    selector.unregister(key.fd)
                    children.pop(key.fd).reap()
                elif key.fd == _INPUT:
                    if not os.read(_INPUT, 4096):
                        return None
                else:
                    received = request.receive(requesters[key.fd])
                    match received:
                        case None if requesters[key.fd] is first:
                            return None
                        case None:
                            selector.unregister(key.fd)
                            requesters.pop(key.fd).close()
                        case None, [descriptor]:
                            _welcome(socket.socket(fileno=descriptor), requesters, selector)
                        case Request() as wanted, descriptors:
                            pid = _fork(wanted.module)
                            if pid == 0:
                                _close(requesters, children)
                                _take(descriptors)
                                return wanted
                            child = _begin(pid, descriptors)
                            if child is not None:
                                children[child.pidfd] = child
                                selector.register(child.pidfd, selectors.EVENT_READ)


def _welcome(requester: socket.socket, requesters: dict[int, socket.socket], selector: selectors.PollSelector) -> None:
    """Tell a requester that the modules are loaded, and listen to it."""
    requesters[requester.fileno()] = requester
    selector.register(requester, selectors.EVENT_READ)
    with contextlib.suppress(OSError):
        requester.sendall(request.READY)


def _fork(module: str) -> int | None:
    """Fork: 0 in the child, its process id in the server, None where the system forbids it."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        return os.fork()
    except OSError as error:
        print(f"warning: {module} is not forked: {error.strerror}", file=sys.stderr)
        return None


def _begin(pid: int | None, descriptors: list[int]) -> _Child | None:
    """In the server: keep of a request's descriptors only the one by which the child is told of, and tell of it."""
    *given, told = descriptors
    request.close(given)
    if pid is None:
        os.close(told)
        return None
    child = _Child(pid, os.pidfd_open(pid), socket.socket(fileno=told))
    with contextlib.suppress(OSError):  # a requester that is gone takes the lifeline with it, which ends the child
        request.tell_pid(child.told, pid, child.pidfd)
    return child


def _close(requesters: dict[int, socket.socket], children: dict[int, _Child]) -> None:
    """In a child: close what belongs to the server and to the children before."""
    for requester in requesters.values():
        requester.close()
    for child in children.values():
        child.told.close()
        os.close(child.pidfd)


def _take(descriptors: list[int]) -> None:
    """In a child: make the given descriptors its standard input, output and error."""
    os.setsid()
    *given, told = descriptors
    for standard, descriptor in enumerate(given):
        os.dup2(descriptor, standard)
    request.close([*given, told])


def _become(wanted: Request) -> None:
    """Run the module as `also.lifeline.spawn` would, but for variables that are read while the interpreter starts."""
    os.chdir(wanted.folder)
    settings.become(wanted.environment)
    importlib.invalidate_caches()
    _call_oneself(wanted.module.removeprefix("also.services."))
    module = importlib.import_module(wanted.module)
    if hasattr(module, "__path__"):
        module = importlib.import_module(f"{wanted.module}.__main__")
    sys.argv = [str(module.__file__), *wanted.arguments]
    module.main()


def _call_oneself(name: str) -> None:
    """Set this process's short name, which tools like `ps` and `top` show."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name[:_NAME_LENGTH], encoding="utf-8")


if __name__ == "__main__":
    main()
