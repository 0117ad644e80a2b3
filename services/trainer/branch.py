"""A branch group as a process or a Kubernetes Job: `python -m services.trainer.branch`.

All branches of the group train together as replicas of one batch: from their checkpoints, each
under its own shaping config and seed. They are measured on the sparse return along the way. What
to do is read from the object store, and what came of it is created there once, so the process may
be started again at any time, and twice at once.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from also import keys, lifeline
from also.document import canonical
from also.errors import InputError, MissingObjectError
from also.process import BAD_INPUT
from also.store import Store, open_store
from also.v1 import branch_pb2
from also.validation.cost import whole_updates

if TYPE_CHECKING:
    from services.trainer.run import Run

_PROGRESS_SECONDS = 0.5
"""Longest time between two progress lines, while updates are shorter."""


def main(given: Sequence[str] | None = None) -> None:
    """Train one branch group to its end; exit with code 2 when its input is wrong."""
    parser = argparse.ArgumentParser(prog="services.trainer.branch")
    parser.add_argument("--store", required=True, help="URI of the object store")
    parser.add_argument("--campaign", required=True, help="id of the campaign")
    parser.add_argument("--group", required=True, help="name of the branch group")
    parser.add_argument(lifeline.FLAG, action="store_true", help="end when standard input closes")
    arguments = parser.parse_args(given)
    if arguments.lifeline:
        lifeline.hold()
    try:
        store = open_store(arguments.store, create=False)
        if store.exists(keys.branch_group_result(arguments.campaign, arguments.group)):
            return
        group = store.get_message(keys.branch_group(arguments.campaign, arguments.group), branch_pb2.BranchGroup)
        train(store, group)
    except (InputError, MissingObjectError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)


def train(store: Store, group: branch_pb2.BranchGroup) -> None:
    """Train a group and store its result; progress goes to standard output, a JSON line each.

    Raises:
        CheckpointError: a start checkpoint cannot be used.
    """
    from services.trainer import checkpoint, determinism
    from services.trainer.evaluation import Evaluator
    from services.trainer.run import Run
    from services.trainer.tasks.opening import describe

    determinism.prepare()
    began = time.monotonic()
    campaign = group.campaign
    card = describe(campaign.task)
    snapshots = {
        branch.checkpoint_id: checkpoint.load(store, group.campaign_id, campaign, card, branch.checkpoint_id)
        for branch in group.branches
    }
    run = Run.restore(
        campaign,
        [branch.config for branch in group.branches],
        [snapshots[branch.checkpoint_id] for branch in group.branches],
        [branch.seed if branch.HasField("seed") else None for branch in group.branches],
    )
    evaluator = Evaluator(
        campaign, replicas=len(group.branches), episodes=campaign.evaluation.episodes, pool=group.pool
    )
    records = [
        branch_pb2.BranchRecord(arm=branch.arm, seed_index=branch.seed_index, config_hash=config_hash)
        for branch, config_hash in zip(group.branches, run.shaping.config_hashes, strict=True)
    ]
    updates = whole_updates(group.env_steps, campaign.learner) // run.env_steps_per_update
    points = {
        round(updates * (index + 1) / campaign.evaluation.branch_points)
        for index in range(campaign.evaluation.branch_points)
    }
    told = began
    for done in range(1, updates + 1):
        run.advance()
        if done in points:
            episodes = evaluator.play(run.learner.policy, run.collector.observations)
            for replica, record in enumerate(records):
                record.measures.append(episodes.measure(replica, run.env_steps))
        if done in points or time.monotonic() - told >= _PROGRESS_SECONDS:
            told = time.monotonic()
            _tell(records, done * run.env_steps_per_update * len(records))
    _finish(store, group, run, records, updates)
    result = branch_pb2.BranchGroupResult(name=group.name, records=records, seconds=time.monotonic() - began)
    store.create_message(keys.branch_group_result(group.campaign_id, group.name), result)
    evaluator.close()
    run.close()


def _finish(
    store: Store,
    group: branch_pb2.BranchGroup,
    run: "Run",
    records: list[branch_pb2.BranchRecord],
    updates: int,
) -> None:
    """Complete the records, and save a checkpoint of every branch that is finite."""
    from services.trainer import checkpoint

    activity = run.shaping.activity()
    finite = run.finite.tolist()
    for replica, (record, snapshot) in enumerate(zip(records, run.snapshots(), strict=True)):
        record.env_steps = updates * run.env_steps_per_update
        record.terms.extend(activity[replica])
        if finite[replica]:
            record.checkpoint_id = checkpoint.save(store, group.campaign_id, group.campaign, run.task.card, snapshot)
        else:
            record.failure = branch_pb2.BRANCH_FAILURE_DIVERGED


def _tell(records: list[branch_pb2.BranchRecord], env_steps: int) -> None:
    progress = branch_pb2.BranchProgress(env_steps=env_steps, records=records)
    sys.stdout.buffer.write(canonical(progress) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
