"""The server: threads on loopback that answer completions, token counts and the list of models."""

import json
import random
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from tools.faulty_http import FaultyHandler, FaultyServer, running
from tools.faulty_llm.conforming import conforming
from tools.faulty_llm.dialects import CONTEXT_TOKENS, VLLM, Dialect, prompt_tokens
from tools.faulty_llm.faults import FAULTS
from tools.faulty_llm.response import Response


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
        self.wraps: Callable[[str], dict[str, Any]] = lambda content: {"content": content}
        """The fields of a message that has this content."""
        self.finish = "stop"
        """Why a choice ended, as the server says."""
        self.dialect: Dialect = VLLM
        """What kind of server it is."""
        self.context_tokens = CONTEXT_TOKENS
        """Tokens of prompt and reply together at most."""
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
        if refusal := self.dialect.refusal(request, self.context_tokens):
            return refusal
        schema = request["response_format"]["json_schema"]["schema"]
        draw = random.Random(f"{self.seed} {json.dumps(schema if self.by_schema else request, sort_keys=True)}")
        count = 1 if self.dialect.choices == "ignores" else request.get("n") or 1
        said = self.says(request)
        response = Response(
            contents=[
                json.dumps(conforming(schema, draw), separators=(",", ":")) if said is None else said
                for _ in range(count)
            ],
            finish=self.finish,
            wraps=self.wraps,
        )
        if not self.dialect.too_long:
            response.prompt_tokens = min(prompt_tokens(request), self.context_tokens)  # the rest was cut off
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
        return self.server.dialect.models(self.server.context_tokens)

    def post(self) -> Response:
        """A count of tokens, a prompt as the template makes it, or a completion."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/tokenize"):
            return self.server.dialect.tokenized(request)
        if self.path.endswith("/apply-template"):
            return self.server.dialect.template(request)
        self.server.authorizations.add(self.headers.get("Authorization", ""))
        return self.server.respond(request)
