"""What an agent does by its own Q: the best action, or now and then one at random.

One uniform number decides both whether an agent explores and which action it then takes: where it is below epsilon,
the number over epsilon is uniform again. Agents share parameters, and differ by an embedding of their id (`network`).

Letters: K actions; B batch; A agents.
"""

import copy
import math

import torch
from torch import Tensor

from also.services.trainer.actor import Decision, masked
from also.services.trainer.network import ReplicaNet, Weights
from also.services.trainer.streams import uniform
from also.v1.campaign_pb2 import LearnerSettings
from also.v1.task_pb2 import TaskCard


class EpsilonGreedy:
    """Actor of R replicas and A agents."""

    discrete = True

    def __init__(self, keys: Tensor, card: TaskCard, settings: LearnerSettings) -> None:
        """Draw the weights from streams int64 (R,)."""
        self.actions = card.action_space.size
        """Number of actions, K."""
        sizes = {"inputs": card.observation_size, "outputs": self.actions, "agents": len(card.agents)}
        self.net = ReplicaNet(keys, settings, **sizes, gain=0.01)
        self._last_epsilon = settings.value_learning.epsilon_end
        self.epsilon = torch.ones(keys.shape[0], device=keys.device)
        """Share of random actions of each replica, float32 (R,)."""

    @property
    def largest_entropy(self) -> float:
        """Entropy of the uniform choice, nats."""
        return max(math.log(self.actions), 1e-9)

    def draws(self, keys: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Uniform numbers for `decide`, (R, *shape), of keys int64 (R,)."""
        return uniform(keys, math.prod(shape)).view(-1, *shape)

    def decide(
        self, weights: Weights, inputs: Tensor, memory: Tensor, mask: Tensor | None, draws: Tensor | None
    ) -> Decision:
        """Explore now and then with `draws`, (R, B, A), or take the best actions; see `Actor`."""
        outputs, memory = self.net.step(weights, inputs, memory)
        actions = best(outputs, mask)
        if draws is not None:
            epsilon = self.epsilon[:, None, None]
            level = draws / epsilon.clamp(min=1e-9)  # uniform in [0, 1) where an agent explores
            if mask is None:
                drawn = (level * self.actions).long()
            else:
                rank = (level * mask.sum(dim=-1)).long().unsqueeze(-1)
                drawn = (mask.cumsum(dim=-1) <= rank).sum(dim=-1)  # the allowed action of that rank
            actions = torch.where(draws < epsilon, drawn.clamp(max=self.actions - 1), actions)
        return Decision(inputs=inputs, actions=actions, outputs=outputs, memory=memory)

    def executable(self, actions: Tensor) -> Tensor:
        """Actions as the task takes them."""
        return actions

    def settled(self) -> "EpsilonGreedy":
        """The same with its last share of random actions, so that a return tells of nothing but what was learnt."""
        other = copy.copy(self)
        other.epsilon = torch.full_like(self.epsilon, self._last_epsilon)
        return other


def best(values: Tensor, mask: Tensor | None) -> Tensor:
    """The allowed action of the largest value, int64 (R, ...), of values (R, K, ...) and a mask (R, ..., K)."""
    return masked(values, mask).argmax(dim=1)
