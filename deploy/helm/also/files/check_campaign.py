"""What the chart runs before it installs or upgrades anything, in a pod of the trainer's image: can the campaign be?

    python check_campaign.py CAMPAIGN.yaml ID [KEY=VALUE ...]

The file is read as `also run` does, its task is built by a trainer of this pod, and its shaping is held against the
task's card. Where the store can be reached already, the file is also held against what has begun there under this id.
LLMs, Prometheus and the services are asked by `helm test`: at an install none of them is there. The exit code is 1 when
the campaign cannot run, and the last line says why.
"""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from also import settings
from also.campaign import beginning, spec
from also.campaign.journal import Journal
from also.campaign.processes import Services
from also.errors import AlsoError, MissingStoreError, StoreError
from also.settings import Settings
from also.store import open_store
from also.v1.campaign_pb2 import Campaign
from also.v1.task_pb2 import TaskCard

PATIENCE_SECONDS = 15.0
"""How long a store is asked: at an upgrade it is there, unless a network or a right is missing."""


def compare(campaign: Campaign, card: TaskCard, campaign_id: str, given: Settings) -> str:
    """How a file stands to what has begun under its id; an error where it is another campaign."""
    try:
        journal = Journal(open_store(given.store, create=False, patience_seconds=PATIENCE_SECONDS), campaign_id)
        if journal.records:
            grown = beginning.growth(journal, campaign)
            return "it goes on, and has changed" if grown is not None else "it goes on"
        beginning.origin_of(campaign, card, given.store)
    except MissingStoreError:
        return "it is new; there is no store yet"
    except StoreError as error:
        return f"it was not held against the store: {error}"
    return "it is new"


def main(file: str, campaign_id: str, *changes: str) -> int:
    """Check, and say what came of it."""
    given = replace(settings.from_environment(), trainer="")
    try:
        campaign = spec.load(Path(file), changes)
        with Services(given, Path(given.logs), partial(print, file=sys.stderr)) as services:
            card = beginning.check_task(campaign, services)
        print(f"ok: campaign {campaign_id!r} can be: {compare(campaign, card, campaign_id, given)}")
    except AlsoError as error:
        print(f"error: campaign {campaign_id!r} cannot be: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
