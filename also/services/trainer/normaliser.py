"""Running statistics of observations and rewards, one set a replica.

Observations are centred and scaled. Rewards are only ever divided: subtracting a mean would break
the telescoping of potential-based shaping, and would change what ending an episode is worth.
"""

import torch
from torch import Tensor

from also.services.trainer import presence


class RunningMoments:
    """Mean and variance of each part of a stream, merged batch by batch (Chan 1979)."""

    def __init__(self, replicas: int, size: int, device: torch.device) -> None:
        """Statistics of `size` parts for each of R replicas."""
        self.count = torch.zeros(replicas, 1, dtype=torch.float64, device=device)
        self.mean = torch.zeros(replicas, size, dtype=torch.float64, device=device)
        self.squares = torch.zeros(replicas, size, dtype=torch.float64, device=device)

    def update(self, batch: Tensor, there: Tensor | None = None) -> None:
        """Take in a batch, float32 (R, B, size), or those of it that are `there`, bool (R, B)."""
        count: int | Tensor = batch.shape[1]
        if there is None:
            middle = batch.mean(dim=1, keepdim=True)
            squares = (batch - middle).square_().sum(dim=1).double()  # var_mean takes nine times as long
        else:
            here = there.unsqueeze(-1)
            middle = presence.mean(batch, here, 1).unsqueeze(1)
            squares = torch.where(here, (batch - middle).square_(), 0.0).sum(dim=1).double()
            count = there.sum(dim=1, keepdim=True).double()
        mean = middle.squeeze(1).double()
        total = self.count + count
        shift = mean - self.mean
        shared = total.clamp(min=1)  # nothing may have been there
        self.squares = self.squares + squares + shift.square() * self.count * count / shared
        self.mean = self.mean + shift * count / shared
        self.count = total

    def deviation(self) -> Tensor:
        """Standard deviation, float32 (R, size); 1 for parts that never varied."""
        deviation = (self.squares / self.count.clamp(min=1.0)).sqrt()
        return torch.where(deviation > 1e-4, deviation, torch.ones_like(deviation)).float()

    def state_dict(self) -> dict[str, Tensor]:
        """The statistics; first axis R."""
        return {"count": self.count, "mean": self.mean, "squares": self.squares}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue from what `state_dict` returned."""
        self.count, self.mean, self.squares = state["count"], state["mean"], state["squares"]


class InputNormaliser:
    """Centres and scales inputs by statistics that stay fixed during a rollout."""

    def __init__(self, replicas: int, size: int, *, enabled: bool, device: torch.device) -> None:
        """Statistics of inputs of length `size`; a disabled one returns its inputs."""
        self.enabled = enabled
        self.moments = RunningMoments(replicas, size, device)
        self.refresh()

    def refresh(self) -> None:
        """Use the statistics as they are now."""
        self._mean = self.moments.mean.float()[:, None, None, :]
        self._factor = self.moments.deviation().reciprocal()[:, None, None, :]

    def __call__(self, inputs: Tensor) -> Tensor:
        """Normalised float32 (R, B, A, size), clipped to [-10, 10]."""
        if not self.enabled:
            return inputs
        return (inputs - self._mean).mul_(self._factor).clamp_(-10.0, 10.0)

    def update(self, inputs: Tensor, there: Tensor | None = None) -> None:
        """Take in raw inputs, float32 (R, B, A, size), for the rollouts to come.

        Args:
            inputs: what was seen.
            there: bool (R, B, A), agents that saw it; None: all.
        """
        if self.enabled:
            self.moments.update(inputs.flatten(1, 2), None if there is None else there.flatten(1))
            self.refresh()

    def state_dict(self) -> dict[str, Tensor]:
        """The statistics; first axis R."""
        return self.moments.state_dict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue from what `state_dict` returned."""
        self.moments.load_state_dict(state)
        self.refresh()


class RewardScaler:
    """Divides rewards by the running deviation of their discounted sum (Engstrom 2020, sec. 2)."""

    def __init__(self, replicas: int, environments: int, *, gamma: float, enabled: bool, device: torch.device) -> None:
        """Statistics of R replicas; a disabled one returns its rewards."""
        self.enabled = enabled
        self.gamma = gamma
        self.moments = RunningMoments(replicas, 1, device)
        self.sums = torch.zeros(replicas, environments, device=device)

    def __call__(self, rewards: Tensor, dones: Tensor, there: Tensor | None = None) -> Tensor:
        """Scaled rewards.

        Args:
            rewards: float32 (R, T, E, A, 2): task and shaping reward; both are divided by one number.
            dones: bool (R, T, E).
            there: bool (R, T, E, A), agents whose rewards count; None: all.
        """
        if not self.enabled:
            return rewards
        each = rewards.sum(dim=-1)
        totals = each.mean(dim=-1) if there is None else presence.mean(each, there, -1)  # (R, T, E)
        sums = []
        for t in range(totals.shape[1]):
            self.sums = self.sums * self.gamma + totals[:, t]
            sums.append(self.sums)
            self.sums = self.sums * ~dones[:, t]
        self.moments.update(torch.stack(sums, dim=1).reshape(totals.shape[0], -1, 1))
        return rewards / self.moments.deviation().view(-1, 1, 1, 1, 1)

    def state_dict(self) -> dict[str, Tensor]:
        """The statistics and the sums under way; first axis R."""
        return {**self.moments.state_dict(), "sums": self.sums}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue from what `state_dict` returned."""
        self.moments.load_state_dict(state)
        self.sums = state["sums"]
