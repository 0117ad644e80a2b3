"""A line on standard error, again and again, while something takes long that says nothing itself."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

FIRST_SECONDS = 3.0
"""Time without a line: most things are done by then."""

EVERY_SECONDS = 10.0
"""Time between two lines."""


@contextmanager
def told(what: str, *, first: float = FIRST_SECONDS, every: float = EVERY_SECONDS) -> Iterator[None]:
    """Say that `what` is under way, and for how many seconds, until what is inside has ended.

    Args:
        what: what is done, e.g. "trying the task".
        first: seconds until the first line.
        every: seconds from one line to the next.
    """
    over = threading.Event()

    def tell() -> None:
        for number in count():
            if over.wait(every if number else first):
                return
            print(f"{what}: {first + number * every:.0f} s", file=sys.stderr, flush=True)

    teller = threading.Thread(target=tell, name="waiting", daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
