"""What services and branch processes write into their logs: one line for each thing that changed, declared here.

    time=2026-11-29T10:00:00.123Z level=info process=validator event=JobCreated campaign=foraging stage=3 round=0 …

`ALSO_LOG_FORMAT` makes a JSON object of each line. A value that is more than one word of plain characters is a quoted
string of JSON, pure ASCII, in both formats: what a task, a model or a server said can neither end a line nor add a
field to one. The section "Logs" of `docs/operations.md` is generated from this file (`make docs`).

Lines go to standard error, through Python's `logging`. What a library logs is written in the same form (event `Note`).
"""

import json
import logging
import math
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from also import settings

Value = str | int | float | bool | None

FIRST = ("campaign", "run", "stage", "round", "group")
"""Fields that come first, on every line where they are known."""

_LIMIT = 2000
"""Characters of a value at most, as it is written: a line stays below the 16 KiB at which container runtimes cut it."""

_TRACEBACK_LIMIT = 6000
"""The same of a traceback, of which the end is kept."""

_BARE = re.compile(r"[A-Za-z0-9_.,:;/@+%*()\[\]-]+")
"""Values that need no quotation marks."""

_EVENTS = logging.getLogger("also.log.events")
_EVENTS.addHandler(logging.NullHandler())  # where nobody has asked for a log, none is written

_THREAD = threading.local()


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of line."""

    event: str
    """Its name."""
    meaning: str
    """What has changed, one sentence."""
    fields: tuple[str, ...] = ()
    """Names of its own fields, beside those of `FIRST`."""
    level: int = logging.INFO
    """`logging.INFO`, or `logging.WARNING` where something has failed."""

    def tell(self, **fields: Value) -> None:
        """Write the line.

        Args:
            fields: values by name: those of its own that are known, and of `FIRST` what the thread is not `about`.
                None, and an empty text, are left out.

        Raises:
            ValueError: a field is not declared.
        """
        unknown = fields.keys() - {*self.fields, *FIRST}
        if unknown:
            raise ValueError(f"line {self.event} has no field {', '.join(sorted(unknown))}")
        known = {**_about(), **fields}
        ordered = {name: known[name] for name in (*FIRST, *self.fields) if known.get(name) not in (None, "")}
        _EVENTS.log(self.level, "%s", self.event, extra={"event": self.event, "told": ordered})


def _failure(event: str, meaning: str, fields: tuple[str, ...]) -> Line:
    """A kind of line that says what has failed."""
    return Line(event, meaning, fields, logging.WARNING)


SERVICE_READY = Line("ServiceReady", "A service can be called.", ("address", "version"))
SERVICE_ENDED = Line("ServiceEnded", "A service has answered its last call, and ends.", ("seconds",))

STAGE_BEGUN = Line("StageBegun", "A trainer begins to train a stage.", ("env_steps", "checkpoint"))
STAGE_ENDED = Line("StageEnded", "The stage is trained, and its result stored.", ("env_steps", "checkpoint", "seconds"))
STAGE_FAILED = _failure("StageFailed", "The stage is not trained to its end.", ("error", "detail", "seconds"))
CHECKPOINT_NOT_STORED = _failure("CheckpointNotStored", "A checkpoint could not be stored.", ("checkpoint", "error"))
ENVIRONMENT_RAISED = _failure(
    "EnvironmentRaised",
    "A task's own code raised an exception, in one of its workers, after so many env_steps of an episode.",
    ("task", "worker", "call", "lane", "episode", "seed", "env_steps", "at", "error", "traceback"),
)

WORKER_SAID = Line(
    "WorkerSaid",
    "A worker of a task has written a line (its own code, or ALSO's of it), and has no log file of its own.",
    ("worker", "text"),
)

GROUP_BEGUN = Line("GroupBegun", "The validator has given a branch group its process, or its Job.", ("branches",))
GROUP_RESTARTED = _failure(
    "GroupRestarted",
    "A group's process ended without a result, or hung, and is started again.",
    ("attempt", "exit_code", "said"),
)
GROUP_ENDED = Line(
    "GroupEnded",
    "A group's result is in the store: outcome `finished`, or `adopted` where it was there before.",
    ("outcome", "branches", "env_steps"),
)
GROUP_FAILED = _failure("GroupFailed", "A group has failed for good.", ("error", "detail"))
GROUP_LEFT = Line(
    "GroupLeft", "The call that a group ran for is over before it: its process is ended, its Job goes on."
)

JOB_CREATED = Line("JobCreated", "The Job of a branch group was created.", ("job",))
JOB_ADOPTED = Line("JobAdopted", "The Job of a branch group was there already, and is taken up.", ("job",))
JOB_RECREATED = _failure("JobRecreated", "A Job that had gone without a result was created again.", ("job",))
JOB_FAILED = _failure(
    "JobFailed",
    "A Job failed, or did not run in time: error is a [named reason](reasons.md#branch-failures).",
    ("job", "error", "detail"),
)
JOB_SHOWN = Line("JobShown", "A Job was created to show the metrics of a group that has ended.", ("job",))
READING_REFUSED = _failure(
    "ReadingRefused",
    "What Prometheus says of a group, or for a guard query, cannot be used: error is the named fault.",
    ("guard", "error", "detail", "seconds"),
)

BRANCHES_BEGUN = Line(
    "BranchesBegun",
    "A branch process begins to train, or goes on from a save after so many updates.",
    ("branches", "parts", "updates", "device"),
)
BRANCHES_ENDED = Line("BranchesEnded", "The branches are trained, and their result stored.", ("branches", "seconds"))
BRANCHES_STOPPED = Line(
    "BranchesStopped", "The process was asked to end; the next one goes on from its newest save.", ("updates",)
)
BRANCHES_FAILED = _failure("BranchesFailed", "The process fails.", ("error", "detail"))
BRANCHES_SHOWN = Line(
    "BranchesShown", "The branches have ended before; the process shows their metrics once more.", ("branches",)
)
SAVE_NOT_STORED = _failure(
    "SaveNotStored", "A save in mid-branch could not be stored; training goes on.", ("updates", "error")
)
SAVES_NOT_DELETED = _failure("SavesNotDeleted", "Older saves could not be deleted.", ("error",))
SAVE_PASSED_OVER = _failure(
    "SavePassedOver", "A save cannot be read; an older one, or the beginning, is taken.", ("key", "error")
)
STORE_AWAY = _failure("StoreAway", "The store gives no answer to a process that waits for its reading.", ("error",))

LLM_CALL_FAILED = _failure(
    "LlmCallFailed",
    "A call of an LLM gave no reply: whether it is tried again, and after how long.",
    ("mind", "error", "retried", "pause_seconds"),
)
LLM_REPLY_REFUSED = _failure(
    "LlmReplyRefused", "A reply cannot be used: whether the LLM is asked to repair it.", ("mind", "error", "retried")
)
LLM_UNANSWERED = _failure(
    "LlmUnanswered", "A question stays without an answer: error is a named reason.", ("mind", "error", "detail")
)

NOTE = Line(
    "Note",
    "Anything else, e.g. what a library warns of, at its own level: who, and what.",
    ("logger", "message", "traceback"),
    logging.WARNING,
)


def lines() -> list[Line]:
    """Every kind of line, in the order of this file."""
    return [value for value in globals().values() if isinstance(value, Line)]


@contextmanager
def about(**fields: Value) -> Iterator[None]:
    """Inside, the lines of this thread have these fields.

    Args:
        fields: values by names of `FIRST`.
    """
    before = _about()
    _THREAD.about = {**before, **fields}
    try:
        yield
    finally:
        _THREAD.about = before


def prepare(process: str) -> logging.Handler:
    """Write the log of this process to its standard error from now on, in the format that its settings name.

    Args:
        process: name of the process, on every line.

    Returns:
        What writes it.

    Raises:
        SettingError: a setting's value is not allowed.
    """
    as_json = settings.from_environment().log_format == "json"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(process, as_json=as_json))
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.WARNING)  # an HTTP client tells of every call below that
    logging.getLogger("also").setLevel(logging.INFO)
    return handler


def is_written() -> bool:
    """Whether this process writes its log."""
    return any(isinstance(handler.formatter, _Formatter) for handler in logging.root.handlers)


@contextmanager
def prepared(process: str) -> Iterator[None]:
    """Inside, the log of this process is written; arguments and errors are those of `prepare`."""
    handler = prepare(process)
    try:
        yield
    finally:
        logging.root.removeHandler(handler)


def traceback_of(error: BaseException) -> str:
    """A traceback as `Line.tell` takes it."""
    return "".join(traceback.format_exception(error))


class _Formatter(logging.Formatter):
    """Makes one line of a record, whatever is in it."""

    def __init__(self, process: str, *, as_json: bool) -> None:
        super().__init__()
        self._process = process
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of ASCII."""
        fields: dict[str, Value] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname.lower(),
            "process": self._process,
            "event": getattr(record, "event", NOTE.event),
            **getattr(record, "told", {}),
        }
        if not hasattr(record, "told"):
            fields |= {"logger": record.name, "message": record.getMessage()}
            if record.exc_info:
                fields["traceback"] = self.formatException(record.exc_info)
        written = {name: _plain(name, value) for name, value in fields.items()}
        return json.dumps(written) if self._as_json else " ".join(f"{name}={_text(written[name])}" for name in written)


def _about() -> Mapping[str, Value]:
    """What the lines of this thread are about."""
    found: Mapping[str, Value] = getattr(_THREAD, "about", {})
    return found


def _plain(name: str, value: Value) -> Value:
    """A value that JSON has, of limited length."""
    match value:
        case float():
            return round(value, 3) if math.isfinite(value) else str(value)
        case str() if name == "traceback":
            return _kept(value[::-1], _TRACEBACK_LIMIT)[::-1]
        case str():
            return _kept(value, _LIMIT)
        case _:
            return value


def _kept(text: str, limit: int) -> str:
    """The beginning of a text that takes no more than so many characters once it is quoted."""
    kept = text[:limit]
    while (over := len(json.dumps(kept)) - 2 - limit) > 0:
        kept = kept[: -max(1, over // 12)]  # a character is written as twelve at most
    return kept


def _text(value: Value) -> str:
    """A value as it stands behind `=`."""
    if isinstance(value, str) and not _BARE.fullmatch(value):
        return json.dumps(value)
    return value if isinstance(value, str) else json.dumps(value)
