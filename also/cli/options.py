"""Options that several subcommands share."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from also import settings
from also.campaign import spec
from also.campaign.journal import Journal
from also.errors import CampaignError
from also.settings import Settings
from also.store import open_store

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URI",
        help="Object store: a folder, s3://, gs:// or az://; left out: ALSO_STORE, or also-data/store.",
    ),
]
"""`--store URI`."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
"""`--json`."""


def settings_with(store: str | None) -> Settings:
    """Settings of this process, with the store that was given."""
    found = settings.from_environment()
    return replace(found, store=store) if store is not None else found


def beside(file: Path | None, given: Settings) -> Settings:
    """Settings with which a task's module is looked for beside a campaign file too."""
    return given if file is None or spec.brought_name(file) else replace(given, task_folder=str(file.resolve().parent))


def read_journal(campaign_id: str, store: str | None) -> Journal:
    """The journal of a campaign.

    Raises:
        StoreError: there is no such store.
        CampaignError: it holds no such campaign.
    """
    uri = settings_with(store).store
    journal = Journal(open_store(uri, create=False), campaign_id)
    if not journal.records:
        raise CampaignError(f"store {uri} holds no campaign {campaign_id!r}; `also status` lists those it holds")
    return journal
