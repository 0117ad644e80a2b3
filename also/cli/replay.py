"""`also replay`: derive every decision again from the journal, and compare."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from also.campaign.processes import Services
from also.campaign.rehearing import hear_again
from also.campaign.replay import differences
from also.cli.options import StoreOption, read_journal, settings_with
from also.v1.journal_pb2 import JournalRecord
from also.words import counted


def replay(
    campaign: Annotated[str, typer.Argument(metavar="ID", help="Campaign id.")],
    store: StoreOption = None,
    minds: Annotated[
        bool,
        typer.Option("--minds", help="Ask critic and generator again too; of LLMs the stored replies are read."),
    ] = False,
) -> None:
    """Derive every decision and verdict again from the journal, and say whether they agree."""
    journal = read_journal(campaign, store)
    for difference in differences(journal.records):
        print(f"differs: {difference}")
        raise typer.Exit(1)
    print(
        f"agrees: all {counted(len(journal.records), 'record')} of {campaign}, each decision and verdict derived again"
    )
    if minds:
        _hear_again(journal.records, campaign, store)


def _hear_again(records: Sequence[JournalRecord], campaign_id: str, store: str | None) -> None:
    settings = settings_with(store)
    agreed = outdated = 0
    with Services(settings, Path(settings.logs) / campaign_id, print) as services:
        for heard in hear_again(records, campaign_id, services):
            if heard.difference:
                print(f"differs: record {heard.sequence}: {heard.difference}")
                raise typer.Exit(1)
            outdated += heard.outdated
            agreed += not heard.outdated
    were = "was" if outdated == 1 else "were"
    left_out = f"; {outdated} {were} asked with prompt files that have changed since" if outdated else ""
    print(f"agrees: {counted(agreed, 'answer')} of critic and generator, each given again{left_out}")
