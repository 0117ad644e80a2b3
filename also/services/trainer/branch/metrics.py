"""Metrics of one branch group, told while it trains: the validator reads them by PromQL.

The values are those of the records, unrounded, and the config hash is the live learner's, so that
what Prometheus says can be held against what the store says. A process that continues from a save
tells the earlier measures first: a group's metrics are the same whoever trained it.
"""

from collections.abc import Sequence

from prometheus_client import Gauge

from also import metrics, series
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
        self._episodes = [0.0] * len(records)
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
            labels = {"owner": self._owner, **series.labels(self._group, record)}
            for metric, value in series.values(record).items():
                if isinstance(metric, Gauge):
                    metric.labels(**labels).set(value)
                else:
                    metric.labels(**labels).inc(value - self._episodes[replica])
                    self._episodes[replica] = value
