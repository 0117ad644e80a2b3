"""What a campaign begins with, where that is what another campaign has learnt.

The checkpoint is found and held against the new campaign before anything is written, and copied to the new
campaign's own objects before its first record: whatever becomes of the other one, it has all that it needs.
"""

import hashlib
from copy import deepcopy

from also import algorithms, document, keys, presets
from also.campaign.fold import fold
from also.campaign.journal import Journal
from also.errors import CampaignError, CheckpointError, MissingObjectError
from also.store import Store
from also.v1.campaign_pb2 import Campaign
from also.v1.checkpoint_pb2 import CheckpointManifest, Origin
from also.v1.task_pb2 import TaskCard

_NETS = ("hidden", "layers", "recurrent", "normalise_observations")
"""Settings of the learner that its nets depend on."""

_CARD = ("task", "agents", "observation_size", "state_size")
"""What of a task's card they depend on, beside its actions."""


def named(campaign: Campaign) -> str:
    """Id of the campaign that a campaign begins from; empty where there is none."""
    given: str = getattr(campaign.start, "from")  # a word of Python's own
    return given


def find(store: Store, campaign: Campaign, card: TaskCard) -> Origin:
    """The checkpoint that a new campaign begins with.

    Args:
        store: the store, which has both campaigns.
        campaign: the new campaign, every default filled in, with `start.from`.
        card: card of its task.

    Raises:
        CampaignError: there is no such campaign, or it has trained nothing, or its policy does not fit.
        CheckpointError: there is no such checkpoint.
    """
    campaign_id = keys.check_campaign_id(named(campaign))
    journal = Journal(store, campaign_id)
    if not journal.records:
        raise CampaignError(f"start.from is {campaign_id!r}; store {store.uri} holds no such campaign")
    state = fold(journal.records)
    unlike = [*unlike_settings(state.campaign, campaign), *_unlike_cards(state.card, card)]
    if unlike:
        raise CampaignError(f"start.from: what campaign {campaign_id!r} has learnt does not fit this one: {unlike[0]}")
    checkpoint_id = campaign.start.checkpoint or state.position.checkpoint_id
    if not checkpoint_id:
        raise CampaignError(f"start.from: campaign {campaign_id!r} has no checkpoint yet: its first stage is under way")
    _content(store, campaign_id, checkpoint_id)
    return Origin(campaign_id=campaign_id, checkpoint_id=checkpoint_id, learner=state.campaign.learner)


def copy(store: Store, origin: Origin, campaign_id: str) -> None:
    """Copy a checkpoint to a campaign's own objects, the manifest last; its id stays what it is.

    Raises:
        CheckpointError: it is missing or damaged.
        StoreError: the store cannot be used.
    """
    content = _content(store, origin.campaign_id, origin.checkpoint_id)
    for blob in document.parse_json(CheckpointManifest, content, f"checkpoint {origin.checkpoint_id}").blobs:
        try:
            part = store.get(keys.blob(origin.campaign_id, blob.sha256))
        except MissingObjectError:
            raise CheckpointError(f"checkpoint {origin.checkpoint_id} is damaged: {blob.name} is missing") from None
        if hashlib.sha256(part).hexdigest() != blob.sha256:
            raise CheckpointError(f"checkpoint {origin.checkpoint_id} is damaged: {blob.name} has another sha256")
        store.ensure(keys.blob(campaign_id, blob.sha256), part)
    store.ensure(keys.checkpoint(campaign_id, origin.checkpoint_id), content)


def unlike_settings(stored: Campaign, given: Campaign) -> list[str]:
    """Why a campaign cannot begin with what another one has learnt, by their files alone; empty where it can.

    Args:
        stored: the other one, as its journal has it.
        given: the new one, every default filled in.
    """
    there = deepcopy(stored)
    presets.resolve(there)
    found = []
    if (there.task.name, there.task.layout) != (given.task.name, given.task.layout):
        found.append(f"its task is {_task(there)}, here it is {_task(given)}")
    if algorithms.is_value_based(there.learner) != algorithms.is_value_based(given.learner):
        ours, theirs = (document.plain(each.learner)["algorithm"] for each in (there, given))
        found.append(
            f"its learner.algorithm is {ours}, here it is {theirs}: of actors and of a Q neither makes the other"
        )
    for name in _NETS:
        one, other = getattr(there.learner, name), getattr(given.learner, name)
        if one != other:
            found.append(f"its learner.{name} is {_text(one)}, here it is {_text(other)}")
    return found


def _unlike_cards(there: TaskCard, here: TaskCard) -> list[str]:
    found = [
        f"its task card's {name} is {getattr(there, name)}, here it is {getattr(here, name)}"
        for name in _CARD
        if getattr(there, name) != getattr(here, name)
    ]
    ours, theirs = there.action_space, here.action_space
    if (ours.kind, ours.size) != (theirs.kind, theirs.size):
        found.append(f"it has {ours.size} actions, here there are {theirs.size}, or they are of another kind")
    return found


def _content(store: Store, campaign_id: str, checkpoint_id: str) -> bytes:
    """A checkpoint's manifest, as it is stored."""
    try:
        content = store.get(keys.checkpoint(campaign_id, checkpoint_id))
    except MissingObjectError:
        raise CheckpointError(f"campaign {campaign_id!r} has no checkpoint {checkpoint_id}") from None
    if hashlib.sha256(content).hexdigest() != checkpoint_id:
        raise CheckpointError(f"checkpoint {checkpoint_id} is damaged: its manifest has another sha256")
    return content


def _task(campaign: Campaign) -> str:
    return f"{campaign.task.name} {campaign.task.layout}".strip()


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
