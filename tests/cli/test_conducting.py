"""`also status` says whether somebody conducts a campaign."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from also import keys
from also.campaign import heartbeat
from also.campaign.fold import fold
from also.campaign.heartbeat import Heard, Heartbeat
from also.campaign.journal import Journal
from also.cli import conducting
from also.store import Store, open_store
from also.v1.conductor_pb2 import Beat

NOW = datetime(2030, 1, 1, tzinfo=UTC)
"""The time by this machine's clock."""


@pytest.fixture
def journal(tmp_path, write_journal, records):
    """That of a campaign under way, without any beat."""
    write_journal("some", records[:6])
    return Journal(open_store(str(tmp_path / "store")), "some")


@pytest.fixture
def shown(tmp_path, journal):
    """What is shown of a campaign with the beat of a conductor of another machine, so many seconds ago."""

    def show(seconds, **about):
        written = Beat(conductor="other", interval_seconds=10, host="elsewhere", process=1)
        for field, value in about.items():
            setattr(written, field, value)
        key = keys.beat("some", "other", 0)
        journal.store.create_message(key, written)
        then = (NOW - timedelta(seconds=seconds)).timestamp()
        os.utime(tmp_path / "store" / key, (then, then))
        state = fold(journal.records)
        said = conducting.conductor(journal, state, NOW)
        return conducting.lines(said)[0], conducting.short(said)

    return show


@pytest.mark.parametrize(
    ("seconds", "about", "line", "short"),
    [
        (4, {}, "at work (elsewhere, process 1), heard of 4 s ago", "at work"),
        (
            4,
            {"waits_for": "Prometheus", "waited_seconds": 150.0},
            "at work (elsewhere, process 1), heard of 4 s ago, waits for Prometheus (2 min so far)",
            "waits for Prometheus",
        ),
        (29, {}, "at work (elsewhere, process 1), heard of 29 s ago", "at work"),
        (31, {}, "gone; last heard of 31 s ago (elsewhere, process 1)", "gone for 31 s"),
        (7200, {}, "gone; last heard of 2 h ago (elsewhere, process 1)", "gone for 2 h"),
        (4, {"ended": True}, "gone; last heard of 4 s ago (elsewhere, process 1)", "gone for 4 s"),
        (
            600,
            {"ended": True, "error": "trainer: it died"},
            "ended 10 min ago (elsewhere, process 1): trainer: it died",
            "ended: trainer: it died",
        ),
    ],
)
def test_a_campaign_under_way_says_who_conducts_it(shown, seconds, about, line, short):
    """By the age of the last beat, or by what it says."""
    assert shown(seconds, **about) == (f"conductor         {line}", short)


def test_status_says_who_conducts(also, journal, monkeypatch):
    """In both of its tables."""
    monkeypatch.setenv("COLUMNS", "300")
    with Heartbeat(journal.store, "some"):
        assert "conductor         none is known" not in also("status", "some")[1]
        assert "conductor         " in also("status", "some")[1]
    assert " gone for " in also("status")[1]


def test_a_finished_campaign_needs_no_conductor(also, write_journal, records, tmp_path):
    """Nothing is said of who conducted it."""
    write_journal("some", records)
    with Heartbeat(open_store(str(tmp_path / "store")), "some"):
        assert "conductor   " not in also("status", "some")[1]


def test_a_campaign_without_any_beat_says_how_old_it_is(journal):
    """As those that an older ALSO has begun."""
    journal.records[-1].written_at = (NOW - timedelta(hours=5)).isoformat()
    state = fold(journal.records)
    line = "conductor         none is known; the last record was written 5 h ago"
    assert conducting.lines(conducting.conductor(journal, state, NOW)) == [line]
    assert conducting.short(conducting.conductor(journal, state, NOW)) == "unknown"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("minutes", "seen"), [(-5, "at work"), (5, "at work"), (conducting.SKEW_SECONDS / 60 + 1, "gone for")]
)
def test_a_store_whose_clock_differs_is_listened_to(journal, minutes, seen):
    """Where ages say little, the next beat says whether somebody is there; no clocks differ by more than the limit."""
    elsewhere = Store("s3://bucket/elsewhere", journal.store._backend)  # no folder of this machine, so no clock of it
    journal.store = elsewhere
    with Heartbeat(elsewhere, "some", interval_seconds=0.5) as beating:
        beating._beat.host = "elsewhere"
        while heartbeat.heard(elsewhere, "some")[0].beat.number < 1:
            pass
        at = heartbeat.heard(elsewhere, "some")[0].at
        shown = conducting.short(conducting.conductor(journal, fold(journal.records), at + timedelta(minutes=minutes)))
    assert shown.startswith(seen)


@pytest.mark.slow
def test_a_store_whose_conductor_went_silent_is_not_listened_to_for_ever(journal):
    """Its beats are missing, whatever the clocks say."""
    journal.store = Store("s3://bucket/elsewhere", journal.store._backend)
    written = Beat(conductor="other", interval_seconds=0.1, host="elsewhere", process=1)
    journal.store.create_message(keys.beat("some", "other", 0), written)
    (found,) = heartbeat.heard(journal.store, "some")
    assert isinstance(found, Heard)
    said = conducting.conductor(journal, fold(journal.records), found.at + timedelta(minutes=3))
    assert conducting.short(said) == "gone for 3 min"
