"""What the chart runs before it installs or upgrades anything, in a pod of the trainer's image: can the campaign be?

    python check_campaign.py CAMPAIGN.yaml ID [--seeds=N,N,...] [KEY=VALUE ...]

The file is read as `also run` does, its task is built by a trainer of this pod, and its shaping is held against the
task's card. Where the store can be reached already, the file is also held against what has begun there under this id,
or with seeds under that of each (ID-sN).
LLMs, Prometheus and the services are asked by `helm test`: at an install none of them is there. The exit code is 1 when
the campaign cannot run, and the last line says why.
"""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from also import keys, settings
from also.campaign import beginning, spec
from also.campaign.fold import fold
from also.campaign.journal import Journal
from also.campaign.processes import Services
from also.errors import AlsoError, MissingStoreError, StoreError
from also.settings import Settings
from also.store import Store, open_store
from also.v1.campaign_pb2 import Campaign
from also.v1.task_pb2 import TaskCard

SEEDS = "--seeds="
"""What the argument that names seeds begins with."""

PATIENCE_SECONDS = 15.0
"""How long a store is asked: at an upgrade it is there, unless a network or a right is missing."""


def opened(given: Settings) -> tuple[Store | None, str]:
    """The store that campaigns are held against, or why they are held against none."""
    try:
        return open_store(given.store, create=False, patience_seconds=PATIENCE_SECONDS), ""
    except MissingStoreError:
        return None, "it is new; there is no store yet"
    except StoreError as error:
        return None, f"it was not held against the store: {error}"


def compare(campaign: Campaign, card: TaskCard, campaign_id: str, store: Store, given: Settings) -> str:
    """How a file stands to what has begun under its id; an error where it is another campaign."""
    try:
        journal = Journal(store, campaign_id)
        if journal.records:
            grown = beginning.growth(campaign_id, fold(journal.records).campaign, campaign)
            return "it goes on, and has changed" if grown is not None else "it goes on"
        beginning.origin_of(campaign, card, given.store)
    except StoreError as error:
        return f"it was not held against the store: {error}"
    return "it is new"


def main(file: str, campaign_id: str, *arguments: str) -> int:
    """Check, and say what came of it: a line for each campaign, or the first one that cannot be."""
    given = replace(settings.from_environment(), trainer="")
    seeds = [seed for each in arguments if each.startswith(SEEDS) for seed in each.removeprefix(SEEDS).split(",")]
    changes = [each for each in arguments if not each.startswith(SEEDS)]
    try:
        campaign = spec.load(Path(file), changes)
        with Services(given, Path(given.logs), partial(print, file=sys.stderr)) as services:
            card = beginning.check_task(campaign, services)
        found = {keys.of_seed(campaign_id, int(n)): spec.load(Path(file), [*changes, f"seed={n}"]) for n in seeds}
        store, why = opened(given)
        for name, each in (found or {campaign_id: campaign}).items():
            campaign_id = name
            said = compare(each, card, campaign_id, store, given) if store is not None else why
            print(f"ok: campaign {campaign_id!r} can be: {said}", flush=True)
    except AlsoError as error:
        print(f"error: campaign {campaign_id!r} cannot be: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
