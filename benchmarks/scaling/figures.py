"""Measured values as they are printed: a median, with the smallest and the largest."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Stopwatch:
    """Times of the same work, done again and again."""

    seconds: list[float] = field(default_factory=list)
    """How long each took, seconds."""

    @contextmanager
    def lap(self) -> Iterator[None]:
        """Time what is inside."""
        began = time.perf_counter()
        yield
        self.seconds.append(time.perf_counter() - began)


def seconds(work: Callable[[], object]) -> float:
    """Wall time of some work, seconds."""
    watch = Stopwatch()
    with watch.lap():
        work()
    return watch.seconds[0]


def spread(values: Sequence[float], unit: float = 1.0) -> str:
    """Median, with the smallest and the largest, each divided by a unit."""
    low, middle, high = (f(values) / unit for f in (min, statistics.median, max))
    return f"{short(middle)} ({short(low)}–{short(high)})"


def tail(values: Sequence[float], unit: float = 1.0) -> str:
    """The 95th percentile of at least two values, divided by a unit."""
    return short(statistics.quantiles(values, n=20, method="inclusive")[-1] / unit)


def short(value: float) -> str:
    """A number with the digits that mean something: three, or none after the point from 100 on."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def row(*cells: object) -> str:
    """A line of a table."""
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def table(*heads: str) -> list[str]:
    """The first two lines of a table."""
    return [row(*heads), row(*("---" for _ in heads))]
