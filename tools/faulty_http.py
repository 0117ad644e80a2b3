"""What faulty servers share: HTTP on loopback whose replies may drip, break off, or never come.

A server says what it would answer (`FaultyServer`), a handler of its own turns requests into replies (`FaultyHandler`),
and `running` has it serve in a thread.
"""

import argparse
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

S = TypeVar("S", bound="FaultyServer")


@dataclass(slots=True, kw_only=True)
class Reply:
    """One reply, before it is sent; a server's own kind makes the body."""

    status: int = 200
    """HTTP status."""
    headers: dict[str, str] = field(default_factory=dict)
    """HTTP headers."""
    body: bytes | None = None
    """Body in place of the one that is made."""
    send: str = "whole"
    """How it is sent: "whole", "drip" (a byte now and then), "reset" (half, then a reset), "hang" (never)."""

    def content(self) -> bytes:
        """The body."""
        return self.made() if self.body is None else self.body

    def made(self) -> bytes:
        """The body that an undamaged reply has."""
        return b""


class FaultyServer(ThreadingHTTPServer):
    """Threads on loopback."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, handler: type["FaultyHandler"]) -> None:
        """Bound to loopback, not serving yet.

        Args:
            port: port; 0 takes a free one.
            handler: turns requests into replies.
        """
        super().__init__(("127.0.0.1", port), handler)
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""


class FaultyHandler(BaseHTTPRequestHandler):
    """One connection; a server's own kind says what a GET and a POST are replied to with."""

    server: FaultyServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""

    def do_GET(self) -> None:
        """Reply to a GET."""
        self._send(self.get())

    def do_POST(self) -> None:
        """Reply to a POST."""
        self._send(self.post())

    def get(self) -> Reply:
        """The reply to a GET."""
        return Reply(status=501)

    def post(self) -> Reply:
        """The reply to a POST."""
        return Reply(status=501)

    def _send(self, given: Reply) -> None:
        """Send a reply as it is to be sent."""
        body = given.content()
        if given.send == "hang":
            self.server.ended.wait(60)
            self.close_connection = True
            return
        self.send_response(given.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in given.headers.items():
            self.send_header(name, value)
        self.end_headers()
        match given.send:
            case "drip":
                for byte in body:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    if self.server.ended.wait(0.05):
                        break
                self.close_connection = True
            case "reset":
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                time.sleep(0.01)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
            case _:
                self.wfile.write(body)


@contextmanager
def running(server: S) -> Iterator[S]:
    """A server that serves in a thread as long as the context is entered."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def parser(prog: str, description: str | None, faults: Iterable[str]) -> argparse.ArgumentParser:
    """Arguments of a server that is started by hand: `--fault KIND` and `--port N`.

    Args:
        prog: name of its module.
        description: what it is.
        faults: names of its faults.
    """
    made = argparse.ArgumentParser(prog=prog, description=description)
    made.add_argument("--fault", choices=["", *faults], default="", help="damage every reply in this way")
    made.add_argument("--port", type=int, default=0, help="port on loopback; 0 takes a free one")
    return made


def serve_by_hand(serving: AbstractContextManager[S], prepare: Callable[[S], None]) -> int:
    """Serve until interrupted, and return the exit code.

    Args:
        serving: the server.
        prepare: sets its faults, before its URL is printed.
    """
    with serving as server:
        prepare(server)
        print(server.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0
