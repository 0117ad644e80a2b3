"""The server: threads on loopback that answer `/api/v1/query`, from a function or from a real Prometheus."""

import json
import random
import socket
import struct
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tools.faulty_prometheus.faults import FAULTS
from tools.faulty_prometheus.response import Response, refusal, vector

UPSTREAM_SECONDS = 10
"""What a real Prometheus gets for an answer."""


class FaultyPrometheus(ThreadingHTTPServer):
    """The server: a fault now and then, or never."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int = 0, *, upstream: str = "", seed: int = 0) -> None:
        """Bound to loopback, not serving yet, without faults.

        Args:
            port: port; 0 takes a free one.
            upstream: URL of a real Prometheus that is asked; empty takes `answer`.
            seed: seed of what the faults choose.
        """
        super().__init__(("127.0.0.1", port), _Handler)
        self.answer: Callable[[str], Response] = lambda query: vector(1, at=0)
        """The response to a query, where no other Prometheus is asked; first it is 1, in the year 1970."""
        self.fault_of: Callable[[int, str], str] = lambda call, query: ""
        """Fault of a call by its number, from 0, and its query; empty is none."""
        self.queries: list[str] = []
        """Queries that were asked."""
        self.parameters: list[dict[str, str]] = []
        """Further parameters of each."""
        self.authorizations: list[str] = []
        """Authorization header of each."""
        self.elsewhere = 0
        """Requests for the place that redirects lead to."""
        self.ended = threading.Event()
        self._upstream = upstream
        self._seed = seed
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Base URL."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def respond(self, path: str, authorization: str) -> Response:
        """The response to a request, damaged where it is due."""
        given = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        query = given.pop("query", "")
        with self._lock:
            number = len(self.queries)
            self.queries.append(query)
            self.parameters.append(given)
            self.authorizations.append(authorization)
        response = ask(f"{self._upstream}{path}") if self._upstream else self.answer(query)
        fault = self.fault_of(number, query)
        if fault and (response.data.get("result") or fault not in _NEED_SERIES):
            FAULTS[fault](response, random.Random(f"{self._seed} {number} {fault}"))
        return response

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""


_NEED_SERIES = frozenset(
    {"partial", "warnings", "not_a_number", "no_number", "wrong_value", "restarted_counter"}
    | {"wrong_hash", "wrong_labels", "stale", "clock_skew", "duplicate"}
)
"""Faults that damage series; an answer without any is left as it is."""


def ask(url: str) -> Response:
    """What a real Prometheus says, as it is."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=UPSTREAM_SECONDS) as reply:
            said = json.load(reply)
    except urllib.error.HTTPError as error:
        said = json.load(error)
        return refusal(error.code, said["errorType"], said["error"])
    return Response(data=said.pop("data"), extra=said)


@contextmanager
def serving(port: int = 0, *, upstream: str = "", seed: int = 0) -> Iterator[FaultyPrometheus]:
    """A server in a thread, as long as the context is entered."""
    server = FaultyPrometheus(port, upstream=upstream, seed=seed)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: FaultyPrometheus
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""

    def do_GET(self) -> None:
        """A query, or the place that redirects lead to."""
        if urlsplit(self.path).path == "/elsewhere":
            self.server.elsewhere += 1
            self._send(vector(1, at=0))
        elif urlsplit(self.path).path.endswith("/api/v1/query"):
            self._send(self.server.respond(self.path, self.headers.get("Authorization", "")))
        else:
            self._send(Response(status=404, body=b"404 page not found"))

    def _send(self, response: Response) -> None:
        body = response.content()
        if response.send == "hang":
            self.server.ended.wait(60)
            self.close_connection = True
            return
        self.send_response(response.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        match response.send:
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
