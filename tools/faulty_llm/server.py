"""The server: threads on loopback that answer completions, token counts and the list of models."""

import json
import random
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from tools.faulty_http import FaultyHandler, FaultyServer, running
from tools.faulty_llm.conforming import conforming
from tools.faulty_llm.faults import FAULTS
from tools.faulty_llm.response import MODEL, Response

CONTEXT_TOKENS = 131_072
"""What the server says of the model's context."""


class FaultyLlm(FaultyServer):
    """The server: a fault now and then, or never."""

    def __init__(self, port: int = 0, *, seed: int = 0) -> None:
        """Bound to loopback, not serving yet, without faults.

        Args:
            port: port; 0 takes a free one.
            seed: seed of its answers; they follow from it and the request alone.
        """
        super().__init__(port, _Handler)
        self.seed = seed
        self.fault_of: Callable[[int], str] = lambda call: ""
        """Fault of a call by its number, from 0; empty is none."""
        self.says: Callable[[dict[str, Any]], str | None] = lambda request: None
        """What a scripted model says to a completion's request, whatever the schema; None is an answer of its own."""
        self.by_schema = False
        """Whether answers follow from the schema alone, whatever the prompt says."""
        self.requests: list[dict[str, Any]] = []
        """Bodies of the completions that were asked for."""
        self.authorizations: set[str] = set()
        """Authorization headers that were sent."""
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Root of the protocol."""
        return f"{super().url}/v1"

    def respond(self, request: dict[str, Any]) -> Response:
        """The response to a completion, damaged where it is due."""
        with self._lock:
            number = len(self.requests)
            self.requests.append(request)
        schema = request["response_format"]["json_schema"]["schema"]
        draw = random.Random(f"{self.seed} {json.dumps(schema if self.by_schema else request, sort_keys=True)}")
        count = request.get("n") or 1
        said = self.says(request)
        response = Response(
            contents=[
                json.dumps(conforming(schema, draw), separators=(",", ":")) if said is None else said
                for _ in range(count)
            ]
        )
        fault = self.fault_of(number)
        if fault:
            FAULTS[fault](response, draw)
        return response


def serving(port: int = 0, *, seed: int = 0) -> AbstractContextManager[FaultyLlm]:
    """A server in a thread, as long as the context is entered."""
    return running(FaultyLlm(port, seed=seed))


class _Handler(FaultyHandler):
    server: FaultyLlm

    def get(self) -> Response:
        """The list of models."""
        body = json.dumps({"data": [{"id": MODEL, "object": "model", "max_model_len": CONTEXT_TOKENS}]}).encode()
        return Response(contents=[], body=body)

    def post(self) -> Response:
        """A count of tokens, or a completion."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/tokenize"):
            return Response(contents=[], body=json.dumps({"count": len(json.dumps(request)) // 3 + 1}).encode())
        self.server.authorizations.add(self.headers.get("Authorization", ""))
        return self.server.respond(request)
