"""Trial episodes of a PettingZoo Parallel environment: what it does, before it is trusted.

A few episodes are played with random actions from fixed seeds. Every call checks the API; the trials
add what only several calls can show: names and shapes of features that stay, spaces that stay, and what can
be read after the last agent has left. What each moment was is kept as a trace, so that the same episode
played elsewhere can be compared with it (`parallel.seeding`).

More episodes follow until enough env_steps were seen to measure ranges by, or the time is over: of a slow
environment, one whole episode and the beginnings of others are played.
"""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from also import seeds
from also.services.trainer.tasks.parallel.environment import LONGEST_EPISODE, SEED_LIMIT, ParallelEnvironment
from also.services.trainer.tasks.parallel.record import Record
from also.services.trainer.tasks.parallel.returns import Rewards
from also.services.trainer.tasks.parallel.spaces import Floats

TRIALS = 3
"""Episodes."""

PARTS = ("observations", "state", "action masks", "features", "reward", "end")
"""What a moment of a trace is made of, in this order."""

Trace = list[tuple[str, ...]]
"""An episode: for each moment, from its reset on, a digest of each of its `PARTS`."""

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
    traces: list[Trace] = field(default_factory=list)
    """What each of the `TRIALS` was."""
    earlier: Trace = field(default_factory=list)
    """What the first was when it was played before all others."""

    @property
    def shortest(self) -> int | None:
        """env_steps that are enough where an episode is played again; None is all of them."""
        return _SHORTEST if self.cut_short else None


@dataclass(frozen=True, slots=True)
class Moment:
    """An environment after a reset or an env_step."""

    digests: tuple[str, ...]
    """Of its `PARTS`."""
    features: dict[str, Floats]
    """The environment's own features by name."""


def play_trials(environment: ParallelEnvironment, *, seconds: float = SECONDS) -> Trials:
    """Play the trial episodes, one after the other, in this environment.

    Args:
        environment: it is played.
        seconds: time after which episodes are cut short, but for the first, which is played whole before.

    Raises:
        TaskError: the environment breaks the API.
    """
    began = time.monotonic()
    trials = Trials(observations=Record(len(environment.agents), environment.observation_size))
    trials.earlier = _play(environment, 0, trials)
    trials.observations.keep_what_varies()
    whole = trials.rewards, trials.cut_after
    trials.rewards, trials.cut_after = Rewards(), []  # it comes again
    trials.until = began + seconds
    trials.traces = [_play(environment, 0, trials)]
    if not trials.rewards.returns:  # its time was over: it counts as it was when it was played whole
        trials.rewards, trials.cut_after = whole
    trials.traces += [_play(environment, number, trials) for number in range(1, TRIALS)]
    return trials


def measure_more(environment: ParallelEnvironment, trials: Trials) -> None:
    """Play further episodes, until enough was seen.

    Raises:
        TaskError: the environment breaks the API.
    """
    number = TRIALS
    while trials.env_steps < MEASURED_STEPS and not trials.cut_short:
        _play(environment, number, trials)
        number += 1
        trials.cut_short |= time.monotonic() > trials.until


def trial_seed(number: int, name: str = "trial") -> int:
    """Seed of a trial episode, in [0, 2^31); of the episode that runs beside it, under another name."""
    return seeds.derive(0, name, number) % SEED_LIMIT


def moments(environment: ParallelEnvironment, seed: int, most: int | None = None) -> Iterator[Moment]:
    """Play one episode with random actions; all its moments, each as soon as it is there.

    Args:
        environment: it is played.
        seed: seed of the episode.
        most: env_steps after which it is left; None plays to its end.

    Raises:
        TaskError: the environment breaks the API.
    """
    generator = np.random.default_rng(seed)
    environment.reset(seed)
    yield _moment(environment)
    while not (environment.terminated or environment.truncated or environment.env_steps == most):
        environment.step(_random_actions(environment, generator))
        yield _moment(environment)


def _play(environment: ParallelEnvironment, number: int, trials: Trials) -> Trace:
    """Play one episode, and take down what it shows."""
    trials.observations.begin_episode()
    trace: Trace = []
    for moment in moments(environment, trial_seed(number)):
        reward = environment.reward if trace else None  # a reset pays nothing
        trace.append(moment.digests)
        environment.check_spaces()
        _measure(environment, moment.features, trials, reward)
        if reward is not None:
            trials.env_steps += 1
            trials.rewards.add(reward)
        over = environment.terminated or environment.truncated
        if not over and environment.env_steps >= _SHORTEST and time.monotonic() > trials.until:
            trials.cut_short = True
            return trace
    trials.rewards.returns.append(environment.episode_return)
    if environment.truncated and environment.env_steps < LONGEST_EPISODE:
        trials.cut_after.append(environment.env_steps)
    return trace


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


def _measure(environment: ParallelEnvironment, values: dict[str, Floats], trials: Trials, reward: float | None) -> None:
    trials.observations.see(environment.observations, reward)
    if not environment.has_features:
        return
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
