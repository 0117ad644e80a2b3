"""`also watch`: a campaign from the store alone."""

import io
import os
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from rich.console import Console

from also import keys
from also.campaign.heartbeat import Heartbeat
from also.campaign.journal import Journal
from also.cli.conducting import Signs
from also.cli.watch import WatchedLines, WatchedScreen, env_steps_per_second, look_on
from also.document import canonical
from also.store import open_store
from also.v1.conductor_pb2 import Beat


@pytest.fixture
def journal(tmp_path, write_journal, records):
    """That of a campaign that has come to its sixth record."""
    write_journal("some", records[:6])
    return Journal(open_store(str(tmp_path / "store")), "some")


class Viewer:
    """Keeps what it is told."""

    conductor = ""

    def __init__(self):
        self.records = []

    def found(self, records):
        self.records += records

    def record(self, record):
        self.records.append(record)


@pytest.mark.slow
def test_a_campaign_is_followed_to_its_end(journal, write_journal, records):
    """Record by record, as they come; between two looks there is a pause."""
    viewer, looks = Viewer(), count(7)
    look_on(journal, viewer, pause=lambda seconds: write_journal("some", records[: next(looks)]))
    assert [record.sequence for record in viewer.records] == list(range(len(records)))
    assert next(looks) == len(records) + 1
    assert viewer.conductor == "none is known"


@pytest.mark.slow
def test_a_campaign_that_is_over_is_shown_at_once(also, write_journal, records, tmp_path):
    """Its table, or its records; nothing is written."""
    write_journal("some", records)
    before = sorted(tmp_path.rglob("*"))
    code, out, said = also("watch", "some")
    assert (code, said) == (0, "")
    assert "final return " in out
    code, out, said = also("watch", "some", "--json")
    assert (code, said) == (0, "")
    stored = Journal(open_store(str(tmp_path / "store")), "some").records
    assert out.splitlines() == [canonical(record).decode() for record in stored]
    assert sorted(tmp_path.rglob("*")) == before


def test_the_screen_says_who_conducts_and_how_long_it_takes(journal, capsys):
    """The time that is left is by the speed of the records; that between two conductors is none."""
    begin = datetime(2030, 1, 1, tzinfo=UTC)
    for number, record in enumerate(journal.records):
        record.conductor = "a" if number < 4 else "b"
        record.written_at = (begin + timedelta(seconds=10 * number + 3600 * (number >= 4))).isoformat()
    viewer = WatchedLines()
    viewer.found(journal.records)
    spent = viewer.state.env_steps
    assert env_steps_per_second(journal.records) == spent / 40
    assert viewer.seconds_left == pytest.approx(viewer.state.campaign.stages.env_steps * 3 / (spent / 40), rel=0.2)
    viewer.conductor = "at work (here), waits for Prometheus (2 s so far)"
    viewer.conductor = "at work (here), waits for Prometheus (4 s so far)"
    viewer.conductor = "gone; last heard of 31 s ago (here)"
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("] ")[2] for line in lines if "conductor" in line] == [
        "conductor at work (here), waits for Prometheus (2 s so far)",
        "conductor gone; last heard of 31 s ago (here)",
    ]


def test_a_screen_of_a_campaign_elsewhere_shows_its_conductor(journal):
    """Beside the table of stages."""
    console = Console(width=120, record=True, file=io.StringIO())
    screen = WatchedScreen(console)
    screen.found(journal.records)
    screen.conductor = "at work (elsewhere, process 1)"
    console.print(screen._render())
    shown = console.export_text()
    assert "conductor  at work (elsewhere, process 1)" in shown
    assert "returns with 95 % intervals" in shown


@pytest.fixture
def signs(tmp_path, journal):
    """Signs by a clock that the test sets, of a conductor elsewhere; `beat(number, age, …)` writes one of its beats."""
    now, at = datetime(2030, 1, 1, tzinfo=UTC), [0.0]
    found = Signs(journal, clock=lambda: at[0])

    def beat(number, age=0.0, **about):
        for key in journal.store.find(keys.conductors("some")):
            journal.store.delete(key)
        written = Beat(conductor="other", number=number, interval_seconds=10, host="elsewhere", process=1, **about)
        key = keys.beat("some", "other", number)
        journal.store.create_message(key, written)
        then = (now - timedelta(seconds=age)).timestamp()
        os.utime(tmp_path / "store" / key, (then, then))

    def look(seconds):
        at[0] = seconds
        return found.look(now)

    return beat, look


def test_beats_that_go_on_are_a_conductor_at_work(signs):
    """Whatever the store's clock says; beats that stop are one that is gone."""
    beat, look = signs
    beat(1, age=3600)
    assert look(0) == "unknown; listening for the next sign of life (elsewhere, process 1)"
    beat(2, age=3590)
    assert look(5) == "at work (elsewhere, process 1)"
    assert look(34) == "at work (elsewhere, process 1)"
    assert look(36) == "gone; last heard of 60 min ago (elsewhere, process 1)"
    beat(3, waits_for="Prometheus", waited_seconds=150)
    assert look(40) == "at work (elsewhere, process 1), waits for Prometheus (2 min so far)"


def test_a_conductor_that_ended_says_why(signs):
    """Its last beat does."""
    beat, look = signs
    beat(1, ended=True, error="the disk is full")
    assert look(0) == "ended (elsewhere, process 1): the disk is full"
    beat(2, age=4)
    assert look(1) == "at work (elsewhere, process 1)"


def test_a_conductor_of_this_machine_needs_no_listening(journal):
    """Its process is looked at."""
    with Heartbeat(journal.store, "some"):
        pass
    assert Signs(journal).look(datetime.now(UTC)).startswith("ended (")
