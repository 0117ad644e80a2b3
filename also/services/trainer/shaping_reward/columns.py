"""From features of any scope to columns: one value for each agent, ready for a term.

Terms of many replicas read few different things. Each distinct reading (a feature, with an
aggregate, for agents or for the team) is computed once per env_step for all replicas, and terms
then pick their column. Letters: R replicas, E environments, A agents, C columns.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from also.services.trainer.aggregation import aggregate, over_others
from also.services.trainer.tasks.vector_task import Features
from also.v1 import task_pb2


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class FeatureReading:
    """One way to read a feature."""

    feature: str
    """Name of the feature."""
    scope: int
    """Its scope, a `FeatureScope`."""
    team: bool
    """Whether one value is read for the team; else one for each agent."""
    aggregate: int
    """How several values become one, an `Aggregate`; unset where there is one value only."""

    def read(self, values: Tensor) -> Tensor:
        """The feature's values (R, E[, A[, A]]) as (R, E, A), or (R, E, 1) for the team."""
        match self.scope:
            case task_pb2.FEATURE_SCOPE_TEAM:
                return values.unsqueeze(-1)
            case task_pb2.FEATURE_SCOPE_AGENT:
                return aggregate(values, self.aggregate).unsqueeze(-1) if self.team else values
            case _:
                pairs = over_others(values)
                if self.team:
                    return aggregate(pairs.flatten(-2), self.aggregate).unsqueeze(-1)
                return aggregate(pairs, self.aggregate or task_pb2.AGGREGATE_MEAN)


class Columns:
    """The distinct readings of a batch of configs, in sorted order."""

    def __init__(self, readings: Iterable[FeatureReading], agents: int) -> None:
        self._readings = sorted(set(readings))
        self._agents = agents

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Features that are read, sorted."""
        return tuple(sorted({reading.feature for reading in self._readings}))

    def index(self, reading: FeatureReading) -> int:
        """Which column a reading is."""
        return self._readings.index(reading)

    def stack(self, features: Features) -> Tensor:
        """All columns, float32 (C, R, E, A); a value that rests on a non-finite one is not finite."""
        columns = [reading.read(features[reading.feature]) for reading in self._readings]
        return torch.stack([column.expand(*column.shape[:-1], self._agents) for column in columns])
