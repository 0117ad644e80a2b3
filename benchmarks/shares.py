"""A share of counted cases, with its Wilson 95 % interval."""

from dataclasses import dataclass

from also.validation.statistics import share_interval


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
        """Wilson's 95 % interval of the probability behind it. In [0, 1]."""
        return share_interval(self.value, self.cases)

    def __str__(self) -> str:
        """The share in per cent, its interval, and the counts."""
        low, high = self.interval
        return f"{self.value:.1%} [{low:.1%}, {high:.1%}] ({self.count} of {self.cases})"
