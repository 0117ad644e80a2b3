"""Where a worker of a PettingZoo task is: the call of user code that it is in, written where the trainer can read it.

Each worker has a row of a small memory that both sides map. A row's count grows with every call, so a worker
whose count stands still is in one call; its other numbers say which. Writing it takes less than a microsecond, and
reading it asks nothing of the worker, which may be deep in code that never returns.
"""

import mmap
import os
import struct
from dataclasses import dataclass
from typing import Any

_ROW = struct.Struct("<6q80s")
"""Calls begun, lane, episode, seed, env_steps done, process id, and the call's name in UTF-8, padded by zeros."""

_NAME_LENGTH = 80

BESIDE_ANOTHER = -2
"""Lane of an environment that is tried while another one of the same process is stepped in between."""

STARTS = ("starting ", "importing ")
"""How the names of calls begin that are no calls of an environment."""


@dataclass(frozen=True)
class Call:
    """A call of user code."""

    count: int
    """Calls that the worker has begun, with this one."""
    lane: int
    """Lane, from 0; -1 in a trial, `BESIDE_ANOTHER` in that part of it."""
    episode: int
    """Episode of the lane since it was built, from 0; -1 before the first."""
    seed: int
    """Seed that the episode began from."""
    env_steps: int
    """env_steps of the episode that were done before."""
    interpreter: int
    """Process id of the task's own interpreter, in which the call is; 0 where the worker itself is that."""
    name: str
    """What is called, e.g. "step()"; empty while the worker starts."""

    @property
    def is_start(self) -> bool:
        """Whether an interpreter starts, or a module is imported: that takes what the machine takes."""
        return not self.name or self.name.startswith(STARTS)

    def __str__(self) -> str:
        if not self.name:
            return "its start"
        trial = "the trial beside another environment" if self.lane == BESIDE_ANOTHER else "the trial"
        where = trial if self.lane < 0 else f"lane {self.lane}"
        if self.episode < 0:
            return f"{self.name} of {where}"
        step = (
            f", env_step {self.env_steps + 1}" if self.name.startswith("step") else f" after {self.env_steps} env_steps"
        )
        return f"{self.name} of {where}, episode {self.episode} (seed {self.seed}){step}"


class Places:
    """Rows of all workers of a task, in the trainer."""

    def __init__(self, descriptor: int, workers: int) -> None:
        """Map the rows of so many workers from a file, which grows to their size."""
        os.ftruncate(descriptor, workers * _ROW.size)
        self._memory = mmap.mmap(descriptor, workers * _ROW.size)

    def read(self, worker: int) -> Call:
        """Where a worker is."""
        return _call(_ROW.unpack_from(self._memory, worker * _ROW.size))

    def clear(self, worker: int) -> None:
        """Forget where a worker was, for the next one in its place."""
        _ROW.pack_into(self._memory, worker * _ROW.size, 0, -1, -1, 0, 0, 0, b"")


class Place:
    """A worker's own row; memory of its own until it is shared."""

    def __init__(self) -> None:
        """Nothing is called yet."""
        self._memory: bytearray | mmap.mmap = bytearray(_ROW.size)
        self._offset = 0
        self._count = 0
        self._interpreter = 0
        self._moment = (-1, -1, 0, 0)

    def share(self, descriptor: int, worker: int) -> None:
        """Write into a worker's row of the file that `Places` maps."""
        self._memory = mmap.mmap(descriptor, (worker + 1) * _ROW.size)
        self._offset = worker * _ROW.size

    def at(self, lane: int, episode: int, seed: int, env_steps: int) -> None:
        """Say which moment the calls from now on belong to; the arguments are those of `Call`."""
        self._moment = lane, episode, seed, env_steps

    def lent_to(self, interpreter: int) -> None:
        """Say which process calls are made in from now on."""
        self._interpreter = interpreter

    def enter(self, name: str) -> None:
        """Write down the call that begins now."""
        self._count += 1
        encoded = name.encode()[:_NAME_LENGTH]
        _ROW.pack_into(self._memory, self._offset, self._count, *self._moment, self._interpreter, encoded)

    def read(self) -> Call:
        """The call that was begun last."""
        return _call(_ROW.unpack_from(self._memory, self._offset))


def _call(row: tuple[Any, ...]) -> Call:
    count, lane, episode, seed, env_steps, interpreter, name = row
    return Call(count, lane, episode, seed, env_steps, interpreter, name.rstrip(b"\0").decode(errors="replace"))


PLACE = Place()
"""Row of this process."""
