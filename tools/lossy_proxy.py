"""A gateway before an object store that loses answers: a request is carried out, and its sender is told otherwise.

    with lossy("http://127.0.0.1:8333", every_first) as gateway:
        ...  # AWS_ENDPOINT=gateway.url

What is lost, and how, is said by a function of the method, the path and how often this request was made before:
`"504"` answers so, `"reset"` resets the connection, `"half"` sends half of the answer, `""` passes it on. `"refused"`,
`"denied"` and `"bucketless"` come before: nothing is carried out. `"overwritten"` makes it a server that overwrites
what is there.
"""

import http.client
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tools.faulty_http import FaultyHandler, FaultyServer, Reply, running

Loses = Callable[[str, str, int], str]
"""Method, path with query, how often it was asked before → fault, or "" for none."""

_SECONDS = 60
"""How long the store may take to answer."""

_REFUSALS = {
    "refused": (503, "SlowDown", "Please reduce your rate."),
    "denied": (403, "AccessDenied", "Access Denied &amp; logged."),
    "bucketless": (404, "NoSuchBucket", "The specified bucket does not exist"),
}
"""Faults that come before a request is carried out: status, code and message."""

_HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length")


def every_first(method: str, path: str, before: int) -> str:
    """The first answer to every request is lost: by 504, or a reset, by turns of the path's length."""
    return ("504", "reset")[len(path) % 2] if before == 0 else ""


class LossyProxy(FaultyServer):
    """Forwards to one server on loopback."""

    def __init__(self, target: str, loses: Loses) -> None:
        """Bound to a free port, not serving yet.

        Args:
            target: URL of the server.
            loses: says which answers are lost.
        """
        super().__init__(0, _Handler)
        self.target = urlsplit(target).netloc
        self.loses = loses
        self.asked: Counter[tuple[str, str]] = Counter()
        self.lost: list[tuple[str, str, str]] = []
        self.lock = threading.Lock()

    def fault(self, method: str, path: str) -> str:
        """What happens to the answer to a request that has just come."""
        with self.lock:
            fault = self.loses(method, path, self.asked[method, path])
            self.asked[method, path] += 1
            if fault:
                self.lost.append((method, path, fault))
        return fault


class _Handler(FaultyHandler):
    server: LossyProxy

    def _carry_out(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.fault(self.command, self.path)
        if fault in _REFUSALS:
            status, code, message = _REFUSALS[fault]
            self._send(Reply(status=status, body=b"" if self.command == "HEAD" else _page(code, message)))
            return
        status, headers, content = self._forward(body, unconditional=fault == "overwritten")
        match fault:
            case "" | "overwritten":
                self._answer(status, headers, content)
            case "504":
                self._send(
                    Reply(status=504, body=b"" if self.command == "HEAD" else b"<html>504 Gateway Time-out</html>")
                )
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
            case _:
                self._answer(status, headers, content, upto=len(content) // 2)
                self.close_connection = True

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _carry_out  # noqa: N815  (names of http.server)

    def _forward(self, body: bytes, *, unconditional: bool) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.server.target, timeout=_SECONDS)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():  # the host as it was signed
                if not (unconditional and name.lower() == "if-none-match"):
                    connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            headers = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP}
            if self.command == "HEAD" and answer.getheader("Content-Length"):
                headers["Content-Length"] = answer.getheader("Content-Length", "")
            return answer.status, headers, answer.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: dict[str, str], content: bytes, *, upto: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:upto])


def _page(code: str, message: str) -> bytes:
    return f'<?xml version="1.0"?>\n<Error><Code>{code}</Code>\n<Message>{message}</Message></Error>'.encode()


@contextmanager
def lossy(target: str, loses: Loses) -> Iterator[LossyProxy]:
    """A gateway that serves as long as the context is entered."""
    with running(LossyProxy(target, loses)) as server:
        yield server
