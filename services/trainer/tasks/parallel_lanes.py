"""What a worker of a PettingZoo task does: some of its lanes, from commands and shared memory.

A lane is one of the R * E environments. Commands are `inspect` (try the environment, write its
card), `open` (build the worker's lanes), `restart` (begin episodes where the memory says so) and
`step`.
"""

import time
from typing import Any

import numpy as np

from also import document
from also.errors import TaskError
from also.v1.task_pb2 import Task, TaskCard
from services.trainer.tasks.import_path import search_in
from services.trainer.tasks.parallel_card import inspect
from services.trainer.tasks.parallel_environment import (
    EPISODE_RETURN,
    OBSERVATION_FEATURE,
    ParallelEnvironment,
    open_environment,
)
from services.trainer.tasks.parallel_fit import check_fit, misfit
from services.trainer.tasks.parallel_memory import Memory
from services.trainer.tasks.parallel_sources import stamps, watched

_ROUNDING = 1e-6
"""Share of a feature's range that a value may leave it by without being counted as clipped."""


class Worker:
    """Answers the trainer's commands."""

    def __init__(self, descriptor: int) -> None:
        """Keep the descriptor of the shared memory; nothing else is known yet."""
        self._descriptor = descriptor
        self._lanes: Lanes | None = None

    def answer(self, command: str, **data: Any) -> dict[str, Any]:
        """Do what a command says.

        Raises:
            TaskError: user code raised or broke the API.
        """
        match command:
            case "inspect":
                search_in(data["path"])
                task = document.read(Task, data["task"])
                began_ns = time.time_ns()
                with watched() as opened:
                    card = inspect(task, open_environment(task))
                return {"card": document.plain(card), "files": stamps(task, opened, began_ns=began_ns)}
            case "open":
                search_in(data["path"])
                card = document.read(TaskCard, data["card"])
                memory = Memory(self._descriptor, card, data["lanes"])
                task = document.read(Task, data["task"])
                self._lanes = Lanes(task, card, memory, range(data["first"], data["end"]))
            case "restart":
                assert self._lanes is not None
                self._lanes.restart()
            case "step":
                assert self._lanes is not None
                self._lanes.step()
            case _:
                raise ValueError(f"unknown command {command!r}")
        return {}


class Lanes:
    """The environments of one worker."""

    def __init__(self, task: Task, card: TaskCard, memory: Memory, lanes: range) -> None:
        """Build the environments.

        Raises:
            TaskError: one of them cannot be built, or does not fit the card.
        """
        self._memory = memory
        self._slice = slice(lanes.start, lanes.stop)
        widths = list(memory.widths.values())
        self._lows, self._highs = (
            np.repeat(np.array([getattr(feature, end) for feature in card.features], np.float32), widths)
            for end in ("minimum", "maximum")
        )
        self._firsts = np.cumsum([0, *widths[:-1]])
        """Column of each feature's first value."""
        slack = _ROUNDING * (self._highs - self._lows)
        self._bounds = self._lows - slack, self._highs + slack
        self._environments = {lane: open_environment(task) for lane in lanes}
        for lane, environment in self._environments.items():
            check_fit(environment, card)
            environment.idle = max(card.action_space.idle, 0)
            environment.episode_limit = card.episode_limit
            environment.write_into(memory.observations[lane], memory.masks[lane])
        given = {name: place for name, place in memory.features.items() if name != EPISODE_RETURN}
        described = self._environments[lanes.start].has_features
        self._places = [(name, place, place.shape[1:]) for name, place in given.items()] if described else []
        self._parts = [] if described else [int(name.removeprefix(OBSERVATION_FEATURE)) for name in given]

    def restart(self) -> None:
        """Begin an episode in the lanes that the memory says, from the seeds that it holds."""
        for lane, environment in self._environments.items():
            if self._memory.restart[lane]:
                environment.reset(int(self._memory.seeds[lane]))
                self._write(lane, environment)
        self._finish_features()

    def step(self) -> None:
        """Move every lane by one env_step; a lane whose episode is over waits for its restart."""
        for lane, environment in self._environments.items():
            if environment.terminated or environment.truncated:
                self._memory.reward[lane] = 0.0
            else:
                environment.step(self._memory.actions[lane])
                self._write(lane, environment)
        self._finish_features()

    def _write(self, lane: int, environment: ParallelEnvironment) -> None:
        memory = self._memory
        state = environment.state()
        if state.size != memory.state.shape[1]:
            raise environment.error(misfit("state_size", state.size, memory.state.shape[1]))
        memory.state[lane] = state
        memory.reward[lane] = environment.reward
        memory.terminated[lane] = environment.terminated
        memory.truncated[lane] = environment.truncated
        memory.features[EPISODE_RETURN][lane] = environment.episode_return
        if not self._places:
            return
        values = environment.features()
        for name, place, shape in self._places:
            value = values.get(name)
            if value is None or value.shape != shape:
                found = "nothing" if value is None else f"shape {value.shape}"
                raise TaskError(
                    f"task {environment.name!r}: features() returned {found} for {name!r}, "
                    f"which had shape {shape} when the task was opened"
                )
            place[lane] = value

    def _finish_features(self) -> None:
        """For all lanes at once: take the features that are parts of the observations, and hold all to their ranges."""
        features = self._memory.all_features[self._slice]
        if self._parts:
            seen = self._memory.observations[self._slice][:, :, self._parts]  # (L, A, parts)
            features[:, :-1] = seen.swapaxes(1, 2).reshape(len(features), -1)  # the last one is the return
        low, high = self._bounds
        outside = (features < low) | (features > high)
        self._memory.clipped[self._slice] += np.add.reduceat(outside, self._firsts, axis=1, dtype=np.int64)
        self._memory.counted[self._slice] += 1
        features.clip(self._lows, self._highs, out=features)
