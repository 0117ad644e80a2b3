"""What the trials of a PettingZoo task have seen, in bounded memory.

Of every number the smallest and largest value are kept, and its mean and variance. Whole rows are kept beside them,
for quantiles and for how numbers go together: of as many numbers as fit (of a long observation those that vary the
most, once the first episode has shown which) and of every n-th env_step, n growing with the trial. Env_steps that were
paid stay.

Letters of shapes: W rows that one env_step has (agents, or values of a feature), C numbers of a row, K kept numbers,
T kept env_steps.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from also.services.trainer.tasks.parallel.spaces import Floats

_MOST_KEPT = 1024
"""Numbers of a row that are kept at most."""

_ROOM = 2**25
"""Bytes of kept rows at most."""

_AT_ONCE = 2**18
"""Numbers of an env_step whose mean and variance are followed at every env_step; of more, at every n-th one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Rows that were kept."""

    columns: NDArray[np.int64]
    """(K,): which numbers of a row these are."""
    values: Floats
    """(T, W, K)."""
    arriving: NDArray[np.float64]
    """(T,): the team's reward of the env_step that led there; 0 after a reset."""
    leaving: NDArray[np.float64]
    """(T,): the team's reward of the next env_step; 0 where the episode ended there."""
    episodes: NDArray[np.int64]
    """(T,): number of the episode."""


@dataclass(slots=True)
class _Row:
    step: int
    episode: int
    arriving: float
    leaving: float = 0.0
    values: Floats = field(default_factory=lambda: np.zeros(0, np.float32))


class Record:
    """Takes in env_steps, one after the other."""

    def __init__(self, rows: int, numbers: int) -> None:
        """Begin with nothing; each env_step has (rows, numbers) = (W, C) values."""
        self.lows = np.full(numbers, np.inf, np.float32)
        """Smallest value of each number, (C,)."""
        self.highs = np.full(numbers, -np.inf, np.float32)
        """Largest value of each number, (C,)."""
        self._count = 0
        self._mean = np.zeros(numbers)
        self._squares = np.zeros(numbers)
        self._pace = max(1, rows * numbers // _AT_ONCE)
        self._columns = np.arange(numbers) if numbers <= _MOST_KEPT else None
        self._most = max(16, _ROOM // (4 * rows * min(numbers, _MOST_KEPT)))
        self._kept: list[_Row] = []
        self._stride = 1
        self._steps = self._episodes = 0

    def begin_episode(self) -> None:
        """The next env_step is an episode's first."""
        self._episodes += 1

    def see(self, values: Floats, reward: float | None) -> None:
        """Take in an env_step.

        Args:
            values: (W, C); copied where it is kept.
            reward: the team's reward of the env_step that led here; None after a reset.
        """
        np.minimum(self.lows, values.min(axis=0), out=self.lows)
        np.maximum(self.highs, values.max(axis=0), out=self.highs)
        if self._steps % self._pace == 0:
            self._follow(values)
        if reward is not None and self._kept and self._kept[-1].step == self._steps - 1:
            self._kept[-1].leaving = reward
        if self._columns is not None and (self._steps % self._stride == 0 or (reward or 0.0) > 0):
            part = values if len(self._columns) == values.shape[1] else values[:, self._columns]
            self._kept.append(_Row(self._steps, self._episodes, reward or 0.0, values=part.copy()))
            if len(self._kept) > self._most:
                self._thin()
        self._steps += 1

    def ends(self, number: int) -> tuple[float, float]:
        """Smallest and largest value of a number."""
        return float(self.lows[number]), float(self.highs[number])

    def keep_what_varies(self) -> None:
        """Choose the numbers that are kept from now on, if there are too many to keep all."""
        if self._columns is None:
            width = (self.highs - self.lows).astype(np.float64)
            share = np.divide(self._squares / max(self._count, 1), width**2, out=np.zeros_like(width), where=width > 0)
            self._columns = np.sort(np.argsort(-share, kind="stable")[:_MOST_KEPT])

    def kept(self) -> Kept:
        """The rows that were kept; none where no episode was played since the numbers were chosen."""
        columns = self._columns if self._columns is not None else np.zeros(0, np.int64)
        rows = self._kept
        return Kept(
            columns=columns,
            values=np.stack([row.values for row in rows]) if rows else np.zeros((0, 1, len(columns)), np.float32),
            arriving=np.array([row.arriving for row in rows]),
            leaving=np.array([row.leaving for row in rows]),
            episodes=np.array([row.episode for row in rows], np.int64),
        )

    def _follow(self, values: Floats) -> None:
        """Mean and sum of squared deviations, by Welford's recurrence for batches (Chan 1983)."""
        count = len(values)
        mean = values.mean(axis=0, dtype=np.float64)
        squares = ((values - mean) ** 2).sum(axis=0)
        total = self._count + count
        apart = mean - self._mean
        self._mean += apart * (count / total)
        self._squares += squares + apart**2 * (self._count * count / total)
        self._count = total

    def _thin(self) -> None:
        """Keep every second row, and the newest paid ones up to half the room."""
        self._stride *= 2
        paid = [row.step for row in self._kept if row.arriving > 0][-self._most // 2 :]
        staying = set(paid)
        self._kept = [row for row in self._kept if row.step % self._stride == 0 or row.step in staying]
