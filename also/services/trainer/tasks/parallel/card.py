"""The task card of a PettingZoo Parallel environment, from its author and from a few seeded trials.

An author may describe the task in a `task_card()` method; it is read like any other document, and
checked against what the environment does in the trials. What nobody says is measured: features are
then single numbers of the observations (`parallel.features`), returns those that the trials had
(`parallel.returns`). Random actions rarely succeed, so measured returns are a guess: a task with a
sparse reward should say its `smallest_return`, below which the sum of shaping stays.

An author says of each feature what it `tells_of`. A part of the observations tells of the state, because
it is what the policy and the value net see of it; the return so far tells of what has happened.
"""

from copy import deepcopy

from also import document
from also.errors import DocumentError
from also.services.trainer.tasks.cards.rules import check_card
from also.services.trainer.tasks.parallel.arguments import plain_arguments
from also.services.trainer.tasks.parallel.environment import (
    LONGEST_EPISODE,
    ParallelEnvironment,
)
from also.services.trainer.tasks.parallel.features import SCOPES, measured_feature, measured_note, observation_features
from also.services.trainer.tasks.parallel.returns import BUILT_IN, return_features, return_milestone, write_returns
from also.services.trainer.tasks.parallel.seeding import decided
from also.services.trainer.tasks.parallel.trials import Trials
from also.v1 import task_pb2
from also.v1.task_pb2 import ActionSpace, Feature, TaskCard

_DERIVED = (
    *("task", "agents", "observation_size", "state_size", "notes", "seeding"),
    *("reward_density", "largest_measured"),
)
"""Fields of a card that the environment itself decides."""


def inspect(task: task_pb2.Task, environment: ParallelEnvironment) -> TaskCard:
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
    features, notes = _features(environment, given, trials)
    card = deepcopy(given)
    card.task = _title(task)
    card.description = given.description or f"PettingZoo Parallel environment {task.name}."
    card.agents.extend(environment.agents)
    card.observation_size = environment.observation_size
    card.state_size = int(environment.state().size)
    card.episode_limit = given.episode_limit or _measured_limit(trials)
    card.action_space.CopyFrom(_action_space(environment, given))
    card.seeding = environment.seeding
    card.notes.extend([*environment.notes, *notes])
    sizes = {space.action_size for space in environment.spaces}
    card.action_space.masked = not environment.continuous and (
        environment.has_masks or environment.agents_leave or len(sizes) > 1
    )
    write_returns(card, trials.rewards)
    del card.features[:]
    card.features.extend([*features, *return_features(card, trials.rewards.returns)])
    if not card.milestones:
        card.milestones.append(return_milestone(card, trials.rewards.returns))
    check_card(card)
    return card


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


def _features(environment: ParallelEnvironment, given: TaskCard, trials: Trials) -> tuple[list[Feature], list[str]]:
    """All features but the return, and what is to be said of them."""
    if not environment.has_features:
        if given.features:
            raise environment.error("task_card() lists features, but the environment has no features()")
        return observation_features(environment, trials)
    listed = {feature.name: feature for feature in given.features}
    for name in BUILT_IN:
        if name in trials.scopes or name in listed:
            raise environment.error(f"feature {name!r} is built in; choose another name")
    for name in listed:
        if name not in trials.scopes:
            raise environment.error(f"task_card() lists feature {name!r}, but features() returned no such name")
    for feature in listed.values():
        scope = SCOPES[trials.scopes[feature.name]]
        if feature.scope not in (task_pb2.FEATURE_SCOPE_UNSPECIFIED, scope):
            raise environment.error(f"task_card() gives feature {feature.name!r} another scope than its shape has")
        feature.scope = scope
        low, high = trials.features[feature.name].ends(0)
        slack = 1e-6 * max(1.0, abs(feature.maximum - feature.minimum))
        if low < feature.minimum - slack or high > feature.maximum + slack:
            raise environment.error(
                f"feature {feature.name!r} was in [{low:g}, {high:g}] in a trial episode; "
                f"its task_card() says [{feature.minimum:g}, {feature.maximum:g}]",
            )
    unlisted = [measured_feature(name, trials) for name in trials.scopes if name not in listed]
    notes = [measured_note(len(unlisted), trials)] if unlisted else []
    return [*listed.values(), *unlisted], notes


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
