"""Saves of a branch group in mid-branch, and the way back from one.

A save is the tensors of all replicas with the counts of shaping activity, in one object, then the
message that names it, which is created last: only then does the save exist. Where a run continues
from a save its results are the same, bit for bit; when saves were made shows in
nothing but the training time and the number of processes.

The tensors' object is named by its content, and holds a digest of the message. So every byte of a
save is under some sha256, and a damaged one is passed over: an older one, or the beginning, is as
good and only costs time. Nothing else refers to what a save is made of, so old ones can go.
"""

import hashlib
import re
from copy import deepcopy
from pathlib import PurePosixPath

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from also import keys, log
from also.document import canonical
from also.errors import CheckpointError, DocumentError, MissingObjectError
from also.services.trainer import checkpoint
from also.services.trainer.branch.group import GroupRun, in_parts
from also.services.trainer.parts import as_part, part_of
from also.services.trainer.run import Run, Snapshot
from also.services.trainer.tasks.opening import describe
from also.store import Store
from also.v1.branch_pb2 import BranchGroup, BranchGroupSave
from also.v1.campaign_pb2 import Campaign
from also.v1.task_pb2 import TaskCard

_DIGEST = "save_digest"
"""What the tensors' object holds besides: uint8 (32,), sha256 of the rest of the save."""

_SHA256 = re.compile("[0-9a-f]{64}")


def save(store: Store, course: GroupRun, *, seconds: float) -> bool:
    """Save a group in mid-branch.

    Args:
        store: the object store.
        course: the group in training.
        seconds: training time so far, of all its processes, seconds.

    Returns:
        Whether it was saved. A task that cannot copy its state is not: its snapshot begins new
        episodes, and a branch that was saved would come to something else than one that was not.

    Raises:
        StoreError: the store cannot be written.
    """
    group, runs = course.group, course.runs
    if not runs[0].task.copies_state:
        return False
    snapshots = [snapshot for run in runs for snapshot in run.snapshots(whole=True)]
    made = BranchGroupSave(
        name=group.name,
        updates=course.done,
        schema_version=checkpoint.SCHEMA_VERSION,
        learner_hash=checkpoint.learner_hash(group.campaign, runs[0].task.card),
        run_env_steps=runs[0].env_steps,
        run_updates=runs[0].updates,
        config_hashes=[snapshot.config_hash for snapshot in snapshots],
        records=course.records,
        finite=[finite for run in runs for finite in run.finite.tolist()],
        seconds=seconds,
        processes=course.processes,
        parts=len(runs),
    )
    tensors = {_DIGEST: _digest(made)}
    for part, run in enumerate(runs):
        tensors |= as_part(_activity(part), run.shaping.ledger.state_dict())
    for place, snapshot in enumerate(snapshots):
        tensors |= as_part(str(place), snapshot.tensors)
    content = save_tensors({name: tensor.cpu().contiguous() for name, tensor in tensors.items()})
    made.tensors_sha256 = hashlib.sha256(content).hexdigest()
    store.ensure(_tensors_key(group, made), content)
    store.create_message(keys.branch_group_save(group.campaign_id, group.name, made.updates), made)
    return True


def sweep(store: Store, group: BranchGroup, *, keep: int) -> None:
    """Delete a group's saves but for the newest; whoever was about to continue from one of them takes another.

    Args:
        store: the object store.
        group: the group.
        keep: how many stay.

    Raises:
        StoreError: the store cannot be written.
    """
    found = store.find(keys.branch_group_saves(group.campaign_id, group.name))
    moments = [_moment(key) for key in found if keys.is_branch_group_save(key)]
    oldest = moments[-keep:][:1] if keep else []
    for key in reversed(found):  # a save's message goes first: with it, the save
        if not oldest or _moment(key) < oldest[0]:
            store.delete(key)


def resume(store: Store, group: BranchGroup) -> GroupRun | None:
    """Go on from the newest save that can be read; None when there is none.

    A save that cannot be read is passed over with a line in the log.

    Raises:
        StoreError: the store cannot be read.
    """
    found = store.find(keys.branch_group_saves(group.campaign_id, group.name))
    for key in reversed(list(filter(keys.is_branch_group_save, found))):
        try:
            return _resumed(store, group, key)
        except (CheckpointError, DocumentError, MissingObjectError) as error:
            log.SAVE_PASSED_OVER.tell(key=key, error=str(error))
    return None


def _resumed(store: Store, group: BranchGroup, key: str) -> GroupRun:
    made = store.get_message(key, BranchGroupSave)
    if key != keys.branch_group_save(group.campaign_id, made.name, made.updates):
        raise CheckpointError(f"it is a save of {made.name[:80]!r} after {made.updates} updates")
    tensors = _tensors(store, group, made)
    card = describe(group.campaign.task, group.card)
    _check_fits(group.campaign, card, made)
    members = [(branch.arm, branch.seed_index) for branch in group.branches]
    if [(record.arm, record.seed_index) for record in made.records] != members:
        raise CheckpointError(f"it is a save of other branches than {members}")
    snapshots = [
        Snapshot(
            tensors=part_of(tensors, str(place)),
            env_steps=made.run_env_steps,
            updates=made.run_updates,
            config_hash=config_hash,
        )
        for place, config_hash in enumerate(made.config_hashes)
    ]
    parts = made.parts or 1
    if len(members) % parts:
        raise CheckpointError(f"it has {parts} parts, and {len(members)} branches")
    # the streams are those of the save: the branches' seeds were applied when they began, and only then
    runs = [
        Run.restore(group.campaign, [branch.config for branch in branches], given, [None] * len(given), card=card)
        for branches, given in zip(in_parts(group.branches, parts), in_parts(snapshots, parts), strict=True)
    ]
    saved, live = list(made.config_hashes), [config_hash for run in runs for config_hash in run.shaping.config_hashes]
    if saved != live:
        raise CheckpointError(f"it was trained under shaping configs {saved}; {live} are the branches'")
    for part, (run, finite) in enumerate(zip(runs, in_parts(made.finite, parts), strict=True)):
        run.shaping.ledger.load_state_dict(part_of(tensors, _activity(part)))
        run.finite = torch.tensor(list(finite), dtype=torch.bool, device=run.device)
    return GroupRun(
        group,
        runs,
        list(made.records),
        done=made.updates,
        earlier_seconds=made.seconds,
        processes=made.processes + 1,
    )


def _tensors(store: Store, group: BranchGroup, made: BranchGroupSave) -> dict[str, Tensor]:
    """A save's tensors, once they and the save are known to be undamaged."""
    if not _SHA256.fullmatch(made.tensors_sha256):
        raise CheckpointError(f"it is damaged: its tensors have sha256 {made.tensors_sha256[:80]!r}")
    content = store.get(_tensors_key(group, made))
    if hashlib.sha256(content).hexdigest() != made.tensors_sha256:
        raise CheckpointError("it is damaged: its tensors have another sha256")
    try:
        tensors = load_tensors(content)
        intact = torch.equal(tensors[_DIGEST], _digest(made))
    except (KeyError, SafetensorError) as error:
        raise CheckpointError(f"it is of another layout: {error}") from error
    if not intact:
        raise CheckpointError("it is damaged: it has another sha256 than its tensors say")
    return tensors


def _check_fits(campaign: Campaign, card: TaskCard, made: BranchGroupSave) -> None:
    """Make sure that a save is of this layout and of this learner."""
    if made.schema_version != checkpoint.SCHEMA_VERSION:
        raise CheckpointError(f"it has schema version {made.schema_version}; {checkpoint.SCHEMA_VERSION} is expected")
    due = checkpoint.learner_hash(campaign, card)
    if made.learner_hash != due:
        raise CheckpointError(f"it has learner {made.learner_hash}; {due} is expected")


def _activity(part: int) -> str:
    """What the names of a part's counts of activity begin with; those of a replica's tensors begin with its place."""
    return f"activity-{part}" if part else "activity"


def _digest(made: BranchGroupSave) -> Tensor:
    """sha256 of a save without the name of its tensors' object, uint8 (32,)."""
    rest = deepcopy(made)
    rest.ClearField("tensors_sha256")
    return torch.tensor(list(hashlib.sha256(canonical(rest)).digest()), dtype=torch.uint8)


def _tensors_key(group: BranchGroup, made: BranchGroupSave) -> str:
    return keys.branch_group_save_tensors(group.campaign_id, group.name, made.updates, made.tensors_sha256)


def _moment(key: str) -> str:
    """How many updates were done at the save that an object belongs to, in eight digits."""
    return PurePosixPath(key).name[:8]
