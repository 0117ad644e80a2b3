"""MLflow, by its server's REST API (https://mlflow.org/docs/latest/rest-api.html): nothing of it is installed here.

A campaign is one run, found by a tag that holds the sha256 of its first record; another tag says how many entries it
has. A server takes the same metric at the same step and time once, so that what a crash has left unsent is sent again.
"""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from also.errors import ServiceError, ServiceUnavailable
from also.tracking.entries import About, Entry

EXPERIMENT = "also"
"""Experiment that runs are put under where none is named."""

IDENTITY, TOLD, NOTE = "also.journal", "also.entries", "mlflow.note.content"
"""Tags of a run: sha256 of the first record, how many entries it has, its description."""

_PATH = "/api/2.0/mlflow/"

_SECONDS = 30.0
"""How long a server may take to answer."""

_BATCH = 500
"""Metrics of one request; a server takes 1,000 at most."""

_PARAMS = 100
"""Params of one request, at most."""

_TEXT = 5000
"""Characters of a tag and of a param that every server takes."""


class MLflow:
    """An MLflow tracking server."""

    def __init__(self, uri: str, credentials: tuple[str, str, str] = ("", "", "")) -> None:
        """Nothing is sent yet.

        Args:
            uri: its address, http or https; what follows # is the experiment.
            credentials: name, password and token for it; empty where it needs none.
        """
        address, _, experiment = uri.partition("#")
        self._url = address.rstrip("/") + _PATH
        self._experiment = urllib.parse.unquote(experiment) or EXPERIMENT
        self._headers = {"Content-Type": "application/json", **_authorisation(*credentials)}
        self._run = ""
        self._told = 0

    def tell(self, told: About, given: Sequence[Entry], *, over: bool) -> int:
        """Send what is missing; see `Tracker`.

        Raises:
            ServiceUnavailable: the server does not answer, or cannot at present.
            ServiceError: it refused a request.
        """
        if not self._run:
            self._run, self._told = self._find(told) or (self._create(told, given[0]), 0)
        new = given[self._told :]
        metrics = [metric for entry in new for metric in _metrics(entry)]
        for batch in _parts(metrics, _BATCH):
            self._post("runs/log-batch", {"run_id": self._run, "metrics": batch})
        if new:
            tags = {TOLD: str(len(given)), NOTE: _note(given)}
            self._post("runs/log-batch", {"run_id": self._run, "tags": _pairs(tags)})
        self._told = max(self._told, len(given))
        if over:
            ended = {"status": "FINISHED", "end_time": _milliseconds(given[-1])}
            self._post("runs/update", {"run_id": self._run, **ended})
        return len(new)

    def close(self) -> None:
        """Nothing is held."""

    def _find(self, told: About) -> tuple[str, int] | None:
        """The campaign's run, and how many entries it has; None where there is none."""
        found = self._post(
            "runs/search",
            {
                "experiment_ids": [self._experiment_id()],
                "filter": f"tags.`{IDENTITY}` = '{told.identity}'",
                "max_results": 1,
            },
        ).get("runs", [])
        if not found:
            return None
        tags = {each["key"]: each["value"] for each in found[0]["data"].get("tags", [])}
        return str(found[0]["info"]["run_id"]), int(tags.get(TOLD, 0))

    def _create(self, told: About, first: Entry) -> str:
        created = self._post(
            "runs/create",
            {
                "experiment_id": self._experiment_id(),
                "run_name": told.campaign_id,
                "start_time": _milliseconds(first),
                "tags": _pairs({IDENTITY: told.identity, "also.campaign": told.campaign_id, "also.task": told.task}),
            },
        )
        run = str(created["run"]["info"]["run_id"])
        params = _pairs({name: str(value)[:_TEXT] for name, value in told.config.items()})
        for batch in _parts(params, _PARAMS):
            self._post("runs/log-batch", {"run_id": run, "params": batch})
        return run

    def _experiment_id(self) -> str:
        name = urllib.parse.urlencode({"experiment_name": self._experiment})
        try:
            return str(self._get(f"experiments/get-by-name?{name}")["experiment"]["experiment_id"])
        except _Missing:
            return str(self._post("experiments/create", {"name": self._experiment})["experiment_id"])

    def _get(self, path: str) -> Any:
        return self._ask(urllib.request.Request(self._url + path, headers=self._headers))  # noqa: S310 (http by `check`)

    def _post(self, path: str, data: Mapping[str, Any]) -> Any:
        content = json.dumps(data, allow_nan=False).encode()
        return self._ask(urllib.request.Request(self._url + path, content, self._headers))  # noqa: S310 (as above)

    def _ask(self, request: urllib.request.Request) -> Any:
        where = f"MLflow at {urllib.parse.urlsplit(self._url).netloc.rpartition('@')[2]}"
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 (as above)
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            with error:
                said = " ".join(error.read(2000).decode(errors="replace").split())[:300]
            if error.code == 404 and "RESOURCE_DOES_NOT_EXIST" in said:
                raise _Missing(said) from None
            kind = ServiceUnavailable if error.code in (408, 429) or error.code >= 500 else ServiceError
            raise kind(f"{where} answered {error.code}: {said}") from None
        except (OSError, ValueError) as error:  # a refused connection, a time that ran out, an answer that is no JSON
            raise ServiceUnavailable(f"{where} cannot be reached: {error}") from None


class _Missing(ServiceError):
    """There is no such thing on the server."""


def _parts(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    yield from (items[begin : begin + size] for begin in range(0, len(items), size))


def _metrics(entry: Entry) -> Iterator[dict[str, Any]]:
    for name, value in entry.scalars.items():
        yield {"key": name, "value": value, "step": entry.run_env_steps, "timestamp": _milliseconds(entry)}


def _note(given: Sequence[Entry]) -> str:
    """What has happened, as Markdown, the latest first; as much as a tag takes."""
    lines: list[str] = []
    size = 0
    for entry in reversed(given):
        line = f"- **{entry.run_env_steps:,}** {entry.text}"
        if entry.text and size + len(line) < _TEXT:
            lines.append(line)
            size += len(line) + 1
    return "\n".join(lines)


def _pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items()]


def _milliseconds(entry: Entry) -> int:
    return round(entry.seconds * 1000)


def _authorisation(name: str, password: str, token: str) -> dict[str, str]:
    if token:
        return {"Authorization": f"Bearer {token}"}
    if name:
        return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}
    return {}
