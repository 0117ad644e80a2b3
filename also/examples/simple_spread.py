"""Simple Spread under a sparse reward: a task of one's own, by import path.

    task: {name: "simple_spread:make_env", arguments: {agents: 3}}

`also init spread` writes this module beside a campaign file.

The environment is `simple_spread_v3` of the mpe2 package: agents move in a plane and are to cover as
many landmarks, each with one agent. Its dense reward is taken away. The team is paid 1 once, when
every landmark is covered, which ends the episode; so a return is 0 or 1, and a team that moves at
random is almost never paid.

A landmark is covered when an agent is within `radius` of it. The package itself calls it occupied
within 0.1 (`Scenario.CAPTURE_RADIUS`), where 500 episodes of random moves are paid nothing; within
0.2 about 1 of 200 is paid.
"""

from typing import Any

import numpy as np
from mpe2 import simple_spread_v3
from pettingzoo import ParallelEnv
from pettingzoo.utils import BaseParallelWrapper

Array = np.ndarray[Any, Any]

FARTHEST = 3.0
"""Distances are cut here; the arena's diagonal, where episodes begin, is 2.83."""


def make_env(
    agents: int = 3,
    max_cycles: int = 25,
    radius: float = 0.2,
    continuous_actions: bool = False,
    render_mode: str | None = None,
) -> "SparseSpread":
    """Build the environment.

    Args:
        agents: agents, and landmarks.
        max_cycles: time limit of an episode, env_steps.
        radius: distance within which a landmark is covered; the arena is 2 wide.
        continuous_actions: whether actions are forces in place of directions.
        render_mode: "rgb_array" where pictures will be asked for, as `also play` does.
    """
    env = simple_spread_v3.parallel_env(
        N=agents, max_cycles=max_cycles, continuous_actions=continuous_actions, render_mode=render_mode
    )
    if render_mode is None:
        env.unwrapped.screen = None  # a canvas of 2 MB, which only rendering needs
    return SparseSpread(env, radius)


class SparseSpread(BaseParallelWrapper):  # type: ignore[misc]
    """`simple_spread_v3` with reward 1 for all when every landmark is covered, else 0."""

    def __init__(self, env: ParallelEnv, radius: float) -> None:
        """Wrap the package's environment."""
        super().__init__(env)
        self._world = env.unwrapped.world
        self._radius = radius
        self.agents: list[str] = []
        self.possible_agents = list(env.possible_agents)

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin an episode."""
        observations, infos = super().reset(seed=seed, options=options)
        self.agents = list(self.env.agents)
        return observations, infos

    def step(
        self, actions: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, float], dict[str, bool], dict[str, bool], dict[str, Any]]:
        """Move; pay and end the episode when all landmarks are covered."""
        observations, _, _, truncations, infos = super().step(actions)
        done = bool((_distance(*self._positions()) < self._radius).any(axis=0).all())
        rewards = {agent: float(done) for agent in self.agents}
        terminations = dict.fromkeys(self.agents, done)
        truncations = {agent: truncations[agent] and not done for agent in self.agents}
        self.agents = [] if done else list(self.env.agents)
        return observations, rewards, terminations, truncations, infos

    def features(self) -> dict[str, Any]:
        """Numbers of the current state: () for the team, (A,) for agents, (A, A) for pairs of agents."""
        agents, landmarks = self._positions()
        distances = _distance(agents, landmarks)
        covering = distances < self._radius
        return {
            "nearest_landmark_distance": distances.min(axis=1),
            "partner_distance": _distance(agents, agents),
            "landmark_distance": distances.min(axis=0).mean(),
            "landmarks_approached": len(set(distances.argmin(axis=1))),
            "covering": covering.any(axis=1),
            "landmarks_covered": covering.any(axis=0).sum(),
        }

    def task_card(self) -> dict[str, Any]:
        """What the features mean, and the way to success; fields as in `proto/also/v1/task.proto`."""
        count = len(self.possible_agents)
        width, landmarks = ("width", 0, FARTHEST), ("landmarks", 0, count)
        rows = [
            ("nearest_landmark_distance", *width, "lower", "Distance of an agent to its nearest landmark."),
            ("partner_distance", *width, "higher", "Distance between two agents."),
            ("landmark_distance", *width, "lower", "Mean over landmarks of the distance to the nearest agent."),
            ("landmarks_approached", *landmarks, "higher", "Landmarks that are nearest to some agent."),
            ("covering", "bool", 0, 1, "higher", "Whether an agent covers a landmark."),
            ("landmarks_covered", *landmarks, "higher", "Landmarks that are covered."),
        ]
        keys = ("name", "unit", "minimum", "maximum", "direction", "description")
        milestones = [
            {
                "name": "all_covered" if number == count else f"covered_{number}",
                "feature": "landmarks_covered",
                "threshold": number,
                "agents_needed": number,
                "progress_feature": "nearest_landmark_distance" if number == 1 else "landmark_distance",
            }
            for number in range(1, count + 1)
        ]
        card = {
            "description": f"{count} agents in a plane 2 wide cover {count} landmarks, one agent each, all at once.",
            "features": [{**dict(zip(keys, row, strict=True)), "tells_of": "state"} for row in rows],
            "milestones": milestones,
            "episode_limit": self.env.unwrapped.max_cycles,
            "smallest_return": 1,
            "largest_return": 1,
        }
        if not self.env.unwrapped.continuous_actions:
            card["action_space"] = {"names": ["stay", "left", "right", "down", "up"], "idle": 0}
        return card

    def _positions(self) -> tuple[Array, Array]:
        """Where agents and landmarks are, (agents, 2) and (landmarks, 2)."""
        kinds = self._world.agents, self._world.landmarks
        agents, landmarks = (np.array([entity.state.p_pos for entity in kind]) for kind in kinds)
        return agents, landmarks


def _distance(first: Array, second: Array) -> Array:
    return np.asarray(np.linalg.norm(first[:, None] - second[None], axis=-1).clip(max=FARTHEST))
