"""PettingZoo environments whose processes go wrong: they raise, die, never return, or want a process of their own.

Nothing here is collected by pytest; tests name these functions by import path, as a user would.
"""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv

ASTRAY = "astray"


class Countdown(ParallelEnv):
    """Two agents press one of two buttons; after `limit` env_steps each that pressed 1 last is paid 1."""

    metadata = {"name": "countdown"}

    def __init__(self, limit=5):
        self.possible_agents = ["a", "b"]
        self.limit = limit

    def observation_space(self, agent):
        return spaces.Box(0, 10, (2,), np.float32)

    def action_space(self, agent):
        return spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        self.number = int(np.random.default_rng(seed).integers(0, 10))
        self.agents, self.time = list(self.possible_agents), 0
        return self.observe(), {agent: {} for agent in self.agents}

    def observe(self):
        return {agent: np.array([self.time, self.number], np.float32) for agent in self.possible_agents}

    def step(self, actions):
        acting, self.time = self.agents, self.time + 1
        over = self.time >= self.limit
        self.agents = [] if over else acting
        rewards = {agent: float(over and actions[agent]) for agent in acting}
        return (
            self.observe(),
            rewards,
            dict.fromkeys(acting, False),
            dict.fromkeys(acting, over),
            {a: {} for a in acting},
        )


def countdown(limit=5):
    return Countdown(limit)


class Wayward(Countdown):
    """Does something at its third env_step once its trials are over: once the file `ASTRAY` is beside the logs."""

    def __init__(self, deed):
        super().__init__()
        self.deed = deed

    def step(self, actions):
        if self.time == 2 and Path(os.environ["ALSO_WORKER_LOGS"]).with_name(ASTRAY).exists():
            self.deed()
        return super().step(actions)


def _divide():
    return np.float64(1) / {"nothing": 0}["something"]


def raising():
    return Wayward(_divide)


def exiting():
    def deed():
        print("the licence has expired", file=sys.stderr)
        os._exit(3)

    return Wayward(deed)


def leaving():
    return Wayward(lambda: sys.exit("no more"))


def killed():
    return Wayward(lambda: os.kill(os.getpid(), signal.SIGKILL))


def crashing():
    return Wayward(lambda: ctypes.string_at(0))


def _wait_for_ever():
    while True:
        time.sleep(0.05)


def hanging():
    return Wayward(_wait_for_ever)


def holding():
    """Never returns from C code that holds the interpreter's lock."""
    return Wayward(lambda: ctypes.PyDLL(None).pause())


def hanging_to_build():
    _wait_for_ever()


class HangingElsewhere(Countdown):
    """Sound in the process that builds it first, which leaves its mark; in any other a step never returns."""

    def __init__(self, mark):
        super().__init__()
        self.mark = Path(mark)
        if not self.mark.exists():
            self.mark.write_text(str(os.getpid()))

    def step(self, actions):
        if self.mark.read_text() != str(os.getpid()):
            _wait_for_ever()
        return super().step(actions)


def hanging_elsewhere(mark):
    return HangingElsewhere(mark)


class Closing(Countdown):
    """Writes a line into a file when it is built and when it is closed."""

    def __init__(self, book, trouble=""):
        super().__init__()
        self.book, self.trouble = Path(book), trouble
        self.write("built")

    def write(self, word):
        with self.book.open("a") as book:
            book.write(f"{word} {os.getpid()}\n")

    def close(self):
        self.write("closed")
        if self.trouble == "raises":
            raise RuntimeError("the door is stuck")
        if self.trouble == "exits":
            sys.exit()
        if self.trouble == "hangs":
            _wait_for_ever()


def closing(book, trouble=""):
    return Closing(book, trouble)


class Single(Countdown):
    """A simulator that lives in the process: one instance at a time, the next only once it is closed."""

    instance = None

    def __init__(self, trouble):
        super().__init__()
        self.trouble = trouble
        if trouble == "build" and Single.instance is not None:
            raise RuntimeError("another simulation is running in this process")
        Single.instance = self

    def step(self, actions):
        if Single.instance is not self:
            if self.trouble == "hang":
                _wait_for_ever()
            raise RuntimeError("this simulation is not the one that runs")
        return super().step(actions)

    def close(self):
        if Single.instance is self:
            Single.instance = None


def single(trouble="build"):
    return Single(trouble)


class Forever(Single):
    """A simulator whose process can never hold a second one, whether the first was closed or not."""

    def close(self):
        pass


def forever():
    return Forever("build")
