"""Metrics of one branch group, told while it trains: the validator reads them by PromQL.

The values are those of the records, unrounded, and the config hash is the live learner's, so that
what Prometheus says can be held against what the store says. A process that goes on from a save
tells the earlier measures first: a group's metrics are the same whoever trained it.
"""

from collections.abc import Sequence

from also import metrics
from also.services.trainer.evaluation import POOLS
from also.v1.branch_pb2 import BranchGroup, BranchRecord


class BranchMetrics:
    """Metrics of one group of R branches."""

    def __init__(
        self, group: BranchGroup, records: Sequence[BranchRecord], *, planned_env_steps: int, owner: str = ""
    ) -> None:
        """Tell what is known before the first update.

        Args:
            group: the group.
            records: one a branch; their config hashes are the live learner's.
            planned_env_steps: env_steps that its branches are to train for, together.
            owner: whose Job it is, see `Settings.owner`; empty where it is nobody's.
        """
        self._group, self._owner = group, owner
        self._episodes = [0] * len(records)
        metrics.BRANCH_GROUP_ENV_STEPS_PLANNED.labels(owner, group.campaign_id, group.name).set(planned_env_steps)
        self.measured(records)

    def trained(self, env_steps: int) -> None:
        """Tell the env_steps that the branches have trained for, together."""
        metrics.BRANCH_GROUP_ENV_STEPS.labels(self._owner, self._group.campaign_id, self._group.name).set(env_steps)

    def measured(self, records: Sequence[BranchRecord]) -> None:
        """Tell the last measure of every branch that has one, and how many episodes it has been measured on."""
        for replica, record in enumerate(records):
            if not record.measures:
                continue
            labels, last = self._labels(record), record.measures[-1]
            episodes = sum(measure.episodes for measure in record.measures)
            metrics.BRANCH_RETURN.labels(*labels).set(last.mean_return)
            metrics.BRANCH_MILESTONE_SCORE.labels(*labels).set(last.milestone_score)
            metrics.BRANCH_SUCCESS_RATE.labels(*labels).set(last.success_rate)
            metrics.BRANCH_MEASURED_ENV_STEPS.labels(*labels).set(last.env_steps)
            metrics.BRANCH_EVALUATION_EPISODES.labels(*labels).inc(episodes - self._episodes[replica])
            self._episodes[replica] = episodes

    def _labels(self, record: BranchRecord) -> tuple[str, ...]:
        """In the order that `also.metrics` declares."""
        group = self._group
        return (
            self._owner,
            group.campaign_id,
            str(group.stage),
            str(group.round),
            POOLS[group.pool],
            str(group.step),
            group.name,
            record.arm,
            str(record.seed_index),
            record.config_hash,
        )
