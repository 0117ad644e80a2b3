"""Requests that a store does not answer, reported while they last: they are repeated in silence for a minute.

A listener learns which store is waited for, and when the wait ends. Without a listener this goes to the log, as in
services.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

LONG_SECONDS = 5.0
"""Time after which a request is reported, seconds."""

_LOOK_SECONDS = 1.0

_LOG = logging.getLogger("also.store")


class StoreWaits:
    """Requests under way, and the listener for those that take long."""

    def __init__(self, *, long_seconds: float = LONG_SECONDS, look_seconds: float = _LOOK_SECONDS) -> None:
        """Nothing is under way.

        Args:
            long_seconds: time after which a request is reported, seconds.
            look_seconds: time between two looks at those under way, seconds.
        """
        self._long_seconds = long_seconds
        self._look_seconds = look_seconds
        self._under_way: dict[int, tuple[str, float]] = {}
        self._numbers = count()
        self._listeners: list[Callable[[str], None]] = []
        self._looker: threading.Thread | None = None

    @contextmanager
    def request(self, uri: str) -> Iterator[None]:
        """A request to a store is under way as long as one is inside."""
        number = next(self._numbers)
        self._under_way[number] = uri, time.monotonic()
        if self._looker is None or not self._looker.is_alive():  # it is gone after a fork
            self._looker = threading.Thread(target=self._look, name="store waits", daemon=True)
            self._looker.start()
        try:
            yield
        finally:
            del self._under_way[number]

    @contextmanager
    def told(self, tell: Callable[[str], None]) -> Iterator[None]:
        """Listen as long as one is inside.

        Args:
            tell: told which store is waited for, in words, and empty when none is any more; from a thread of its own.
        """
        self._listeners.append(tell)
        try:
            yield
        finally:
            self._listeners.remove(tell)

    def _look(self) -> None:
        before = ""
        began = 0.0
        while True:
            time.sleep(self._look_seconds)
            now = time.monotonic()
            late = {uri for uri, since in list(self._under_way.values()) if now - since >= self._long_seconds}
            text = " and ".join(f"store {uri}" for uri in sorted(late))
            if text == before:
                continue
            for tell in list(self._listeners):
                tell(text)
            if not self._listeners:
                _LOG.warning("%s", f"waits for {text}" if text else f"{before} answers again after {now - began:.0f} s")
            began = now - self._long_seconds if text and not before else began
            before = text


WAITS = StoreWaits()
"""Those of this process."""
