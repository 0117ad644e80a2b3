"""`also approve` and `also reject`: a person's word on a candidate that is about to be promoted."""

from typing import Annotated

import typer

from also import keys, limits
from also.campaign.decide import Review, decide
from also.campaign.fold import fold
from also.cli import describe
from also.cli.options import StoreOption, read_journal
from also.errors import CampaignError
from also.v1 import conductor_pb2

CampaignArgument = Annotated[str, typer.Argument(metavar="ID", help="Campaign id.")]

NoteOption = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; it is written down with it.")]


def approve(campaign: CampaignArgument, note: NoteOption = "", store: StoreOption = None) -> None:
    """Let a candidate be promoted, where the campaign file asks for a person's word (validation.approve)."""
    _say(campaign, store, note, approved=True)


def reject(campaign: CampaignArgument, note: NoteOption = "", store: StoreOption = None) -> None:
    """Let a stage hold in place of a promotion, where the campaign file asks for a person's word."""
    _say(campaign, store, note, approved=False)


def _say(campaign_id: str, store: str | None, note: str, *, approved: bool) -> None:
    """Store a person's word; the campaign's conductor finds it there, now or when there is one again."""
    journal = read_journal(campaign_id, store)
    state = fold(journal.records)
    asked = decide(state)
    if not isinstance(asked, Review):
        raise CampaignError(f"campaign {campaign_id!r} waits for nobody's word; it is at: {describe.step(state)}")
    given = conductor_pb2.Review(candidate=asked.candidate, approved=approved, note=note)
    limits.check(given)
    key = keys.review(campaign_id, asked.stage, asked.round)
    if not journal.store.create_message(key, given):
        said = journal.store.get_message(key, conductor_pb2.Review)
        raise CampaignError(f"{said.candidate} of stage {asked.stage} was {_word(said.approved)} before; that counts")
    print(f"{_word(approved)} {asked.candidate} of stage {asked.stage}")


def _word(approved: bool) -> str:
    return "approved" if approved else "rejected"
