"""How often a step is tried again when its service dies or cannot be reached.

Every step may be repeated: services find what is already done in the object store. So a failure is
met by trying again, after a pause that doubles, until several in a row brought no progress. A local
service is started again by whoever tries, so few tries tell. One that runs elsewhere is started
again by others (a pod that moves to another node pulls its image first), so it gets two minutes.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from also.errors import ServiceError, ServiceUnavailable

TRIES = 5
"""Failures in a row of a local service, without progress between them, after which a step is given up."""

REMOTE_TRIES = 13
"""The same for a service that runs elsewhere: with pauses of 0.5, 1, 2, 4, 8 and then 15 s, two minutes."""

LONGEST_PAUSE_SECONDS = 15.0
"""Pauses double up to this."""


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
    tries: int = TRIES
    """Failures in a row after which it is given up."""
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
        if self._failures >= self.tries:
            raise ServiceError(
                f"{self.service}: {error}; {self.tries} tries brought no progress; see {self.log}"
            ) from error
        self.note(f"{self.service}: {error}; trying again ({self._failures} of {self.tries - 1})")
        time.sleep(pauses(self.pause_seconds, self.tries)[self._failures - 1])


def pauses(first_seconds: float, tries: int) -> list[float]:
    """Pauses between so many tries, seconds: each twice the one before, up to the longest."""
    return [min(first_seconds * 2**number, LONGEST_PAUSE_SECONDS) for number in range(tries - 1)]
