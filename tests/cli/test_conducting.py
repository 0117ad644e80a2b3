"""`also status` says whether somebody conducts a campaign."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from also import keys
from also.campaign import heartbeat
from also.campaign.heartbeat import Heartbeat
from also.cli import conducting
from also.store import open_store
from also.v1.conductor_pb2 import Beat


NOW = datetime(2030, 1, 1, tzinfo=UTC)
"""The time by this machine's clock."""


@pytest.fixture
def beaten(tmp_path, write_journal, records, monkeypatch):
    """Writes the beat of a conductor of another machine, so many seconds ago, for a campaign under way."""

    monkeypatch.setattr(conducting, "_now", lambda: NOW)

    def beat(seconds, **about):
        write_journal("some", records[:6])
        store = open_store(str(tmp_path / "store"))
        written = Beat(conductor="other", interval_seconds=10, host="elsewhere", process=1)
        for field, value in about.items():
            setattr(written, field, value)
        key = keys.beat("some", "other", 0)
        store.create_message(key, written)
        then = (NOW - timedelta(seconds=seconds)).timestamp()
        os.utime(tmp_path / "store" / key, (then, then))

    return beat


def line_of(also, *arguments):
    """The line on the conductor."""
    code, shown, _ = also("status", "some")
    assert code == 0
    return [line for line in shown.splitlines() if line.startswith("conductor")]


@pytest.mark.parametrize(
    ("seconds", "about", "line", "short"),
    [
        (4, {}, "at work (elsewhere, process 1), heard of 4 s ago", "at work"),
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
def test_a_campaign_under_way_says_who_conducts_it(also, beaten, monkeypatch, seconds, about, line, short):
    """By the age of the last beat, or by what it says."""
    monkeypatch.setenv("COLUMNS", "300")
    beaten(seconds, **about)
    (shown,) = line_of(also)
    assert shown == f"conductor         {line}"
    assert short in also("status")[1]


def test_a_finished_campaign_needs_no_conductor(also, write_journal, records, tmp_path):
    """Nothing is said of who conducted it."""
    write_journal("some", records)
    with Heartbeat(open_store(str(tmp_path / "store")), "some"):
        assert line_of(also) == []


def test_a_campaign_without_any_beat_says_how_old_it_is(also, write_journal, records):
    """As those that an older ALSO has begun."""
    write_journal("some", records[:6])
    (shown,) = line_of(also)
    assert shown.startswith("conductor         none is known; the last record was written ")
    assert "unknown" in also("status")[1]


def test_a_store_whose_clock_differs_is_listened_to(monkeypatch, tmp_path, write_journal, records):
    """Where ages say nothing, the next beat does."""
    write_journal("some", records[:6])
    store = open_store(str(tmp_path / "store"))
    journal = conducting.Journal(store, "some")
    with Heartbeat(store, "some", interval_seconds=0.5):
        last = heartbeat.heard(store, "some")[0]
        ahead = heartbeat.Heard(beat=last.beat, at=last.at + timedelta(minutes=5))
        ahead.beat.host = "elsewhere"
        store.uri = "s3://bucket/elsewhere"  # no folder of this machine, so no clock of it
        assert conducting._is_at_work(journal, ahead)
    assert not conducting._is_at_work(journal, ahead)
    assert not conducting._is_at_work(
        journal, heartbeat.Heard(beat=ahead.beat, at=last.at - timedelta(seconds=conducting.SKEW_SECONDS + 1))
    )
