"""Which policy an id means: a checkpoint, or the newest one of a campaign."""

import re
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from also import keys
from also.campaign.fold import fold
from also.campaign.processes import Services
from also.campaign.state import State
from also.cli.options import read_journal, settings_with
from also.errors import CheckpointError
from also.settings import Settings
from also.store import open_store
from also.v1.campaign_pb2 import Campaign, Device

OfCampaign = Annotated[
    str | None, typer.Option("--campaign", metavar="ID", help="Campaign that a checkpoint belongs to.")
]
"""`--campaign ID`."""

WHICH = "Id of a campaign, for its last checkpoint, or of a checkpoint together with --campaign."
"""What an argument that names a policy is, for `--help`."""

_HEX = re.compile(r"[0-9a-f]{54,}")
"""Longer than the id of any campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A checkpoint and the campaign that it belongs to."""

    campaign_id: str
    """Id of the campaign."""
    state: State
    """State of the campaign."""
    checkpoint_id: str
    """Id of the checkpoint, which is there."""
    settings: Settings
    """Settings of this process; a module of the task is looked for where the campaign was begun."""

    @property
    def campaign(self) -> Campaign:
        """The campaign's settings. CUDA, its wish for its own machine, is any device here."""
        found = deepcopy(self.state.campaign)
        if found.learner.device == Device.DEVICE_CUDA:
            found.learner.device = Device.DEVICE_AUTO
        return found

    def services(self) -> Services:
        """The services, to be entered."""
        return Services(self.settings, Path(self.settings.logs) / self.campaign_id, print)


def choose(given: str, campaign: str | None, store: str | None) -> Chosen:
    """The policy that a person means.

    Args:
        given: id of a checkpoint or of a campaign.
        campaign: id of the checkpoint's campaign.
        store: URI of the store, if one was given.

    Raises:
        StoreError: there is no such store.
        CampaignError: it holds no such campaign.
        CheckpointError: the campaign has no such checkpoint, or none so far.
    """
    if campaign is None and _HEX.fullmatch(given):
        raise CheckpointError(f"checkpoint {given}: name its campaign too, with --campaign ID")
    campaign_id = campaign if campaign is not None else given
    records = read_journal(campaign_id, store).records
    state, settings = fold(records), settings_with(store)
    settings = replace(settings, task_folder=settings.task_folder or records[0].started.folder)
    if campaign is None:
        checkpoint_id = state.position.checkpoint_id
        if not checkpoint_id:
            raise CheckpointError(f"campaign {campaign_id!r} has no checkpoint yet: its first stage is under way")
    else:
        checkpoint_id = keys.check_checkpoint_id(given)
    if not open_store(settings.store, create=False).exists(keys.checkpoint(campaign_id, checkpoint_id)):
        raise CheckpointError(
            f"campaign {campaign_id!r} has no checkpoint {checkpoint_id}; `also report` lists those it has"
        )
    return Chosen(campaign_id=campaign_id, state=state, checkpoint_id=checkpoint_id, settings=settings)
