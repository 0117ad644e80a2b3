"""A branch group in training: its branches as replicas of one run, and what they have come to so far.

Where a GPU's memory does not suffice for one batch they are replicas of several runs, parts of equal
size that learn in turn, update by update (`memory`).

All branches advance together, each under its own shaping config and seed, and are measured on the
sparse return at the same points. A group begins from its branches' checkpoints, or continues from a
save (`branch.save`); from then on the two are the same thing.
"""

from collections.abc import Sequence
from typing import TypeVar

from also.services.trainer import checkpoint
from also.services.trainer.evaluation import Evaluator
from also.services.trainer.run import Run
from also.services.trainer.tasks.opening import describe
from also.store import Store
from also.updates import whole_updates
from also.v1.branch_pb2 import BRANCH_FAILURE_DIVERGED, BranchGroup, BranchRecord

T = TypeVar("T")


class GroupRun:
    """A branch group of R branches in training."""

    def __init__(
        self,
        group: BranchGroup,
        runs: Sequence[Run],
        records: list[BranchRecord],
        *,
        done: int = 0,
        earlier_seconds: float = 0.0,
        processes: int = 1,
    ) -> None:
        """Go on with runs; `begin` makes those that are at their start.

        Args:
            group: what to train.
            runs: its branches as replicas, in order: parts of equal size, after equally many updates.
            records: one a branch, with the measures so far.
            done: updates of the branches that are done.
            earlier_seconds: training time of the processes before this one, seconds.
            processes: processes that have trained it, with this one.
        """
        self.group = group
        self.runs = runs
        self.records = records
        self.done = done
        self.earlier_seconds = earlier_seconds
        self.processes = processes
        self.updates = whole_updates(group.env_steps, group.campaign.learner) // runs[0].env_steps_per_update
        evaluation = group.campaign.evaluation
        points = evaluation.branch_points
        self._points = {round(self.updates * (index + 1) / points) for index in range(points)}
        self._evaluator = Evaluator(  # of one part: the parts play in turn, too
            group.campaign,
            replicas=len(records) // len(runs),
            episodes=evaluation.episodes,
            pool=group.pool,
            device=runs[0].device,
            card=runs[0].task.card,
        )

    @classmethod
    def begin(cls, store: Store, group: BranchGroup, *, parts: int = 1) -> "GroupRun":
        """Start a group from its branches' checkpoints.

        Args:
            store: the object store.
            group: what to train.
            parts: equal parts that learn in turn; a divisor of the number of branches.

        Raises:
            CheckpointError: a checkpoint cannot be used.
            DeviceError: the learner's device is asked for and not there.
        """
        card = describe(group.campaign.task, group.card)
        snapshots = {
            branch.checkpoint_id: checkpoint.load(store, group.campaign_id, group.campaign, card, branch.checkpoint_id)
            for branch in group.branches
        }
        runs = [
            Run.restore(
                group.campaign,
                [branch.config for branch in part],
                [snapshots[branch.checkpoint_id] for branch in part],
                [branch.seed if branch.HasField("seed") else None for branch in part],
                card=card,
            )
            for part in in_parts(group.branches, parts)
        ]
        hashes = [config_hash for run in runs for config_hash in run.shaping.config_hashes]
        records = [
            BranchRecord(arm=branch.arm, seed_index=branch.seed_index, config_hash=config_hash)
            for branch, config_hash in zip(group.branches, hashes, strict=True)
        ]
        return cls(group, runs, records)

    @property
    def finished(self) -> bool:
        """Whether all updates are done."""
        return self.done >= self.updates

    @property
    def env_steps(self) -> int:
        """env_steps that the branches have trained for, together."""
        return self.done * self._env_steps_per_update

    @property
    def planned_env_steps(self) -> int:
        """env_steps that the branches are to train for, together."""
        return self.updates * self._env_steps_per_update

    def advance(self) -> bool:
        """Do one update of all branches, and measure them where that is due; whether it was."""
        for run in self.runs:
            run.advance()
        self.done += 1
        if self.done not in self._points:
            return False
        for run, records in zip(self.runs, in_parts(self.records, len(self.runs)), strict=True):
            episodes = self._evaluator.play(run.learner.policy, run.collector.observations)
            for replica, record in enumerate(records):
                record.measures.append(episodes.measure(replica, run.env_steps))
        return True

    def finish(self, store: Store) -> None:
        """Complete the records, and save a checkpoint of every branch that is finite.

        Raises:
            StoreError: the store cannot be written.
        """
        for run, records in zip(self.runs, in_parts(self.records, len(self.runs)), strict=True):
            self._finish(store, run, records)

    def close(self) -> None:
        """End what the task has started."""
        self._evaluator.close()
        for run in self.runs:
            run.close()

    def _finish(self, store: Store, run: Run, records: Sequence[BranchRecord]) -> None:
        group = self.group
        of_each = zip(records, run.snapshots(), run.shaping.ledger.activity(), run.finite.tolist(), strict=True)
        for record, snapshot, terms, finite in of_each:
            record.env_steps = self.updates * run.env_steps_per_update
            record.terms.extend(terms)
            if finite:
                record.checkpoint_id = checkpoint.save(
                    store, group.campaign_id, group.campaign, run.task.card, snapshot
                )
            else:
                record.failure = BRANCH_FAILURE_DIVERGED

    @property
    def _env_steps_per_update(self) -> int:
        return self.runs[0].env_steps_per_update * len(self.records)


def in_parts(items: Sequence[T], parts: int) -> list[Sequence[T]]:
    """Items in so many parts of equal size, in order; their number is a multiple of it."""
    size = len(items) // parts
    return [items[first : first + size] for first in range(0, len(items), size)]
