"""Specs, saves and results of branch groups in the object store, as launchers need them.

A group's spec is created before anything runs it, and its result when it has ended; whichever
launcher, process or Job comes later finds both. In between, its saves tell how far it is.
"""

from copy import deepcopy

from also import keys, log, metrics
from also.device import placeless_group
from also.document import canonical
from also.errors import DocumentError, InputError, MissingObjectError, ServiceError
from also.store import Store
from also.updates import env_steps_of_update
from also.v1.branch_pb2 import (
    BranchFailure,
    BranchGroup,
    BranchGroupResult,
    BranchGroupSave,
    BranchProgress,
    BranchRecord,
)


def store_spec(store: Store, group: BranchGroup) -> None:
    """Store what a group is to do, or find that it is there; where it is to be trained is no part of that.

    Raises:
        ServiceError: another group is stored under its name.
        StoreError: the store cannot be used.
    """
    key = keys.branch_group(group.campaign_id, group.name)
    spec = placeless_group(group)
    if not store.create_message(key, spec) and store.get(key) not in (canonical(spec), canonical(_without_card(spec))):
        raise ServiceError(
            f"{key} holds another branch group than this one; was the checkpoint or a setting changed, "
            "or do two conductors share the campaign id?"
        )


def _without_card(group: BranchGroup) -> BranchGroup:
    """The group as an older ALSO stored it, whose branches try the task again."""
    older = deepcopy(group)
    older.ClearField("card")
    return older


def is_there(store: Store, group: BranchGroup) -> bool:
    """Whether a group has ended: its result is in the store.

    Raises:
        StoreError: the store cannot be read.
    """
    return store.exists(keys.branch_group_result(group.campaign_id, group.name))


def take(store: Store, group: BranchGroup, outcome: str) -> BranchProgress:
    """A group's result as progress.

    Args:
        store: the object store.
        group: a group whose result is there.
        outcome: what it is counted as: finished, adopted or failed.

    Raises:
        MissingObjectError: its result is not there.
        StoreError: the store cannot be read.
    """
    key = keys.branch_group_result(group.campaign_id, group.name)
    records = store.get_message(key, BranchGroupResult).records
    env_steps = sum(record.env_steps for record in records)
    metrics.BRANCH_GROUPS.labels(group.campaign_id, outcome).inc()
    if outcome != "failed":
        log.GROUP_ENDED.tell(**subject(group), outcome=outcome, branches=len(records), env_steps=env_steps)
    if outcome == "finished":
        metrics.BRANCH_ENV_STEPS.labels(group.campaign_id).inc(env_steps)
    return BranchProgress(env_steps=env_steps, records=records)


def store_failure(store: Store, group: BranchGroup, failure: BranchFailure, detail: str) -> bool:
    """Store the result of a group that has failed: every branch says why, and none has a measure.

    Returns:
        Whether it is stored; False if the group has another result already.

    Raises:
        StoreError: the store cannot be written.
    """
    records = [
        BranchRecord(arm=each.arm, seed_index=each.seed_index, failure=failure, failure_detail=detail)
        for each in group.branches
    ]
    key = keys.branch_group_result(group.campaign_id, group.name)
    return store.create_message(key, BranchGroupResult(name=group.name, records=records))


def fail(group: BranchGroup, error: InputError | ServiceError) -> None:
    """Count and tell that a group has failed for good, without a result.

    Args:
        group: the group.
        error: why.
    """
    metrics.BRANCH_GROUPS.labels(group.campaign_id, "failed").inc()
    log.GROUP_FAILED.tell(**subject(group), error=type(error).__name__, detail=str(error))


def subject(group: BranchGroup) -> dict[str, log.Value]:
    """What the log's lines of a group are about."""
    return {"campaign": group.campaign_id, "stage": group.stage, "round": group.round, "group": group.name}


def newest_save(store: Store, group: BranchGroup) -> str:
    """Key of a group's newest save in mid-branch; empty when there is none.

    Raises:
        StoreError: the store cannot be read.
    """
    found = store.find(keys.branch_group_saves(group.campaign_id, group.name))
    return max(filter(keys.is_branch_group_save, found), default="")


def saved_progress(store: Store, group: BranchGroup, key: str) -> BranchProgress | None:
    """How far a group was when it was saved; None where the save cannot be read, which harms nothing here.

    Args:
        store: the object store.
        group: the group.
        key: key of the save.

    Raises:
        StoreError: the store cannot be read.
    """
    try:
        save = store.get_message(key, BranchGroupSave)
    except (MissingObjectError, DocumentError):
        return None
    env_steps = save.updates * env_steps_of_update(group.campaign.learner) * len(group.branches)
    return BranchProgress(env_steps=env_steps, records=save.records)
