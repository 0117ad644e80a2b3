"""`also evaluate`: what a checkpoint's policy is worth on the report seeds."""

from typing import Annotated

import typer

from also import document
from also.campaign import calls, requests
from also.cli import describe
from also.cli.chosen import WHICH, OfCampaign, choose
from also.cli.options import JsonOption, StoreOption
from also.words import counted


def evaluate(
    policy: Annotated[str, typer.Argument(metavar="ID", help=WHICH)],
    campaign: OfCampaign = None,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Evaluate a checkpoint's policy with shaping off, on seeds that nothing was chosen by."""
    chosen = choose(policy, campaign, store)
    request = requests.evaluate(chosen.campaign_id, chosen.state, chosen.checkpoint_id)
    request.campaign.CopyFrom(chosen.campaign)
    with chosen.services() as services:
        evaluation = calls.evaluate(services, request)
    if json:
        print(document.canonical(evaluation).decode())
        return
    print(f"return {describe.return_of(evaluation)} over {counted(evaluation.returns.count, 'episode')}")
    print(f"success {evaluation.success_rate:.1%}, milestones {evaluation.milestone_score:.1%}")
