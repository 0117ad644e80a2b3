"""What a campaign waits for: something that is not its own work, and may be away.

Several may be waited for at once: a step may wait for Prometheus while the journal's store does not answer.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def is_same(before: str, now: str) -> bool:
    """Whether two texts tell of one wait: what stands after ": " is its cause, which may change meanwhile."""
    return before.partition(": ")[0] == now.partition(": ")[0]


class Waits:
    """What is waited for, and since when. May be told from several threads."""

    def __init__(self, tell: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is waited for.

        Args:
            tell: told in words what is waited for now, whenever that changes; empty for nothing.
            clock: seconds that never go back.
        """
        self._tell = tell
        self._clock = clock
        self._since: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def set(self, source: str, what: str) -> None:
        """Say what a source of waits waits for now.

        Args:
            source: name of whoever waits, e.g. "validator".
            what: what it waits for, in words, and after ": " the cause, which may change while the wait is the same;
                empty where it continues.
        """
        with self._lock:
            before = self.text
            if not what:
                self._since.pop(source, None)
            else:
                known, since = self._since.get(source, ("", 0.0))
                self._since[source] = what, since if is_same(known, what) else self._clock()
            now = self.text
        if now != before:
            self._tell(now)

    @contextmanager
    def during(self, source: str, what: str) -> Iterator[None]:
        """Wait for something as long as one is inside."""
        self.set(source, what)
        try:
            yield
        finally:
            self.set(source, "")

    @property
    def text(self) -> str:
        """What is waited for, in words; empty for nothing."""
        return " and ".join(dict.fromkeys(what for what, _ in self._since.values()))

    @property
    def seconds(self) -> float:
        """Time since the longest wait began, seconds; 0 while nothing is waited for."""
        now = self._clock()
        return now - min((since for _, since in self._since.values()), default=now)
