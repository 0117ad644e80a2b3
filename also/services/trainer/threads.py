"""Two pieces of work at once, for a process that may use two threads.

Each piece runs in one thread from its beginning to its end, and neither reads what the other writes, so the
results are those of one after the other, bit for bit.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

First = TypeVar("First")
Second = TypeVar("Second")


def usable(setting: str) -> int:
    """Threads of a stage by the setting `auto`, `1` or `2`: `auto` is 2 where this process may use two cores.

    A container's limit of CPU time is not looked at: with less than two cores' worth the threads take turns.
    """
    if setting != "auto":
        return int(setting)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, 2)


class Threads:
    """The calling thread, and perhaps a second one."""

    def __init__(self, count: int) -> None:
        """Use `count` threads: 1, or 2."""
        self._second = ThreadPoolExecutor(1, "second", initializer=_prepare) if count > 1 else None

    def both(self, first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
        """Results of both calls; what either raises is raised once both have ended."""
        if self._second is None:
            return first(), second()
        running = self._second.submit(second)
        try:
            return first(), running.result()
        finally:
            running.exception()

    def close(self) -> None:
        """End the second thread."""
        if self._second is not None:
            self._second.shutdown()


def _prepare() -> None:
    """What `determinism.prepare` sets for each thread alone."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
