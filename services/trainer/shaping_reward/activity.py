"""What each term did: counts and sums over env_steps, read as `TermActivity`.

A share of (env_step, agent) is over the agents that receive the term. The reward share is over
the sum of |task reward| and of every term's |reward|, so that the shares of a config and of the
task sum to 1. Letters: N terms, R replicas, E environments, A agents.
"""

import torch
from torch import Tensor

from also.v1 import shaping_pb2 as pb


class Activity:
    """Counts of N rows of terms, each with its number of receiving agents."""

    def __init__(self, receives: Tensor, replicas: int) -> None:
        """Count for terms whose receivers are `receives`, bool (N, 1, A)."""
        self._receivers = receives.sum((-1, -2)).tolist()
        self._agents = receives.shape[-1]
        self._replicas = replicas
        self._device = receives.device
        self.clear()

    def clear(self) -> None:
        """Begin again from nothing."""
        terms = len(self._receivers)
        self._env_steps = 0
        self._sums = torch.zeros(5, terms, dtype=torch.float64, device=self._device)
        self._largest = torch.zeros(terms, device=self._device)
        self._finite = torch.ones(terms, dtype=torch.bool, device=self._device)
        self._task = torch.zeros(self._replicas, dtype=torch.float64, device=self._device)

    def count(self, *, paid: Tensor, due: Tensor, cut: Tensor, finite: Tensor, task_reward: Tensor) -> None:
        """Count one env_step of every environment.

        Args:
            paid: float32 (N, E, A), what each term paid.
            due: bool (N, E, A), where it would pay if it had no cap.
            cut: bool (N, E, A), where clip or cap changed what it paid.
            finite: bool (N, E, A), whether all it read was finite.
            task_reward: float32 (R, E).
        """
        size = paid.abs()
        measures = torch.stack([paid != 0, due, cut, paid, size])  # (5, N, E, A)
        self._env_steps += task_reward.shape[-1]
        self._sums += measures.sum((-1, -2), dtype=torch.float64)
        self._largest = torch.maximum(self._largest, size.amax((-1, -2)))
        self._finite &= finite.all(-1).all(-1)
        self._task += task_reward.abs().sum(-1, dtype=torch.float64)

    def sizes(self) -> list[float]:
        """Sum of each term's |reward|, units of task reward."""
        return [float(size) for size in self._sums[4]]

    def task_size(self, replica: int) -> float:
        """Sum over agents of a replica's |task reward|."""
        return float(self._task[replica]) * self._agents

    def of(self, row: int, name: str, total: float) -> pb.TermActivity:
        """Activity of one row.

        Args:
            row: which row.
            name: the term's name.
            total: its replica's sum of |task reward| and of all terms' |reward|, over agents.
        """
        fired, due, cut, reward, size = self._sums[:, row].tolist()
        moments = self._env_steps * self._receivers[row]
        return pb.TermActivity(
            term=name,
            firing_rate=fired / moments if moments else 0.0,
            reward_share=size / total if total else 0.0,
            mean_reward=reward / moments if moments else 0.0,
            largest_reward=float(self._largest[row]),
            cut_rate=cut / due if due else 0.0,
            finite=bool(self._finite[row]),
        )
