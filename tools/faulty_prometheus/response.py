"""One response of the server, before it is sent."""

import json
from dataclasses import dataclass, field
from typing import Any

from tools.faulty_http import Reply


@dataclass(slots=True, kw_only=True)
class Response(Reply):
    """One response, before it is sent."""

    data: dict[str, Any] = field(default_factory=dict)
    """The API's data: `resultType` and `result`."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Further keys beside the data, e.g. `warnings`; they replace others."""

    def made(self) -> bytes:
        """The API's JSON."""
        return json.dumps({"status": "success", "data": self.data, **self.extra}).encode()


def refusal(status: int, kind: str, message: str) -> Response:
    """An error as the API tells it.

    Args:
        status: HTTP status.
        kind: type of the error, e.g. `bad_data`.
        message: the error.
    """
    return Response(status=status, extra={"status": "error", "errorType": kind, "error": message})


def vector(*values: float | str, at: float) -> Response:
    """An instant vector of one series for each value.

    Args:
        values: values, as numbers or as Prometheus writes them.
        at: time of the evaluation, seconds since 1970.
    """
    result = [{"metric": {"number": str(place)}, "value": [at, str(value)]} for place, value in enumerate(values)]
    return Response(data={"resultType": "vector", "result": result})


def scalar(value: float | str, *, at: float) -> Response:
    """A scalar.

    Args:
        value: its value, as a number or as Prometheus writes it.
        at: time of the evaluation, seconds since 1970.
    """
    return Response(data={"resultType": "scalar", "result": [at, str(value)]})
