"""How far what arms come to early agrees with what they come to late."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from benchmarks.horizon_points import Point, Start

Measure = Callable[[Point], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Cases in which a later difference has the sign of an earlier one, or not."""

    same: int
    """The same sign, or both times none."""
    other: int
    """The other sign, or none later."""
    silent: int
    """No difference at first, and one later."""

    def __str__(self) -> str:
        """The cases of the same sign, of all, and how many of the others were equal at first."""
        of = f"{self.same} of {self.same + self.other + self.silent}"
        return f"{of} ({self.silent} equal at first)" if self.silent else of


class Course:
    """The points of all arms from one start."""

    def __init__(self, start: Start, points: Iterable[Point]) -> None:
        """Take those of the start."""
        self.start = start
        self._points = {(each.arm, each.seed, each.env_steps): each for each in points if each.start == start.name}
        self.seeds = sorted({seed for _, seed, _ in self._points})
        self.arms = (start.control, *start.candidates)

    @property
    def env_steps(self) -> list[int]:
        """The points that all arms of all seeds have come to, in order, without 0."""
        reached = {at for _, _, at in self._points if at}
        return sorted(at for at in reached if all((a, s, at) in self._points for a in self.arms for s in self.seeds))

    def point(self, arm: str, seed: int, at: int) -> Point:
        """The point of one arm of one seed.

        Raises:
            KeyError: there is none.
        """
        return self._points[arm, seed, at]

    def of(self, arm: str, at: int, measure: Measure) -> list[float]:
        """A measure of an arm at a point, for each seed."""
        return [measure(self.point(arm, seed, at)) for seed in self.seeds]

    def gains(self, arm: str, at: int, measure: Measure) -> list[float]:
        """How far an arm is above control of the same seed at a point, for each seed."""
        pairs = zip(self.of(arm, at, measure), self.of(self.start.control, at, measure), strict=True)
        return [value - control for value, control in pairs]

    def signs(self, early: tuple[int, Measure], late: tuple[int, Measure]) -> Agreement:
        """Whether gains over control keep their sign: a case for each candidate of each seed."""
        pairs = [(self.start.control, arm) for arm in self.start.candidates]
        return self._agreement(pairs, early, late)

    def orders(self, early: tuple[int, Measure], late: tuple[int, Measure]) -> Agreement:
        """Whether two candidates keep their order: a case for each two of them of each seed."""
        return self._agreement(list(combinations(self.start.candidates, 2)), early, late)

    def _agreement(
        self, pairs: Sequence[tuple[str, str]], early: tuple[int, Measure], late: tuple[int, Measure]
    ) -> Agreement:
        found = []
        for one, other in pairs:
            for seed in self.seeds:
                found.append(
                    tuple(
                        _sign(measure(self.point(other, seed, at)) - measure(self.point(one, seed, at)))
                        for at, measure in (early, late)
                    )
                )
        same = sum(before == after for before, after in found)
        silent = sum(before == 0 != after for before, after in found)
        return Agreement(same=same, other=len(found) - same - silent, silent=silent)


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Spearman's rank correlation, equals with the mean of their ranks. In [-1, 1]; None where all of one are equal."""
    x, y = _ranks(first), _ranks(second)
    middle = (len(x) + 1) / 2
    products = [
        sum((a - middle) * (b - middle) for a, b in zip(p, q, strict=True)) for p, q in ((x, y), (x, x), (y, y))
    ]
    return products[0] / (products[1] * products[2]) ** 0.5 if products[1] and products[2] else None


def _ranks(values: Sequence[float]) -> list[float]:
    return [sum(each < value for each in values) + (sum(each == value for each in values) + 1) / 2 for value in values]


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
