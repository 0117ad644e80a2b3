"""What each term did: counts and sums over env_steps, read as `TermActivity`.

A share of (env_step, agent) is over the agents that receive the term and were there. The counts can be saved and
taken up again, so that a branch which two processes trained reports them whole. Letters: N terms,
E environments, A agents.
"""

import torch
from torch import Tensor

from also.v1 import shaping_pb2 as pb


class Activity:
    """Counts of N terms."""

    def __init__(self, receives: Tensor) -> None:
        """Count for terms whose receivers are `receives`, bool (N, 1, A)."""
        self._receivers = receives.sum((-1, -2)).tolist()
        self._ignored = ~receives
        terms, device = len(self._receivers), receives.device
        self._moments = 0
        self._absent = torch.zeros(terms, dtype=torch.int64, device=device)
        self._sums = torch.zeros(5, terms, dtype=torch.float64, device=device)
        self._largest = torch.zeros(terms, device=device)
        self._finite = torch.ones(terms, dtype=torch.bool, device=device)

    def count(self, *, paid: Tensor, due: Tensor, cut: Tensor, finite: Tensor, there: Tensor | None = None) -> None:
        """Count env_steps, S of them in all environments together.

        Args:
            paid: float32 (N, S, A), what each term paid.
            due: float32 (N, S, A), what it would have paid without a cap.
            cut: bool (N, S, A), where clip or cap changed what it paid.
            finite: bool (N, S, A), whether all that it read was finite.
            there: bool (N, S, A), agents that were there, as only those are paid; None: all.
        """
        size = paid.abs()
        self._moments += paid.shape[1]
        sums = [part.sum((-1, -2), dtype=torch.float64) for part in (paid != 0, due != 0, cut, paid, size)]
        self._sums += torch.stack(sums)
        self._largest = torch.maximum(self._largest, size.amax((-1, -2)))
        self._finite &= (finite | self._ignored).flatten(1).all(-1)
        if there is not None:
            self._absent += (~there & ~self._ignored).sum((-1, -2))

    def state_dict(self) -> dict[str, Tensor]:
        """All counts.

        `moments` int64 (), `absent` int64 (N,), `sums` float64 (5, N), `largest` float32 (N,), `finite` bool (N,).
        """
        return {
            "moments": torch.tensor(self._moments),
            "absent": self._absent.clone(),
            "sums": self._sums.clone(),
            "largest": self._largest.clone(),
            "finite": self._finite.clone(),
        }

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on counting from what `state_dict` returned for as many terms."""
        self._moments = int(state["moments"])
        counts = {"absent": self._absent, "sums": self._sums, "largest": self._largest, "finite": self._finite}
        for name, own in counts.items():
            own.copy_(state[name])

    def sizes(self) -> list[float]:
        """Sum of each term's |reward|, units of task reward."""
        return [float(size) for size in self._sums[4]]

    def of(self, row: int, name: str, total: float) -> pb.TermActivity:
        """Activity of one term.

        Args:
            row: which of the N.
            name: its name.
            total: what its sum of |reward| is a share of, units of task reward.
        """
        fired, due, cut, reward, size = self._sums[:, row].tolist()
        moments = self._moments * self._receivers[row] - int(self._absent[row])
        return pb.TermActivity(
            term=name,
            firing_rate=fired / moments if moments else 0.0,
            reward_share=size / total if total else 0.0,
            mean_reward=reward / moments if moments else 0.0,
            largest_reward=float(self._largest[row]),
            cut_rate=cut / due if due else 0.0,
            finite=bool(self._finite[row]),
        )
