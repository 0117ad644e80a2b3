"""Saves of a branch group in mid-branch, and the way back from one.

A save is the checkpoints of all replicas, then the counts of shaping activity, then the message
that names them, which is created last: only then does the save exist. Where a run goes on from a
save it comes to what it would have come to, bit for bit; when saves were made shows in nothing but
the training time and the number of processes.

The counts' blob is named by its content, and holds a digest of the message. So every byte of a save
is under some sha256, and a damaged one is passed over: an older one, or the beginning, is as good
and only costs time.
"""

import hashlib
import re
import sys

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from also import keys
from also.document import canonical
from also.errors import CheckpointError, DocumentError, MissingObjectError
from also.store import Store
from also.v1.branch_pb2 import BranchGroup, BranchGroupSave
from services.trainer import checkpoint
from services.trainer.branch_group import GroupRun
from services.trainer.run import Run
from services.trainer.tasks.opening import describe

_DIGEST = "save_digest"
"""What the blob holds besides counts: uint8 (32,), sha256 of the rest of the save."""

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
    group, run = course.group, course.run
    if not run.task.copies_state:
        return False
    made = BranchGroupSave(
        name=group.name,
        updates=course.done,
        checkpoint_ids=[
            checkpoint.save(store, group.campaign_id, group.campaign, run.task.card, snapshot)
            for snapshot in run.snapshots()
        ],
        records=course.records,
        finite=run.finite.tolist(),
        seconds=seconds,
        processes=course.processes,
    )
    counts = run.shaping.activity_state()
    counts[_DIGEST] = _digest(made)
    content = save_tensors(counts)
    made.activity_sha256 = hashlib.sha256(content).hexdigest()
    store.create(keys.blob(group.campaign_id, made.activity_sha256), content)
    store.create_message(keys.branch_group_save(group.campaign_id, group.name, made.updates), made)
    return True


def resume(store: Store, group: BranchGroup) -> GroupRun | None:
    """Go on from the newest save that can be read; None when there is none.

    A save that cannot be read is passed over with a line on standard error.

    Raises:
        StoreError: the store cannot be read.
    """
    for key in reversed(store.find(keys.branch_group_saves(group.campaign_id, group.name))):
        try:
            return _resumed(store, group, key)
        except (CheckpointError, DocumentError, MissingObjectError) as error:
            print(f"warning: {key} is passed over: {error}", file=sys.stderr)
    return None


def _resumed(store: Store, group: BranchGroup, key: str) -> GroupRun:
    made = store.get_message(key, BranchGroupSave)
    if key != keys.branch_group_save(group.campaign_id, made.name, made.updates):
        raise CheckpointError(f"it is a save of {made.name[:80]!r} after {made.updates} updates")
    counts = _counts(store, group, made)
    members = [(branch.arm, branch.seed_index) for branch in group.branches]
    if [(record.arm, record.seed_index) for record in made.records] != members:
        raise CheckpointError(f"it is a save of other branches than {members}")
    card = describe(group.campaign.task)
    snapshots = [
        checkpoint.load(store, group.campaign_id, group.campaign, card, checkpoint_id)
        for checkpoint_id in made.checkpoint_ids
    ]
    # the streams are those of the save: the branches' seeds were applied when they began, and only then
    run = Run.restore(group.campaign, [branch.config for branch in group.branches], snapshots, [None] * len(members))
    saved, live = [snapshot.config_hash for snapshot in snapshots], list(run.shaping.config_hashes)
    if saved != live:
        raise CheckpointError(f"it was trained under shaping configs {saved}; {live} are the branches'")
    run.shaping.load_activity_state(counts)
    run.finite = torch.tensor(list(made.finite), dtype=torch.bool)
    return GroupRun(
        group,
        run,
        list(made.records),
        done=made.updates,
        earlier_seconds=made.seconds,
        processes=made.processes + 1,
    )


def _counts(store: Store, group: BranchGroup, made: BranchGroupSave) -> dict[str, Tensor]:
    """Content of a save's blob, once it and the save are known to be undamaged."""
    if not _SHA256.fullmatch(made.activity_sha256):
        raise CheckpointError(f"it is damaged: its activity has sha256 {made.activity_sha256[:80]!r}")
    content = store.get(keys.blob(group.campaign_id, made.activity_sha256))
    if hashlib.sha256(content).hexdigest() != made.activity_sha256:
        raise CheckpointError(f"it is damaged: blob {made.activity_sha256} has another sha256")
    try:
        counts = load_tensors(content)
        intact = torch.equal(counts[_DIGEST], _digest(made))
    except (KeyError, SafetensorError) as error:
        raise CheckpointError(f"it is of another layout: {error}") from error
    if not intact:
        raise CheckpointError("it is damaged: it has another sha256 than its blob says")
    return counts


def _digest(made: BranchGroupSave) -> Tensor:
    """sha256 of a save without the name of its blob, uint8 (32,)."""
    rest = BranchGroupSave()
    rest.CopyFrom(made)
    rest.ClearField("activity_sha256")
    return torch.tensor(list(hashlib.sha256(canonical(rest)).digest()), dtype=torch.uint8)
