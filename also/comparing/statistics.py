"""What a few runs say: interquartile means, intervals, probabilities of improvement (Agarwal 2021, arXiv 2108.13264).

Scores come by stratum, which is a task: one array of runs for each. An interval is that of a stratified bootstrap: runs
are drawn again within each stratum, and the 2.5 and 97.5 % quantiles of what comes of it are its ends. With three runs
such an interval is too narrow (`docs/validation.md` has figures for means); with one there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 10_000
"""Draws of a bootstrap."""

SEED = 13
"""Seed of all draws."""

Floats = NDArray[np.float64]

Strata = Sequence[Sequence[float]]
"""Scores of the runs of each task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its interval."""

    value: float
    """The number."""
    low: float | None
    """95 % interval, lower end; None where no stratum has two runs."""
    high: float | None
    """95 % interval, upper end; None as above."""

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def iqm(scores: Floats) -> Floats:
    """Mean of the middle half, along the last axis of n runs: floor(n / 4) are left out at each end, none of three."""
    runs = scores.shape[-1]
    cut = runs // 4
    middle: Floats = np.sort(scores, axis=-1)[..., cut : runs - cut].mean(axis=-1)
    return middle


def interquartile_mean(strata: Strata) -> Estimate:
    """The interquartile mean of all runs of all strata together.

    Args:
        strata: scores by task; at least one, none empty.
    """
    rng = np.random.default_rng(SEED)
    drawn = np.concatenate([_redrawn(scores, rng) for scores in strata], axis=1)
    value = float(iqm(np.concatenate([np.asarray(scores, dtype=float) for scores in strata])))
    return _estimate(value, iqm(drawn), strata)


def improvement(ours: Strata, theirs: Strata) -> Estimate:
    """Probability that a run of ours is better than one of theirs on the same task, mean over tasks; equal is one half.

    Args:
        ours: scores by task; at least one task, none empty.
        theirs: scores of the same tasks, in the same order; numbers of runs may differ.
    """
    rng = np.random.default_rng(SEED)
    pairs = list(zip(ours, theirs, strict=True))
    value = float(np.mean([_better(np.array([our]), np.array([their])) for our, their in pairs]))
    drawn = np.mean([_better(_redrawn(our, rng), _redrawn(their, rng)) for our, their in pairs], axis=0)
    return _estimate(value, drawn, [*ours, *theirs])


def _better(ours: Floats, theirs: Floats) -> Floats:
    """Share of pairs in which ours is larger, equal ones half; (draws, runs), (draws, their runs) to (draws,)."""
    first, second = ours[:, :, None], theirs[:, None, :]
    share: Floats = ((first > second) + 0.5 * (first == second)).mean(axis=(1, 2))
    return share


def _redrawn(scores: Sequence[float] | Floats, rng: np.random.Generator) -> Floats:
    """Runs of one stratum, drawn with replacement, (draws, runs)."""
    values = np.asarray(scores, dtype=float)
    drawn: Floats = values[rng.integers(len(values), size=(DRAWS, len(values)))]
    return drawn


def _estimate(value: float, drawn: Floats, strata: Strata) -> Estimate:
    if all(len(scores) < 2 for scores in strata):
        return Estimate(value=value, low=None, high=None)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Estimate(value=value, low=float(low), high=float(high))
