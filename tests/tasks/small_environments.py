"""PettingZoo environments for the adapter's tests: a sound one, varied ones, and one for each way to be broken.

Nothing here is collected by pytest; tests name these functions by import path, as a user would.
"""

import itertools
from pathlib import Path

import numpy as np
from gymnasium import spaces
from pettingzoo import AECEnv, ParallelEnv

NUMBER = 7


class Line(ParallelEnv):
    """Agents walk on a line of five cells (0 stays, 1 left, 2 right); when all are on cell 0 each is paid 1."""

    metadata = {"name": "line"}

    def __init__(self, agents=2, limit=6):
        self.possible_agents = [f"walker_{number}" for number in range(agents)]
        self.limit = limit
        self.observation_spaces = {agent: spaces.Box(0, 4, (2,)) for agent in self.possible_agents}
        self.action_spaces = {agent: spaces.Discrete(3) for agent in self.possible_agents}

    def observation_space(self, agent):
        return self.observation_spaces[agent]

    def action_space(self, agent):
        return self.action_spaces[agent]

    def reset(self, seed=None, options=None):
        generator = np.random.default_rng(seed)
        self.agents = list(self.possible_agents)
        self.cells = {agent: int(generator.integers(1, 5)) for agent in self.agents}
        self.time = 0
        return self.observe(self.agents), {agent: {} for agent in self.agents}

    def observe(self, agents):
        mean = np.mean(list(self.cells.values()))
        return {agent: np.array([self.cells[agent], mean], np.float32) for agent in agents}

    def step(self, actions):
        acting, self.time = self.agents, self.time + 1
        for agent, action in actions.items():
            self.cells[agent] = int(np.clip(self.cells[agent] + (0, -1, 1)[action], 0, 4))
        done = not any(self.cells.values())
        terminations = dict.fromkeys(acting, done)
        truncations = dict.fromkeys(acting, self.time >= self.limit and not done)
        self.agents = [agent for agent in acting if not (terminations[agent] or truncations[agent])]
        rewards = {agent: float(done) for agent in acting}
        return self.observe(acting), rewards, terminations, truncations, {agent: {} for agent in acting}


def line(agents=2, limit=6):
    return Line(agents, limit)


class DescribedLine(Line):
    """`Line` with features and a card."""

    def features(self):
        cells = np.array(list(self.cells.values()))
        return {"cell": cells, "gap": np.abs(cells[:, None] - cells), "home": (cells == 0).sum()}

    def task_card(self):
        return {
            "description": "Walk to cell 0.",
            "features": [
                {"name": "cell", "unit": "cells", "minimum": 0, "maximum": 4, "direction": "lower"},
                {"name": "home", "unit": "agents", "minimum": 0, "maximum": len(self.possible_agents)},
            ],
            "milestones": [{"name": "all_home", "feature": "home", "threshold": len(self.possible_agents)}],
            "roles": [{"name": "leader", "agents": [0]}],
            "action_space": {"names": ["stay", "left", "right"], "idle": 0},
            "smallest_return": 1,
            "largest_return": 1,
        }


def described_line(agents=2):
    return DescribedLine(agents)


class Uneven(Line):
    """Agents with other spaces, masks in the observation, and one that leaves after two env_steps."""

    def __init__(self):
        super().__init__(agents=3)
        seen = [
            spaces.Dict({"cell": spaces.Discrete(5), "mean": spaces.Box(0, 4, ())}),
            spaces.Tuple((spaces.MultiBinary(2), spaces.MultiDiscrete([2, 3]))),
            spaces.Box(0, 4, (1,)),
        ]
        sizes = [3, 2, 4]
        for agent, space, size in zip(self.possible_agents, seen, sizes, strict=True):
            mask = spaces.MultiBinary(size)
            self.observation_spaces[agent] = spaces.Dict({"seen": space, "action_mask": mask})
            self.action_spaces[agent] = spaces.Discrete(size, start=10 if size == 3 else 0)
        self.given = []

    def observe(self, agents):
        cells = [self.cells[agent] for agent in self.possible_agents]
        seen = [
            {"cell": cells[0], "mean": np.float32(np.mean(cells))},
            (np.array([1, 0], np.int8), np.array([1, cells[1] % 3])),
            np.array([cells[2]], np.float32),
        ]
        masks = [[1, 1, 0], [0, 1], [0, 0, 0, 0]]
        every = dict(zip(self.possible_agents, zip(seen, masks, strict=True), strict=True))
        return {agent: {"seen": every[agent][0], "action_mask": np.array(every[agent][1])} for agent in agents}

    def step(self, actions):
        self.given.append(dict(actions))
        acting = list(self.agents)
        result = super().step(dict.fromkeys(actions, 0))
        if self.time == 2:
            self.agents.remove("walker_1")
            result[2]["walker_1"] = True
        result[1].update({agent: float(number) for number, agent in enumerate(acting)})
        return result


def uneven():
    return Uneven()


class Gliding(Line):
    """Continuous actions with other bounds and shapes for each agent, and a global state."""

    def __init__(self):
        super().__init__()
        first, second = self.possible_agents
        self.action_spaces = {first: spaces.Box(-1, 2, (1,)), second: spaces.Box(0, 1, (2, 1), np.float64)}
        self.given = []

    def state(self):
        return np.array(list(self.cells.values()))

    def step(self, actions):
        self.given.append(actions)
        return super().step(dict.fromkeys(actions, 0))


def gliding():
    return Gliding()


class Endless(Line):
    """Never ends, pays 0.25 to one agent in every env_step."""

    def step(self, actions):
        observations, _, ended, _, infos = super().step(actions)
        self.agents = list(self.possible_agents)
        never = dict.fromkeys(ended, False)
        return observations, {"walker_0": 0.25, "walker_1": 0.0}, never, dict(never), infos


def endless():
    return Endless()


class Gated(Line):
    """Walker 0 has a mask after every other env_step only, and says so in its infos; it leaves after four."""

    def step(self, actions):
        acting = list(self.agents)
        observations, rewards, terminations, truncations, infos = super().step(actions)
        if self.time % 2 and "walker_0" in infos:
            infos["walker_0"] = {"action_mask": np.array([0, 1, 0], np.int8)}
        if self.time == 4 and "walker_0" in self.agents:
            self.agents.remove("walker_0")
            terminations["walker_0"] = True
        return observations, rewards, terminations, truncations, {agent: infos[agent] for agent in acting}


def gated():
    return Gated()


class Departures(Line):
    """Of three walkers one leaves after two env_steps, one after four, in an order that the seed decides.

    Each is paid 0.3 while anybody who acts stands on cell 0. With `late` the second walker comes after one env_step.
    `noise` decides all that is said of walkers who are not there, but for where the last act of one has led.
    """

    def __init__(self, continuous=False, late=False, noise=0):
        super().__init__(agents=3, limit=7)
        self.late, self.noise = late, noise
        if continuous:
            self.action_spaces = {agent: spaces.Box(-1, 1, (2,)) for agent in self.possible_agents}
        self.continuous = continuous

    def reset(self, seed=None, options=None):
        super().reset(seed)
        ends = np.random.default_rng([seed, 1]).permutation([2, 4, self.limit])
        self.ends = dict(zip(self.possible_agents, ends.tolist(), strict=True))
        self.acted = []
        if self.late:
            self.agents.remove("walker_1")
        return self.observe(), {agent: {} for agent in self.agents}

    def observe(self, agents=()):
        mean = np.mean([self.cells[agent] for agent in self.agents]) if self.agents else 0
        away = {agent: self.noise * (self.time + 1) for agent in self.possible_agents if agent not in self.agents}
        seen = {agent: np.array([self.cells[agent], mean], np.float32) for agent in self.agents}
        return seen | {agent: np.full(2, value, np.float32) for agent, value in away.items()}

    def step(self, actions):
        self.acted = acting = list(self.agents)
        self.time += 1
        for agent in acting:
            action = int(np.sign(actions[agent][0])) if self.continuous else (0, -1, 1)[actions[agent]]
            self.cells[agent] = int(np.clip(self.cells[agent] + action, 0, 4))
        over = self.time >= self.limit
        ended = {agent: self.time >= self.ends[agent] for agent in acting}
        home = [agent for agent in acting if self.cells[agent] == 0]
        falls = {agent: ended[agent] and (agent in home if over else agent != "walker_2") for agent in acting}
        cut = {agent: ended[agent] and not falls[agent] for agent in acting}
        reward = 0.3 * bool(home)
        last = {agent: np.array([self.cells[agent], 4], np.float32) for agent in acting if ended[agent]}
        self.agents = [agent for agent in acting if not ended[agent]]
        if self.late and self.time == 1:
            self.agents.append("walker_1")
        return self.observe() | last, dict.fromkeys(acting, reward), falls, cut, {agent: {} for agent in acting}

    def features(self):
        away = self.noise * (self.time + 1) % 5
        known = {*self.agents, *self.acted}
        cells = [self.cells[agent] if agent in known else away for agent in self.possible_agents]
        home = float(any(self.cells[agent] == 0 for agent in self.agents))
        return {"cell": np.array(cells), "at_home": np.array(cells) == 0, "home": home}

    def task_card(self):
        return {
            "features": [
                {"name": "cell", "minimum": 0, "maximum": 4, "tells_of": "state"},
                {"name": "at_home", "minimum": 0, "maximum": 1, "tells_of": "state"},
                {"name": "home", "minimum": 0, "maximum": 1, "tells_of": "state"},
            ],
            "smallest_return": 0.2,
            "largest_return": 2.1,
            **({} if self.continuous else {"action_space": {"names": ["stay", "left", "right"], "idle": 0}}),
        }


def departures(continuous=False, late=False, noise=0):
    return Departures(continuous, late, noise)


def only(**changes):
    """A `Line` whose class has other attributes."""
    return type("Broken", (Line,), changes)()


def raises():
    raise ValueError("seven apples\nand more")


def no_environment():
    return {"reset": 1}


class Turns(AECEnv):
    """Not parallel."""

    def __init__(self):
        super().__init__()
        self.possible_agents = ["a"]


def aec():
    return Turns()


def nobody():
    env = Line()
    env.possible_agents = []
    return env


def mixed_actions():
    env = Line()
    env.action_spaces["walker_1"] = spaces.Box(0, 1, (2,))
    return env


def unbounded_actions():
    env = Line()
    env.action_spaces = dict.fromkeys(env.possible_agents, spaces.Box(-np.inf, np.inf, (2,)))
    return env


def several_choices():
    env = Line()
    env.action_spaces = dict.fromkeys(env.possible_agents, spaces.MultiDiscrete([2, 2]))
    return env


def text_observations():
    env = Line()
    env.observation_spaces = dict.fromkeys(env.possible_agents, spaces.Graph(spaces.Box(0, 1, (1,)), None))
    return env


def no_space():
    return only(observation_space=lambda self, agent: None)


def short_reset():
    return only(reset=lambda self, seed=None, options=None: Line.reset(self, seed)[0])


def seedless_reset():
    return only(reset=lambda self: Line.reset(self))


def missing_agent():
    return only(observe=lambda self, agents: Line.observe(self, agents[1:]))


def short_step():
    return only(step=lambda self, actions: Line.step(self, actions)[:4])


def raising_step():
    def step(self, actions):
        return Line.step(self, actions) if self.time < 3 else 1 / 0

    return only(step=step)


def _with_rewards(value):
    def step(self, actions):
        result = Line.step(self, actions)
        return result[0], dict.fromkeys(result[1], value), *result[2:]

    return only(step=step)


def infinite_reward():
    return _with_rewards(np.inf)


def text_reward():
    return _with_rewards("much")


def wide_observation():
    return only(observe=lambda self, agents: {agent: np.zeros(3, np.float32) for agent in agents})


def infinite_observation():
    return only(observe=lambda self, agents: {agent: np.full(2, np.nan, np.float32) for agent in agents})


def lingering_agents():
    def step(self, actions):
        result = Line.step(self, actions)
        self.agents = list(self.possible_agents)
        return result

    return only(step=step)


_random = itertools.count()


def unseeded():
    return only(reset=lambda self, seed=None, options=None: Line.reset(self, next(_random)))


def listed_features():
    return only(features=lambda self: [1, 2])


def misshapen_feature():
    return only(features=lambda self: {"cell": np.zeros(5)})


def infinite_feature():
    return only(features=lambda self: {"cell": np.nan})


def text_feature():
    return only(features=lambda self: {"cell": "left"})


def changing_features():
    return only(features=lambda self: {f"feature_{self.time}": 1.0})


def reserved_feature():
    return only(features=lambda self: {"episode_return": 1.0})


def _card(**changes):
    return type("Broken", (DescribedLine,), {"task_card": lambda self: DescribedLine.task_card(self) | changes})()


def listed_card():
    return type("Broken", (Line,), {"task_card": lambda self: [1]})()


def misspelt_card():
    return _card(smalest_return=1)


def card_with_agents():
    return _card(agents=["a", "b"])


def card_with_unknown_feature():
    return _card(features=[{"name": "hunger", "minimum": 0, "maximum": 1}])


def card_with_narrow_range():
    return _card(features=[{"name": "cell", "minimum": 0, "maximum": 0.5}, {"name": "home", "maximum": 2}])


def card_with_other_scope():
    return _card(features=[{"name": "cell", "scope": "team", "minimum": 0, "maximum": 4}])


def card_with_unknown_milestone():
    return _card(milestones=[{"name": "fed", "feature": "hunger", "threshold": 1}])


def card_with_far_role():
    return _card(roles=[{"name": "leader", "agents": [2]}])


def card_with_returns_reversed():
    return _card(smallest_return=2)


def card_with_four_actions():
    return _card(action_space={"names": ["a", "b", "c", "d"]})


def card_with_action_bounds():
    return _card(action_space={"size": 3})


def failing_later(marker):
    """Raises on each reset once the file `marker` is there."""

    def reset(self, seed=None, options=None):
        if Path(marker).exists():
            raise RuntimeError("worn out")
        return Line.reset(self, seed)

    return only(reset=reset)


def printing():
    print("printed by user code")
    return Line()
