"""`also delete`: remove all that the store has of a campaign."""

from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import typer

from also import keys
from also.campaign.heartbeat import require_alone
from also.cli.options import StoreOption, settings_with
from also.cli.waiting import told
from also.errors import CampaignError
from also.store import Store, local_folder, open_store, sweep_empty
from also.words import counted

_AT_ONCE = 16
"""Requests to the store at once."""


def delete(
    campaign: Annotated[str, typer.Argument(metavar="ID", help="Campaign id.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete it; without this, only say what would be deleted.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Delete a campaign's journal, checkpoints and all else that the store has of it. Other campaigns keep theirs."""
    opened = open_store(settings_with(store).store, create=False)
    found = opened.find(keys.campaign(campaign))
    if not found:
        raise CampaignError(f"store {opened.uri} holds no campaign {campaign!r}; `also status` lists those it holds")
    require_alone(opened, campaign, print)
    if not yes:
        raise CampaignError(
            f"campaign {campaign!r} is {counted(len(found), 'object')} in store {opened.uri}; "
            "add --yes to delete them for good"
        )
    with told(f"deleting {counted(len(found), 'object')}"):
        _delete(opened, campaign, found)
    print(f"deleted {campaign}: {counted(len(found), 'object')}")


def _delete(store: Store, campaign_id: str, found: list[str]) -> None:
    """Delete objects, the journal last and from its end: what is left of a cut deletion is found and deleted again."""
    journal = [key for key in found if key.startswith(keys.journal(campaign_id))]
    others = [key for key in found if not key.startswith(keys.journal(campaign_id))]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(store.delete, others))
    for key in sorted(journal, reverse=True):
        store.delete(key)
    folder = local_folder(store.uri)
    if folder is not None:
        sweep_empty(folder / keys.campaign(campaign_id))
