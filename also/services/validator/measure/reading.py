"""One thing that is asked of Prometheus until its answer can be used, or the wait is over.

    no answer at all                 Prometheus is away: borne for a time, in which nothing else is waited for
    an answer without live samples   they are waited for; where that takes long, it is seen to that a process shows them
    any other fault                  waited for: the next scrape may mend it
    no fault                         over

The wait counts while Prometheus answers and somebody shows what is asked for.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from math import inf
from typing import Generic, TypeVar

from also.v1.reading_pb2 import MetricsFault

T = TypeVar("T")

_LACKING = (MetricsFault.METRICS_FAULT_INCOMPLETE, MetricsFault.METRICS_FAULT_STALE)
"""Faults of samples that nobody shows, or not any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long what is waited for, seconds."""

    pause: float = 1.0
    """Between two queries for the same reading."""
    wait: float = 90.0
    """For an answer that can be used, while Prometheus answers and somebody shows what is asked for."""
    away: float = 0.0
    """For a Prometheus that gives no answer at all; 0: that is a part of the wait, and nothing is shown again."""
    lacking: float = 30.0
    """Until what lacks samples is looked for; ordinary scrapes take less."""
    looks: float = 5.0
    """Between two looks whether it is shown."""
    start: float = 1800.0
    """For processes that are to show it, together."""


@dataclass(slots=True, kw_only=True)
class Reading(Generic[T]):
    """What is asked for, and how far that is."""

    ask: Callable[[], T]
    """Asks once."""
    fault: Callable[[T], MetricsFault]
    """Why an answer cannot be used; one without a fault ends the wait."""
    show: Callable[[], str] | None = None
    """Sees to it that a process shows what is asked for; gives what keeps it from being shown, in words, or nothing.
    None: nobody can be made to."""
    began: float = field(default_factory=time.monotonic)
    """When it was first asked for, by the monotonic clock."""
    last: T | None = None
    """The last answer."""
    hidden: str = ""
    """What keeps it from being shown, as of the last look; empty where nothing does, or nobody has looked."""
    _waits_since: float = field(default_factory=time.monotonic)
    """Since when the wait counts."""
    _asked: "Future[T] | None" = None
    """The query under way."""
    _rested: float = -inf
    """When the last query ended."""
    _lacking_since: float = inf
    """Since when the answers lack live samples."""
    _look: "Future[str] | None" = None
    """The look under way whether it is shown."""
    _looked: float = -inf
    """When the last one ended."""
    _hidden_since: float = inf
    """When it was first found that nobody shows it."""

    @property
    def is_away(self) -> bool:
        """Whether Prometheus gave no answer when it was asked last."""
        return self.last is not None and self.fault(self.last) == MetricsFault.METRICS_FAULT_UNAVAILABLE

    @property
    def answer(self) -> T:
        """The answer that counts, once the reading is over."""
        assert self.last is not None
        return self.last

    def wants_show(self, times: Times) -> bool:
        """Whether samples have been lacking for so long that somebody should be made to show them."""
        due = min(times.lacking, times.wait / 2)
        return bool(times.away) and self.show is not None and time.monotonic() - self._lacking_since >= due

    def advance(self, pool: ThreadPoolExecutor, times: Times, *, may_show: bool = False) -> bool:
        """Take the last query's answer and start the next query, where it is time; whether the reading is over.

        It is not over before there was an answer, however late: a query that runs ends by its own deadline.

        Args:
            pool: threads for queries and looks.
            times: how long what is waited for.
            may_show: whether it is this one's turn to be shown, where it wants to be.
        """
        now = time.monotonic()
        if self._asked is not None and self._asked.done():
            self.last = self._asked.result()
            self._asked, self._rested = None, now
            if not self.fault(self.last):
                return True
            lacks = self.fault(self.last) in _LACKING
            self._lacking_since = min(self._lacking_since, now) if lacks else inf
        if self.is_away and now - self.began < times.away:
            self._waits_since = now
        self._see_to_it(pool, times, now, may_show=may_show)
        is_late = now - self._waits_since >= times.wait and self.last is not None
        if is_late and (self._asked is None or self._asked.cancel()):
            return True
        if self._asked is None and now - self._rested >= times.pause:
            self._asked = pool.submit(self.ask)
        return False

    def _see_to_it(self, pool: ThreadPoolExecutor, times: Times, now: float, *, may_show: bool) -> None:
        """Have what lacks samples shown, and let the wait count only while it is."""
        if self._look is not None and self._look.done():
            self.hidden, self._look, self._looked = self._look.result(), None, now
            if self.hidden:
                self._hidden_since = min(self._hidden_since, now)
        if not self.wants_show(times):
            self.hidden = ""
            return
        if not may_show:
            self._waits_since = now  # its turn will come: each before it has an end
        elif self._look is None and now - self._looked >= times.looks:
            assert self.show is not None
            self._look = pool.submit(self.show)
        if self.hidden and now - self._hidden_since < times.start:
            self._waits_since = now
