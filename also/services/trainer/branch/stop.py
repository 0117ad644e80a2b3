"""How a branch process is asked to end: SIGTERM or SIGINT, as Kubernetes and a terminal send them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPED = 143
"""Exit code after SIGTERM or SIGINT, what a shell says of SIGTERM: there is more to do for the group."""


class Stop:
    """Whether the process was asked to end. Until it is `heeded` there is nothing to save, and it ends at once."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self.asked = False
        self.heeded = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle the signal."""
        if not self.heeded:
            os._exit(STOPPED)
        self.asked = True


@contextmanager
def stoppable() -> Iterator[Stop]:
    """SIGTERM and SIGINT ask what is inside to stop."""
    stop = Stop()
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
