"""The server: threads on loopback that answer completions, token counts and the list of models."""

import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tools.faulty_llm.conforming import conforming
from tools.faulty_llm.faults import FAULTS
from tools.faulty_llm.response import MODEL, Response

CONTEXT_TOKENS = 131_072
"""What the server says of the model's context."""


class FaultyLlm(ThreadingHTTPServer):
    """The server: a fault now and then, or never."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int = 0, *, seed: int = 0) -> None:
        """Bound to loopback, not serving yet, without faults.

        Args:
            port: port; 0 takes a free one.
            seed: seed of its answers; they follow from it and the request alone.
        """
        super().__init__(("127.0.0.1", port), _Handler)
        self.seed = seed
        self.fault_of: Callable[[int], str] = lambda call: ""
        """Fault of a call by its number, from 0; empty is none."""
        self.by_schema = False
        """Whether answers follow from the schema alone, whatever the prompt says."""
        self.requests: list[dict[str, Any]] = []
        """Bodies of the completions that were asked for."""
        self.authorizations: set[str] = set()
        """Authorization headers that were sent."""
        self.ended = threading.Event()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Root of the protocol."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def respond(self, request: dict[str, Any]) -> Response:
        """The response to a completion, damaged where it is due."""
        with self._lock:
            number = len(self.requests)
            self.requests.append(request)
        schema = request["response_format"]["json_schema"]["schema"]
        draw = random.Random(f"{self.seed} {json.dumps(schema if self.by_schema else request, sort_keys=True)}")
        count = request.get("n") or 1
        response = Response(
            contents=[json.dumps(conforming(schema, draw), separators=(",", ":")) for _ in range(count)]
        )
        fault = self.fault_of(number)
        if fault:
            FAULTS[fault](response, draw)
        return response

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""


@contextmanager
def serving(port: int = 0, *, seed: int = 0) -> Iterator[FaultyLlm]:
    """A server in a thread, as long as the context is entered."""
    server = FaultyLlm(port, seed=seed)
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
    server: FaultyLlm
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""

    def do_GET(self) -> None:
        """The list of models."""
        body = json.dumps({"data": [{"id": MODEL, "object": "model", "max_model_len": CONTEXT_TOKENS}]}).encode()
        self._send(Response(contents=[], body=body))

    def do_POST(self) -> None:
        """A count of tokens, or a completion."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/tokenize"):
            self._send(Response(contents=[], body=json.dumps({"count": len(json.dumps(request)) // 3 + 1}).encode()))
            return
        self.server.authorizations.add(self.headers.get("Authorization", ""))
        self._send(self.server.respond(request))

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
