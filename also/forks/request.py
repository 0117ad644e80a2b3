"""What is said between a fork server and the process that asks it: one request, one process id, one exit code.

Every child has a connection of its own, whose far end comes with the request. So a requester hears
of each child's end by itself, and of the fork server's death on all of them at once.
"""

import json
import os
import socket
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass

READY = b"R"
"""What a fork server says once, when it has loaded its modules."""

_NUMBER = struct.Struct("!i")
"""A length, a process id or an exit code."""

_DESCRIPTORS = 4
"""Descriptors of a request: standard input, output and error, and the connection that its child is told of by."""

_CLOSED = "the connection was closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A child that is wanted."""

    module: str
    """Module whose `main` it runs."""
    arguments: list[str]
    """Its arguments."""
    environment: dict[str, str]
    """Its whole environment."""
    folder: str
    """Its working directory, absolute."""


def send(connection: socket.socket, request: Request, descriptors: Sequence[int]) -> None:
    """Ask for a child.

    Args:
        connection: to the fork server.
        request: what is asked for.
        descriptors: the child's standard input, output and error, and the connection that tells of it.

    Raises:
        OSError: the fork server is gone.
    """
    body = json.dumps(asdict(request)).encode()
    socket.send_fds(connection, [_NUMBER.pack(len(body))], descriptors)
    connection.sendall(body)


def lend(connection: socket.socket, descriptor: int) -> None:
    """Tell a fork server of another requester.

    Args:
        connection: to the fork server.
        descriptor: the server's end of a connection to the other requester.

    Raises:
        OSError: the fork server is gone.
    """
    socket.send_fds(connection, [_NUMBER.pack(0)], [descriptor])


def receive(connection: socket.socket) -> tuple[Request | None, list[int]] | None:
    """What a requester sends next; None when it is gone.

    Returns:
        A request, or None for another requester; and the descriptors that came along, which are the caller's to close.
    """
    head, descriptors, _, _ = socket.recv_fds(connection, _NUMBER.size, _DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
    if len(head) < _NUMBER.size:
        return None
    (left,) = _NUMBER.unpack(head)
    if len(descriptors) < (_DESCRIPTORS if left else 1):  # there was no room for them here
        close(descriptors)
        return None
    if left == 0:
        return None, descriptors
    body = bytearray()
    while left > len(body):
        part = connection.recv(left - len(body))
        if not part:
            close(descriptors)
            return None
        body += part
    return Request(**json.loads(body)), descriptors


def tell_pid(connection: socket.socket, pid: int, pidfd: int) -> None:
    """Tell a requester that its child is there: process id, and a descriptor by which it can be signalled.

    Raises:
        OSError: the requester is gone.
    """
    socket.send_fds(connection, [_NUMBER.pack(pid)], [pidfd])


def hear_pid(connection: socket.socket) -> tuple[int, int]:
    """Process id of a child, and a pidfd of it that is the caller's to close.

    Raises:
        OSError: the fork server is gone, or could not fork.
    """
    head, descriptors, _, _ = socket.recv_fds(connection, _NUMBER.size, 1, socket.MSG_CMSG_CLOEXEC)
    if len(head) < _NUMBER.size or not descriptors:
        raise ConnectionError(_CLOSED)
    (pid,) = _NUMBER.unpack(head)
    return pid, descriptors[0]


def tell_end(connection: socket.socket, code: int) -> None:
    """Tell a requester that its child has ended, with what exit code or, negative, by what signal.

    Raises:
        OSError: the requester is gone.
    """
    connection.sendall(_NUMBER.pack(code))


def hear_end(connection: socket.socket) -> int:
    """Exit code of a child, negative for the signal that ended it; waits for it.

    Raises:
        OSError: the fork server is gone, so nobody can say.
    """
    told = connection.recv(_NUMBER.size, socket.MSG_WAITALL)
    if len(told) < _NUMBER.size:
        raise ConnectionError(_CLOSED)
    (code,) = _NUMBER.unpack(told)
    return int(code)


def close(descriptors: Sequence[int]) -> None:
    """Close descriptors that were received."""
    for descriptor in descriptors:
        os.close(descriptor)
