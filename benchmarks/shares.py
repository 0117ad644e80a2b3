"""A share of counted cases, with its Wilson 95 % interval."""

import math
from dataclasses import dataclass

_Z = 1.959963984540054
"""97.5 % quantile of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many cases.

    Raises:
        ValueError: `count` is not in [0, cases], or there is no case.
    """

    count: int
    """Cases that are counted."""
    cases: int
    """All cases, at least 1."""

    def __post_init__(self) -> None:
        if self.cases < 1 or not 0 <= self.count <= self.cases:
            raise ValueError(f"{self.count} of {self.cases} cases is not a share; 0 to all of at least 1 are allowed")

    @property
    def value(self) -> float:
        """The share. In [0, 1]."""
        return self.count / self.cases

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the probability behind it (Wilson 1927; Brown, Cai & DasGupta 2001). In [0, 1]."""
        spread = _Z * _Z / self.cases
        middle = (self.value + spread / 2) / (1 + spread)
        half = math.sqrt(self.value * (1 - self.value) * spread + spread * spread / 4) / (1 + spread)
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        """The share in per cent, its interval, and the counts."""
        low, high = self.interval
        return f"{self.value:.1%} [{low:.1%}, {high:.1%}] ({self.count} of {self.cases})"
