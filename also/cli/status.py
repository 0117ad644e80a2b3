"""`also status`: what campaigns have come to so far."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from also import document, keys
from also.campaign.fold import fold
from also.campaign.journal import Journal
from also.campaign.state import State
from also.campaign.summary import summary
from also.cli import conducting, table
from also.cli.console import console
from also.cli.options import JsonOption, StoreOption, read_journal, settings_with
from also.errors import InputError
from also.store import Store, open_store
from also.v1.summary_pb2 import CampaignSummary, ConductorSummary


def status(
    campaign: Annotated[str | None, typer.Argument(metavar="ID", help="Campaign id; left out: all of them.")] = None,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Show a campaign's stages, or list all campaigns of the store."""
    if campaign is not None:
        _show(read_journal(campaign, store), json=json)
        return
    opened = open_store(settings_with(store).store, create=False)
    if json:
        for each in _summaries(opened):
            print(document.canonical(each).decode())
    else:
        console().print(_campaigns(opened))


def _show(journal: Journal, *, json: bool) -> None:
    state = fold(journal.records)
    said = conducting.conductor(journal, state, datetime.now(UTC))
    if json:
        print(document.canonical(_with(summary(state, journal.campaign_id), said)).decode())
        return
    output = console()
    output.print(table.stages(state))
    for line in [*table.outcome(state), *conducting.lines(said)]:
        output.print(line, soft_wrap=True)


def _with(found: CampaignSummary, said: ConductorSummary | None) -> CampaignSummary:
    if said is not None:
        found.conductor.CopyFrom(said)
    return found


def _found(store: Store) -> Iterator[tuple[str, tuple[State, ConductorSummary | None] | InputError]]:
    """Each campaign of a store by its id: its state and what is known of its conductor, or why it cannot be read."""
    for campaign_id in store.names(keys.CAMPAIGNS):
        try:
            journal = Journal(store, campaign_id)
            state = fold(journal.records)
        except InputError as error:
            yield campaign_id, error
        else:
            yield campaign_id, (state, conducting.conductor(journal, state, datetime.now(UTC)))


def _summaries(store: Store) -> Iterator[CampaignSummary]:
    for campaign_id, found in _found(store):
        if isinstance(found, InputError):
            yield CampaignSummary(campaign=campaign_id, error=str(found))
        else:
            state, said = found
            yield _with(summary(state, campaign_id, stages=False), said)


def _campaigns(store: Store) -> Table:
    listed = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("campaign", "task", "stages", "env_steps", "return", "step", "conductor"):
        listed.add_column(column)
    for campaign_id, found in _found(store):
        if isinstance(found, InputError):
            listed.add_row(campaign_id, "", "", "", "", str(found))
        else:
            state, said = found
            listed.add_row(campaign_id, state.card.task, *table.summary(state), conducting.short(said))
    return listed
