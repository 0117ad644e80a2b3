"""How a tracker is kept up to date until its campaign is over.

A tracker that is down is asked again, for as long as the campaign continues and a while longer. What it refuses is an
error.
"""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from also.campaign.journal import Journal
from also.errors import ServiceUnavailable, StoreError
from also.tracking.entries import About, Entry, about, entries
from also.v1.journal_pb2 import JournalRecord

LOOK_SECONDS = 5.0
"""Time between two looks at the store."""

PATIENCE_SECONDS = 120.0
"""How long a tracker that is down is asked again after the campaign is over."""


class Tracker(Protocol):
    """A place where people log."""

    def tell(self, told: About, given: Sequence[Entry], *, over: bool) -> int:
        """Send what it does not have yet; once it has everything of a campaign that is over, the run is closed.

        Args:
            told: what the campaign is.
            given: all entries so far, from the first one on.
            over: whether the campaign is over.

        Returns:
            How many entries were new to it.

        Raises:
            ServiceUnavailable: it is down; the same call may do later.
            ServiceError: it refused what it was sent.
        """

    def close(self) -> None:
        """Close the connection; a campaign that is not over can be continued later."""


def follow(
    journal: Journal,
    tracker: Tracker,
    words: Callable[[JournalRecord], str],
    note: Callable[[str], None],
    *,
    to_the_end: bool,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Keep a tracker up to date with a campaign.

    Args:
        journal: the campaign's journal, not empty; it is read on.
        tracker: the tracker.
        words: a record in one line.
        note: called with each obstacle, once.
        to_the_end: whether to continue until the campaign is over.
        pause: waits for so many seconds.

    Returns:
        How many entries were new to it.

    Raises:
        CampaignError: the journal is damaged.
        ServiceUnavailable: the tracker is down, and was for long after the campaign had ended.
        ServiceError: it refused what it was sent.
    """
    new, waited, said = 0, 0.0, ""
    known = -1
    while True:
        over = journal.records[-1].WhichOneof("event") == "finished"
        try:
            if len(journal.records) != known:
                found = entries(journal.records, words)
                new += tracker.tell(about(journal.campaign_id, journal.records), found, over=over)
                known, waited, said = len(journal.records), 0.0, ""
            if over or not to_the_end:
                return new
            journal.read_on()
        except (ServiceUnavailable, StoreError) as error:
            if not to_the_end or waited >= PATIENCE_SECONDS:
                raise
            waited += LOOK_SECONDS if over else 0.0
            if str(error) != said:
                note(f"{error}; trying again")
            said = str(error)
        if len(journal.records) == known or said:
            pause(LOOK_SECONDS)
