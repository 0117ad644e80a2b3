"""`also replay`: derive every decision again from the journal, and compare."""

from typing import Annotated

import typer

from also.campaign.replay import differences
from also.cli.options import StoreOption, read_journal


def replay(
    campaign: Annotated[str, typer.Argument(metavar="ID", help="Campaign id.")], store: StoreOption = None
) -> None:
    """Derive every decision and verdict again from the journal, and say whether they agree."""
    journal = read_journal(campaign, store)
    for difference in differences(journal.records):
        print(f"differs: {difference}")
        raise typer.Exit(1)
    print(f"agrees: all {len(journal.records)} records of {campaign}, each decision and verdict derived again")
