"""`also evaluate`: what a checkpoint's policy is worth on the report seeds."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from also import document, keys
from also.campaign import calls, requests
from also.campaign.fold import fold
from also.campaign.processes import Services
from also.cli import describe
from also.cli.options import JsonOption, StoreOption, read_journal, settings_with
from also.errors import CheckpointError
from also.store import open_store
from also.v1.campaign_pb2 import Device
from also.words import counted


def evaluate(
    checkpoint: Annotated[str, typer.Argument(metavar="CHECKPOINT", help="Id of the checkpoint.")],
    campaign: Annotated[str, typer.Option("--campaign", metavar="ID", help="Campaign that it belongs to.")],
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Evaluate a checkpoint's policy with shaping off, on seeds that nothing was chosen by."""
    records = read_journal(campaign, store).records
    state, folder = fold(records), records[0].started.folder
    settings = settings_with(store)
    settings = replace(settings, task_folder=settings.task_folder or folder)
    key = keys.checkpoint(campaign, keys.check_checkpoint_id(checkpoint))
    if not open_store(settings.store, create=False).exists(key):
        raise CheckpointError(f"campaign {campaign!r} has no checkpoint {checkpoint}; `also report` lists those it has")
    request = requests.evaluate(campaign, state, checkpoint)
    if request.campaign.learner.device == Device.DEVICE_CUDA:  # the campaign's wish for its own machine
        request.campaign.learner.device = Device.DEVICE_AUTO
    with Services(settings, Path(settings.logs) / campaign, print) as services:
        evaluation = calls.evaluate(services, request)
    if json:
        print(document.canonical(evaluation).decode())
        return
    print(f"return {describe.evaluation(evaluation)} over {counted(evaluation.returns.count, 'episode')}")
    print(f"success {evaluation.success_rate:.1%}, milestones {evaluation.milestone_score:.1%}")
