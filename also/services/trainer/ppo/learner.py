"""MAPPO and IPPO for R replicas at once: PPO (Schulman 2017, arXiv 1707.06347) with shared actors.

The value net has two heads, one for the task return and one for the shaping return, so that a new
shaping config never corrupts what is known of the task. Their advantages are added. With MAPPO
(Yu 2022, arXiv 2103.01955) the value net sees the global state, with IPPO (de Witt 2020, arXiv
2011.09533) each agent's own observation. The loss is a sum over replicas of each replica's mean,
so replicas never feel each other.

Only env_steps in which an agent was there are learnt from; what is owed to one that has left is in `presence`.

Letters as in `vector_task`; T env_steps of a rollout, M samples (env_step, environment) of a
minibatch.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from also.algorithms import sees_state
from also.services.trainer import presence
from also.services.trainer.blocks import BLOCK_ELEMENTS, blocks
from also.services.trainer.network import ReplicaNet
from also.services.trainer.normaliser import RewardScaler
from also.services.trainer.optimiser import Optimiser
from also.services.trainer.parts import as_part, part_of
from also.services.trainer.ppo.advantages import explained_variance, generalised_advantages, normalised
from also.services.trainer.ppo.policy import Policy
from also.services.trainer.ppo.rollout import Rollout
from also.services.trainer.ppo.samples import Part, Samples
from also.services.trainer.streams import mix, uniform
from also.services.trainer.threads import Threads
from also.v1.campaign_pb2 import LearnerSettings
from also.v1.task_pb2 import TaskCard

TASK, SHAPING = 0, 1
"""Index of the two rewards, of the two value heads and of the two advantages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateStatistics:
    """How an update went, each float32 (R,)."""

    told_as: ClassVar[str] = "optimisation"
    """Field of `Evidence` that the numbers belong to."""

    entropy: Tensor
    """Mean policy entropy over the largest possible, in [0, 1]; of continuous actions over that of unit Gaussians."""
    kl: Tensor
    """Mean KL from the old policy, nats (estimator k3: r - 1 - log r; Schulman 2020)."""
    clip_fraction: Tensor
    """Share of samples whose ratio was clipped, in [0, 1]."""
    explained_variance: Tensor
    """(R, 2): 1 - var(target - value) / var(target) of the task and the shaping head; 0 where undefined."""
    gradient_norm: Tensor
    """Actor's gradient norm before clipping."""
    finite: Tensor
    """bool (R,): the norm of every gradient was finite."""

    def numbers(self) -> dict[str, Tensor]:
        """What evidence tells, (R,) each, by its names."""
        return {
            "entropy": self.entropy,
            "kl": self.kl,
            "clip_fraction": self.clip_fraction,
            "task_explained_variance": self.explained_variance[:, TASK],
            "shaping_explained_variance": self.explained_variance[:, SHAPING],
            "gradient_norm": self.gradient_norm,
        }


_Loss = Callable[[Tensor, Part, Tensor, Tensor], tuple[Tensor, Tensor]]
"""Takes outputs, minibatch, parameters and their gradient; gives the gradient by the outputs, and statistics (S, r)."""


class Learner:
    """Actors and value nets of R replicas, with their optimisers."""

    def __init__(self, keys: Tensor, card: TaskCard, settings: LearnerSettings, *, threads: int = 1) -> None:
        """Draw the weights.

        Args:
            keys: int64 (R,), one stream a replica.
            card: card of the task.
            settings: every default filled in.
            threads: 2 trains actors and value nets at the same time, to the same bits.
        """
        self.settings = settings
        replicas = keys.shape[0]
        self.policy = Policy(mix(keys, 1), card, settings)
        seen = card.state_size if sees_state(settings) else card.observation_size
        sizes = {"inputs": seen, "outputs": 2, "agents": len(card.agents)}
        self.value_net = ReplicaNet(mix(keys, 2), settings, **sizes, gain=1.0)
        self.reward_scaler = RewardScaler(
            replicas, settings.environments, gamma=settings.gamma, enabled=settings.scale_rewards, device=keys.device
        )
        self.value_memory = self.value_net.empty_memory(replicas, settings.environments)
        self.optimiser_steps = 0
        self.optimisers = {
            name: Optimiser(flat, learning_rate=settings.learning_rate, largest_norm=settings.gradient_clip)
            for name, flat in (("policy", self.policy.flat), ("value", self.value_net.flat))
        }
        self.block_elements = BLOCK_ELEMENTS
        """Numbers of one hidden layer that a block of replicas has at most."""
        self._threads = Threads(threads)
        self._zero = torch.zeros((), device=keys.device)
        """A number in place of this tensor would be made a tensor in each minibatch."""

    @torch.inference_mode()
    def update(self, rollout: Rollout, keys: Tensor) -> UpdateStatistics:
        """Improve all replicas on their rollouts.

        Args:
            rollout: what they did.
            keys: int64 (R,): stream of this update's minibatches.
        """
        settings = self.settings
        memory = self.value_memory
        values, following = self._values(rollout)
        done = rollout.terminated | rollout.truncated
        there, left = None, None
        if rollout.presence is not None:
            there, left = rollout.presence.acted, ~rollout.presence.stayed
        rewards = self.reward_scaler(rollout.rewards, done, there)
        advantages = generalised_advantages(
            rewards, values, following, done, gamma=settings.gamma, gae_lambda=settings.gae_lambda, left=left
        )
        targets = advantages + values  # (R, T, E, A, 2)
        advantages = normalised(advantages.sum(dim=-1), there)  # (R, T, E, A)
        orders = self._orders(keys, rollout)
        (told, norms), (_, value_norms) = self._threads.both(
            lambda: self._improve_policy(rollout, advantages, orders),
            lambda: self._improve_values(rollout, targets, memory, orders),
        )
        self.optimiser_steps += len(norms)
        entropy, kl, clipped = told.mean(dim=0)
        return UpdateStatistics(
            entropy=entropy / self.policy.largest_entropy,
            kl=kl,
            clip_fraction=clipped,
            explained_variance=explained_variance(values, targets, there),
            gradient_norm=norms.mean(dim=0),
            finite=torch.isfinite(norms + value_norms).all(dim=0),
        )

    def _values(self, rollout: Rollout) -> tuple[Tensor, Tensor]:
        """Values of the states seen and of those reached, both (R, T, E, A, 2); the memory continues to the last."""
        net, before, who = self.value_net, self.value_memory, rollout.presence
        done, forgets = rollout.terminated | rollout.truncated, rollout.forgets
        parts, memories = [], []
        for rows in self._blocks(rollout.begins[0].numel()):
            found, memory = net.unroll(
                net.views(net.flat[rows]), rollout.value_inputs[rows], before[rows], forgets[rows]
            )
            parts.append(found)
            memories.append(memory * who.acted[rows].unsqueeze(-1) if who is not None and net.recurrent else memory)
        values = torch.cat(parts).movedim(1, -1)
        if net.recurrent:
            self.value_memory = torch.cat([memory[:, -1] for memory in memories])
        weights = net.weights()
        carried = self.value_memory * (~done[:, -1])[..., None, None]
        last, _ = net.step(weights, rollout.last_value_inputs, carried)
        following = torch.cat([values[:, 1:], last.movedim(1, -1).unsqueeze(1)], dim=1)
        for t, inputs in rollout.cut_value_inputs.items():
            memory = torch.cat([memory[:, t] for memory in memories]) if net.recurrent else before
            reached, _ = net.step(weights, inputs, memory)
            cut = rollout.truncated[:, t, :, None, None]
            following[:, t] = torch.where(cut, reached.movedim(1, -1), following[:, t])
        if who is not None:
            values, following = presence.owed(values, who.acted), presence.owed(following, who.stayed)
        return values, following * (~rollout.terminated)[..., None, None]

    def _orders(self, keys: Tensor, rollout: Rollout) -> Tensor:
        """Each replica's own order of its samples in each epoch, int64 (epochs, R, S); see `samples`."""
        time, environments = rollout.begins.shape[1:]
        count = environments if self.settings.recurrent else time * environments
        epochs = torch.arange(self.settings.epochs, device=keys.device).unsqueeze(1)
        return uniform(mix(keys, epochs), count).argsort(dim=2)

    def _blocks(self, env_steps: int) -> list[slice]:
        """Replicas that go through a pass of so many env_steps each together."""
        replicas, net = self.value_memory.shape[0], self.value_net
        return blocks(replicas, env_steps * net.agents, self.settings, net.flat.device, most=self.block_elements)

    @torch.inference_mode()
    def _improve_policy(self, rollout: Rollout, advantages: Tensor, orders: Tensor) -> tuple[Tensor, Tensor]:
        """Train the actors on all minibatches, see `_train`; their statistics are entropy, KL and share clipped."""
        parts = {"inputs": rollout.inputs, "actions": rollout.actions, "advantages": advantages}
        parts["log_probabilities"] = rollout.log_probabilities
        if rollout.masks is not None:
            parts["masks"] = rollout.masks
        samples = self._samples(rollout, parts, rollout.policy_memory)
        return self._train(self.policy.net, self.optimisers["policy"], samples, orders, self._policy_loss)

    @torch.inference_mode()
    def _improve_values(
        self, rollout: Rollout, targets: Tensor, memory: Tensor, orders: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Train the value nets on all minibatches, see `_train`; they have no statistics."""
        samples = self._samples(rollout, {"inputs": rollout.value_inputs, "targets": targets}, memory)
        return self._train(self.value_net, self.optimisers["value"], samples, orders, self._value_loss)

    def _samples(self, rollout: Rollout, parts: Part, memory: Tensor) -> Samples:
        """What a net learns from, with who was `there`; `memory` is before the first env_step."""
        there = {} if rollout.presence is None else {"there": rollout.presence.acted}
        return Samples(parts | there, memory, rollout.forgets, recurrent=self.settings.recurrent)

    def _train(
        self, net: ReplicaNet, optimiser: Optimiser, samples: Samples, orders: Tensor, loss: _Loss
    ) -> tuple[Tensor, Tensor]:
        """Train a net on all minibatches.

        A block of replicas goes through all of them before the next begins, so that it stays in the cache.

        Returns:
            The loss's statistics, float32 (minibatches, S, R), and the gradients' norms, float32 (minibatches, R).
        """
        settings, statistics, norms = self.settings, [], []
        for rows in self._blocks(-(-orders.shape[2] // settings.minibatches)):
            mine = optimiser.of(rows)
            flat = mine.flat
            gradient = torch.zeros_like(flat)  # the padding's stays 0
            weights, by_weights = net.views(flat), net.views(gradient)
            told: list[Tensor] = []
            lengths: list[Tensor] = []
            for order in orders[:, rows]:
                for part in samples.minibatches(rows, order, settings.minibatches):
                    if net.recurrent:
                        outputs, pull_back = net.unrolled_vjp(
                            weights, by_weights, part["inputs"], part["memory"], part["begins"]
                        )
                    else:
                        outputs, pull_back = net.vjp(weights, by_weights, part["inputs"])
                    by_outputs, means = loss(outputs, part, flat, gradient)
                    pull_back(by_outputs)
                    told.append(means)
                    lengths.append(mine.step(gradient, self.optimiser_steps + len(lengths) + 1))
            statistics.append(torch.stack(told))
            norms.append(torch.stack(lengths))
        return torch.cat(statistics, dim=-1), torch.cat(norms, dim=-1)

    def _policy_loss(self, outputs: Tensor, part: Part, flat: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """Gradient of PPO's loss by the actor's outputs, both (r, K, N); entropy, KL and share clipped, (3, r).

        That by the log-deviations of continuous actions is written into `gradient`, float32 (r, P).
        """
        clip, there = self.settings.clip_epsilon, part.get("there")
        judged = self.policy.judge(outputs, part.get("masks"), part["actions"], flat)
        log_ratio = judged.log_probabilities - part["log_probabilities"]  # (r, N)
        ratio = log_ratio.exp()
        surrogate = ratio * part["advantages"]
        # Schulman 2017, eq. 7: the gain is min(surrogate, clipped), which is flat where clipped is the less
        rises = surrogate <= ratio.clamp(1.0 - clip, 1.0 + clip) * part["advantages"]
        by_entropy: float | Tensor
        if there is None:
            share = 1.0 / ratio.shape[1]
            by_log = torch.where(rises, surrogate, self._zero).mul_(-share)
            by_entropy = -self.settings.entropy_coefficient * share
        else:
            shares = presence.shares(there)
            by_log = torch.where(rises & there, surrogate, self._zero).mul_(-shares.float())
            by_entropy = (-self.settings.entropy_coefficient * shares * there).float().unsqueeze(1)
        by_outputs = self.policy.pull_back(judged, part["actions"], by_log, by_entropy, flat, gradient)
        change = ratio.sub_(1.0)
        clipped = (change.abs() > clip).to(torch.float32)
        told = torch.stack([judged.entropy, change - log_ratio, clipped])
        return by_outputs, told.mean(dim=2) if there is None else presence.mean(told, there.unsqueeze(0), 2)

    def _value_loss(self, outputs: Tensor, part: Part, flat: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """Gradient of the squared errors of both heads by their outputs, both (r, 2, N); no statistics, (0, r)."""
        errors, there = outputs.sub_(part["targets"].movedim(-1, 1)), part.get("there")
        factor: float | Tensor
        if there is None:
            factor = 2.0 * self.settings.value_coefficient / errors.shape[2]
        else:
            errors = torch.where(there.unsqueeze(1), errors, 0.0)
            factor = (2.0 * self.settings.value_coefficient * presence.shares(there)).float().unsqueeze(1)
        return errors.mul_(factor), errors.new_empty(0, len(errors))

    def state_dict(self) -> dict[str, Tensor]:
        """Nets, optimisers, reward statistics and memory; first axis R."""
        scaler = as_part("reward_scaler", self.reward_scaler.state_dict())
        return {"value_memory": self.value_memory, **scaler, **dict(self._learnt())}

    def load_state_dict(self, state: dict[str, Tensor], *, optimiser_steps: int) -> None:
        """Continue from what `state_dict` returned after so many optimiser steps."""
        self.optimiser_steps = optimiser_steps
        self.value_memory = state["value_memory"]
        self.reward_scaler.load_state_dict(part_of(state, "reward_scaler"))
        for name, tensor in self._learnt():
            tensor.copy_(state[name])

    def take(self, state: dict[str, Tensor], *, optimiser_steps: int | None) -> None:
        """Begin with another's weights; without its optimiser's steps, only with those of its actor."""
        self.reward_scaler.moments.load_state_dict(part_of(state, "reward_scaler"))
        for name, tensor in self._learnt():
            if optimiser_steps is not None or name in {f"policy.{part}" for part in self.policy.parts}:
                tensor.copy_(state[name])
        self.optimiser_steps = optimiser_steps or 0

    def close(self) -> None:
        """End the second thread, if there is one."""
        self._threads.close()

    def _learnt(self) -> Iterator[tuple[str, Tensor]]:
        """Every parameter and its moments, (R, ...) by its name in checkpoints."""
        value_parts = {"flat": slice(0, self.value_net.size)}
        for net, parts in (("policy", self.policy.parts), ("value", value_parts)):
            optimiser = self.optimisers[net]
            for name, place in parts.items():
                yield f"{net}.{name}", optimiser.flat[:, place]
                yield f"{net}.{name}.exp_avg", optimiser.first[:, place]
                yield f"{net}.{name}.exp_avg_sq", optimiser.second[:, place]
