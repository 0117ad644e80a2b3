"""Whether an environment is the one that a card was written of, as far as shows without playing it.

A campaign has one card, which its journal holds. Every process that opens the task looks here, and no process tries the
environment again: an environment that was exchanged or edited is refused, with the field that differs.
"""

from collections.abc import Iterator
from typing import Any

from also.services.trainer.tasks.parallel.environment import OBSERVATION_FEATURE, ParallelEnvironment
from also.services.trainer.tasks.parallel.returns import BUILT_IN
from also.services.trainer.tasks.parallel.state import CHANGED
from also.v1 import task_pb2
from also.v1.task_pb2 import TaskCard


def check_fit(environment: ParallelEnvironment, card: TaskCard) -> None:
    """Refuse an environment that a card is not of.

    Raises:
        TaskError: the first field that differs, with what it is and what the card says.
    """
    for field, found, expected in _fields(environment, card):
        if found != expected:
            raise environment.error(misfit(field, found, expected))


def misfit(field: str, found: Any, expected: Any) -> str:
    """What is said of a field of the card that differs."""
    return f"its {field} is {found!s:.300}; the campaign's card says {expected!s:.300}. {CHANGED}"


def _fields(environment: ParallelEnvironment, card: TaskCard) -> Iterator[tuple[str, Any, Any]]:
    yield "agents", list(environment.agents), list(card.agents)
    yield "observation_size", environment.observation_size, card.observation_size
    space = card.action_space
    continuous = space.kind == task_pb2.ACTION_KIND_CONTINUOUS
    yield "action_space.kind", _kind(environment.continuous), _kind(continuous)
    yield "action_space.size", environment.action_size, space.size
    if continuous:
        lows, highs = environment.action_bounds()
        yield "action_space.low", lows.tolist(), list(space.low)
        yield "action_space.high", highs.tolist(), list(space.high)
    if not environment.has_features:
        foreign = [each.name for each in card.features if not _is_observed(each.name, environment.observation_size)]
        if foreign:
            yield "features()", "missing", f"there, and gives {', '.join(foreign)}"


def _is_observed(name: str, size: int) -> bool:
    """Whether a feature needs no `features()`: the return, or a number of the observation."""
    part = name.removeprefix(OBSERVATION_FEATURE)
    return name in BUILT_IN or (part != name and part.isdecimal() and int(part) < size)


def _kind(continuous: bool) -> str:
    return "continuous" if continuous else "discrete"
