"""Features and milestones of a card as rows of a table: the words that cards of ALSO's own tasks are written in."""

from also.v1 import task_pb2
from also.v1.task_pb2 import Aggregate, Direction, Feature, FeatureScope, Milestone, TellsOf

AGENT, PAIR, TEAM = (
    task_pb2.FEATURE_SCOPE_AGENT,
    task_pb2.FEATURE_SCOPE_PAIR,
    task_pb2.FEATURE_SCOPE_TEAM,
)
HIGHER, LOWER, EITHER = task_pb2.DIRECTION_HIGHER, task_pb2.DIRECTION_LOWER, task_pb2.DIRECTION_UNSPECIFIED
MAX = task_pb2.AGGREGATE_MAX
STATE, ACTION, TRANSITION = task_pb2.TELLS_OF_STATE, task_pb2.TELLS_OF_ACTION, task_pb2.TELLS_OF_TRANSITION


def feature(
    name: str,
    scope: FeatureScope,
    unit: str,
    maximum: float,
    direction: Direction,
    tells_of: TellsOf,
    description: str,
) -> Feature:
    """A feature of one row, with 0 as its smallest value.

    Args:
        name: its name.
        scope: what one value belongs to.
        unit: unit of its values.
        maximum: largest value, in that unit.
        direction: which way success lies.
        tells_of: what it is a function of.
        description: one sentence for people.
    """
    return Feature(
        name=name,
        scope=scope,
        unit=unit,
        minimum=0,
        maximum=maximum,
        direction=direction,
        description=description,
        tells_of=tells_of,
    )


def milestone(
    name: str,
    feature: str,
    threshold: float,
    agents_needed: int,
    progress_feature: str,
    description: str,
    *,
    aggregate: Aggregate = task_pb2.AGGREGATE_UNSPECIFIED,
) -> Milestone:
    """A milestone of one row.

    Args:
        name: its name.
        feature: feature that shows it.
        threshold: value of that feature from which it is reached, in the feature's unit.
        agents_needed: agents that have to act together.
        progress_feature: feature along which it is approached; empty for none.
        description: one sentence for people.
        aggregate: how agents' values of its feature become one.
    """
    return Milestone(
        name=name,
        feature=feature,
        aggregate=aggregate,
        threshold=threshold,
        agents_needed=agents_needed,
        progress_feature=progress_feature,
        description=description,
    )
