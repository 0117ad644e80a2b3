"""`also replay`: derive every decision again from the journal, and compare."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from also import document
from also.campaign.processes import Services
from also.campaign.rehearing import hear_again
from also.campaign.replay import differences
from also.cli.options import JsonOption, StoreOption, read_journal, settings_with
from also.v1.journal_pb2 import JournalRecord
from also.v1.summary_pb2 import ReplaySummary
from also.words import counted


def replay(
    campaign: Annotated[str, typer.Argument(metavar="ID", help="Campaign id.")],
    store: StoreOption = None,
    minds: Annotated[
        bool,
        typer.Option("--minds", help="Ask critic and generator again too; of LLMs the stored replies are read."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Derive every decision and verdict again from the journal, and say whether they agree."""
    journal = read_journal(campaign, store)
    found = ReplaySummary(campaign=campaign, records=len(journal.records))
    found.difference = next(differences(journal.records), "")
    if not json and not found.difference:
        records = counted(found.records, "record")
        print(f"agrees: all {records} of {campaign}, each decision and verdict derived again")
    if minds and not found.difference:
        _hear_again(found, journal.records, store)
        if not json and not found.difference:
            print(_answers(found))
    found.agrees = not found.difference
    if json:
        print(document.canonical(found).decode())
    elif found.difference:
        print(f"differs: {found.difference}")
    if found.difference:
        raise typer.Exit(1)


def _hear_again(found: ReplaySummary, records: Sequence[JournalRecord], store: str | None) -> None:
    """Ask the minds again, up to the first answer that differs; `found` takes what comes of it."""
    settings = settings_with(store)
    with Services(settings, Path(settings.logs) / found.campaign, partial(print, file=sys.stderr)) as services:
        for heard in hear_again(records, found.campaign, services):
            if heard.difference:
                found.difference = f"record {heard.sequence}: {heard.difference}"
                return
            found.outdated += heard.outdated
            found.answers += not heard.outdated


def _answers(found: ReplaySummary) -> str:
    were = "was" if found.outdated == 1 else "were"
    left_out = f"; {found.outdated} {were} asked with prompt files that have changed since" if found.outdated else ""
    return f"agrees: {counted(found.answers, 'answer')} of critic and generator, each given again{left_out}"
