"""Signs of life: who is at work on a campaign, who has gone, and who has to wait."""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from also import keys
from also.campaign.heartbeat import MISSED, Heartbeat, heard, require_alone
from also.errors import CampaignError, ServiceError
from also.store import Store, open_store
from also.v1.conductor_pb2 import Beat

CONDUCT = """
import sys, time
from also.campaign.heartbeat import Heartbeat
from also.store import open_store
with Heartbeat(open_store(sys.argv[1]), "some", interval_seconds=0.1):
    print("at work", flush=True)
    time.sleep(600)
"""
"""A process that does nothing but show that it is there."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"))


def beat_of(store: Store, *, conductor: str = "other", number: int = 7, **about: object) -> Beat:
    """The beat of a conductor of another machine, stored."""
    beat = Beat(conductor=conductor, number=number, interval_seconds=0.05, host="elsewhere", process=1)
    for field, value in about.items():
        setattr(beat, field, value)
    store.create_message(keys.beat("some", conductor, number), beat)
    return beat


def test_one_beat_follows_another(store: Store) -> None:
    """Only the last one stays, and it says who wrote it."""
    with Heartbeat(store, "some", interval_seconds=0.02):
        while heard(store, "some")[0].beat.number < 3:
            time.sleep(0.01)
        (found,) = heard(store, "some")
        assert len(store.find(keys.conductors("some"))) <= 2  # the one before is removed after the next is there
        assert not found.beat.ended
        assert found.who == f"{found.beat.host}, process {found.beat.process}"
        assert abs(found.age_seconds(datetime.now(UTC))) < 60
    (last,) = heard(store, "some")
    assert (last.beat.ended, last.beat.error) == (True, "")
    assert len(store.find(keys.conductors("some"))) == 1


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ServiceError("trainer: it died;\nsee its log"), "trainer: it died;"),
        (KeyboardInterrupt(), "it was interrupted"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_the_last_beat_says_why_a_conductor_ended(store: Store, error: BaseException, told: str) -> None:
    """In one line, whatever it was."""
    with pytest.raises(type(error)), Heartbeat(store, "some"):
        raise error
    assert heard(store, "some")[0].beat.error == told


def test_nobody_is_waited_for_who_has_ended(store: Store) -> None:
    """Whether well or not; and the next conductor removes what is left of them."""
    beat_of(store, ended=True, error="trainer: it died")
    require_alone(store, "some", pytest.fail)
    with Heartbeat(store, "some"):
        assert [each.beat.conductor for each in heard(store, "some")] != ["other"]
        assert len(heard(store, "some")) == 1


def test_a_silent_conductor_of_another_machine_is_waited_for(store: Store) -> None:
    """Until it has missed its beats; what is waited for is told once."""
    beat, notes = beat_of(store), []
    began = time.monotonic()
    require_alone(store, "some", notes.append, look_seconds=0.01)
    assert time.monotonic() - began >= MISSED * beat.interval_seconds
    assert notes == [
        "another conductor (elsewhere, process 1) was at work on campaign 'some'; waiting 0 s for a sign of life"
    ]


def test_a_conductor_of_another_machine_that_goes_on_is_an_error(store: Store) -> None:
    """Its next beat says so, whatever its clock shows."""
    beat = beat_of(store, interval_seconds=60.0)
    beat.number += 1
    late = threading.Timer(0.2, lambda: store.create_message(keys.beat("some", "other", beat.number), beat))
    late.start()
    with pytest.raises(CampaignError, match=r"'some' is being run by another conductor \(elsewhere, process 1\)"):
        require_alone(store, "some", lambda text: None, look_seconds=0.01)
    late.join()


def test_a_process_of_this_machine_is_looked_for(store: Store) -> None:
    """While it is there nobody else begins, and once it was killed nobody waits for it."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("this system has no /proc: processes of one machine are waited for as those of others are")
    with subprocess.Popen([sys.executable, "-c", CONDUCT, store.uri], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(CampaignError, match=rf"another conductor \(.+, process {other.pid}\)"):
            require_alone(store, "some", pytest.fail)
        other.kill()
    require_alone(store, "some", pytest.fail)


def test_a_store_that_is_away_does_not_end_the_beats(store: Store) -> None:
    """Whatever the campaign writes next says that it is."""
    with Heartbeat(store, "some", interval_seconds=0.02):
        folder = Path(store.uri)
        folder.rename(folder.with_name("away"))
        folder.write_text("no folder", encoding="utf-8")
        time.sleep(0.1)
        folder.unlink()
        folder.with_name("away").rename(folder)
        before = heard(store, "some")[0].beat.number
        while heard(store, "some")[0].beat.number == before:
            time.sleep(0.01)


def test_the_age_of_a_beat_may_be_negative(store: Store) -> None:
    """Where a store's clock is ahead."""
    beat_of(store)
    (found,) = heard(store, "some")
    assert found.age_seconds(found.at - timedelta(seconds=5)) == -5
