"""How often a step is tried again when its service dies or cannot be reached.

Every step may be repeated: services find what is already done in the object store. So a failure is
met by trying again, after a pause that doubles, until several in a row brought no progress.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from also.errors import ServiceError, ServiceUnavailable

TRIES = 5
"""Failures in a row, without progress between them, after which a step is given up."""


@dataclass(slots=True, kw_only=True)
class Patience:
    """Tries of one step."""

    service: str
    """Name of the service that carries it out."""
    log: str
    """Where to read what the service said."""
    note: Callable[[str], None]
    """Told of every failure that is followed by another try."""
    pause_seconds: float
    """Pause after the first failure."""
    _failures: int = 0
    _furthest: tuple[int, ...] = ()

    def progressed(self, *mark: int) -> None:
        """Tell how far the step is; only a mark beyond all earlier ones is progress."""
        if mark > self._furthest:
            self._furthest, self._failures = mark, 0

    def failed(self, error: ServiceUnavailable) -> None:
        """Wait before the next try.

        Raises:
            ServiceError: there have been too many failures without progress.
        """
        self._failures += 1
        if self._failures >= TRIES:
            raise ServiceError(f"{self.service}: {error}; {TRIES} tries brought no progress; see {self.log}") from error
        self.note(f"{self.service}: {error}; trying again ({self._failures} of {TRIES - 1})")
        time.sleep(self.pause_seconds * 2 ** (self._failures - 1))
