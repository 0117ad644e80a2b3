"""A circuit breaker: an endpoint that fails again and again is left alone for a while.

Closed, every call passes. After `FAILURES` failures in a row it opens: calls fail at once, without
waiting for their deadlines. After `REST_SECONDS` one call is let through; if it succeeds the breaker
closes, else it rests again. It lives in its process only, and decides nothing but how soon a call fails.
"""

import threading
import time
from collections.abc import Callable

FAILURES = 5
"""Failures in a row that open it."""

REST_SECONDS = 30.0
"""How long it stays open."""


class Breaker:
    """The circuit breaker of one endpoint; threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Closed.

        Args:
            clock: monotonic time, seconds.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until = 0.0

    def seconds_to_wait(self) -> float:
        """0 when a call may be made now, and then it must be followed by `succeeded` or `failed`; else how long not."""
        with self._lock:
            left = self._rests_until - self._clock()
            if self._failures < FAILURES or left <= 0:
                if self._failures >= FAILURES:
                    self._rests_until = self._clock() + REST_SECONDS  # others wait for the one that is let through
                return 0.0
            return left

    def succeeded(self) -> None:
        """A call was answered."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """A call was not answered."""
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES:
                self._rests_until = self._clock() + REST_SECONDS
