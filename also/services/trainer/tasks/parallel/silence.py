"""How long workers of a PettingZoo task have been in one call each, while the trainer waits for them."""

import time
from collections.abc import Callable, Iterator

from also.services.trainer.tasks.parallel.place import Places

FIRST_NOTICE_SECONDS = 10.0
"""Time in one call after which that is said; then after twice as long, and so on."""

START_SECONDS = 300.0
"""Time that an interpreter gets to start and a module to be imported, where an environment's call gets less."""

LOOK_SECONDS = 1.0
"""Longest time between two looks at where workers are."""


class Silence:
    """The workers that the trainer waits for, and since when each has begun no call."""

    def __init__(
        self,
        places: Places,
        workers: set[int],
        limit_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing was waited for yet.

        Args:
            places: where workers are.
            workers: numbers of those that are waited for; who has replied is taken out.
            limit_seconds: how long a call may take.
            clock: time, seconds.
        """
        self.workers = workers
        self._places = places
        self._limit_seconds = limit_seconds
        self._seen: dict[int, tuple[int, float]] = {}
        self._next_notice: dict[int, float] = {}
        self.look_seconds = min(LOOK_SECONDS, limit_seconds / 4)
        """Time between two looks."""
        self._clock = clock
        self._next_look = clock()

    def due(self) -> bool:
        """Whether it is time to look."""
        now = self._clock()
        if now < self._next_look:
            return False
        self._next_look = now + self.look_seconds
        return True

    def notices(self) -> Iterator[tuple[int, str]]:
        """Workers that have been silent for longer than was said so far, and what is to be said now."""
        for worker in self.workers:
            seconds = self._seconds(worker)
            due = self._next_notice.get(worker, FIRST_NOTICE_SECONDS)
            if seconds >= due:
                self._next_notice[worker] = 2 * due
                yield worker, f"no step for {seconds:.0f} s: it is in {self._places.read(worker)}"

    def overdue(self) -> list[int]:
        """Workers that have been in one call for too long."""
        return [worker for worker in self.workers if self._seconds(worker) >= self.limit_seconds(worker)]

    def limit_seconds(self, worker: int) -> float:
        """How long the call that a worker is in may take."""
        longer = START_SECONDS if self._places.read(worker).is_start else 0.0
        return max(self._limit_seconds, longer)

    def _seconds(self, worker: int) -> float:
        """How long a worker has been in the call that it is in, as far as was seen here."""
        count, now = self._places.read(worker).count, self._clock()
        if self._seen.get(worker, (-1, now))[0] != count:
            self._seen[worker] = count, now
            self._next_notice.pop(worker, None)
        return now - self._seen.setdefault(worker, (count, now))[1]
