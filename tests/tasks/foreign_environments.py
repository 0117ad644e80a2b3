"""A PettingZoo environment for another interpreter: it needs NumPy there, and Gymnasium or gym if it is there, and says
which of ALSO's packages it could see.

Nothing here is collected by pytest; it is imported in an interpreter that has no ALSO.
"""

import random
import sys
import time

import numpy as np


class Box:
    """A space as an environment may bring its own: neither Gymnasium's nor gym's."""

    def __init__(self, low, high, shape):
        self.low, self.high, self.shape, self.dtype = low, high, shape, np.float32


class Discrete:
    """Another one."""

    def __init__(self, n):
        self.n = n


class Race:
    """Two agents, three env_steps; dice of the process's, a mask, an agent that leaves first, infos of any kind."""

    def __init__(self, prize=1.0, deed=""):
        self.possible_agents = ["ann", "bob"]
        self.prize, self.deed = prize, deed

    def observation_space(self, agent):
        return {"ann": Box(0.0, 1.0, (3,)), "bob": Box(np.zeros((2, 2)), np.ones((2, 2)), (2, 2))}[agent]

    def action_space(self, agent):
        return Discrete(3)

    def observe(self):
        self.draw = (random.random(), float(np.random.random()))
        bob = np.array([[self.time / 3, 0], [*self.draw]], np.float32)
        return {"ann": [self.time / 3, *self.draw], "bob": bob}

    def reset(self, seed=None, options=None):
        self.agents, self.time = list(self.possible_agents), 0
        self.sum = np.float64(0)
        return self.observe(), {agent: {"log": open, "action_mask": np.array([1, 0, 1])} for agent in self.agents}

    def step(self, actions):
        acting, self.time = self.agents, self.time + 1
        if self.time == 2 and self.deed:
            DEEDS[self.deed]()
        self.sum += sum(actions.values())
        ended = {agent: self.time >= (2 if agent == "ann" else 3) for agent in acting}
        self.agents = [agent for agent in acting if not ended[agent]]
        rewards = {agent: np.float32(self.prize * (not self.agents)) for agent in acting}
        seen = {agent: seen for agent, seen in self.observe().items() if agent in acting}
        return seen, rewards, ended, dict.fromkeys(acting, np.bool_(False)), {agent: {"what": self} for agent in acting}

    def state(self):
        return np.array([self.time, *self.draw])

    def features(self):
        return {"time": self.time, "sum": self.sum, "share": np.arange(2) / 2}

    def task_card(self):
        seen = [name for name in ("also", "torch", "google.protobuf") if name in sys.modules]
        return {
            "description": f"Run. NumPy {np.__version__}; seen: {seen}.",
            "features": [{"name": "time", "minimum": 0, "maximum": 3}],
            "smallest_return": 0.5,
        }


class Player:
    """No environment, and no space: something whose parts cannot be carried over."""

    def __init__(self):
        self.observation_space = self.action_space = {"hands": open}


class Unknown(Race):
    """Its agents see what is no space of any kind."""

    def observation_space(self, agent):
        return Player()


def player():
    return Player()


def unknown_space():
    return Unknown()


def _hang():
    while True:
        time.sleep(0.05)


def _exit():
    import os

    print("no licence", file=sys.stderr)
    os._exit(3)


DEEDS = {"hang": _hang, "raise": lambda: [][7], "exit": _exit}


def race(prize=1.0, deed=""):
    return Race(prize, deed)


def nothing():
    return {"reset": 1}
