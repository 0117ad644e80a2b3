"""What a fork server and its requesters say to each other, where descriptors do not arrive."""

import os
import socket

import pytest

from also.forks import request

WANTED = request.Request(module="m", arguments=["-v"], environment={"A": "b"}, folder="/")


@pytest.fixture
def ends():
    """Both ends of a connection."""
    with_server, with_requester = socket.socketpair()
    with with_server, with_requester:
        yield with_server, with_requester


def opened():
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def test_a_request_arrives_whole(ends):
    """With four descriptors of its own."""
    server, requester = ends
    request.send(requester, WANTED, [0, 1, 2, requester.fileno()])
    found, descriptors = request.receive(server)
    assert found == WANTED
    assert len(descriptors) == 4
    request.close(descriptors)


@pytest.mark.parametrize("count", [1, 3])
def test_a_request_whose_descriptors_were_cut_off_counts_as_none(ends, count):
    """As the kernel cuts them off where a process may open no more; those that came are closed."""
    server, requester = ends
    before = opened()
    request.send(requester, WANTED, [0] * count)
    assert request.receive(server) is None
    assert opened() == before


def test_a_child_without_a_handle_counts_as_not_there(ends):
    """Its process id alone could be another's later."""
    server, requester = ends
    server.sendall(b"\0\0\0\7")
    with pytest.raises(ConnectionError):
        request.hear_pid(requester)
