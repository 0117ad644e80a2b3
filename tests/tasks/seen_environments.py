"""PettingZoo environments whose observations are awkward: imitations of what others' environments show.

Nothing here is collected by pytest; tests name these functions by import path, as a user would.
"""

import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv


class Showing(ParallelEnv):
    """Two agents, two choices, episodes of `limit` env_steps; `show` and `pay` say what is seen and paid."""

    metadata = {"name": "showing"}
    limit = 20
    low: object = -np.inf
    high: object = np.inf
    size = 3

    def __init__(self):
        self.possible_agents = ["one", "two"]
        self.observation_spaces = {a: spaces.Box(self.low, self.high, (self.size,)) for a in self.possible_agents}

    def observation_space(self, agent):
        return self.observation_spaces[agent]

    def action_space(self, agent):
        return spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        self.generator = np.random.default_rng(seed)
        self.agents = list(self.possible_agents)
        self.time = 0
        self.begin()
        return self.seen(), {agent: {} for agent in self.agents}

    def step(self, actions):
        acting, self.time = self.agents, self.time + 1
        self.move([actions[agent] for agent in acting])
        over = self.time >= self.limit
        self.agents = [] if over else acting
        never = dict.fromkeys(acting, False)
        return (
            self.seen(),
            dict.fromkeys(acting, self.pay()),
            never,
            dict.fromkeys(acting, over),
            {a: {} for a in acting},
        )

    def seen(self):
        return {agent: np.float32(self.show(number)) for number, agent in enumerate(self.possible_agents)}

    def begin(self):
        self.places = self.generator.integers(0, 5, 2)

    def move(self, choices):
        self.places = np.clip(self.places + 2 * np.array(choices) - 1, 0, 4)

    def show(self, number):
        raise NotImplementedError

    def pay(self):
        return float((self.places == 4).all())


class Wide(Showing):
    """Declares 1e16 on both sides, and shows places from 0 to 4 and a share of them."""

    low, high, size = -1e16, 1e16, 2

    def show(self, number):
        return [self.places[number], self.places[number] / 4 - 0.5]


class Leaving(Showing):
    """Declares 10 on both sides; its second number grows to 950."""

    low, high, size = -10, 10, 2

    def show(self, number):
        return [self.places[number], 50.0 * self.time * (self.time < 20)]


class OneHot(Showing):
    """144 numbers, one-hot by both places and by agent; of the first 32, two vary."""

    low, high, size = 0, 1, 144

    def show(self, number):
        shown = np.zeros(144)
        shown[number] = 1
        shown[10 + self.time % 2] = 1
        shown[60 + self.places[number]] = 1
        shown[100 + self.places[1 - number]] = 1
        return shown


class Repeating(Showing):
    """A place, the same, its complement, three times it and one more, a constant, and who it is."""

    size = 6

    def show(self, number):
        place = self.places[number]
        return [place, place, 4 - place, 3 * place + 1, 7, number]


class Telling(Showing):
    """40 numbers of noise; number 33 is 1 for a place that pays, and never else, number 34 stays for an episode."""

    size = 40

    def begin(self):
        super().begin()
        self.first = self.places

    def show(self, number):
        noise = self.generator.normal(size=40)
        noise[33] = self.pay()
        noise[34] = self.first[number]
        return noise


class Spiked(Showing):
    """A number from -1 to 1 that is a million once in an episode of 200, and one that is never below 0."""

    limit, size = 200, 2

    def show(self, number):
        spike = self.time == 100 and number == 0
        return [1e6 if spike else np.sin(self.time), self.time]


class Picture(Showing):
    """Two pictures of 84 x 84 x 3; a square of 4 x 4 moves along a line."""

    low, high, size = 0, 255, 84 * 84 * 3

    def show(self, number):
        picture = np.zeros((84, 84, 3))
        picture[40:44, 4 * self.places[number] : 4 * self.places[number] + 4] = 200
        return picture.ravel()


class Blank(Showing):
    """A screen that nobody draws on."""

    low, high, size = 0, 255, 4096

    def show(self, number):
        return np.zeros(4096)


class Measured(Showing):
    """Has `features()` and no card."""

    def show(self, number):
        return [self.places[number], 0, 0]

    def features(self):
        return {"far": 1000.0 * self.places, "still": 3.0, "all": float(self.places.sum())}


def wide():
    return Wide()


def leaving():
    return Leaving()


def one_hot():
    return OneHot()


def repeating():
    return Repeating()


def telling():
    return Telling()


def spiked():
    return Spiked()


def picture():
    return Picture()


def blank():
    return Blank()


def measured():
    return Measured()
