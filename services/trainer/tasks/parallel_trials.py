"""Trial episodes of a PettingZoo Parallel environment: what it does, before it is trusted.

A few episodes are played with random actions from fixed seeds. Every call checks the API; the trials
add what only several calls can show: names and shapes of features that stay, and a seed that decides
everything. Without the latter no result could be found again.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from also import seeds
from services.trainer.tasks.parallel_environment import LONGEST_EPISODE, SEED_LIMIT, ParallelEnvironment
from services.trainer.tasks.parallel_returns import Rewards

TRIALS = 3
"""Episodes; the first one is played twice."""


@dataclass(slots=True, kw_only=True)
class Trials:
    """What was seen in the trial episodes."""

    lows: dict[str, float] = field(default_factory=dict)
    """Smallest value of each feature."""
    highs: dict[str, float] = field(default_factory=dict)
    """Largest value of each feature."""
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
    trials = Trials()
    traces = [_play(environment, number, trials) for number in (0, *range(TRIALS))]
    if not np.array_equal(traces[0], traces[1]):
        raise environment.error("two episodes with the same seed and the same actions differ")
    return trials


def _play(environment: ParallelEnvironment, number: int, trials: Trials) -> NDArray[np.float64]:
    """Play one episode with random actions; its trace, to compare with another's."""
    seed = seeds.derive(0, "trial", number) % SEED_LIMIT
    generator = np.random.default_rng(seed)
    environment.reset(seed)
    trace = [environment.observations.sum(dtype=np.float64)]
    _measure(environment, trials)
    while not (environment.terminated or environment.truncated):
        environment.step(_random_actions(environment, generator))
        trace += [environment.observations.sum(dtype=np.float64), environment.reward]
        trials.rewards.add(environment.reward)
        _measure(environment, trials)
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


def _measure(environment: ParallelEnvironment, trials: Trials) -> None:
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
        trials.lows[name] = min(trials.lows.get(name, np.inf), float(seen.min()))
        trials.highs[name] = max(trials.highs.get(name, -np.inf), float(seen.max()))
