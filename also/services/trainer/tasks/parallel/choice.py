"""Which numbers of the observation become features, where an environment has no `features()`.

A number that is constant for every agent says nothing, nor does one that another number gives (its equal, or its
complement). Of the others those are taken that vary the most within an episode and tell paid env_steps from unpaid ones
the best; both are shares in [0, 1], and count alike. One after the other is taken, and what goes together with one that
was taken counts less. Everything is a function of what the trials saw.
"""

import numpy as np
from numpy.typing import NDArray

from also.services.trainer.tasks.parallel.record import Kept

_MOST_ROWS = 4096
"""Rows that are compared at most."""

_ALIKE = 0.9999
"""Correlation from which on two numbers say the same."""

_SMALL = 1e-3
"""Worth of a number that neither varies within episodes nor tells: it is taken last."""


def choose(kept: Kept, most: int) -> list[int]:
    """Indices of the chosen numbers, ascending.

    Args:
        kept: what the trials kept of the observations.
        most: numbers that are chosen at most.
    """
    if not len(kept.values):
        return []
    values = kept.values.astype(np.float64)  # (T, A, K)
    varying = np.flatnonzero((values.max(axis=0) > values.min(axis=0)).any(axis=0))
    if not len(varying):
        return []
    values = values[:, :, varying]
    score = np.round(_variation(values, kept.episodes) + _telling(values, _paid(kept)), 6)
    picked = _pick(_rows(values), score, most)
    return sorted(int(kept.columns[varying[place]]) for place in picked)


def _variation(values: NDArray[np.float64], episodes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Deviation of each number within an agent's episode, as a share of the largest that its range allows, (K,)."""
    rows = values.reshape(-1, values.shape[2])
    within = np.zeros(values.shape[2])
    for number in np.unique(episodes):
        part = values[episodes == number]
        within += ((part - part.mean(axis=0)) ** 2).sum(axis=(0, 1))
    return np.asarray(2.0 * np.sqrt(within / len(rows)) / (rows.max(axis=0) - rows.min(axis=0)))


def _paid(kept: Kept) -> NDArray[np.bool_]:
    """Whether each state was entered or left with pay, (T,): above 0 where that is rare, else above the median."""
    rewards = np.concatenate([kept.arriving, kept.leaving])
    sparse = 0 < (rewards > 0).mean() <= 0.5
    line = 0.0 if sparse else float(np.median(rewards))
    return np.asarray((kept.arriving > line) | (kept.leaving > line))


def _telling(values: NDArray[np.float64], paid: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How well each number tells paid states from unpaid ones, beyond chance, in [0, 1], (K,).

    That is |2 AUC - 1| (Mann 1947), less two standard deviations of what it is for numbers that tell nothing.
    """
    good, bad = _thinned(np.flatnonzero(paid)), _thinned(np.flatnonzero(~paid))
    if not len(good) or not len(bad):
        return np.zeros(values.shape[2])
    chance = 2.0 * np.sqrt((len(good) + len(bad) + 1) / (3.0 * len(good) * len(bad)))
    told = np.empty(values.shape[2])
    for place in range(values.shape[2]):
        lower = np.sort(values[bad, :, place], axis=None)
        upper = values[good, :, place].ravel()
        ranks = np.searchsorted(lower, upper, "left") + np.searchsorted(lower, upper, "right")
        told[place] = abs(float(ranks.mean()) / len(lower) - 1.0)
    return np.asarray(np.maximum(0.0, told - chance))


def _rows(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standardised rows of all agents, (rows, K)."""
    rows = values[_thinned(np.arange(len(values)))].reshape(-1, values.shape[2])
    rows = rows - rows.mean(axis=0)
    size = np.sqrt((rows**2).sum(axis=0))
    return np.asarray(np.divide(rows, size, out=np.zeros_like(rows), where=size > 0))


def _pick(rows: NDArray[np.float64], score: NDArray[np.float64], most: int) -> list[int]:
    """Places by score times what those before them leave open, at most so many; of equal ones the first."""
    picked: list[int] = []
    together = np.zeros(len(score))  # largest correlation with a number that was taken
    while len(picked) < most:
        worth = np.where(together < _ALIKE, np.round((_SMALL + score) * (1.0 - together), 6), -1.0)
        best = int(worth.argmax())
        if worth[best] < 0:
            break
        picked.append(best)
        together = np.maximum(together, np.abs(rows[:, best] @ rows))
    return picked


def _thinned(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most so many places, evenly spread."""
    return places[:: -(-len(places) // _MOST_ROWS) or 1]
