"""Trial episodes of a PettingZoo Parallel environment: what it does, before it is trusted.

A few episodes are played with random actions from fixed seeds. Every call checks the API; the trials
add what only several calls can show: names and shapes of features that stay, and a seed that decides
everything. Without the latter no result could be found again.

More episodes follow until enough env_steps were seen to measure ranges by, or the time is over: of a slow
environment, one whole episode and the beginnings of others are played.
"""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from also import seeds
from services.trainer.tasks.parallel_environment import LONGEST_EPISODE, SEED_LIMIT, ParallelEnvironment
from services.trainer.tasks.parallel_record import Record
from services.trainer.tasks.parallel_returns import Rewards

TRIALS = 3
"""Episodes; the first one is played twice."""

MEASURED_STEPS = 2000
"""env_steps from which on no further episode is played."""

SECONDS = 30.0
"""Time after which no further episode begins, and any but the first is cut."""

_SHORTEST = 50
"""env_steps that an episode has at least before it is cut for the time."""


@dataclass(slots=True, kw_only=True)
class Trials:
    """What was seen in the trial episodes."""

    observations: Record
    """Observations of all agents, (A, O)."""
    features: dict[str, Record] = field(default_factory=dict)
    """What `features()` returned, by name, (values, 1)."""
    env_steps: int = 0
    """env_steps that were played."""
    cut_short: bool = False
    """Whether the time was over before enough env_steps were played."""
    until: float = float("inf")
    """Monotonic time at which the time is over, seconds."""
    scopes: dict[str, int] = field(default_factory=dict)
    """Dimensions of each feature."""
    rewards: Rewards = field(default_factory=Rewards)
    """The team's rewards, and the return of each episode."""
    cut_after: list[int] = field(default_factory=list)
    """Length of each episode that its environment truncated, env_steps."""


def play_trials(environment: ParallelEnvironment) -> Trials:
    """Play the trial episodes.

    Raises:
        TaskError: the environment breaks the API, or is not decided by its seeds.
    """
    began = time.monotonic()
    trials = Trials(observations=Record(len(environment.agents), environment.observation_size))
    traces = [_play(environment, 0, trials)]
    trials.observations.keep_what_varies()
    trials.until = began + SECONDS
    traces += [_play(environment, number, trials) for number in range(TRIALS)]
    both = min(len(traces[0]), len(traces[1]))
    if not np.array_equal(traces[0][:both], traces[1][:both]):
        raise environment.error("two episodes with the same seed and the same actions differ")
    _measure_more(environment, trials)
    return trials


def _measure_more(environment: ParallelEnvironment, trials: Trials) -> None:
    """Play further episodes, until enough was seen."""
    number = TRIALS
    while trials.env_steps < MEASURED_STEPS and not trials.cut_short:
        _play(environment, number, trials)
        number += 1
        trials.cut_short |= time.monotonic() > trials.until


def _play(environment: ParallelEnvironment, number: int, trials: Trials) -> NDArray[np.float64]:
    """Play one episode with random actions; its trace, to compare with another's."""
    seed = seeds.derive(0, "trial", number) % SEED_LIMIT
    generator = np.random.default_rng(seed)
    environment.reset(seed)
    trials.observations.begin_episode()
    trace = [environment.observations.sum(dtype=np.float64)]
    _measure(environment, trials, None)
    while not (environment.terminated or environment.truncated):
        if environment.env_steps >= _SHORTEST and time.monotonic() > trials.until:
            trials.cut_short = True
            return np.array(trace)
        environment.step(_random_actions(environment, generator))
        trace += [environment.observations.sum(dtype=np.float64), environment.reward]
        trials.env_steps += 1
        trials.rewards.add(environment.reward)
        _measure(environment, trials, environment.reward)
    trials.rewards.returns.append(environment.episode_return)
    if environment.truncated and environment.env_steps < LONGEST_EPISODE:
        trials.cut_after.append(environment.env_steps)
    return np.array(trace)


def _random_actions(environment: ParallelEnvironment, generator: np.random.Generator) -> NDArray[Any]:
    if environment.continuous:
        share = generator.random((len(environment.agents), environment.action_size))
        lows, highs = environment.action_bounds()
        return lows + share * (highs - lows)
    return np.array([generator.choice(mask.nonzero()[0]) for mask in environment.masks])


def _measure(environment: ParallelEnvironment, trials: Trials, reward: float | None) -> None:
    trials.observations.see(environment.observations, reward)
    if not environment.has_features:
        return
    values = environment.features()
    if trials.scopes and trials.scopes.keys() != values.keys():
        raise environment.error(
            f"features() returned {', '.join(values)} after {', '.join(trials.scopes)}; names may not change",
        )
    for name, value in values.items():
        if trials.scopes.setdefault(name, value.ndim) != value.ndim:
            raise environment.error(f"features() returned {name!r} in two shapes")
        pairs = value.ndim == 2 and len(value) > 1
        seen = value[~np.eye(len(value), dtype=bool)] if pairs else value  # an agent is no pair with itself
        column = seen.reshape(-1, 1)
        trials.features.setdefault(name, Record(len(column), 1)).see(column, reward)
