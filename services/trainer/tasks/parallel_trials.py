"""Trial episodes of a PettingZoo Parallel environment: what it does, before it is trusted.

A few episodes are played with random actions from fixed seeds. Every call checks the API; the trials
add what only several calls can show: names and shapes of features that stay, spaces that stay, and what can
be read after the last agent has left. What each moment was is kept as a trace, so that the same episode
played elsewhere can be compared with it (`parallel_seeding`).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from also import seeds
from services.trainer.tasks.parallel_environment import LONGEST_EPISODE, SEED_LIMIT, ParallelEnvironment
from services.trainer.tasks.parallel_spaces import Floats

TRIALS = 3
"""Episodes."""

PARTS = ("observations", "state", "action masks", "features", "reward", "end")
"""What a moment of a trace is made of, in this order."""

Trace = list[tuple[str, ...]]
"""An episode: for each moment, from its reset on, a digest of each of its `PARTS`."""


@dataclass(slots=True, kw_only=True)
class Trials:
    """What was seen in the trial episodes."""

    lows: dict[str, float] = field(default_factory=dict)
    """Smallest value of each feature."""
    highs: dict[str, float] = field(default_factory=dict)
    """Largest value of each feature."""
    scopes: dict[str, int] = field(default_factory=dict)
    """Dimensions of each feature."""
    returns: list[float] = field(default_factory=list)
    """Return of each episode."""
    cut_after: list[int] = field(default_factory=list)
    """Length of each episode that its environment truncated, env_steps."""
    smallest_reward: float = 0.0
    """Smallest |reward| other than 0; 0 when there was none."""
    traces: list[Trace] = field(default_factory=list)
    """What each episode was."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An environment after a reset or an env_step."""

    digests: tuple[str, ...]
    """Of its `PARTS`."""
    features: dict[str, Floats]
    """Features by name."""


def play_trials(environment: ParallelEnvironment) -> Trials:
    """Play the trial episodes, one after the other, in this environment.

    Raises:
        TaskError: the environment breaks the API.
    """
    trials = Trials()
    for number in range(TRIALS):
        trace = []
        for moment in moments(environment, trial_seed(number)):
            trace.append(moment.digests)
            environment.check_spaces()
            _measure(environment, moment.features, trials)
            size = abs(environment.reward)
            if size and (size < trials.smallest_reward or not trials.smallest_reward):
                trials.smallest_reward = size
        trials.traces.append(trace)
        trials.returns.append(environment.episode_return)
        if environment.truncated and environment.env_steps < LONGEST_EPISODE:
            trials.cut_after.append(environment.env_steps)
    return trials


def trial_seed(number: int, name: str = "trial") -> int:
    """Seed of a trial episode, in [0, 2^31); of the episode that goes on beside it, under another name."""
    return seeds.derive(0, name, number) % SEED_LIMIT


def moments(environment: ParallelEnvironment, seed: int) -> Iterator[Moment]:
    """Play one episode with random actions; all its moments, each as soon as it is there.

    Raises:
        TaskError: the environment breaks the API.
    """
    generator = np.random.default_rng(seed)
    environment.reset(seed)
    yield _moment(environment)
    while not (environment.terminated or environment.truncated):
        environment.step(_random_actions(environment, generator))
        yield _moment(environment)


def trace_of(environment: ParallelEnvironment, seed: int) -> Trace:
    """One episode with random actions.

    Raises:
        TaskError: the environment breaks the API.
    """
    return [moment.digests for moment in moments(environment, seed)]


def _moment(environment: ParallelEnvironment) -> Moment:
    """Read everything once, in the order in which lanes do: an environment may draw whenever it is called."""
    state = environment.state()
    features = environment.features()
    end = "terminated" if environment.terminated else "truncated" if environment.truncated else ""
    digests = (
        _digest(environment.observations),
        _digest(state),
        _digest(environment.masks),
        _digest(*(features[name] for name in sorted(features))),
        float(environment.reward).hex(),
        end,
    )
    return Moment(digests, features)


def _digest(*arrays: NDArray[Any]) -> str:
    found = hashlib.blake2b(digest_size=8)
    for array in arrays:
        found.update(array.tobytes())
    return found.hexdigest()


def _random_actions(environment: ParallelEnvironment, generator: np.random.Generator) -> NDArray[Any]:
    if environment.continuous:
        share = generator.random((len(environment.agents), environment.action_size))
        lows, highs = environment.action_bounds()
        return lows + share * (highs - lows)
    return np.array([generator.choice(mask.nonzero()[0]) for mask in environment.masks])


def _measure(environment: ParallelEnvironment, values: dict[str, Floats], trials: Trials) -> None:
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
