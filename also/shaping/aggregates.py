"""How the several values of a feature become the one that a term or its gate reads, and what that one may be."""

from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2
from also.v1.task_pb2 import Feature, TaskCard

_ALL = tuple(number for number in task_pb2.Aggregate.values() if number != task_pb2.AGGREGATE_UNSPECIFIED)

BOOLEAN = (task_pb2.AGGREGATE_ANY, task_pb2.AGGREGATE_ALL)
"""Aggregates whose value is 0 or 1, whatever the feature's range."""


def reads_team(form: int, target: int) -> bool:
    """Whether a term reads one value for the team, rather than one for each agent.

    Synchrony counts agents and novelty counts each agent's visits, so these two always read agents.
    """
    per_agent = (pb.SHAPING_FORM_SYNCHRONY, pb.SHAPING_FORM_NOVELTY)
    return target == pb.TARGET_KIND_TEAM and form not in per_agent


def allowed_aggregates(form: int, target: int, scope: int) -> tuple[int, ...]:
    """Aggregates with which a term (or its gate) may read a feature of a scope; 0 is "left out"."""
    unset = task_pb2.AGGREGATE_UNSPECIFIED
    if scope == task_pb2.FEATURE_SCOPE_TEAM:
        return (unset,)
    if reads_team(form, target):
        return _ALL
    return (unset,) if scope == task_pb2.FEATURE_SCOPE_AGENT else (unset, *_ALL)


def aggregate_range(card: TaskCard, feature: Feature, aggregate: int, *, team: bool) -> tuple[float, float]:
    """Smallest and largest value of an aggregate.

    Args:
        card: the feature's card.
        feature: what is read.
        aggregate: how; 0 is "left out".
        team: whether one value is read for the team, rather than one for each agent.

    Returns:
        Low and high, units of the feature; 0 and 1 for any and all.
    """
    if aggregate in BOOLEAN:
        return 0.0, 1.0
    count, agents = 1, len(card.agents)
    if aggregate == task_pb2.AGGREGATE_SUM:
        each = agents - 1
        count = each if not team else agents if feature.scope == task_pb2.FEATURE_SCOPE_AGENT else agents * each
    return count * feature.minimum, count * feature.maximum
