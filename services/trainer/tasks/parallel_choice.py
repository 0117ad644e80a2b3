"""Which numbers of the observation become features, where an environment has no `features()`.

A number that is constant for every agent says nothing, nor does one that another number gives (its equal, or its
complement). Of the others those are taken that vary the most within an episode and tell paid env_steps from unpaid ones
the best; both are shares in [0, 1], and count alike. Everything is a function of what the trials saw.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.trainer.tasks.parallel_record import Kept

_MOST_ROWS = 4096
"""Rows that are compared at most."""

_ALIKE = 0.9999
"""Correlation from which on two numbers say the same."""


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
    order = np.lexsort((varying, -score))
    picked = _without_repeats(_rows(values), order, most)
    return sorted(int(kept.columns[varying[place]]) for place in picked)


def _variation(values: NDArray[np.float64], episodes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each number's deviation that lies within an agent's episode, (K,)."""
    total = values.reshape(-1, values.shape[2]).var(axis=0)
    within = np.zeros(values.shape[2])
    for number in np.unique(episodes):
        part = values[episodes == number]
        within += ((part - part.mean(axis=0)) ** 2).sum(axis=(0, 1))
    return np.asarray(np.sqrt(within / (values.shape[0] * values.shape[1]) / total))


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


def _without_repeats(rows: NDArray[np.float64], order: NDArray[Any], most: int) -> list[int]:
    """The first places of `order` that none before them gives, at most so many."""
    picked: list[int] = []
    for place in order:
        if len(picked) == most:
            break
        if not picked or np.abs(rows[:, picked].T @ rows[:, place]).max() < _ALIKE:
            picked.append(int(place))
    return picked


def _thinned(places: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most so many places, evenly spread."""
    return places[:: -(-len(places) // _MOST_ROWS) or 1]
