"""One PettingZoo Parallel environment as arrays of fixed shape, its API checked at every call.

Agents' observations and actions are padded to the largest. The team's reward is the sum of its
agents' rewards divided by the number of all agents, so that a reward that all of them share keeps
its size. An agent that has left sees zeros, may only idle, and learns nothing from that (`present`). An
episode is over when no agent is left: terminated if all of them terminated, truncated if the time limit cut any.

What PettingZoo's own test passes is taken. After the last agent has left little can be relied on: what
cannot be read there stays as it was, and is reported once.

Letters of shapes: A agents, O observation, S state, N choices or numbers of an action.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from also.errors import TaskError
from also.services.trainer.tasks.parallel.kind import optional_method
from also.services.trainer.tasks.parallel.object import UserObject
from also.services.trainer.tasks.parallel.own_features import OwnFeatures
from also.services.trainer.tasks.parallel.picture import picture_of
from also.services.trainer.tasks.parallel.place import PLACE
from also.services.trainer.tasks.parallel.results import check_agents, end_of, results_of, reward_of
from also.services.trainer.tasks.parallel.spaces import (
    ACTION_MASK,
    AgentSpaces,
    Floats,
    is_finite,
    widest_bounds,
)
from also.services.trainer.tasks.parallel.state import GlobalState, StateError
from also.v1 import task_pb2
from also.v1.episode_pb2 import Picture
from also.v1.task_pb2 import Seeding

EPISODE_RETURN = "episode_return"
"""Feature of every import-path task: the sum of the team's rewards so far in the episode."""

OBSERVATION_FEATURE = "observation_"
"""Beginning of the name of a feature that is a part of the observation; its number follows."""

SEED_LIMIT = 2**31
"""Seeds of an environment's `reset` lie in [0, SEED_LIMIT)."""

LONGEST_EPISODE = 1000
"""Time limit, env_steps, where neither the environment nor its author sets one."""

BEGINNINGS = 8
"""Seeds that are tried, one after the other, where an episode is over when it begins."""


class ParallelEnvironment:
    """An environment; everything below describes its current state, once `reset` was called."""

    lane = -1  # in a trial
    """Lane that it is, from 0."""
    episode = -1
    """Episode since it was built, from 0."""
    seed = 0
    """Seed of the episode."""
    env_steps = 0
    """env_steps of the episode."""

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        arguments: dict[str, Any],
        seeding: Seeding = task_pb2.SEEDING_UNSPECIFIED,
    ) -> None:
        """Build the environment.

        Args:
            name: import path, for errors.
            function: returns the environment.
            arguments: its keyword arguments.
            seeding: what it needs for an episode to be decided by its seed.

        Raises:
            TaskError: the function raises, or returns something else.
        """
        self.name = name
        self._object = UserObject(name, function, arguments, seeding)
        self._agents = self._object.agents
        self._index = self._object.index
        self.agents = [str(agent) for agent in self._agents]
        self.continuous = isinstance(self.spaces[0].action, spaces.Box)
        if any(isinstance(each.action, spaces.Box) != self.continuous for each in self.spaces):
            raise self.error("its agents have Discrete and Box action spaces; one kind for all is needed")
        self.action_size = max(each.action_size for each in self.spaces)
        self.observation_size = max(each.observation_size for each in self.spaces)
        if not self.observation_size:
            raise self.error("its agents observe no numbers; give them at least a constant 0, e.g. Box(0, 1, (1,))")
        self.idle = 0
        """Choice that an agent which has left is held to."""
        self.episode_limit = LONGEST_EPISODE
        """env_steps after which an episode is truncated, whatever the environment says."""
        self.has_masks = False
        """Whether a mask was given, so far."""
        self.agents_leave = False
        """Whether an agent has left before the others, so far."""
        self.global_state = GlobalState(self._object.note)
        """How its state is read."""
        self.observations: Floats = np.zeros((len(self.agents), self.observation_size), np.float32)
        self.masks: NDArray[np.bool_] = np.zeros((len(self.agents), self.action_size), bool)
        self.present: NDArray[np.bool_] = np.ones(len(self.agents), bool)
        """Agents that are there, (A,)."""
        self.reward = 0.0
        """Team's reward of the last env_step."""
        self.episode_return = 0.0
        """Sum of rewards of this episode."""
        self.terminated = self.truncated = False
        self._now: list[Any] = []
        self._features = OwnFeatures(self._object)
        self._cut = False
        self._all_allowed = False
        """Whether `masks` allows every agent everything that it can do."""

    @property
    def spaces(self) -> list[AgentSpaces]:
        """What each agent sees and does."""
        return self._object.spaces

    @property
    def seeding(self) -> Seeding:
        """What it needs for an episode to be decided by its seed."""
        return self._object.seeding

    @property
    def notes(self) -> list[str]:
        """What a person should know of it, each thing once."""
        return list(self._object.notes)

    def another(self) -> "ParallelEnvironment":
        """A new environment of the same function, played by the same rules."""
        user = self._object
        other = ParallelEnvironment(self.name, user.function, user.arguments, user.seeding)
        other.idle, other.episode_limit = self.idle, self.episode_limit
        other.global_state.of_observations = self.global_state.of_observations
        return other

    def seed_by(self, seeding: Seeding) -> None:
        """Build the environment anew, with what an episode needs to be decided by its seed."""
        self._object.seed_by(seeding)

    def close(self) -> None:
        """Call the environment's own `close()`, if it has one; what it raises is logged."""
        PLACE.at(self.lane, self.episode, self.seed, self.env_steps)
        self._object.close()

    def picture(self) -> Picture:
        """What the environment's own `render` shows.

        Raises:
            TaskError: nothing.
        """
        return picture_of(self._object)

    def check_spaces(self) -> None:
        """Compare the agents' spaces with what they were at first.

        Raises:
            TaskError: one has changed its size, its choices or its bounds, or that of a living agent cannot be read.
        """
        self._object.check_spaces(self._now, self.env_steps)

    def write_into(self, observations: Floats, masks: NDArray[np.bool_]) -> None:
        """Keep observations (A, O) and masks (A, N) in these arrays from the next `reset` on."""
        self.observations, self.masks = observations, masks
        self.observations.fill(0)
        self._all_allowed = False

    def card_of_author(self) -> Any:
        """What the environment's own `task_card()` returns; None where it has none."""
        method = optional_method(self._object.env, "task_card")
        return None if method is None else self._object.call("task_card()", method)

    @property
    def has_features(self) -> bool:
        """Whether the environment has a `features()` method."""
        return self._object.read_features is not None

    def reset(self, seed: int) -> None:
        """Begin an episode; the seed is in [0, 2^31).

        Raises:
            TaskError: the environment raises or breaks the API.
        """
        self.episode += 1
        self.seed, self.env_steps = seed, 0
        PLACE.at(self.lane, self.episode, seed, 0)
        for tried in range(BEGINNINGS):
            result = self._object.reset((seed + tried) % SEED_LIMIT)
            self._now = self._object.living("reset()")
            if self._now:
                break
            self._object.note("reset() leaves no agents with some seeds; the next seed is taken there")
        else:
            raise self.error(f"reset() leaves no agents, with {BEGINNINGS} seeds one after the other")
        self.reward = self.episode_return = 0.0
        self.terminated = self.truncated = self._cut = False
        self.global_state.begin()
        self._features.begin()
        self._observe("reset()", self._now, *result)
        self._attend(self._now)

    def step(self, actions: NDArray[Any]) -> None:
        """Move by one env_step; actions is int (A,) or float (A, N). Those of absent agents are ignored.

        Raises:
            TaskError: the environment raises or breaks the API.
        """
        PLACE.at(self.lane, self.episode, self.seed, self.env_steps)
        acting = self._now
        chosen = list(actions) if self.continuous else actions.tolist()
        joint = {agent: self.spaces[self._index[agent]].act(chosen[self._index[agent]]) for agent in acting}
        user = self._object
        results = results_of(user, user.step(joint))
        observations, _, terminations, _, infos = results
        self._now = now = user.living("step()")
        ends = [end_of(user, agent, results) for agent in acting]
        self._cut |= any(cut for _, cut in ends)
        check_agents(user, acting, [agent for agent, (ended, _) in zip(acting, ends, strict=True) if not ended], now)
        over = not now
        self.terminated, self.truncated = over and not self._cut, over and self._cut
        self.agents_leave |= not over and len(now) < len(self._agents)
        self.reward = sum([reward_of(user, agent, results) for agent in acting]) / len(self._agents)
        self.episode_return += self.reward
        self.env_steps += 1
        if not over and self.env_steps >= self.episode_limit:
            self.truncated = True
        self._observe("step()", acting if over else now, observations, infos)
        self._attend(now or [agent for agent in acting if not terminations[agent]] or acting)

    def state(self) -> Floats:
        """Global state, (S,): the environment's own where it has one to rely on, else all observations in a row.

        Raises:
            TaskError: the environment's `state()` changes its size, or is not finite, while agents live.
        """
        try:
            return self.global_state.read(self._object.state, self.observations, living=bool(self._now))
        except StateError as error:
            raise self.error(f"state() {error} (after {self.env_steps} env_steps of an episode)") from None

    def features(self) -> dict[str, Floats]:
        """The environment's own features by name, (), (A,) or (A, A); see `OwnFeatures.read`."""
        return self._features.read(living=bool(self._now))

    def action_bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Bounds of each number of a continuous action, (N,): the widest of all agents; each is held to its own."""
        return widest_bounds(self.spaces)

    def note(self, text: str) -> None:
        """Keep in mind what a person should know of it, and tell the log, once a process."""
        self._object.note(text)

    def error(self, text: str) -> TaskError:
        """An error that names the task."""
        return self._object.error(text)

    def _observe(self, call: str, shown: list[Any], observations: Mapping[Any, Any], infos: Any) -> None:
        if len(shown) < len(self._agents):
            kept = self.observations[[self._index[agent] for agent in shown]]
            self.observations.fill(0)
            self.observations[[self._index[agent] for agent in shown]] = kept
        masks: dict[int, Any] = {}
        for agent in shown:
            index = self._index[agent]
            space = self.spaces[index]
            try:
                vector = self._seen(call, agent, observations)
            except TaskError as error:
                if self._now:
                    raise
                self._object.note(
                    f"on its last env_step {self._object.told(error)}; what it saw before that takes its place"
                )
                continue
            self.observations[index, : space.observation_size] = vector
            source = observations[agent] if space.masked else infos.get(agent) if isinstance(infos, Mapping) else None
            mask = source.get(ACTION_MASK) if isinstance(source, Mapping) else None
            if mask is not None and self._now:
                masks[index] = mask
        if not is_finite(self.observations):
            raise self._misfit(call, next(a for a in shown if not is_finite(self.observations[self._index[a]])))
        if masks or not self._all_allowed or len(shown) < len(self._agents):
            self._mask([self._index[agent] for agent in shown], masks)

    def _attend(self, there: list[Any]) -> None:
        """Write down who is there."""
        self.present.fill(len(there) == len(self._agents))
        if len(there) < len(self._agents):
            self.present[[self._index[agent] for agent in there]] = True

    def _seen(self, call: str, agent: Any, observations: Mapping[Any, Any]) -> Floats:
        """What an agent sees, as a vector of its size."""
        if agent not in observations:
            raise self.error(f"{call} returned no observation for agent {agent!r}")
        space = self.spaces[self._index[agent]]
        try:
            vector = space.flatten(observations[agent])
        except Exception as error:
            raise self._object.raised(f"observation of agent {agent!r}", error) from error
        if vector.size != space.observation_size or not (self._now or is_finite(vector)):
            raise self._misfit(call, agent)
        return vector

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
        self._all_allowed = not given and len(shown) == len(self._agents)
