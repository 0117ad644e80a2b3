"""`also stop`: end a campaign's conductor at its next step. Whoever runs the campaign again continues."""

from typing import Annotated

import typer

from also import keys
from also.campaign.fold import fold
from also.campaign.heartbeat import not_gone
from also.cli import describe
from also.cli.options import StoreOption, read_journal
from also.errors import CampaignError
from also.v1.conductor_pb2 import Stop


def stop(
    campaign: Annotated[str, typer.Argument(metavar="ID", help="Campaign id.")],
    store: StoreOption = None,
) -> None:
    """Stop a campaign at its next step, wherever it runs; the same `also run` continues it."""
    journal = read_journal(campaign, store)
    state = fold(journal.records)
    if state.finished is not None:
        raise CampaignError(f"campaign {campaign!r} is finished; there is nothing to stop")
    conductors = not_gone(journal.store, campaign)
    if not conductors:
        raise CampaignError(f"nobody conducts campaign {campaign!r}; there is nothing to stop")
    for each in conductors:  # one that is not there any more takes no harm
        nonce = each.beat.conductor
        journal.store.create_message(keys.stop(campaign, nonce), Stop(conductor=nonce))
    who = " and ".join(each.who for each in conductors)
    print(f"{campaign} ({who}) stops after its step: {describe.step(state)}")
