"""What an action brought beyond what was expected, and how well that was expected.

Rewards, values and advantages have two parts, of the task and of shaping (`learner`).

Letters as in `vector_task`; T env_steps of a rollout.
"""

import torch
from torch import Tensor

from also.services.trainer import presence


def generalised_advantages(
    rewards: Tensor,
    values: Tensor,
    following: Tensor,
    done: Tensor,
    *,
    gamma: float,
    gae_lambda: float,
    left: Tensor | None = None,
) -> Tensor:
    """Generalised advantage estimation (Schulman 2016, arXiv 1506.02438, eq. 16).

    Args:
        rewards: float32 (R, T, E, A, 2).
        values: float32 (R, T, E, A, 2), of the states seen.
        following: float32 (R, T, E, A, 2), of the states reached; 0 where the episode terminated.
        done: bool (R, T, E): the episode ended or was cut here, so no advantage flows back over it.
        gamma: discount.
        gae_lambda: lambda.
        left: bool (R, T, E, A), agents that are not in the state reached: no advantage of shaping flows back from it;
            None: nobody has left.

    Returns:
        float32 (R, T, E, A, 2).
    """
    deltas = rewards + gamma * following - values
    factor = gamma * gae_lambda * (~done).to(deltas.dtype)[..., None, None]
    if left is not None:
        stays = torch.stack([torch.ones_like(left), ~left], dim=-1)  # the task's reward, and shaping's
        factor = factor * stays
    advantages = torch.empty_like(deltas)
    carried = torch.zeros_like(deltas[:, 0])
    for t in range(deltas.shape[1] - 1, -1, -1):
        carried = deltas[:, t] + factor[:, t] * carried
        advantages[:, t] = carried
    return advantages


def normalised(advantages: Tensor, there: Tensor | None = None) -> Tensor:
    """Advantages (R, ...) with mean 0 and deviation 1 in each replica, over those that are `there`, bool (R, ...)."""
    flat = advantages.flatten(1)
    deviation, mean = torch.std_mean(flat, dim=1, keepdim=True)
    if there is not None:
        some = there.flatten(1)
        everybody = some.all(1, keepdim=True)
        mean = torch.where(everybody, mean, presence.mean(flat, some, 1).unsqueeze(1))
        deviation = torch.where(everybody, deviation, presence.variance(flat, some).sqrt().unsqueeze(1))
    return ((flat - mean) / (deviation + 1e-8)).view_as(advantages)


def explained_variance(values: Tensor, targets: Tensor, there: Tensor | None = None) -> Tensor:
    """1 - var(targets - values) / var(targets), float32 (R, 2), of (R, T, E, A, 2); 0 for constant targets.

    With `there`, bool (R, T, E, A), of those rows only.
    """
    flat_values, flat_targets = values.flatten(1, 3), targets.flatten(1, 3)
    if there is None:
        variance, unexplained = flat_targets.var(dim=1), (flat_targets - flat_values).var(dim=1)
    else:
        rows = there.flatten(1).unsqueeze(-1)
        variance = presence.variance(flat_targets, rows)
        unexplained = presence.variance(flat_targets - flat_values, rows)
    return torch.where(variance > 1e-12, 1.0 - unexplained / variance.clamp(min=1e-12), torch.zeros_like(variance))
