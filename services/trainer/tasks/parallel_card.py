"""The task card of a PettingZoo Parallel environment, from its author and from a few seeded trials.

An author may describe the task in a `task_card()` method; it is read like any other document, and
checked against what the environment does in the trials. What nobody says is measured: features are
then single parts of the observations, ranges and returns are those that the trials had. Random
actions rarely succeed, so measured returns are a guess: a task with a sparse reward should say its
`smallest_return`, below which the sum of shaping stays.

An author says of each feature what it `tells_of`. A part of the observations tells of the state, because
it is what the policy and the value net see of it; the return so far tells of what has happened.
"""

from dataclasses import dataclass

import numpy as np

from also import document
from also.errors import DocumentError
from also.v1 import task_pb2
from also.v1.task_pb2 import ActionSpace, Feature, Milestone, TaskCard
from services.trainer.tasks.card_rules import check_card
from services.trainer.tasks.parallel_arguments import plain_arguments
from services.trainer.tasks.parallel_environment import (
    EPISODE_RETURN,
    LONGEST_EPISODE,
    OBSERVATION_FEATURE,
    ParallelEnvironment,
)
from services.trainer.tasks.parallel_seeding import decided
from services.trainer.tasks.parallel_trials import Trials

_SCOPES = {0: task_pb2.FEATURE_SCOPE_TEAM, 1: task_pb2.FEATURE_SCOPE_AGENT, 2: task_pb2.FEATURE_SCOPE_PAIR}

_DERIVED = ("task", "agents", "observation_size", "state_size", "notes", "seeding")
"""Fields of a card that the environment itself decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What `inspect` found out."""

    card: TaskCard
    """The card."""
    masked: bool
    """Whether actions need a mask: some are forbidden, or an agent may leave before the others."""


def inspect(task: task_pb2.Task, environment: ParallelEnvironment) -> Inspection:
    """Try an environment and write its card.

    Args:
        task: the task that the environment is of.
        environment: the environment; it is played.

    Raises:
        TaskError: it breaks the API, is not decided by its seeds, or its own card is wrong.
    """
    given = _read_card(environment)
    if given.episode_limit:
        environment.episode_limit = given.episode_limit
    environment.idle = max(given.action_space.idle, 0)
    trials = decided(task, environment)
    features = _features(environment, given, trials)
    card = TaskCard()
    card.CopyFrom(given)
    card.task = _title(task)
    card.description = given.description or f"PettingZoo Parallel environment {task.name}."
    card.agents.extend(environment.agents)
    card.observation_size = environment.observation_size
    card.state_size = int(environment.state().size)
    card.episode_limit = given.episode_limit or _measured_limit(trials)
    card.action_space.CopyFrom(_action_space(environment, given))
    card.smallest_return = given.smallest_return or _smallest_return(trials)
    card.largest_return = given.largest_return or max(card.smallest_return, *map(abs, trials.returns))
    card.seeding = environment.seeding
    card.notes.extend(environment.notes)
    del card.features[:]
    card.features.extend([*features, _return_feature(card, trials)])
    if not card.milestones:
        card.milestones.append(_return_milestone(card))
    check_card(card)
    sizes = {space.action_size for space in environment.spaces}
    masked = not environment.continuous and (environment.has_masks or environment.agents_leave or len(sizes) > 1)
    return Inspection(card=card, masked=masked)


def _read_card(environment: ParallelEnvironment) -> TaskCard:
    """The author's card, empty where there is none."""
    data = environment.card_of_author()
    if data is None:
        return TaskCard()
    try:
        given = document.read(TaskCard, data)
    except DocumentError as error:
        raise environment.error(f"task_card(): {error}") from None
    taken = [name for name in _DERIVED if name in data]
    if taken:
        raise environment.error(f"task_card() sets {', '.join(taken)}, which the environment decides; leave it out")
    space = data.get("action_space", {})
    if not space.keys() <= {"names", "idle"}:
        raise environment.error("task_card(): of action_space only names and idle may be set")
    if "idle" not in space:
        given.action_space.idle = -1
    return given


def _features(environment: ParallelEnvironment, given: TaskCard, trials: Trials) -> list[Feature]:
    if not environment.has_features:
        if given.features:
            raise environment.error("task_card() lists features, but the environment has no features()")
        return _observation_features(environment, trials)
    listed = {feature.name: feature for feature in given.features}
    if EPISODE_RETURN in trials.scopes or EPISODE_RETURN in listed:
        raise environment.error(f"feature {EPISODE_RETURN!r} is built in; choose another name")
    for name in listed:
        if name not in trials.scopes:
            raise environment.error(f"task_card() lists feature {name!r}, but features() returned no such name")
    for feature in listed.values():
        scope = _SCOPES[trials.scopes[feature.name]]
        if feature.scope not in (task_pb2.FEATURE_SCOPE_UNSPECIFIED, scope):
            raise environment.error(f"task_card() gives feature {feature.name!r} another scope than its shape has")
        feature.scope = scope
        low, high = trials.lows[feature.name], trials.highs[feature.name]
        slack = 1e-6 * max(1.0, abs(feature.maximum - feature.minimum))
        if low < feature.minimum - slack or high > feature.maximum + slack:
            raise environment.error(
                f"feature {feature.name!r} was in [{low:g}, {high:g}] in a trial episode; "
                f"its task_card() says [{feature.minimum:g}, {feature.maximum:g}]",
            )
    unlisted = [_measured_feature(name, trials) for name in trials.scopes if name not in listed]
    return [*listed.values(), *unlisted]


def _observation_features(environment: ParallelEnvironment, trials: Trials) -> list[Feature]:
    """Parts of the observation that vary; ranges are the space's, or measured where that is infinite."""
    features = []
    bounds = [space.bounds() for space in environment.spaces]
    for name in trials.scopes:
        feature = _measured_feature(name, trials)
        part = int(name.removeprefix(OBSERVATION_FEATURE))
        ends = [(low[part], high[part]) for low, high in bounds if part < len(low)]
        low, high = min(low for low, _ in ends), max(high for _, high in ends)
        if trials.lows[name] == trials.highs[name]:
            continue
        feature.tells_of = task_pb2.TELLS_OF_STATE
        if np.isfinite(low) and np.isfinite(high):
            feature.minimum, feature.maximum = float(low), float(high)
        features.append(feature)
    return features


def _measured_feature(name: str, trials: Trials) -> Feature:
    low, high = trials.lows[name], trials.highs[name]
    return Feature(name=name, scope=_SCOPES[trials.scopes[name]], minimum=low, maximum=high if high > low else low + 1)


def _return_feature(card: TaskCard, trials: Trials) -> Feature:
    return Feature(
        name=EPISODE_RETURN,
        scope=task_pb2.FEATURE_SCOPE_TEAM,
        unit="task reward",
        minimum=min(0.0, *trials.returns),
        maximum=card.largest_return,
        direction=task_pb2.DIRECTION_HIGHER,
        description="Sum of the team's rewards so far in the episode.",
        tells_of=task_pb2.TELLS_OF_TRANSITION,
    )


def _return_milestone(card: TaskCard) -> Milestone:
    return Milestone(
        name="positive_return",
        feature=EPISODE_RETURN,
        threshold=card.smallest_return,
        description="The episode has a positive return.",
    )


def _smallest_return(trials: Trials) -> float:
    positive = [value for value in trials.returns if value > 0]
    return min(positive) if positive else trials.smallest_reward or 1.0


def _measured_limit(trials: Trials) -> int:
    lengths = set(trials.cut_after)
    return lengths.pop() if len(lengths) == 1 else LONGEST_EPISODE


def _action_space(environment: ParallelEnvironment, given: TaskCard) -> ActionSpace:
    names = list(given.action_space.names)
    idle = given.action_space.idle if given.HasField("action_space") else -1
    if environment.continuous:
        if names or idle >= 0:
            raise environment.error("task_card(): continuous actions have neither names nor idle")
        lows, highs = environment.action_bounds()
        return ActionSpace(
            kind=task_pb2.ACTION_KIND_CONTINUOUS,
            size=environment.action_size,
            low=lows.tolist(),
            high=highs.tolist(),
            idle=-1,
        )
    if names and len(names) != environment.action_size:
        raise environment.error(f"task_card() names {len(names)} actions; there are {environment.action_size}")
    if not -1 <= idle < environment.action_size:
        raise environment.error(f"task_card(): idle is {idle}; -1 to {environment.action_size - 1} are allowed")
    return ActionSpace(kind=task_pb2.ACTION_KIND_DISCRETE, size=environment.action_size, names=names, idle=idle)


def _title(task: task_pb2.Task) -> str:
    arguments = ", ".join(f"{name}={value!r}" for name, value in sorted(plain_arguments(task).items()))
    return f"{task.name}({arguments})" if arguments else task.name
