"""One PromQL query over Prometheus's HTTP API: a hard deadline, a bounded reply, and one kind of failure.

Whatever may happen on the way (a refused connection, a hang, a byte now and then, a page of HTML, 100 MB)
ends within the deadline as a `QueryError`. What the server wrote is kept apart from what we say of it: a
failure's text ends up in the journal, and only words of ours and numbers may stand there.

Redirects are not followed, so that the token reaches nobody else. Proxies and certificates of the
environment are honoured as httpx2 does (`HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`), as for LLMs.
"""

import asyncio
import json
import math
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from also.words import one_line

MOST_BYTES = 16 * 2**20
"""Bytes of a reply that are read; a longer one is refused. 512 branches with 120 samples each take 8 MiB."""


class QueryError(Exception):
    """A query without an answer."""

    def __init__(self, text: str, *, said: str = "", status: int = 0) -> None:
        """A failed query.

        Args:
            text: what went wrong, half a sentence in our words.
            said: what the server wrote of it, one printable line; only shown to the person who checks a campaign.
            status: HTTP status; 0 where there was none.
        """
        super().__init__(text)
        self.said = said
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One sample as Prometheus keeps it."""

    time: float
    """When it was scraped, seconds since 1970 by Prometheus's clock."""
    value: float
    """Its value, not always finite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One time series of an answer."""

    labels: dict[str, str]
    """All its labels, `__name__` among them."""
    samples: tuple[Sample, ...]
    """Its samples, at least one, in order of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryAnswer:
    """What Prometheus says to a query."""

    kind: str
    """Type of the result: `scalar`, `vector`, `matrix` or `string`."""
    series: tuple[Series, ...]
    """The series; a scalar is one without labels, a string none."""
    warned: bool
    """Whether Prometheus warns that the answer may not be the whole one, or VictoriaMetrics says so (`isPartial`); its
    mere infos do not count."""
    time: float
    """When the answer was here, seconds since 1970 by this machine's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a Prometheus is."""

    url: str
    """Its base URL."""
    token: str = field(default="", repr=False)
    """Bearer token; empty where it needs none."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Further headers by name: a tenant's, a proxy's."""
    seconds: float = 5.0
    """Deadline of a query as a whole, seconds."""
    certificates: ssl.SSLContext = field(default_factory=httpx2.create_ssl_context, repr=False, compare=False)
    """Whom HTTPS trusts; read once for all queries, because that takes longer than a query does."""

    def ask(self, query: str, *, lookback_seconds: int) -> QueryAnswer:
        """Evaluate a query now, by Prometheus's own clock.

        Args:
            query: PromQL.
            lookback_seconds: age of the oldest sample that an instant selector may find, where Prometheus heeds it.

        Raises:
            QueryError: there is no answer.
        """
        parameters = {
            "query": query,
            "timeout": f"{max(1, math.ceil(self.seconds))}s",
            "lookback_delta": f"{lookback_seconds}s",
        }
        try:
            status, body = asyncio.run(self._get(parameters))
        except TimeoutError:
            raise QueryError(f"Prometheus gave no answer within {self.seconds:g} s") from None
        except httpx2.TransportError as error:
            raise QueryError("Prometheus could not be reached", said=line(str(error))) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            raise QueryError("the connection to Prometheus broke", said=line(str(error))) from None
        time_ = time.time()
        if len(body) > MOST_BYTES:
            raise QueryError(f"the answer of Prometheus has more than {MOST_BYTES // 2**20} MiB", status=status)
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            data = None
        if status != 200:
            raise QueryError(f"Prometheus answered with HTTP status {status}", said=_message(data), status=status)
        if not isinstance(data, dict) or data.get("status") != "success":
            raise QueryError("Prometheus answered without success", said=_message(data), status=status)
        try:
            return read_answer(data, time_)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise QueryError("the answer of Prometheus cannot be read", status=status) from None

    async def _get(self, parameters: dict[str, str]) -> tuple[int, bytes]:
        """HTTP status and body, whose bytes past the limit are left unread."""
        headers = {"Accept": "application/json", **self.headers}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        url = f"{self.url.rstrip('/')}/api/v1/query"
        body = bytearray()
        async with (
            asyncio.timeout(self.seconds),
            httpx2.AsyncClient(verify=self.certificates, follow_redirects=False, timeout=self.seconds) as client,
            client.stream("GET", url, params=parameters, headers=headers) as response,
        ):
            async for part in response.aiter_bytes(2**16):
                body += part
                if len(body) > MOST_BYTES:
                    break
        return response.status_code, bytes(body)


def line(text: str) -> str:
    """The beginning of a text as one printable line of at most 200 characters."""
    return one_line(text, 200)


def _message(data: Any) -> str:
    """What an error of the API says."""
    said = data.get("error") if isinstance(data, dict) else None
    return line(said) if isinstance(said, str) else ""


def read_answer(data: dict[str, Any], time_: float) -> QueryAnswer:
    """What a successful reply says.

    Args:
        data: the reply.
        time_: when it was here, seconds since 1970.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: it is not as the API has it.
    """
    kind, result = data["data"]["resultType"], data["data"]["result"]
    match kind:
        case "scalar":
            series: Sequence[Series] = [Series(labels={}, samples=(_sample(result),))]
        case "vector":
            series = [
                Series(labels=_labels(each), samples=(_sample(each["value"]),)) for each in result if "value" in each
            ]
            if len(series) != len(result):
                raise ValueError("a histogram is no number")
        case "matrix":
            series = [
                Series(
                    labels=_labels(each),
                    samples=tuple(sorted(map(_sample, each["values"]), key=lambda sample: sample.time)),
                )
                for each in result
                if each.get("values")
            ]
        case "string":
            series = []
        case _:
            raise ValueError("unknown type of result")
    warned = bool(data.get("warnings")) or bool(data.get("isPartial"))
    return QueryAnswer(kind=kind, series=tuple(series), warned=warned, time=time_)


def _labels(given: Any) -> dict[str, str]:
    labels = given["metric"]
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise TypeError("labels are texts")
    return labels


def _sample(given: Any) -> Sample:
    moment, value = given
    if not isinstance(moment, int | float) or not math.isfinite(moment) or not isinstance(value, str):
        raise TypeError("a sample is a time and a number as text")
    return Sample(time=float(moment), value=float(value))
