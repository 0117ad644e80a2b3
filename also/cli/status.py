"""`also status`: what campaigns have come to so far."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from also import keys
from also.campaign.fold import fold
from also.campaign.journal import Journal
from also.cli import conducting, table
from also.cli.console import console
from also.cli.options import StoreOption, read_journal, settings_with
from also.errors import InputError
from also.store import Store, open_store


def status(
    campaign: Annotated[str | None, typer.Argument(metavar="ID", help="Campaign id; left out: all of them.")] = None,
    store: StoreOption = None,
) -> None:
    """Show a campaign's stages, or list all campaigns of the store."""
    output = console()
    if campaign is None:
        output.print(_campaigns(open_store(settings_with(store).store, create=False)))
        return
    journal = read_journal(campaign, store)
    state = fold(journal.records)
    output.print(table.stages(state))
    for line in [*table.outcome(state), *conducting.lines(journal, state, datetime.now(UTC))]:
        output.print(line, soft_wrap=True)


def _campaigns(store: Store) -> Table:
    listed = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("campaign", "task", "stages", "env_steps", "return", "step", "conductor"):
        listed.add_column(column)
    for campaign_id in store.names(keys.CAMPAIGNS):
        try:
            journal = Journal(store, campaign_id)
            state = fold(journal.records)
        except InputError as error:
            listed.add_row(campaign_id, "", "", "", "", str(error))
            continue
        listed.add_row(
            campaign_id, state.card.task, *table.summary(state), conducting.short(journal, state, datetime.now(UTC))
        )
    return listed
