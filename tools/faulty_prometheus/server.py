"""The server: threads on loopback that answer `/api/v1/query`, from a function or from a real Prometheus."""

import json
import random
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from urllib.parse import parse_qs, urlsplit

from tools.faulty_http import FaultyHandler, FaultyServer, running
from tools.faulty_prometheus.faults import FAULTS
from tools.faulty_prometheus.response import Response, refusal, vector

UPSTREAM_SECONDS = 10
"""What a real Prometheus gets for an answer."""


class FaultyPrometheus(FaultyServer):
    """The server: a fault now and then, or never."""

    def __init__(self, port: int = 0, *, upstream: str = "", seed: int = 0) -> None:
        """Bound to loopback, not serving yet, without faults.

        Args:
            port: port; 0 takes a free one.
            upstream: URL of a real Prometheus that is asked; empty takes `answer`.
            seed: seed of what the faults choose.
        """
        super().__init__(port, _Handler)
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
        self._upstream = upstream
        self._seed = seed
        self._lock = threading.Lock()

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


def serving(port: int = 0, *, upstream: str = "", seed: int = 0) -> AbstractContextManager[FaultyPrometheus]:
    """A server in a thread, as long as the context is entered."""
    return running(FaultyPrometheus(port, upstream=upstream, seed=seed))


class _Handler(FaultyHandler):
    server: FaultyPrometheus

    def get(self) -> Response:
        """A query, or the place that redirects lead to."""
        path = urlsplit(self.path).path
        if path == "/elsewhere":
            self.server.elsewhere += 1
            return vector(1, at=0)
        if path.endswith("/api/v1/query"):
            return self.server.respond(self.path, self.headers.get("Authorization", ""))
        return Response(status=404, body=b"404 page not found")
