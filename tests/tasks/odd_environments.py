"""PettingZoo environments that are odd, but no more than what people bring: each a `Line` with one habit.

Those of `Lenient` pass PettingZoo's own parallel_api_test. Nothing here is collected by pytest; tests name these
functions by import path, as a user would.
"""

import random
import warnings

import numpy as np
from gymnasium import spaces
from small_environments import Line


def line_with(**changes):
    """A `Line` whose class has other attributes."""
    return type("OddLine", (Line,), changes)()


def after(change):
    """A `Line` each of whose steps is changed by a function of the environment, its results and who acted."""

    def step(self, actions):
        acting = list(self.agents)
        result = [dict(part) for part in Line.step(self, actions)]
        change(self, result, acting)
        return tuple(result)

    return line_with(step=step)


# What becomes of `state()`, `features()` and spaces once the last agent has left.


def cells(self):
    return np.array([*self.cells.values(), self.time], np.float64)


def raising_state():
    """`state()` raises after the last agent has left."""
    return line_with(state=lambda self: cells(self) if self.agents else [][0])


def shrinking_state():
    """`state()` has a number for each living agent, and one more for the time."""
    return line_with(state=lambda self: [*(self.cells[agent] for agent in self.agents), self.time])


def emptied_state():
    """`state()` returns nothing after the last agent has left."""
    return line_with(state=lambda self: cells(self) if self.agents else None)


def nan_state():
    """`state()` is not finite after the last agent has left."""
    return line_with(state=lambda self: cells(self) if self.agents else np.full(3, np.nan))


def hiccuping_state():
    """`state()` raises at one env_step while agents live."""
    return line_with(state=lambda self: 1 / 0 if self.time == 2 else cells(self))


def late_state():
    """`state()` raises before the first reset."""
    return line_with(state=lambda self: list(self.cells.values()))


def integer_state():
    return line_with(state=lambda self: tuple(self.cells.values()))


def no_state():
    return line_with(state=lambda self: None)


def dict_state():
    return line_with(state=lambda self: dict(self.cells))


def state_of_the_first_episode():
    """`state()` works in the first episode of an object, and raises in all others."""

    def reset(self, seed=None, options=None):
        self.episodes = getattr(self, "episodes", 0) + 1
        return Line.reset(self, seed)

    return line_with(reset=reset, state=lambda self: cells(self) if self.episodes < 2 else [][0])


def growing_state():
    """`state()` has one number more with each env_step."""
    return line_with(state=lambda self: [0.0] * (1 + self.time))


def spotty_state():
    """`state()` is not finite at one env_step while agents live."""
    return line_with(state=lambda self: cells(self) if self.time != 2 else cells(self) * np.nan)


def failing_features():
    """`features()` raises after the last agent has left."""
    return line_with(features=lambda self: {"leader": self.cells[self.agents[0]]})


def shrinking_features():
    """`features()` has other names after the last agent has left."""
    return line_with(features=lambda self: {"time": self.time} if self.agents else {})


def forgetful_spaces():
    """Action spaces are known for living agents only."""

    def action_space(self, agent):
        if hasattr(self, "cells") and agent not in self.agents:
            raise KeyError(agent)
        return self.choices[agent]

    env = line_with(action_space=action_space)
    env.choices = env.action_spaces
    del env.action_spaces
    return env


def growing_choices():
    """The action space has another choice from the third env_step on."""

    def action_space(self, agent):
        return spaces.Discrete(4 if getattr(self, "time", 0) > 2 else 3)

    return line_with(action_space=action_space)


def blind_at_the_end():
    """No observations for agents that have ended."""
    return after(lambda self, result, acting: [result[0].pop(agent) for agent in acting if agent not in self.agents])


def broken_at_the_end():
    """Observations of another size for agents that have ended."""

    def change(self, result, acting):
        result[0].update({agent: np.zeros(1) for agent in acting if agent not in self.agents})

    return after(change)


def empty_episodes(share=2):
    """An episode is over when it begins, for every other seed."""

    def reset(self, seed=None, options=None):
        result = Line.reset(self, seed)
        if seed % int(share) == 0:
            self.agents = []
        return result

    return line_with(reset=reset)


# What a seed does not decide.


class Dicing(Line):
    """Moves its agents by dice of the process, one after the other, at a reset and in every step."""

    def draw(self):
        return random.randrange(5)

    def reset(self, seed=None, options=None):
        result = super().reset(seed)
        self.cells = {agent: self.draw() for agent in self.agents}
        return self.observe(self.agents), result[1]

    def step(self, actions):
        result = super().step(actions)
        self.cells[self.possible_agents[0]] = self.draw()
        return self.observe(list(result[0])), *result[1:]


def python_dice():
    return Dicing()


def numpy_dice():
    return type("Odd", (Dicing,), {"draw": lambda self: np.random.randint(5)})()


def torch_dice():
    """As vmas: every draw is from PyTorch's global generator, seeded by the reset."""
    import torch

    def reset(self, seed=None, options=None):
        torch.manual_seed(seed)
        return Dicing.reset(self, seed)

    return type("Odd", (Dicing,), {"draw": lambda self: int(torch.randint(5, ())), "reset": reset})()


def seeded_dice():
    """Seeds Python's dice at a reset: alone it repeats, beside another one it does not."""

    def reset(self, seed=None, options=None):
        random.seed(seed)
        return Dicing.reset(self, seed)

    return type("Odd", (Dicing,), {"reset": reset})()


def built_by_dice():
    """Draws when it is built."""
    env = Dicing()
    env.limit = random.randrange(3, 30)
    return env


def sampled_starts():
    """Draws from its own spaces, which nobody has seeded."""
    return type("Odd", (Dicing,), {"draw": lambda self: int(self.action_spaces["walker_0"].sample())})()


def worn_object():
    """A second reset of the same object depends on the episodes before it."""

    def reset(self, seed=None, options=None):
        self.worn = getattr(self, "worn", 0) + 1
        return Line.reset(self, seed + self.worn)

    return line_with(reset=reset)


def single_use():
    """A second reset of the same object raises."""

    def reset(self, seed=None, options=None):
        if hasattr(self, "time"):
            raise RuntimeError("already running")
        return Line.reset(self, seed)

    return line_with(reset=reset)


def worn_dice():
    """A second reset depends on the episodes before it, and the dice are the process's."""

    def reset(self, seed=None, options=None):
        self.worn = getattr(self, "worn", 0) + 1
        result = Dicing.reset(self, seed)
        self.cells["walker_1"] = self.worn % 5
        return self.observe(self.agents), result[1]

    return type("Odd", (Dicing,), {"reset": reset})()


_anything = random.SystemRandom()


def undecided():
    """Draws from the operating system."""
    return type("Odd", (Dicing,), {"draw": lambda self: _anything.randrange(5)})()


_shared = [0]


def shared_memory():
    """All objects of a process write into one place, and read from it."""

    def draw(self):
        _shared[0] = (_shared[0] + self.time + 1) % 5
        return _shared[0]

    def reset(self, seed=None, options=None):
        _shared[0] = 0
        self.time = 0
        return Dicing.reset(self, seed)

    return type("Odd", (Dicing,), {"draw": draw, "reset": reset})()


def order_of_a_set():
    """The agents' starts depend on the order of a set of texts."""

    def reset(self, seed=None, options=None):
        result = Line.reset(self, seed)
        self.cells = dict(zip({"walker_0", "walker_1"}, [1, 4], strict=True))
        return self.observe(self.agents), result[1]

    return line_with(reset=reset)


_open = []


class Single(Line):
    """A simulator that allows one instance a process."""

    def __init__(self):
        super().__init__()
        if _open:
            raise RuntimeError("the simulator is in use")
        _open.append(self)

    def close(self):
        _open.remove(self)


def single():
    return Single()


# What PettingZoo's own test takes.


def infos_of_the_living():
    """Agents that have ended are left out of the infos."""
    return after(lambda self, result, acting: [result[4].pop(agent) for agent in acting if agent not in self.agents])


def no_infos():
    return after(lambda self, result, acting: result[4].clear())


def extra_keys():
    """All agents are in every dict, and words for the whole team besides."""

    def change(self, result, acting):
        for part, value in zip(result, (np.zeros(2, np.float32), 9.0, True, True, {}), strict=True):
            part.update({agent: value for agent in self.possible_agents if agent not in acting})
            part["common"] = value

    return after(change)


def numpy_truths():
    def change(self, result, acting):
        for part in result[2:4]:
            part.update({agent: np.bool_(value) for agent, value in part.items()})

    return after(change)


def whole_truths():
    def change(self, result, acting):
        for part in result[2:4]:
            part.update({agent: np.int64(value) for agent, value in part.items()})

    return after(change)


def array_rewards():
    return after(lambda self, result, acting: result[1].update({agent: np.array([0.5]) for agent in acting}))


def scalar_rewards():
    return after(lambda self, result, acting: result[1].update({agent: np.float32(0.5) for agent in acting}))


def whole_rewards():
    return after(lambda self, result, acting: result[1].update({agent: np.array(1) for agent in acting}))


def paid_first_only():
    """Only one agent is in the rewards."""
    return after(lambda self, result, acting: result[1].update({"walker_0": 1.0}) or result[1].pop("walker_1"))


def untruncated_ends():
    """Agents that terminated are left out of the truncations."""
    return after(lambda self, result, acting: [result[3].pop(a) for a in acting if result[2][a]])


def ended_twice():
    """At its time limit an agent is terminated and truncated."""
    return after(lambda self, result, acting: result[2].update(result[3]))


def shuffled_agents():
    """`agents` is in another order after every step."""
    return after(lambda self, result, acting: self.agents.reverse())


def agents_in_a_tuple():
    class Fixed(Line):
        @property
        def possible_agents(self):
            return ("walker_0", "walker_1")

        @possible_agents.setter
        def possible_agents(self, agents):
            pass

    return Fixed()


def unnamed_agents():
    """There are no `possible_agents`."""
    env = Line()

    class Unnamed:
        metadata = env.metadata
        agents = property(lambda self: env.agents)
        unwrapped = property(lambda self: self)

        def __getattr__(self, name):
            if name == "possible_agents":
                raise AttributeError(name)
            return getattr(env, name)

    return Unnamed()


def tables_of_spaces():
    """Spaces are in the attributes `observation_spaces` and `action_spaces` only."""
    from pettingzoo import ParallelEnv

    return type(
        "Odd",
        (Line,),
        {"observation_space": ParallelEnv.observation_space, "action_space": ParallelEnv.action_space},
    )()


def table_that_warns():
    """Spaces in a method and in tables that warn of being read, as PettingZoo's conversions from AEC have them."""

    def table(hidden):
        def read(self):
            warnings.warn("this table is deprecated", stacklevel=1)
            return getattr(self, hidden)

        return property(read, lambda self, spaces: setattr(self, hidden, spaces))

    return line_with(
        observation_spaces=table("seen"),
        action_spaces=table("done"),
        observation_space=lambda self, agent: self.seen[agent],
        action_space=lambda self, agent: self.done[agent],
    )


class Unspaced(Line):
    """Its spaces are there after a reset only."""

    def __init__(self):
        super().__init__()
        self.hidden = self.observation_spaces
        del self.observation_spaces

    def reset(self, seed=None, options=None):
        self.observation_spaces = self.hidden
        return super().reset(seed)


def spaces_after_a_reset():
    return Unspaced()


def returning():
    """walker_0 leaves after two env_steps, and is back after the fourth."""

    def change(self, result, acting):
        if self.time == 2:
            result[2]["walker_0"] = True
            self.agents.remove("walker_0")
        if self.time == 4:
            self.agents.insert(0, "walker_0")
            result[0]["walker_0"] = np.array([4, 4], np.float32)

    return after(change)


def reset_in_a_list():
    return line_with(reset=lambda self, seed=None, options=None: list(Line.reset(self, seed)))


def reset_without_options():
    return line_with(reset=lambda self, seed=None: Line.reset(self, seed))


# Spaces of other packages.


class Box:
    """As pymapf's."""

    def __init__(self, low, high, shape):
        self.low, self.high, self.shape = low, high, shape


class Discrete:
    """As pymapf's."""

    def __init__(self, n):
        self.n = n


class Grid:
    """Says nothing of itself."""


def foreign_spaces():
    env = Line()
    env.observation_spaces = dict.fromkeys(env.possible_agents, Box(0, 4, (2,)))
    env.action_spaces = dict.fromkeys(env.possible_agents, Discrete(3))
    return env


def unknown_space():
    env = Line()
    env.observation_spaces = dict.fromkeys(env.possible_agents, Grid())
    return env


def impossible_space():
    env = Line()
    env.action_spaces = dict.fromkeys(env.possible_agents, Discrete(0))
    return env


def nothing_to_see():
    env = line_with(observe=lambda self, agents: {agent: np.zeros(0, np.float32) for agent in agents})
    env.observation_spaces = dict.fromkeys(env.possible_agents, spaces.Box(0, 1, (0,)))
    return env


def a_mask_to_see():
    """Observations that are a mask, and nothing else."""
    env = line_with(
        observe=lambda self, agents: {agent: {"action_mask": np.array([1, 1, 0], np.int8)} for agent in agents}
    )
    env.observation_spaces = dict.fromkeys(env.possible_agents, spaces.Dict({"action_mask": spaces.MultiBinary(3)}))
    return env


def one_who_sees():
    """walker_1 sees nothing."""

    def observe(self, agents):
        seen = Line.observe(self, agents)
        return {agent: seen[agent] if agent == "walker_0" else np.zeros(0, np.float32) for agent in agents}

    env = line_with(observe=observe)
    env.observation_spaces["walker_1"] = spaces.Box(0, 1, (0,))
    return env
