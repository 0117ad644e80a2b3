"""What an agent does: a distribution over actions, for R replicas at once.

Discrete actions are drawn by inverting the cumulative distribution with one uniform number each,
so that a replica's draw is a function of its own stream. Continuous actions are Gaussian with a
deviation that does not depend on the state, clipped to the action space when carried out.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from also.v1 import task_pb2
from also.v1.campaign_pb2 import LearnerSettings
from services.trainer.network import ReplicaNet, Weights, normal
from services.trainer.streams import uniform

_MASKED = -1e9
"""Logit of an action that is not allowed."""

_UNIT_GAUSSIAN_ENTROPY = 0.5 * math.log(2.0 * math.pi * math.e)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Actions that were drawn, and how likely they were."""

    actions: Tensor
    """int64 (R, B, A), or float32 (R, B, A, N) before clipping."""
    log_probabilities: Tensor
    """float32 (R, B, A), nats."""
    memory: Tensor
    """float32 (R, B, A, H): memory of a recurrent policy after this env_step."""


class Policy(nn.Module):
    """Actor of R replicas and A agents that share parameters."""

    def __init__(self, keys: Tensor, card: task_pb2.TaskCard, settings: LearnerSettings) -> None:
        """Draw the weights from streams int64 (R,)."""
        super().__init__()
        self.space = card.action_space
        self.discrete = self.space.kind == task_pb2.ACTION_KIND_DISCRETE
        self.net = ReplicaNet(
            keys,
            inputs=card.observation_size,
            outputs=self.space.size,
            agents=len(card.agents),
            hidden=settings.hidden,
            layers=settings.layers,
            recurrent=settings.recurrent,
            gain=0.01,
        )
        if not self.discrete:
            self.log_deviation = nn.Parameter(torch.full((keys.shape[0], self.space.size), -0.5))

    @property
    def largest_entropy(self) -> float:
        """Entropy of the uniform choice, nats; for continuous actions that of unit Gaussians."""
        return max(math.log(self.space.size), 1e-9) if self.discrete else self.space.size * _UNIT_GAUSSIAN_ENTROPY

    def draws(self, keys: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Random numbers for `decide`: (R, *shape) uniform, or (R, *shape, N) normal, of keys int64 (R,)."""
        if self.discrete:
            return uniform(keys, math.prod(shape)).view(-1, *shape)
        shape = (*shape, self.space.size)
        return normal(keys, math.prod(shape)).view(-1, *shape)

    def decide(self, weights: Weights, inputs: Tensor, memory: Tensor, mask: Tensor | None, draws: Tensor) -> Decision:
        """Draw actions.

        Args:
            weights: what `net.weights` returned.
            inputs: float32 (R, B, A, O), normalised observations.
            memory: float32 (R, B, A, H).
            mask: bool (R, B, A, N), or None.
            draws: of `draws`, (R, B, A) or (R, B, A, N).
        """
        outputs, memory = self.net.step(weights, inputs, memory)
        if not self.discrete:
            actions = outputs + draws * self._log_deviation(outputs).exp()
            return Decision(actions=actions, log_probabilities=self._gaussian(outputs, actions), memory=memory)
        logs = torch.log_softmax(_masked(outputs, mask), dim=-1)
        cumulative = logs.exp().cumsum(dim=-1)
        levels = draws.unsqueeze(-1) * cumulative[..., -1:]
        actions = (cumulative <= levels).sum(dim=-1).clamp_(max=self.space.size - 1)
        chosen = logs.gather(-1, actions.unsqueeze(-1)).squeeze(-1)
        return Decision(actions=actions, log_probabilities=chosen, memory=memory)

    def most_likely(
        self, weights: Weights, inputs: Tensor, memory: Tensor, mask: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """The most likely actions and the next memory; shapes as in `decide`."""
        outputs, memory = self.net.step(weights, inputs, memory)
        return (_masked(outputs, mask).argmax(dim=-1) if self.discrete else outputs), memory

    def judge(self, outputs: Tensor, mask: Tensor | None, actions: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probabilities of actions, and the entropy.

        Args:
            outputs: what `net` returned, float32 (R, ..., A, N).
            mask: bool (R, ..., A, N), or None.
            actions: int64 (R, ..., A), or float32 (R, ..., A, N).

        Returns:
            Two float32 (R, ..., A), nats.
        """
        if not self.discrete:
            entropy = (self._log_deviation(outputs) + _UNIT_GAUSSIAN_ENTROPY).sum(-1).expand(outputs.shape[:-1])
            return self._gaussian(outputs, actions), entropy
        logs = torch.log_softmax(_masked(outputs, mask), dim=-1)
        chosen = logs.gather(-1, actions.unsqueeze(-1)).squeeze(-1)
        return chosen, -(logs.exp() * logs).sum(dim=-1)

    def executable(self, actions: Tensor) -> Tensor:
        """Actions as the task takes them: continuous ones clipped to the action space."""
        if self.discrete:
            return actions
        low, high = (actions.new_tensor(list(bound)) for bound in (self.space.low, self.space.high))
        return actions.clamp(low, high)

    def _log_deviation(self, outputs: Tensor) -> Tensor:
        return self.log_deviation.view(-1, *[1] * (outputs.dim() - 2), self.space.size)

    def _gaussian(self, means: Tensor, actions: Tensor) -> Tensor:
        log_deviation = self._log_deviation(means)
        scaled = (actions - means) * (-log_deviation).exp()
        return (-0.5 * scaled * scaled - log_deviation - 0.5 * math.log(2.0 * math.pi)).sum(dim=-1)


def _masked(logits: Tensor, mask: Tensor | None) -> Tensor:
    return logits if mask is None else logits.masked_fill(~mask, _MASKED)
