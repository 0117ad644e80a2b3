"""Telling a tracker until the campaign is over."""

import pytest

from also.cli.lines import event_line
from also.errors import ServiceError, ServiceUnavailable
from also.tracking.tracker import PATIENCE_SECONDS, follow


class Tracker:
    """Keeps what it is told, and is down where the test says."""

    def __init__(self, down=()):
        self.told, self.over, self.calls, self.down = [], [], 0, down

    def tell(self, told, given, *, over):
        self.calls += 1
        if self.calls in self.down:
            raise ServiceUnavailable("it is down")
        new = given[len(self.told) :]
        self.told += new
        self.over.append(over)
        return len(new)


def test_a_campaign_is_told_as_it_goes_on(journal, records, given):
    """Once for each look that finds something new; the last time it is told that it is over."""
    tracker, known = Tracker(), iter([4, 4, 9, len(records)])
    new = follow(
        journal(2), tracker, event_line, lambda text: None, to_the_end=True, pause=lambda seconds: journal(next(known))
    )
    assert (tracker.told, new) == (given, len(given))
    assert tracker.over == [False, False, False, True]


def test_what_is_there_now_is_told_once_without_following(journal, records):
    """A campaign under way is left."""
    tracker = Tracker()
    follow(journal(4), tracker, event_line, lambda text: None, to_the_end=False)
    assert tracker.over == [False]


def test_a_tracker_that_is_down_is_asked_again(journal, records, given):
    """It is said once, however long it takes; nothing is lost."""
    tracker, notes, pauses = Tracker(down=range(1, 6)), [], []
    follow(journal(len(records)), tracker, event_line, notes.append, to_the_end=True, pause=pauses.append)
    assert tracker.told == given
    assert notes == ["it is down; trying again"]
    assert len(pauses) == 5


@pytest.mark.slow
def test_a_tracker_that_stays_down_is_given_up_after_the_end(journal, records):
    """Not while the campaign goes on."""
    tracker, pauses = Tracker(down=range(1000)), []
    with pytest.raises(ServiceUnavailable, match="it is down"):
        follow(journal(len(records)), tracker, event_line, lambda text: None, to_the_end=True, pause=pauses.append)
    assert sum(pauses) == PATIENCE_SECONDS
    with pytest.raises(ServiceError, match="it is down"):
        follow(journal(len(records)), Tracker(down=[1]), event_line, lambda text: None, to_the_end=False)
