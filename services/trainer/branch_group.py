"""A branch group in training: its branches as replicas of one run, and what they have come to so far.

All branches advance together, each under its own shaping config and seed, and are measured on the
sparse return at the same points. A group begins from its branches' checkpoints, or goes on from a
save (`branch_save`); from then on the two are the same thing.
"""

from also.store import Store
from also.v1.branch_pb2 import BRANCH_FAILURE_DIVERGED, BranchGroup, BranchRecord
from also.validation.cost import whole_updates
from services.trainer import checkpoint
from services.trainer.evaluation import Evaluator
from services.trainer.run import Run
from services.trainer.tasks.opening import describe


class GroupRun:
    """A branch group of R branches in training."""

    def __init__(
        self,
        group: BranchGroup,
        run: Run,
        records: list[BranchRecord],
        *,
        done: int = 0,
        earlier_seconds: float = 0.0,
        processes: int = 1,
    ) -> None:
        """Go on with a run; `begin` makes one that is at its start.

        Args:
            group: what to train.
            run: its branches, R replicas.
            records: one a branch, with the measures so far.
            done: updates of the branches that are done.
            earlier_seconds: training time of the processes before this one, seconds.
            processes: processes that have trained it, with this one.
        """
        self.group = group
        self.run = run
        self.records = records
        self.done = done
        self.earlier_seconds = earlier_seconds
        self.processes = processes
        self.updates = whole_updates(group.env_steps, group.campaign.learner) // run.env_steps_per_update
        evaluation = group.campaign.evaluation
        points = evaluation.branch_points
        self._points = {round(self.updates * (index + 1) / points) for index in range(points)}
        self._evaluator = Evaluator(
            group.campaign, replicas=len(records), episodes=evaluation.episodes, pool=group.pool
        )

    @classmethod
    def begin(cls, store: Store, group: BranchGroup) -> "GroupRun":
        """Start a group from its branches' checkpoints.

        Raises:
            CheckpointError: a checkpoint cannot be used.
        """
        card = describe(group.campaign.task)
        snapshots = {
            branch.checkpoint_id: checkpoint.load(store, group.campaign_id, group.campaign, card, branch.checkpoint_id)
            for branch in group.branches
        }
        run = Run.restore(
            group.campaign,
            [branch.config for branch in group.branches],
            [snapshots[branch.checkpoint_id] for branch in group.branches],
            [branch.seed if branch.HasField("seed") else None for branch in group.branches],
        )
        records = [
            BranchRecord(arm=branch.arm, seed_index=branch.seed_index, config_hash=config_hash)
            for branch, config_hash in zip(group.branches, run.shaping.config_hashes, strict=True)
        ]
        return cls(group, run, records)

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
        self.run.advance()
        self.done += 1
        if self.done not in self._points:
            return False
        episodes = self._evaluator.play(self.run.learner.policy, self.run.collector.observations)
        for replica, record in enumerate(self.records):
            record.measures.append(episodes.measure(replica, self.run.env_steps))
        return True

    def finish(self, store: Store) -> None:
        """Complete the records, and save a checkpoint of every branch that is finite.

        Raises:
            StoreError: the store cannot be written.
        """
        group, run = self.group, self.run
        activity = run.shaping.activity()
        finite = run.finite.tolist()
        for replica, (record, snapshot) in enumerate(zip(self.records, run.snapshots(), strict=True)):
            record.env_steps = self.updates * run.env_steps_per_update
            record.terms.extend(activity[replica])
            if finite[replica]:
                record.checkpoint_id = checkpoint.save(
                    store, group.campaign_id, group.campaign, run.task.card, snapshot
                )
            else:
                record.failure = BRANCH_FAILURE_DIVERGED

    def close(self) -> None:
        """End what the task has started."""
        self._evaluator.close()
        self.run.close()

    @property
    def _env_steps_per_update(self) -> int:
        return self.run.env_steps_per_update * len(self.records)
