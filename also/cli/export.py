"""`also export`: a campaign's records in forms that other tools read."""

import json
from pathlib import Path
from typing import Annotated

import typer

from also.campaign.preferences import pairs
from also.cli.options import StoreOption, read_journal, settings_with
from also.errors import InputError
from also.store import open_store
from also.words import counted


def export(
    campaigns: Annotated[list[str], typer.Argument(metavar="ID...", help="Campaign ids.")],
    preferences: Annotated[
        Path, typer.Option("--preferences", metavar="FILE", help="JSONL file of preference pairs to write.")
    ],
    store: StoreOption = None,
) -> None:
    """Write what validation preferred among an LLM's candidates, one pair a line, for DPO trainers."""
    opened = open_store(settings_with(store).store, create=False)
    found = [pair for each in campaigns for pair in pairs(read_journal(each, store).records, each, opened)]
    try:
        preferences.parent.mkdir(parents=True, exist_ok=True)
        preferences.write_text("".join(f"{json.dumps(pair)}\n" for pair in found), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{preferences} cannot be written: {error.strerror}") from None
    print(f"{preferences}: {counted(len(found), 'pair')}")
