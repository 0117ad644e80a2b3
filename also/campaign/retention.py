"""Which checkpoints of branches a campaign can do without, and how they go.

A branch's record stays whole in the journal, so verdicts can be derived again without its checkpoint. What a decision
may still need stays: where the main run continues, and where a rollback would return to.

Blobs are named by their content and may belong to several checkpoints, so one goes only if no other manifest names it,
and before its own manifest: who is killed between the two finds the manifest again. What is shared on purpose, the few
bytes beside the tensors, stays.
"""

from also import keys
from also.campaign.state import State
from also.store import Store
from also.v1.checkpoint_pb2 import CheckpointManifest

TENSORS = "tensors.safetensors"
"""Name of the blob that has the size of a checkpoint."""


def unneeded(state: State) -> list[str]:
    """Ids of checkpoints of branches that nothing will need any more, in order of their stages.

    Args:
        state: the campaign; branches of an open stage are all needed.
    """
    needed, found = {state.position.checkpoint_id}, {}
    for stage in state.stages:
        needed.add(stage.trained.checkpoint_id)
        if stage.decision is not None:
            needed.add(stage.decision.checkpoint_id)
        for validation in stage.validations:
            needed |= {validation.adopted_checkpoint_id, validation.control_checkpoint_id}
            ids = [branch.checkpoint_id for arm in validation.arms for branch in arm.records if branch.checkpoint_id]
            if stage.decision is None:
                needed |= set(ids)
            found.update(dict.fromkeys(ids))
    return [each for each in found if each not in needed]


def sweep(store: Store, campaign_id: str, state: State) -> int:
    """Delete the checkpoints that a campaign does not need any more, and count them.

    Raises:
        StoreError: the store cannot be used.
    """
    there = set(store.find(keys.checkpoints(campaign_id)))
    going = [key for key in (keys.checkpoint(campaign_id, each) for each in unneeded(state)) if key in there]
    if not going:
        return 0
    kept = {sha256 for key in sorted(there - set(going)) for sha256 in _tensors(store, key)}
    for key in going:
        for sha256 in _tensors(store, key):
            if sha256 not in kept:
                store.delete(keys.blob(campaign_id, sha256))
        store.delete(key)
    return len(going)


def _tensors(store: Store, key: str) -> list[str]:
    """Hashes of a checkpoint's large blobs."""
    return [blob.sha256 for blob in store.get_message(key, CheckpointManifest).blobs if blob.name == TENSORS]
