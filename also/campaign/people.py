"""What people say to a conductor, wherever it runs: objects in the store, created once, that it looks for."""

import time

from also import keys
from also.campaign.decide import Review
from also.campaign.journal import Journal
from also.campaign.waits import Waits
from also.v1 import conductor_pb2
from also.v1.journal_pb2 import Reviewed, Stopped

LOOK_SECONDS = 1.0
"""Time between two looks for a person's word."""


def stop_conductor(journal: Journal) -> bool:
    """Whether a person has asked the conductor that holds a journal to end.

    Raises:
        StoreError: the store cannot be read.
    """
    return journal.store.exists(keys.stop(journal.campaign_id, journal.conductor))


def review(journal: Journal, asked: Review, waits: Waits) -> Reviewed | Stopped:
    """Wait for a person's word on a candidate, or to be stopped.

    Args:
        journal: the campaign's journal.
        asked: what is asked.
        waits: told what is waited for.

    Raises:
        StoreError: the store cannot be read.
    """
    campaign_id, store = journal.campaign_id, journal.store
    key = keys.review(campaign_id, asked.stage, asked.round)
    commands = f"`also approve {campaign_id}` or `also reject {campaign_id}`"
    with waits.during("person", f"a person's word on {asked.candidate}: {commands}"):
        while not store.exists(key):
            if stop_conductor(journal):
                return Stopped()
            time.sleep(LOOK_SECONDS)
    said = store.get_message(key, conductor_pb2.Review)
    return Reviewed(
        stage=asked.stage, round=asked.round, candidate=said.candidate, approved=said.approved, note=said.note
    )
