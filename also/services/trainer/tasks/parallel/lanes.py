"""What a worker of a PettingZoo task does: some of its lanes, from commands and shared memory.

A lane is one of the R * E environments. Commands are `inspect` (try the environment, write its
card), `open` (build the worker's lanes), `restart` (begin episodes where the memory says so),
`step`, `render` (one lane's picture) and `close`. What user code raises is an error of the task, and its
traceback is in the log.
"""

import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from also import document
from also.errors import InputError, TaskError
from also.services.trainer.tasks.foreign.environment import foreign_sources
from also.services.trainer.tasks.import_path import describe_error, search_in
from also.services.trainer.tasks.parallel.build import open_environment
from also.services.trainer.tasks.parallel.card import inspect
from also.services.trainer.tasks.parallel.environment import (
    EPISODE_RETURN,
    OBSERVATION_FEATURE,
    ParallelEnvironment,
)
from also.services.trainer.tasks.parallel.fit import check_fit, misfit
from also.services.trainer.tasks.parallel.frames import StackFrame, innermost, print_traceback, raised_at, traceback_of
from also.services.trainer.tasks.parallel.memory import Memory
from also.services.trainer.tasks.parallel.place import PLACE, Call
from also.services.trainer.tasks.parallel.returns import BUILT_IN, FINAL_RETURN
from also.services.trainer.tasks.parallel.sources import stamps, watched
from also.v1.episode_pb2 import Picture
from also.v1.task_pb2 import Task, TaskCard

ONE_A_PROCESS = (
    "; alone in its process it does not do so, so if it allows one environment a process, set "
    "task.environments_per_process: 1"
)
"""What is said where environments that share a process fail, and one alone does not."""

_ROUNDING = 1e-6
"""Share of a feature's range that a value may leave it by without being counted as clipped."""


class Worker:
    """Answers the trainer's commands."""

    def __init__(self, descriptor: int) -> None:
        """Keep the descriptor of the shared memory; nothing else is known yet."""
        self._descriptor = descriptor
        self._lanes: Lanes | None = None
        self._last_call: Call | None = None

    def answer(self, command: str, data: dict[str, Any]) -> dict[str, Any]:
        """Do what a command says; `error` of the reply is what went wrong, and `raised` what the task's code raised."""
        self._last_call = None
        try:
            return self._do(command, data)
        except InputError as error:
            return self._failed(str(error), error.__cause__)
        except (Exception, SystemExit) as error:
            return self._failed(_unexpected(data.get("name", ""), error), error)

    def close(self) -> None:
        """Close all environments."""
        if self._lanes is not None:
            lanes, self._lanes = self._lanes, None
            lanes.close()

    def _do(self, command: str, data: dict[str, Any]) -> dict[str, Any]:
        match command:
            case "inspect":
                task = _task(data)
                began_ns = time.time_ns()
                with watched() as opened:
                    environment = open_environment(task)
                    try:
                        card = inspect(task, environment)
                    finally:
                        self._last_call = PLACE.read()
                        environment.close()
                    there, modules = foreign_sources(task)
                files = stamps(task, [*opened, *there], modules, began_ns=began_ns)
                return {"card": document.plain(card), "files": files}
            case "open":
                card = document.read(TaskCard, data["card"])
                memory = Memory(self._descriptor, card, data["lanes"])
                self._lanes = Lanes(card, memory, range(data["first"], data["end"]))
                self._lanes.build(_task(data), card, renders=data["renders"])
            case "restart":
                assert self._lanes is not None
                self._lanes.restart()
            case "step":
                assert self._lanes is not None
                self._lanes.step()
            case "render":
                assert self._lanes is not None
                return document.plain(self._lanes.picture(data["lane"]))
            case "close":
                self.close()
            case _:
                raise ValueError(f"unknown command {command!r}")
        return {}

    def _failed(self, text: str, cause: BaseException | None) -> dict[str, Any]:
        """The reply to a command that failed, once the log has where, and the traceback of what user code raised."""
        call = self._last_call or PLACE.read()
        print(f"error: {text}; in {call}", file=sys.stderr)
        place = None if cause is None else raised_at(cause)
        raised = None
        if cause is not None:
            print_traceback(cause)
            raised = _raised(call, cause, place)
        if place is not None:
            text += f", at {place}"
        if call.lane >= 0:
            text += f" ({call})"
        if cause is not None and self._lanes is not None and self._lanes.may_disturb_each_other:
            text += ONE_A_PROCESS
        return {"error": text, "raised": raised}


class Lanes:
    """The environments of one worker."""

    def __init__(self, card: TaskCard, memory: Memory, lanes: range) -> None:
        """Nothing is built yet."""
        self._memory = memory
        self._range = lanes
        self._began = 0
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
        self._environments: dict[int, ParallelEnvironment] = {}
        self._places: list[tuple[str, NDArray[np.float32], tuple[int, ...]]] = []
        self._parts: list[int] = []
        self._built_in = sum(name in BUILT_IN for name in memory.features)
        self._final = memory.features.get(FINAL_RETURN)

    def build(self, task: Task, card: TaskCard, *, renders: bool) -> None:
        """Build the environments, where it `renders` so that they can be.

        Raises:
            TaskError: one of them cannot be built, or does not fit the card.
        """
        for lane in self._range:
            self._began += 1
            PLACE.at(lane, -1, 0, 0)
            environment = self._environments[lane] = open_environment(task, card.seeding, renders=renders)
            check_fit(environment, card)
            environment.lane = lane
            environment.global_state.expect(card.state_size)
            environment.idle = max(card.action_space.idle, 0)
            environment.episode_limit = card.episode_limit
            environment.write_into(self._memory.observations[lane], self._memory.masks[lane])
        given = {name: place for name, place in self._memory.features.items() if name not in BUILT_IN}
        described = self._environments[self._range.start].has_features
        self._places = [(name, place, place.shape[1:]) for name, place in given.items()] if described else []
        self._parts = [] if described else [int(name.removeprefix(OBSERVATION_FEATURE)) for name in given]

    @property
    def may_disturb_each_other(self) -> bool:
        """Whether several environments are or were being built here, and none has come through an episode so far."""
        return self._began > 1 and all(each.episode <= 0 for each in self._environments.values())

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

    def picture(self, lane: int) -> Picture:
        """What a lane's environment looks like."""
        return self._environments[lane].picture()

    def close(self) -> None:
        """Close every environment."""
        for environment in self._environments.values():
            environment.close()

    def _write(self, lane: int, environment: ParallelEnvironment) -> None:
        memory = self._memory
        state = environment.state()
        if state.size != memory.state.shape[1]:
            raise environment.error(misfit("state_size", state.size, memory.state.shape[1]))
        memory.state[lane] = state
        memory.present[lane] = environment.present
        memory.reward[lane] = environment.reward
        memory.terminated[lane] = environment.terminated
        memory.truncated[lane] = environment.truncated
        memory.features[EPISODE_RETURN][lane] = environment.episode_return
        if self._final is not None:
            over = environment.terminated or environment.truncated
            self._final[lane] = environment.episode_return if over else -np.inf  # held to its range below
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
            features[:, : -self._built_in] = seen.swapaxes(1, 2).reshape(len(features), -1)
        low, high = self._bounds
        outside = (features < low) | (features > high)
        self._memory.clipped[self._slice] += np.add.reduceat(outside, self._firsts, axis=1, dtype=np.int64)
        self._memory.counted[self._slice] += 1
        features.clip(self._lows, self._highs, out=features)


def _unexpected(name: str, error: BaseException) -> str:
    """The error of an exception that nobody expects: of user code, e.g. in a property, or a fault of ALSO's own."""
    call = PLACE.read().name
    if raised_at(error) is not None or hasattr(error, "place"):  # in another interpreter there is no code of ALSO's
        return f"task {name!r}: {call} raised {describe_error(error)}"
    return (
        f"task {name!r}: after {call or 'its start'} ALSO itself raised {describe_error(error)}, at "
        f"{innermost(error)}: a fault of ALSO's, not of the environment"
    )


def _raised(call: Call, cause: BaseException, place: StackFrame | None) -> dict[str, Any]:
    """What user code raised, and in which call, by the names of fields of the trainer's log."""
    told: dict[str, Any] = {"call": call.name, "at": place and str(place), "error": describe_error(cause)}
    if call.lane >= 0:
        told["lane"] = call.lane
    if call.episode >= 0:
        told |= {"episode": call.episode, "seed": call.seed, "env_steps": call.env_steps}
    return {**told, "traceback": traceback_of(cause)}


def _task(data: dict[str, Any]) -> Task:
    """The task of a command; its modules are looked for where the trainer says from now on."""
    search_in(data["path"], data["beside"])
    PLACE.enter(f"importing {data['task']['name'].split(':')[0]}")
    return document.read(Task, data["task"])
