"""MAPPO and IPPO for R replicas at once: PPO (Schulman 2017, arXiv 1707.06347) with shared actors.

The value net has two heads, one for the task return and one for the shaping return, so that a new
shaping config never corrupts what is known of the task. Their advantages are added. With MAPPO
(Yu 2022, arXiv 2103.01955) the value net sees the global state, with IPPO (de Witt 2020, arXiv
2011.09533) each agent's own observation. The loss is a sum over replicas of each replica's mean,
so replicas never feel each other.

Letters as in `vector_task`; T env_steps of a rollout, M samples (env_step, environment) of a
minibatch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from also.v1.campaign_pb2 import ALGORITHM_MAPPO, LearnerSettings
from also.v1.task_pb2 import TaskCard
from services.trainer.network import ReplicaNet
from services.trainer.normaliser import RewardScaler
from services.trainer.policy import Policy
from services.trainer.rollout import Rollout
from services.trainer.streams import mix, uniform

TASK, SHAPING = 0, 1
"""Index of the two rewards, of the two value heads and of the two advantages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateStatistics:
    """How an update went, each float32 (R,)."""

    entropy: Tensor
    """Mean policy entropy over the largest possible, in [0, 1]."""
    kl: Tensor
    """Mean KL from the old policy, nats (estimator k3: r - 1 - log r; Schulman 2020)."""
    clip_fraction: Tensor
    """Share of samples whose ratio was clipped, in [0, 1]."""
    explained_variance: Tensor
    """(R, 2): 1 - var(target - value) / var(target) of the task and the shaping head; 0 where undefined."""
    gradient_norm: Tensor
    """Actor's gradient norm before clipping."""
    finite: Tensor
    """bool (R,): every loss and gradient was finite."""


class Learner:
    """Actors and value nets of R replicas, with their optimisers."""

    def __init__(self, keys: Tensor, card: TaskCard, settings: LearnerSettings) -> None:
        """Draw the weights.

        Args:
            keys: int64 (R,), one stream a replica.
            card: card of the task.
            settings: every default filled in.
        """
        self.settings = settings
        replicas, agents = keys.shape[0], len(card.agents)
        self.policy = Policy(mix(keys, 1), card, settings)
        self.value_net = ReplicaNet(
            mix(keys, 2),
            inputs=card.state_size if settings.algorithm == ALGORITHM_MAPPO else card.observation_size,
            outputs=2,
            agents=agents,
            hidden=settings.hidden,
            layers=settings.layers,
            recurrent=settings.recurrent,
            gain=1.0,
        )
        self.reward_scaler = RewardScaler(
            replicas, settings.environments, gamma=settings.gamma, enabled=settings.scale_rewards
        )
        width = settings.hidden if settings.recurrent else 0
        self.value_memory = torch.zeros(replicas, settings.environments, agents, width)
        self.optimiser_steps = 0
        self.nets: dict[str, nn.Module] = {"policy": self.policy, "value": self.value_net}
        self.optimisers = {
            name: torch.optim.Adam(net.parameters(), lr=settings.learning_rate, eps=1e-5, fused=True)
            for name, net in self.nets.items()
        }

    def update(self, rollout: Rollout, keys: Tensor) -> UpdateStatistics:
        """Improve all replicas on their rollouts.

        Args:
            rollout: what they did.
            keys: int64 (R,): stream of this update's minibatches.
        """
        settings = self.settings
        with torch.no_grad():
            values, following, begin_memory = self._values(rollout)
            done = rollout.terminated | rollout.truncated
            rewards = self.reward_scaler(rollout.rewards, done)
            advantages = generalised_advantages(
                rewards, values, following, done, gamma=settings.gamma, gae_lambda=settings.gae_lambda
            )
            targets = advantages + values  # (R, T, E, A, 2)
            total = normalised(advantages.sum(dim=-1))  # (R, T, E, A)
        batches = self._batches(rollout, total, targets, begin_memory)
        sums, steps = torch.zeros(4, keys.shape[0]), 0
        finite = torch.ones(keys.shape[0], dtype=torch.bool)
        for epoch in range(settings.epochs):
            order = self._order(mix(keys, epoch), rollout)
            for indices in order.chunk(settings.minibatches, dim=1):
                step, step_finite = self._step(batches, indices)
                sums += step
                finite &= step_finite
                steps += 1
        self.optimiser_steps += steps
        entropy, kl, clipped, norm = sums / steps
        return UpdateStatistics(
            entropy=entropy / self.policy.largest_entropy,
            kl=kl,
            clip_fraction=clipped,
            explained_variance=explained_variance(values, targets),
            gradient_norm=norm,
            finite=finite,
        )

    def _values(self, rollout: Rollout) -> tuple[Tensor, Tensor, Tensor]:
        """Values of the states seen and of those reached, both (R, T, E, A, 2), and the memory before."""
        before = self.value_memory
        weights = self.value_net.weights()
        values, memories = self.value_net.unroll(weights, rollout.value_inputs, before, rollout.begins)
        done = rollout.terminated | rollout.truncated
        if self.value_net.recurrent:
            self.value_memory = memories[:, -1]
        carried = self.value_memory * (~done[:, -1])[..., None, None]
        last, _ = self.value_net.step(weights, rollout.last_value_inputs, carried)
        following = torch.cat([values[:, 1:], last.unsqueeze(1)], dim=1)
        for t, inputs in rollout.cut_value_inputs.items():
            reached, _ = self.value_net.step(weights, inputs, memories[:, t] if self.value_net.recurrent else before)
            following[:, t] = torch.where(rollout.truncated[:, t, :, None, None], reached, following[:, t])
        return values, following * (~rollout.terminated)[..., None, None], before

    def _batches(self, rollout: Rollout, advantages: Tensor, targets: Tensor, value_memory: Tensor) -> "_Batches":
        parts = {
            "inputs": rollout.inputs,
            "value_inputs": rollout.value_inputs,
            "actions": rollout.actions,
            "log_probabilities": rollout.log_probabilities,
            "advantages": advantages,
            "targets": targets,
        }
        if rollout.masks is not None:
            parts["masks"] = rollout.masks
        if not self.settings.recurrent:
            return _Batches(steps={name: part.flatten(1, 2) for name, part in parts.items()}, memories={})
        memories = {"policy": rollout.policy_memory, "value": value_memory}
        return _Batches(steps=parts | {"begins": rollout.begins}, memories=memories)

    def _order(self, keys: Tensor, rollout: Rollout) -> Tensor:
        """A permutation of each replica's samples: env_steps of environments, or whole environments of a GRU."""
        time, environments = rollout.begins.shape[1:]
        return uniform(keys, environments if self.settings.recurrent else time * environments).argsort(dim=1)

    def _step(self, batches: "_Batches", indices: Tensor) -> tuple[Tensor, Tensor]:
        """One optimiser step on a minibatch; statistics (4, R) and finiteness (R,)."""
        settings = self.settings
        part, outputs, values = self._forward(batches.select(indices))
        log_probabilities, entropy = self.policy.judge(outputs, part.get("masks"), part["actions"])
        log_ratio = log_probabilities - part["log_probabilities"]
        ratio = log_ratio.exp()
        advantages = part["advantages"]
        low, high = 1.0 - settings.clip_epsilon, 1.0 + settings.clip_epsilon
        gain = torch.minimum(ratio * advantages, ratio.clamp(low, high) * advantages)  # Schulman 2017, eq. 7
        value_loss = (values - part["targets"]).square().sum(dim=-1)
        loss = (
            settings.value_coefficient * _replica_mean(value_loss)
            - _replica_mean(gain)
            - settings.entropy_coefficient * _replica_mean(entropy)
        )  # (R,)
        for optimiser in self.optimisers.values():
            optimiser.zero_grad(set_to_none=True)
        loss.sum().backward()  # type: ignore[no-untyped-call]
        norms = {name: clip_gradients(net, settings.gradient_clip) for name, net in self.nets.items()}
        for optimiser in self.optimisers.values():
            optimiser.step()
        with torch.no_grad():
            clipped = ((ratio - 1.0).abs() > settings.clip_epsilon).float()
            statistics = torch.stack(
                [
                    _replica_mean(entropy),
                    _replica_mean(ratio - 1.0 - log_ratio),
                    _replica_mean(clipped),
                    norms["policy"],
                ]
            )
        return statistics.detach(), torch.isfinite(loss.detach() + norms["policy"] + norms["value"])

    def _forward(self, part: dict[str, Tensor]) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Outputs of the actor and values, in the layout of the minibatch."""
        weights, value_weights = self.policy.net.weights(), self.value_net.weights()
        if not self.settings.recurrent:
            empty = part["inputs"].new_empty(0)
            outputs, _ = self.policy.net.step(weights, part["inputs"], empty)
            values, _ = self.value_net.step(value_weights, part["value_inputs"], empty)
            return part, outputs, values
        outputs, _ = self.policy.net.unroll(weights, part["inputs"], part["policy"], part["begins"])
        values, _ = self.value_net.unroll(value_weights, part["value_inputs"], part["value"], part["begins"])
        return part, outputs, values

    def state_dict(self) -> dict[str, Tensor]:
        """Nets, optimisers, reward statistics and memory; first axis R."""
        state = {"value_memory": self.value_memory}
        state |= {f"reward_scaler.{name}": part for name, part in self.reward_scaler.state_dict().items()}
        for name, net in self.nets.items():
            for parameter_name, parameter in net.named_parameters():
                moments = self.optimisers[name].state.get(parameter, {})
                state[f"{name}.{parameter_name}"] = parameter.detach()
                for moment in ("exp_avg", "exp_avg_sq"):
                    value = moments.get(moment)
                    state[f"{name}.{parameter_name}.{moment}"] = torch.zeros_like(parameter) if value is None else value
        return state

    def load_state_dict(self, state: dict[str, Tensor], *, optimiser_steps: int) -> None:
        """Continue from what `state_dict` returned after so many optimiser steps."""
        self.optimiser_steps = optimiser_steps
        self.value_memory = state["value_memory"]
        self.reward_scaler.load_state_dict(
            {name: state[f"reward_scaler.{name}"] for name in self.reward_scaler.state_dict()}
        )
        for name, net in self.nets.items():
            for parameter_name, parameter in net.named_parameters():
                with torch.no_grad():
                    parameter.copy_(state[f"{name}.{parameter_name}"])
                self.optimisers[name].state[parameter] = {
                    "step": torch.tensor(float(optimiser_steps)),
                    "exp_avg": state[f"{name}.{parameter_name}.exp_avg"].clone(),
                    "exp_avg_sq": state[f"{name}.{parameter_name}.exp_avg_sq"].clone(),
                }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batches:
    """Samples of a rollout, to be selected by index: (R, T·E, ...), or (R, T, E, ...) with memories."""

    steps: dict[str, Tensor]
    memories: dict[str, Tensor]

    def select(self, indices: Tensor) -> dict[str, Tensor]:
        """The samples with indices int64 (R, M) of each replica."""
        axis = 2 if self.memories else 1
        chosen = {name: _take(part, indices, axis) for name, part in self.steps.items()}
        return chosen | {name: _take(part, indices, 1) for name, part in self.memories.items()}


def generalised_advantages(
    rewards: Tensor, values: Tensor, following: Tensor, done: Tensor, *, gamma: float, gae_lambda: float
) -> Tensor:
    """Generalised advantage estimation (Schulman 2016, arXiv 1506.02438, eq. 16).

    Args:
        rewards: float32 (R, T, E, A, 2).
        values: float32 (R, T, E, A, 2), of the states seen.
        following: float32 (R, T, E, A, 2), of the states reached; 0 where the episode terminated.
        done: bool (R, T, E): the episode ended or was cut here, so no advantage flows back over it.
        gamma: discount.
        gae_lambda: lambda.

    Returns:
        float32 (R, T, E, A, 2).
    """
    deltas = rewards + gamma * following - values
    factor = gamma * gae_lambda * (~done).to(deltas.dtype)[..., None, None]
    advantages = torch.empty_like(deltas)
    carried = torch.zeros_like(deltas[:, 0])
    for t in range(deltas.shape[1] - 1, -1, -1):
        carried = deltas[:, t] + factor[:, t] * carried
        advantages[:, t] = carried
    return advantages


def normalised(advantages: Tensor) -> Tensor:
    """Advantages (R, ...) with mean 0 and deviation 1 in each replica."""
    flat = advantages.flatten(1)
    deviation, mean = torch.std_mean(flat, dim=1, keepdim=True)
    return ((flat - mean) / (deviation + 1e-8)).view_as(advantages)


def explained_variance(values: Tensor, targets: Tensor) -> Tensor:
    """1 - var(targets - values) / var(targets), float32 (R, 2), of (R, T, E, A, 2); 0 for constant targets."""
    flat_values, flat_targets = values.flatten(1, 3), targets.flatten(1, 3)
    variance = flat_targets.var(dim=1)
    unexplained = (flat_targets - flat_values).var(dim=1)
    return torch.where(variance > 1e-12, 1.0 - unexplained / variance.clamp(min=1e-12), torch.zeros_like(variance))


def clip_gradients(net: nn.Module, largest: float) -> Tensor:
    """Scale each replica's gradient to at most `largest`; the norms before, float32 (R,)."""
    gradients = [parameter.grad for parameter in net.parameters() if parameter.grad is not None]
    norms = torch.stack([gradient.flatten(1).square().sum(dim=1) for gradient in gradients]).sum(dim=0).sqrt()
    factors = (largest / (norms + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(factors.view(-1, *[1] * (gradient.dim() - 1)))
    return norms


def _replica_mean(values: Tensor) -> Tensor:
    return values.flatten(1).mean(dim=1)


def _take(part: Tensor, indices: Tensor, axis: int) -> Tensor:
    """Entries of each replica along an axis: part (R, [T,] N, ...), indices (R, M)."""
    if axis == 1:
        replicas, count = part.shape[:2]
        offsets = torch.arange(replicas, device=part.device).unsqueeze(1) * count
        flat = part.reshape(replicas * count, *part.shape[2:]).index_select(0, (indices + offsets).flatten())
        return flat.view(replicas, indices.shape[1], *part.shape[2:])
    index = indices.view(indices.shape[0], 1, -1, *[1] * (part.dim() - 3))
    return part.gather(2, index.expand(*part.shape[:2], indices.shape[1], *part.shape[3:]))
