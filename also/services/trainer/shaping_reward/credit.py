"""Credit: each replica's shaping rewards mixed over agents, alpha * own + (1 - alpha) * mean.

The mean is over the agents of the credit term, so that their sum is kept. A fixed mix of
potentials is again a potential of each agent, and no agent can come to more than the largest
|shaping| of an agent before it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from also.services.trainer.shaping_reward.terms import Placed, receivers
from also.v1 import task_pb2


class Credit:
    """The credit terms of a batch, at most one of each replica. R replicas, E environments, A agents."""

    def __init__(self, placed: Sequence[Placed], card: task_pb2.TaskCard, replicas: int, device: torch.device) -> None:
        members = torch.zeros(replicas, 1, len(card.agents), dtype=torch.bool)
        alpha = torch.ones(replicas, 1, 1)
        for each in placed:
            members[each.replica, 0] = torch.tensor(receivers(each.term, card))
            alpha[each.replica] = each.term.credit.alpha
        self.placed = tuple(placed)
        self.replica = torch.tensor([each.replica for each in placed], dtype=torch.int64, device=device)
        self._members, self._alpha = members.to(device), alpha.to(device)
        self._count = self._members.sum(-1, keepdim=True).clamp(min=1)

    @property
    def receives(self) -> Tensor:
        """Agents whose rewards each credit term mixes, bool (number of credit terms, 1, A)."""
        return self._members[self.replica]

    def mix(self, own: Tensor) -> Tensor:
        """Rewards (R, E, A), mixed where a replica has a credit term."""
        mean = (own * self._members).sum(-1, keepdim=True) / self._count
        return torch.where(self._members, self._alpha * own + (1 - self._alpha) * mean, own)
