"""Features of a card as rows of a table: the words that every card of a task of ALSO's own is written in."""

from also.v1 import task_pb2
from also.v1.task_pb2 import Direction, Feature, FeatureScope, TellsOf

AGENT, PAIR, TEAM = (
    task_pb2.FEATURE_SCOPE_AGENT,
    task_pb2.FEATURE_SCOPE_PAIR,
    task_pb2.FEATURE_SCOPE_TEAM,
)
HIGHER, LOWER, EITHER = task_pb2.DIRECTION_HIGHER, task_pb2.DIRECTION_LOWER, task_pb2.DIRECTION_UNSPECIFIED
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
