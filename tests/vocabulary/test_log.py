"""The log: one line for each change, whatever others have written."""

import json
import logging
import math
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from also import log
from also.settings import child_environment

HOSTILE = [
    "two\nlines",
    'a "quote" and a \\ backslash',
    "x\ntime=2026-11-29T10:00:00.000Z level=info process=validator event=JobCreated campaign=forged",
    '", "event": "JobCreated", "x": "',
    "a=b event=JobCreated",
    "\r\x1b[2K\x1b[1A\x00\u2028\u2029\x85\u202e\ud800",
]
"""What a task or a model may say to end a line, or to add fields to it."""

FIELD = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|[^\s"=]*)(?: |$)')
"""A field of a text line, as anybody would read it."""


@pytest.fixture
def write(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What the log of a process gets, in a format, while something is done."""

    def write(do: Callable[[], object], log_format: str = "text") -> str:
        monkeypatch.setenv("ALSO_LOG_FORMAT", log_format)
        written = StringIO()
        with redirect_stderr(written), log.prepared("test"):
            do()
        return written.getvalue()

    return write


def fields_of(line: str, log_format: str) -> dict[str, object]:
    """The fields of a line, which has nothing beside them."""
    if log_format == "json":
        found: dict[str, object] = json.loads(line)
        return found
    assert FIELD.sub("", line) == ""
    return {name: json.loads(text) if text.startswith('"') else text for name, text in FIELD.findall(line)}


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("text", HOSTILE)
def test_what_others_wrote_stays_in_its_field(write, text: str, log_format: str) -> None:
    """One line of printable ASCII with the fields that were told, and the text as it was."""
    written = write(lambda: log.LLM_CALL_FAILED.tell(campaign="c", mind="critic", error=text), log_format)
    assert written.endswith("\n")
    line = written[:-1]
    assert line.isascii()
    assert line.isprintable()
    fields = fields_of(line, log_format)
    assert list(fields) == ["time", "level", "process", "event", "campaign", "mind", "error"]
    assert (fields["event"], fields["campaign"], fields["error"]) == ("LlmCallFailed", "c", text)


@given(text=st.text(st.characters(), min_size=1))
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_any_text_is_read_as_it_was(text: str, log_format: str) -> None:
    """Surrogates too: what a reader of JSON gets is what was told."""
    with pytest.MonkeyPatch.context() as patch, redirect_stderr(StringIO()) as written:
        patch.setenv("ALSO_LOG_FORMAT", log_format)
        with log.prepared("test"):
            log.STORE_AWAY.tell(error=text)
    assert fields_of(written.getvalue()[:-1], log_format)["error"] == text


@pytest.mark.parametrize("letter", ["a", "\n", "\u20ac", "\U0001f600"])
def test_a_line_stays_below_what_container_runtimes_cut(write, letter: str) -> None:
    """However its text is escaped; of a traceback the end is kept, which says what was raised."""
    told = {"error": letter * 10**5, "traceback": letter * 10**5 + "ValueError: the end"}
    written = write(lambda: log.ENVIRONMENT_RAISED.tell(**told))
    assert len(written) < 16 * 1024
    fields = fields_of(written[:-1], "text")
    assert set(fields["error"]) == {letter}
    assert fields["traceback"].endswith(f"{letter}ValueError: the end")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_what_a_library_logs_is_one_line_too(write, log_format: str) -> None:
    """With its traceback as a field; what it merely informs of is left out."""

    def do() -> None:
        logging.getLogger("httpx2").info("HTTP Request: GET %s", "http://prometheus/api/v1/query")
        try:
            raise ValueError("seven\napples")
        except ValueError:
            logging.getLogger("grpc").exception("Exception calling application")

    (line,) = write(do, log_format).splitlines()
    fields = fields_of(line, log_format)
    assert (fields["event"], fields["logger"], fields["level"]) == ("Note", "grpc", "error")
    assert fields["message"] == "Exception calling application"
    assert fields["traceback"].endswith("ValueError: seven\napples")


def test_numbers_are_numbers_and_json_has_all_of_them(write) -> None:
    """Whole ones, truth values, and what is no number for JSON as a text; what is not known is left out."""
    told = {"retried": True, "pause_seconds": math.inf, "stage": 0, "round": None, "run": ""}
    fields = json.loads(write(lambda: log.LLM_CALL_FAILED.tell(**told), "json"))
    assert {name: fields[name] for name in list(fields)[4:]} == {"stage": 0, "retried": True, "pause_seconds": "inf"}
    assert " stage=0 retried=true pause_seconds=inf\n" in write(lambda: log.LLM_CALL_FAILED.tell(**told))


def test_a_field_that_is_not_declared_is_an_error() -> None:
    """The table of lines would not have it."""
    with pytest.raises(ValueError, match="line JobCreated has no field pod"):
        log.JOB_CREATED.tell(pod="p")


def test_lines_of_a_thread_say_what_it_is_about(told) -> None:
    """The innermost wins, what is told wins over that, and other threads have no part in it."""
    with log.about(campaign="c", stage=1):
        with log.about(stage=2):
            log.JOB_CREATED.tell(round=3)
            other = threading.Thread(target=log.JOB_ADOPTED.tell)
            other.start()
            other.join()
        log.JOB_CREATED.tell(campaign="d")
    log.JOB_CREATED.tell()
    assert told() == [
        {"event": "JobCreated", "campaign": "c", "stage": 2, "round": 3},
        {"event": "JobAdopted"},
        {"event": "JobCreated", "campaign": "d", "stage": 1},
        {"event": "JobCreated"},
    ]


def test_where_nobody_has_asked_for_a_log_none_is_written() -> None:
    """A program that uses ALSO's modules, such as `also run` itself, keeps its terminal."""
    command = "from also import log; log.JOB_FAILED.tell(error='x')"
    done = subprocess.run([sys.executable, "-c", command], env=child_environment(), capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_every_line_has_a_name_and_a_sentence() -> None:
    """Names are there once, and no field hides one that every line has."""
    lines = log.lines()
    assert len({line.event for line in lines}) == len(lines)
    for line in lines:
        assert line.meaning.endswith(".")
        assert not {*log.FIRST, "time", "level", "process", "event"} & set(line.fields)
