"""What an agent does: a distribution over actions, for R replicas at once.

Discrete actions are drawn by inverting the cumulative distribution with one uniform number each,
so that a replica's draw is a function of its own stream. Continuous actions are Gaussian with a
deviation that does not depend on the state, clipped to the action space when carried out.

Letters: K actions, or numbers of a continuous one; B batch; A agents; "..." are the axes of samples.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from also.services.trainer.actor import Decision, masked
from also.services.trainer.network import ReplicaNet, Weights, normal, padded
from also.services.trainer.streams import uniform
from also.v1 import task_pb2
from also.v1.campaign_pb2 import LearnerSettings

_UNIT_GAUSSIAN_ENTROPY = 0.5 * math.log(2.0 * math.pi * math.e)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How likely actions were."""

    log_probabilities: Tensor
    """float32 (R, ...), nats."""
    entropy: Tensor
    """float32 (R, ...), nats."""
    scores: Tensor
    """float32 (R, K, ...): log-probabilities of all discrete actions, or a continuous one's distance from the
    mean in deviations."""
    probabilities: Tensor | None
    """float32 (R, K, ...): of all discrete actions; None for continuous ones."""


class Policy:
    """Actor of R replicas and A agents that share parameters."""

    def __init__(self, keys: Tensor, card: task_pb2.TaskCard, settings: LearnerSettings) -> None:
        """Draw the weights from streams int64 (R,)."""
        self.space = card.action_space
        self.discrete = self.space.kind == task_pb2.ACTION_KIND_DISCRETE
        sizes = {"inputs": card.observation_size, "outputs": self.space.size, "agents": len(card.agents)}
        self.net = ReplicaNet(keys, settings, **sizes, gain=0.01)
        self.flat = self.net.flat
        """All that is learnt, float32 (R, P): the net's weights, log-deviations of continuous actions, and padding."""
        end = self.net.size
        self.parts = {"net.flat": slice(0, end)}
        """Where each part of `flat` lies, by its name in checkpoints."""
        if not self.discrete:
            deviation = self.flat.new_full((self.flat.shape[0], self.space.size), -0.5)
            self.flat = padded(torch.cat([self.flat[:, :end], deviation], dim=1))
            self.net.flat = self.flat[:, :end]
            self.parts["log_deviation"] = slice(end, end + self.space.size)

    @property
    def largest_entropy(self) -> float:
        """Entropy of the uniform choice, nats; for continuous actions that of unit Gaussians."""
        return max(math.log(self.space.size), 1e-9) if self.discrete else self.space.size * _UNIT_GAUSSIAN_ENTROPY

    def draws(self, keys: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Random numbers for `decide`: (R, *shape) uniform, or (R, *shape, K) normal, of keys int64 (R,)."""
        if self.discrete:
            return uniform(keys, math.prod(shape)).view(-1, *shape)
        shape = (*shape, self.space.size)
        return normal(keys, math.prod(shape)).view(-1, *shape)

    def decide(
        self, weights: Weights, inputs: Tensor, memory: Tensor, mask: Tensor | None, draws: Tensor | None
    ) -> Decision:
        """Draw actions with `draws`, (R, B, A) or (R, B, A, K), or take the most likely ones; see `Actor`."""
        outputs, memory = self.net.step(weights, inputs, memory)
        if not self.discrete:
            actions = outputs.movedim(1, -1)
            if draws is not None:
                actions = actions + draws * self._log_deviation(draws.dim(), None).exp().movedim(1, -1)
        elif draws is None:
            actions = masked(outputs, mask).argmax(dim=1)
        else:
            cumulative = torch.softmax(masked(outputs, mask), dim=1).cumsum(dim=1)
            levels = draws.unsqueeze(1) * cumulative[:, -1:]
            actions = (cumulative <= levels).sum(dim=1).clamp_(max=self.space.size - 1)
        return Decision(inputs=inputs, actions=actions, outputs=outputs, memory=memory)

    def judge(self, outputs: Tensor, mask: Tensor | None, actions: Tensor, flat: Tensor | None = None) -> Judgement:
        """Log-probabilities of actions, and the entropy.

        Args:
            outputs: what `net` returned, float32 (R, K, ...).
            mask: bool (R, ..., K), or None.
            actions: int64 (R, ...), or float32 (R, ..., K).
            flat: what is learnt of these replicas, (R, P); None: of all of them.
        """
        if not self.discrete:
            log_deviation = self._log_deviation(outputs.dim(), flat)
            scaled = (actions.movedim(-1, 1) - outputs) * (-log_deviation).exp()
            chosen = (-0.5 * scaled * scaled - log_deviation - 0.5 * math.log(2.0 * math.pi)).sum(dim=1)
            entropy = (log_deviation + _UNIT_GAUSSIAN_ENTROPY).sum(dim=1).expand_as(chosen)
            return Judgement(log_probabilities=chosen, entropy=entropy, scores=scaled, probabilities=None)
        logs = torch.log_softmax(masked(outputs, mask), dim=1)
        chosen, probabilities = logs.gather(1, actions.unsqueeze(1)).squeeze(1), logs.exp()
        entropy = (probabilities * logs).sum(dim=1).neg_()
        return Judgement(log_probabilities=chosen, entropy=entropy, scores=logs, probabilities=probabilities)

    def pull_back(
        self,
        judged: Judgement,
        actions: Tensor,
        by_log: Tensor,
        by_entropy: float | Tensor,
        flat: Tensor,
        gradient: Tensor,
    ) -> Tensor:
        """Gradient of a loss by the net's outputs, from its gradient by a judgement.

        Args:
            judged: what `judge` returned.
            actions: what it judged.
            by_log: float32 (R, ...), gradient by the log-probabilities.
            by_entropy: gradient by the entropy of each sample, one for all or float32 (R, 1, ...).
            flat: what is learnt of these replicas, (R, P).
            gradient: its gradient, (R, P), of which the part of the log-deviations is overwritten here.

        Returns:
            float32 (R, K, ...).
        """
        if judged.probabilities is not None:  # d log p_a / dz = [a] - p, and d entropy / dz = -p (log p + entropy)
            slope = (judged.scores + judged.entropy.unsqueeze(1)).mul_(-by_entropy).sub_(by_log.unsqueeze(1))
            return slope.mul_(judged.probabilities).scatter_add_(1, actions.unsqueeze(1), by_log.unsqueeze(1))
        part, scaled = self.parts["log_deviation"], judged.scores
        by_mean = by_log.unsqueeze(1) * scaled
        gradient[:, part] = (by_mean * scaled - by_log.unsqueeze(1) + by_entropy).flatten(2).sum(dim=2)
        return by_mean * (-self._log_deviation(scaled.dim(), flat)).exp()

    def settled(self) -> "Policy":
        """Itself: it explores as much as it has learnt to."""
        return self

    def executable(self, actions: Tensor) -> Tensor:
        """Actions as the task takes them: continuous ones clipped to the action space."""
        if self.discrete:
            return actions
        low, high = (actions.new_tensor(list(bound)) for bound in (self.space.low, self.space.high))
        return actions.clamp(low, high)

    def _log_deviation(self, axes: int, flat: Tensor | None) -> Tensor:
        """Log-deviations (R, K, 1, ...) of so many axes."""
        own = (self.flat if flat is None else flat)[:, self.parts["log_deviation"]]
        return own.view(*own.shape, *[1] * (axes - 2))
