"""Whether a seed decides an episode, and what an environment needs for that; every answer is measured.

Each trial episode is played three times with equal seeds and actions: after others in the same object, in a
new object while another one of the same process is stepped in between, and in a process of its own. Where
they differ, the remedies are tried in turn, each measured in the same way: dice of its own, for code that
draws from generators that a process has only once; a new object for each episode, for code of which a second
reset is not decided; both. An environment that none of them helps is refused, unless its task says that it
may run unseeded.
"""

from collections.abc import Generator
from dataclasses import dataclass

from also.errors import TaskError
from also.services.trainer.tasks.parallel.environment import ParallelEnvironment
from also.services.trainer.tasks.parallel.place import BESIDE_ANOTHER
from also.services.trainer.tasks.parallel.replays import Replays
from also.services.trainer.tasks.parallel.trials import (
    PARTS,
    TRIALS,
    Moment,
    Trace,
    Trials,
    measure_more,
    moments,
    play_trials,
    trial_seed,
)
from also.v1 import task_pb2
from also.v1.task_pb2 import Seeding, Task

_REMEDIES = {
    task_pb2.SEEDING_OWN_DICE: (
        "its dice are the process's (Python's, NumPy's or PyTorch's global generator); each environment keeps its own, "
        "seeded with its episode"
    ),
    task_pb2.SEEDING_NEW_OBJECT: (
        "a second reset of the same object is not decided by its seed; a new object is built for each episode"
    ),
    task_pb2.SEEDING_NEW_OBJECT_OWN_DICE: (
        "its dice are the process's, and a second reset of the same object is not decided by its seed; a new object "
        "with dice of its own is built for each episode"
    ),
}
"""What can help, in the order in which it is tried, and what a person is told of it."""

AGAIN = "in the same object after other episodes"
BESIDE = "beside another environment of the same process"
ELSEWHERE = "in another process"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """Where two plays of one episode part."""

    episode: int
    """Number of the trial episode, from 0."""
    env_step: int
    """env_step after which they part; 0 is the reset."""
    part: str
    """What differs, one of `PARTS`."""
    where: str
    """How the second one was played."""

    def __str__(self) -> str:
        return f"{self.part} after env_step {self.env_step} of trial episode {self.episode}, played {self.where}"


def decided(task: Task, environment: ParallelEnvironment) -> Trials:
    """Play the trial episodes, and have the environment take what its seeds need to decide them.

    Args:
        task: its task.
        environment: it is played; afterwards its `seeding` and its `notes` say what was found.

    Returns:
        What the trial episodes were, as they will be in training.

    Raises:
        TaskError: it breaks the API, or no seed decides its episodes and its task is not `unseeded`.
    """
    trials = _found(task, environment)
    measure_more(environment, trials)
    return trials


def _found(task: Task, environment: ParallelEnvironment) -> Trials:
    """The trial episodes under what an episode needs to be decided by its seed; errors as of `decided`."""
    first: Parting | TaskError | None
    try:
        trials, first = _measured(task, environment)
    except TaskError as error:
        if environment.episode < 1:
            raise
        first = error  # an object that can be reset once only is mended by a new one, too
    else:
        if first is None:
            return trials
    for seeding, told in _REMEDIES.items():
        helped = _tried(task, environment, seeding)
        if helped is not None:
            environment.note(told)
            return helped
    if isinstance(first, TaskError):
        raise first
    if not task.unseeded:
        raise environment.error(
            f"two episodes with the same seed and the same actions differ: {first}. Dice of its own and a new object "
            f"for each episode do not help{_remedy(first)}; have reset(seed) decide everything, or set "
            "task.unseeded: true, under which nothing promises equal bits"
        )
    environment.seed_by(task_pb2.SEEDING_NONE)
    environment.note(
        f"no seed decides its episodes ({first}): nothing promises equal bits, and the branches of a pair do not share "
        "their episodes"
    )
    return play_trials(environment)


def _remedy(difference: Parting) -> str:
    if difference.where != BESIDE:
        return ""
    return " (task.environments_per_process: 1 may)"


def _tried(task: Task, environment: ParallelEnvironment, seeding: Seeding) -> Trials | None:
    """The trial episodes under a remedy; None where it does not help."""
    try:
        environment.seed_by(seeding)
        trials, difference = _measured(task, environment)
    except TaskError:
        return None
    return trials if difference is None else None


def _measured(task: Task, environment: ParallelEnvironment) -> tuple[Trials, Parting | None]:
    """The trial episodes, and where the first of the other plays parts from them."""
    relied = not environment.global_state.of_observations
    trials = play_trials(environment)
    if relied and environment.global_state.of_observations:
        trials = play_trials(environment)  # in all of them it is the observations now
    expected = trials.traces
    difference = _difference([trials.earlier], expected, AGAIN) or _beside(task, environment, expected, trials.shortest)
    if difference is not None:
        return trials, difference
    replays = Replays(
        task,
        environment.seeding,
        idle=environment.idle,
        episode_limit=environment.episode_limit,
        state_of_observations=environment.global_state.of_observations,
        most=trials.shortest,
    )
    try:
        apart = replays.traces()
    finally:
        replays.close()
    return trials, _difference(apart, expected, ELSEWHERE)


def _beside(task: Task, environment: ParallelEnvironment, expected: list[Trace], most: int | None) -> Parting | None:
    """Each episode in a new object, while another one of the same process is stepped in between."""
    if task.environments_per_process == 1:
        return None
    try:
        traces = [_disturbed(environment, number, most) for number in range(TRIALS)]
    except TaskError as error:
        raise TaskError(
            f"{error} (while another environment of the same process was alive; alone it does not). If only one may be "
            "alive in a process, set task.environments_per_process: 1"
        ) from error
    return _difference(traces, expected, BESIDE)


def _disturbed(environment: ParallelEnvironment, number: int, most: int | None) -> Trace:
    trace, played = [], environment.another()
    played.lane = BESIDE_ANOTHER
    other = _endless(environment)
    try:
        for moment in moments(played, trial_seed(number), most):
            trace.append(moment.digests)
            next(other)
    finally:
        other.close()
        played.close()
    return trace


def _endless(environment: ParallelEnvironment) -> Generator[Moment]:
    """Moments of another environment, episode after episode."""
    other, episode = environment.another(), 0
    other.lane = BESIDE_ANOTHER
    try:
        while True:
            yield from moments(other, trial_seed(episode, "beside"))
            episode += 1
    finally:
        other.close()


def _difference(found: list[Trace], expected: list[Trace], where: str) -> Parting | None:
    for episode, (trace, other) in enumerate(zip(found, expected, strict=False)):
        for env_step, (digests, others) in enumerate(zip(trace, other, strict=False)):
            for part, one, another in zip(PARTS, digests, others, strict=True):
                if one != another:
                    return Parting(episode=episode, env_step=env_step, part=part, where=where)
    return None
