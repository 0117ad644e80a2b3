"""Questions to a Prometheus, and their answers as plain numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from also.errors import EndpointError

_SECONDS = 60.0
"""Deadline of one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series of an answer."""

    labels: Mapping[str, str]
    """Its labels, the metric's name among them where it is left."""
    times: Sequence[float]
    """Times of its samples, Unix seconds."""
    values: Sequence[float]
    """Its samples; may be NaN or infinite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span of time."""

    start: float
    """First moment, Unix seconds."""
    end: float
    """Last moment, Unix seconds."""
    step: int
    """Seconds between two values."""


class Prometheus:
    """A Prometheus that answers on a URL. Proxies of the environment are not used: it is beside us, or forwarded."""

    def __init__(self, url: str) -> None:
        """Nothing is asked yet.

        Args:
            url: its root, e.g. http://127.0.0.1:9090.
        """
        self._url = url.rstrip("/")
        self._client = httpx2.Client(trust_env=False, timeout=_SECONDS)

    def __enter__(self) -> "Prometheus":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def now(self) -> float:
        """Its time, Unix seconds.

        Raises:
            EndpointError: it cannot be reached.
        """
        return float(self._ask("query", {"query": "time()"})["result"][1])

    def at(self, query: str, time: float) -> list[Series]:
        """Values at a moment.

        Raises:
            EndpointError: it cannot be reached, or refuses the query.
        """
        return _series(self._ask("query", {"query": query, "time": str(time)}))

    def over(self, query: str, window: Window) -> list[Series]:
        """Values over time.

        Raises:
            EndpointError: it cannot be reached, or refuses the query.
        """
        span = {"start": str(window.start), "end": str(window.end), "step": f"{window.step}s"}
        return _series(self._ask("query_range", {"query": query, **span}))

    def _ask(self, path: str, fields: dict[str, str]) -> dict[str, Any]:
        try:
            response = self._client.post(f"{self._url}/api/v1/{path}", data=fields)
            answer = response.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise EndpointError(f"Prometheus at {self._url} gives no answer: {error}") from None
        if answer.get("status") != "success":
            raise EndpointError(f"Prometheus refuses {fields['query']!r}: {answer.get('error')}")
        data: dict[str, Any] = answer["data"]
        return data


def _series(data: dict[str, Any]) -> list[Series]:
    if data["resultType"] == "scalar":
        return [_one({}, [data["result"]])]
    return [_one(each["metric"], each.get("values") or [each["value"]]) for each in data["result"]]


def _one(labels: dict[str, str], samples: Sequence[Sequence[Any]]) -> Series:
    return Series(
        labels=labels,
        times=[float(time) for time, _ in samples],
        values=[float(value) for _, value in samples],
    )
