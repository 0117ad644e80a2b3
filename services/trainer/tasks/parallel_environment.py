"""One PettingZoo Parallel environment as arrays of fixed shape, its API checked at every call.

Agents' observations and actions are padded to the largest. The team's reward is the sum of its
agents' rewards divided by the number of all agents, so that a reward that all of them share keeps
its size. An agent that has left sees zeros and may only idle. An episode is over when no agent is
left: terminated if all of them terminated, truncated if the time limit cut any.

Letters of shapes: A agents, O observation, S state, N choices or numbers of an action.
"""

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from also.errors import TaskError
from also.v1.task_pb2 import Scalar, Task
from services.trainer.tasks.foreign_environment import resolve_foreign
from services.trainer.tasks.import_path import describe_error, resolve
from services.trainer.tasks.parallel_frames import print_traceback
from services.trainer.tasks.parallel_place import PLACE
from services.trainer.tasks.parallel_spaces import ACTION_MASK, AgentSpaces, Floats

EPISODE_RETURN = "episode_return"
"""Feature of every import-path task: the sum of the team's rewards so far in the episode."""

OBSERVATION_FEATURE = "observation_"
"""Beginning of the name of a feature that is a part of the observation; its number follows."""

OBSERVATION_FEATURES = 32
"""Most parts of the observation that become features."""

SEED_LIMIT = 2**31
"""Seeds of an environment's `reset` lie in [0, SEED_LIMIT)."""

LONGEST_EPISODE = 1000
"""Time limit, env_steps, where neither the environment nor its author sets one."""

_PARTS = ("observations", "rewards", "terminations", "truncations", "infos")
_METHODS = ("reset", "step", "observation_space", "action_space")


def open_environment(task: Task) -> "ParallelEnvironment":
    """Import a task's function and build its environment.

    Raises:
        TaskError: the function cannot be found, raises, or returns something else.
    """
    function = resolve_foreign(task) if task.python else resolve(task.name)
    return ParallelEnvironment(task.name, function, plain_arguments(task))


def plain_arguments(task: Task) -> dict[str, Any]:
    """Keyword arguments of a task's function, by name; numbers without a fraction are whole numbers."""
    return {name: _plain(task.arguments[name]) for name in sorted(task.arguments)}


class ParallelEnvironment:
    """An environment; everything below describes its current state, once `reset` was called."""

    lane = -1
    """Lane that it is, from 0; -1 in a trial."""
    episode = -1
    """Episode since it was built, from 0."""
    seed = 0
    """Seed of the episode."""
    env_steps = 0
    """env_steps of the episode."""

    def __init__(self, name: str, function: Callable[..., Any], arguments: dict[str, Any]) -> None:
        """Build the environment.

        Args:
            name: import path, for errors.
            function: returns the environment.
            arguments: its keyword arguments.

        Raises:
            TaskError: the function raises, or returns something else.
        """
        self.name = name
        self._env = self._call(f"{name.split(':')[-1]}()", function, **arguments)
        self._check_kind()
        self.agents = [str(agent) for agent in self._env.possible_agents]
        self._ids = list(self._env.possible_agents)
        self._index = {agent: index for index, agent in enumerate(self._ids)}
        self.spaces = [self._spaces_of(agent) for agent in self._ids]
        self.continuous = isinstance(self.spaces[0].action, spaces.Box)
        if any(isinstance(each.action, spaces.Box) != self.continuous for each in self.spaces):
            raise self.error("its agents have Discrete and Box action spaces; one kind for all is needed")
        self.action_size = max(each.action_size for each in self.spaces)
        self.observation_size = max(each.observation_size for each in self.spaces)
        self.idle = 0
        """Choice that an agent which has left is held to."""
        self.episode_limit = LONGEST_EPISODE
        """env_steps after which an episode is truncated, whatever the environment says."""
        self.has_masks = False
        """Whether a mask was given, so far."""
        self.agents_leave = False
        """Whether an agent has left before the others, so far."""
        self._feature_shapes = ((), (len(self.agents),), (len(self.agents), len(self.agents)))
        self.observations: Floats = np.zeros((len(self.agents), self.observation_size), np.float32)
        self.masks: NDArray[np.bool_] = np.zeros((len(self.agents), self.action_size), bool)
        self.reward = 0.0
        """Team's reward of the last env_step."""
        self.episode_return = 0.0
        """Sum of rewards of this episode."""
        self.terminated = self.truncated = False
        self._read_features = self._optional("features")
        self._state_size: int | None = None
        self._cut = False
        self._all_allowed = False
        """Whether `masks` allows every agent everything that it can do."""

    def write_into(self, observations: Floats, masks: NDArray[np.bool_]) -> None:
        """Keep observations (A, O) and masks (A, N) in these arrays from the next `reset` on."""
        self.observations, self.masks = observations, masks
        self.observations.fill(0)
        self._all_allowed = False

    def card_of_author(self) -> Any:
        """What the environment's own `task_card()` returns; None where it has none."""
        method = self._optional("task_card")
        return None if method is None else self._call("task_card()", method)

    @property
    def has_features(self) -> bool:
        """Whether the environment has a `features()` method."""
        return self._read_features is not None

    def reset(self, seed: int) -> None:
        """Begin an episode; the seed is in [0, 2^31).

        Raises:
            TaskError: the environment raises or breaks the API.
        """
        self.episode += 1
        self.seed, self.env_steps = seed, 0
        PLACE.at(self.lane, self.episode, seed, 0)
        result = self._call(f"reset(seed={seed})", self._env.reset, seed=seed)
        if not isinstance(result, tuple) or len(result) != 2 or not all(isinstance(part, dict) for part in result):
            raise self.error("reset() must return two dicts: observations and infos")
        if not getattr(self._env, "agents", None):
            raise self.error("reset() leaves no agents")
        self.reward = self.episode_return = 0.0
        self.terminated = self.truncated = self._cut = False
        self._observe("reset()", self._env.agents, *result)

    def step(self, actions: NDArray[Any]) -> None:
        """Move by one env_step; actions is int (A,) or float (A, N). Those of absent agents are ignored.

        Raises:
            TaskError: the environment raises or breaks the API.
        """
        PLACE.at(self.lane, self.episode, self.seed, self.env_steps)
        acting = list(self._env.agents)
        chosen = list(actions) if self.continuous else actions.tolist()
        joint = {agent: self.spaces[self._index[agent]].act(chosen[self._index[agent]]) for agent in acting}
        result = self._call("step()", self._env.step, joint)
        if not isinstance(result, tuple) or len(result) != 5 or not all(isinstance(part, dict) for part in result):
            raise self.error(f"step() must return five dicts: {', '.join(_PARTS)}")
        observations, rewards, terminations, truncations, infos = result
        for part, values in zip(_PARTS, result, strict=True):
            for agent in acting:
                if agent not in values:
                    raise self.error(f"step() returned {part} without agent {agent!r}, which acted")
        now = list(self._env.agents)
        self._check_agents(acting, [agent for agent in acting if not (terminations[agent] or truncations[agent])], now)
        self._cut |= any(truncations[agent] and not terminations[agent] for agent in acting)
        over = not now
        self.terminated, self.truncated = over and not self._cut, over and self._cut
        self.agents_leave |= not over and len(now) < len(self._ids)
        self.reward = sum([self._number(agent, rewards[agent]) for agent in acting]) / len(self._ids)
        self.episode_return += self.reward
        self.env_steps += 1
        if not over and self.env_steps >= self.episode_limit:
            self.truncated = True
        self._observe("step()", acting if over else now, observations, infos)

    def state(self) -> Floats:
        """Global state, (S,): the environment's own where it has one, else all observations in a row.

        Raises:
            TaskError: the environment's `state()` worked before, and now raises or returns something else.
        """
        if self._state_size is None:
            try:
                self._state_size = np.asarray(self._env.state(), np.float32).size
            except Exception:  # whatever it is, the environment has no state to give
                self._state_size = 0
        if self._state_size == 0:
            return self.observations.ravel()
        state: Floats = self._call("state()", lambda: np.asarray(self._env.state(), np.float32).ravel())
        if state.size != self._state_size or not _is_finite(state):
            raise self.error(f"state() must return {self._state_size} finite numbers, as it did before")
        return state

    def features(self) -> dict[str, Floats]:
        """Features by name, (), (A,) or (A, A): the environment's own, else parts of the observations.

        Raises:
            TaskError: the environment's `features()` raises, or returns something else.
        """
        if self._read_features is None:
            parts = self.observations[:, :OBSERVATION_FEATURES]
            return {f"{OBSERVATION_FEATURE}{index}": parts[:, index] for index in range(parts.shape[1])}
        values = self._call("features()", self._read_features)
        if not isinstance(values, dict):
            raise self.error(f"features() returned a {type(values).__name__}; a dict is expected")
        return {str(name): self._feature(str(name), value) for name, value in values.items()}

    def close(self) -> None:
        """Close the environment, if it can be; an exception is a line in the log, and no error."""
        close = getattr(self._env, "close", None)
        if not callable(close):
            return
        PLACE.at(self.lane, self.episode, self.seed, self.env_steps)
        try:
            self._call("close()", close)
        except (TaskError, SystemExit) as error:  # some end their process with it
            cause = error.__cause__ or error
            print(f"warning: task {self.name!r}: close() raised {describe_error(cause)}", file=sys.stderr)
            print_traceback(cause)

    def action_bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Bounds of each number of a continuous action, (N,): the widest of all agents; each is held to its own."""
        lows = np.full(self.action_size, np.inf)
        highs = -lows
        for space in self.spaces:
            if isinstance(space.action, spaces.Box):
                size = space.action_size
                lows[:size] = np.minimum(lows[:size], space.action.low.ravel())
                highs[:size] = np.maximum(highs[:size], space.action.high.ravel())
        return lows, highs

    def error(self, text: str) -> TaskError:
        """An error that names the task."""
        return TaskError(f"task {self.name!r}: {text}")

    def _feature(self, name: str, value: Any) -> Floats:
        try:
            array = np.asarray(value, np.float32)
        except (TypeError, ValueError):
            raise self.error(f"features() returned {value!r:.60} for {name!r}; numbers are expected") from None
        if array.shape not in self._feature_shapes:
            count = len(self.agents)
            raise self.error(
                f"features() returned shape {array.shape} for {name!r}; () for the team, ({count},) for agents or "
                f"({count}, {count}) for pairs is expected"
            )
        if not _is_finite(array):
            raise self.error(f"features() returned a number that is not finite for {name!r}")
        return array

    def _observe(self, call: str, shown: list[Any], observations: dict[Any, Any], infos: dict[Any, Any]) -> None:
        if len(shown) < len(self._ids):
            self.observations.fill(0)
        masks: dict[int, Any] = {}
        for agent in shown:
            index = self._index[agent]
            space = self.spaces[index]
            if agent not in observations:
                raise self.error(f"{call} returned no observation for agent {agent!r}")
            seen = observations[agent]
            try:
                vector = space.flatten(seen)
            except Exception as error:
                raise self._raised(f"observation of agent {agent!r}", error) from error
            size = space.observation_size
            if vector.size != size:
                raise self._misfit(call, agent)
            self.observations[index, :size] = vector
            source = seen if space.masked else infos.get(agent)
            mask = source.get(ACTION_MASK) if isinstance(source, dict) else None
            if mask is not None:
                masks[index] = mask
        if not _is_finite(self.observations):
            raise self._misfit(call, next(a for a in shown if not _is_finite(self.observations[self._index[a]])))
        if masks or not self._all_allowed or len(shown) < len(self._ids):
            self._mask([self._index[agent] for agent in shown], masks)

    def _misfit(self, call: str, agent: Any) -> TaskError:
        space = self.spaces[self._index[agent]]
        return self.error(
            f"{call} returned an observation of agent {agent!r} that does not fit its space "
            f"{space.observation}: {space.observation_size} finite numbers are expected"
        )

    def _mask(self, shown: list[int], given: dict[int, Any]) -> None:
        """Write the masks: those given; all that an agent can do where none was; only idling for absent agents."""
        self.masks.fill(False)
        self.masks[:, self.idle] = True
        if self.continuous:
            return
        for index in shown:
            size = self.spaces[index].action_size
            if index not in given:
                self.masks[index, :size] = True
                continue
            self.has_masks = True
            mask = np.asarray(given[index]).astype(bool).ravel()
            if mask.size != size:
                name = self.agents[index]
                raise self.error(f"the action mask of agent {name!r} has {mask.size} values; {size} needed")
            if mask.any():  # an agent that may do nothing at all idles
                self.masks[index, :] = False
                self.masks[index, :size] = mask
        self._all_allowed = not given and len(shown) == len(self._ids)

    def _check_kind(self) -> None:
        if hasattr(self._env, "agent_iter"):
            raise self.error(
                "the function returned an AEC environment, not a Parallel one; "
                "pettingzoo.utils.aec_to_parallel converts it"
            )
        missing = [name for name in _METHODS if not callable(getattr(self._env, name, None))]
        if missing:
            raise self.error(
                f"the function returned a {type(self._env).__name__}, which is no PettingZoo Parallel environment: "
                f"it has no {', '.join(missing)}"
            )
        if not list(getattr(self._env, "possible_agents", None) or []):
            raise self.error("the environment's possible_agents is missing or empty")

    def _check_agents(self, acting: list[Any], remaining: list[Any], agents: list[Any]) -> None:
        if agents == remaining:
            return
        now = set(agents)
        gone = set(acting) - set(remaining)
        if not set(remaining) <= now or gone & now or not now <= set(self._ids):
            raise self.error(
                f"after step() its agents are {agents}, but those that are neither terminated nor "
                f"truncated are {remaining}"
            )

    def _spaces_of(self, agent: Any) -> AgentSpaces:
        observation = self._call(f"observation_space({agent!r})", self._env.observation_space, agent)
        action = self._call(f"action_space({agent!r})", self._env.action_space, agent)
        return AgentSpaces.of(observation, action, f"task {self.name!r}: agent {agent!r}")

    def _number(self, agent: Any, reward: Any) -> float:
        try:
            number = float(reward)
        except (TypeError, ValueError):
            number = float("nan")
        if not math.isfinite(number):
            raise self.error(f"step() returned reward {reward!r:.60} for agent {agent!r}; a finite number is expected")
        return number

    def _optional(self, name: str) -> Callable[[], Any] | None:
        for owner in (self._env, getattr(self._env, "unwrapped", None)):
            method = getattr(owner, name, None)
            if callable(method):
                return method  # type: ignore[no-any-return]
        return None

    def _call(self, what: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        PLACE.enter(what)
        try:
            return function(*args, **kwargs)
        except Exception as error:
            raise self._raised(what, error) from error

    def _raised(self, what: str, error: Exception) -> TaskError:
        return self.error(f"{what} raised {describe_error(error)}")


def _is_finite(array: Floats) -> bool:
    """Whether all numbers are finite; `all()` takes three times as long for so few."""
    return b"\0" not in np.isfinite(array).tobytes()


def _plain(scalar: Scalar) -> float | int | str | bool:
    match scalar.WhichOneof("value"):
        case "number":
            return int(scalar.number) if scalar.number.is_integer() else scalar.number
        case "text":
            return scalar.text
        case _:
            return scalar.flag
