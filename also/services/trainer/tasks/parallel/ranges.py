"""The range of a feature that nobody has described, from what was declared and what was seen.

Shaping divides by a feature's range, so a range that is far too wide makes a constant of the feature, and one that is
left clips it. Declared bounds are taken where what was seen lies within them and fills a hundredth of them at least;
else the range is measured: what was seen, without outliers, and half as much again on both sides, because a trained
team goes further than random actions do.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from also.services.trainer.tasks.parallel.spaces import Floats

TOO_WIDE = 100.0
"""Times the width of what was seen from which on declared bounds are not taken."""

MARGIN = 0.5
"""Width that is added to a measured range on each side, as a share of its own."""

_BULK = (0.005, 0.995)
"""Quantiles between which a number's bulk lies."""

_FENCE = 20.0
"""Widths of the bulk beyond its ends from which on a value is an outlier: rarer values than the bulk's often matter."""

_SLACK = 1e-6
"""Share of the declared width that rounding may leave it by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Where a feature lies."""

    low: float
    """Smallest value."""
    high: float
    """Largest value, greater than `low`."""
    measured: bool = False
    """Whether it was measured, not declared."""
    too_wide: bool = False
    """Whether bounds were declared, but far wider than what was seen."""
    left: bool = False
    """Whether bounds were declared, and left by what was seen."""


def declared_or_measured(
    values: NDArray[np.floating], seen: tuple[float, float], declared: tuple[float, float]
) -> Range:
    """The range of a number.

    Args:
        values: values that were seen, of any shape, at least one.
        seen: the smallest and the largest value of all, which `values` may lack.
        declared: lower and upper bound by the space, each may be infinite.
    """
    low, high = declared
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        return measured(values, seen)
    width = high - low
    if leaves(*seen, low, high):
        ends = measured(values, seen)
        return Range(low=ends.low, high=ends.high, measured=True, left=True)
    if 0 < TOO_WIDE * (seen[1] - seen[0]) < width:
        ends = measured(values, seen)
        return Range(low=max(ends.low, low), high=min(ends.high, high), measured=True, too_wide=True)
    return Range(low=low, high=high)


def leaves(
    seen_low: float | Floats, seen_high: float | Floats, low: float | Floats, high: float | Floats
) -> NDArray[np.bool_]:
    """Whether what was seen leaves declared bounds, by more than rounding; all of one shape, bounds may be infinite."""
    with np.errstate(invalid="ignore", over="ignore"):
        slack = np.asarray(_SLACK * np.maximum(1.0, np.subtract(high, low, dtype=np.float64)))
        return np.asarray((seen_low < low - slack) | (seen_high > high + slack))


def measured(values: NDArray[np.floating], seen: tuple[float, float]) -> Range:
    """The range of a number that has no bounds; arguments as of `declared_or_measured`.

    Two values, such as 0 and 1, are the whole range. A number that was never below 0, or never above, stays there.
    """
    first, last = seen
    if first == last:
        return Range(low=first, high=first + 1.0, measured=True)
    if len(np.unique(values)) <= 2:
        return Range(low=first, high=last, measured=True)
    low, high = (float(end) for end in np.quantile(values.astype(np.float64), _BULK))
    if low < high:
        bulk = high - low
        low, high = max(first, low - _FENCE * bulk), min(last, high + _FENCE * bulk)
    else:  # almost always one value: what is rare is what matters
        low, high = first, last
    margin = MARGIN * (high - low)
    return Range(
        low=max(0.0, low - margin) if first >= 0 else low - margin,
        high=min(0.0, high + margin) if last <= 0 else high + margin,
        measured=True,
    )
