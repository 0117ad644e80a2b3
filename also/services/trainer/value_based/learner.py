"""VDN (Sunehag 2018, arXiv 1706.05296) and QMIX (Rashid 2018, arXiv 1803.11485) for R replicas at once.

Q-learning of the team's Q, a mix of the agents' own, towards r + gamma max Q' with target nets and double Q (van
Hasselt 2016, arXiv 1509.06461). The loss is a sum over replicas of each replica's mean, so replicas never feel each
other. There is one Q, of the task's reward and shaping's together: what is drawn from the replay is priced anew each
time, so that a new config moves the targets, and the Q follows.

The way back through the agents' nets is written out (`network`), that through a mixer is autograd's.

Letters as in `replay`; K actions, B episodes of a batch, r replicas of a block, N = T * B.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from also import algorithms
from also.services.trainer.blocks import BLOCK_ELEMENTS, blocks
from also.services.trainer.network import padded
from also.services.trainer.optimiser import Optimiser
from also.services.trainer.streams import mix
from also.services.trainer.value_based.actor import EpsilonGreedy, best
from also.services.trainer.value_based.batch import Batch, Experience
from also.services.trainer.value_based.exploration import epsilon
from also.services.trainer.value_based.mixer import mixer_of
from also.updates import env_steps_of_update
from also.v1.campaign_pb2 import LearnerSettings
from also.v1.task_pb2 import TaskCard


@dataclass(frozen=True, slots=True, kw_only=True)
class QStatistics:
    """How an update went, each float32 (R,); 0 where nothing was learnt from yet."""

    told_as: ClassVar[str] = "value_learning"
    """Field of `Evidence` that the numbers belong to."""

    td_error: Tensor
    """Mean |TD error| of the team's Q, units of task reward."""
    mean_value: Tensor
    """Mean of the team's Q for the actions that were taken, units of task reward."""
    epsilon: Tensor
    """Share of random actions while the rollout was played."""
    gradient_norm: Tensor
    """Gradient norm before clipping."""
    replay_episodes: Tensor
    """Episodes that could be drawn."""
    finite: Tensor
    """bool (R,): the norm of every gradient was finite."""

    def numbers(self) -> dict[str, Tensor]:
        """What evidence tells, (R,) each, by its names."""
        names = ("td_error", "mean_value", "epsilon", "gradient_norm", "replay_episodes")
        return {name: getattr(self, name) for name in names}


class QLearner:
    """Agents' nets and mixers of R replicas, their target nets, and their optimiser."""

    def __init__(self, keys: Tensor, card: TaskCard, settings: LearnerSettings) -> None:
        """Draw the weights.

        Args:
            keys: int64 (R,), one stream a replica.
            card: card of the task.
            settings: every default filled in.

        Raises:
            TaskError: the task's actions are continuous.
        """
        algorithms.check_task(settings, card)
        self.settings = settings
        self.learning = settings.value_learning
        self.policy = EpsilonGreedy(mix(keys, 1), card, settings)
        self.mixer = mixer_of(card, settings)
        net = self.policy.net
        self._own, self._mix = slice(0, net.size), slice(net.size, net.size + self.mixer.size)
        self.flat = padded(torch.cat([net.flat[:, self._own], self.mixer.drawn(mix(keys, 2))], dim=1))
        """All that is learnt, float32 (R, P): the agents' net, the mixer, and padding."""
        net.flat = self.flat[:, self._own]
        self.target = self.flat.clone()
        """The same of the target nets, float32 (R, P)."""
        self.optimiser = Optimiser(self.flat, learning_rate=settings.learning_rate, largest_norm=settings.gradient_clip)
        self.optimiser_steps = 0
        """Batches so far; those that a replica could not yet learn from are counted, too."""
        self.env_steps = torch.zeros_like(keys)
        """env_steps of the run, int64 (R,)."""
        self.block_elements = BLOCK_ELEMENTS
        """Numbers of one hidden layer that a block of replicas has at most."""
        self._explore()

    @torch.inference_mode()
    def update(self, experience: Experience, keys: Tensor) -> QStatistics:
        """Improve all replicas on batches of their replays.

        A replica whose replay has fewer episodes than a batch stays as it is.

        Args:
            experience: what has been played, the last rollout with it.
            keys: int64 (R,): stream of this update's draws.
        """
        counts, size, batches = experience.counts(), self.learning.batch_episodes, self.learning.batches
        ready = counts >= size
        played_with = self.policy.epsilon
        told = torch.zeros(batches, 3, len(keys), device=keys.device)
        if bool(ready.any()):
            for number, batch in enumerate(experience.draws(keys, batches, size)):
                samples = batch.inputs[0, ..., 0].numel()
                for rows in blocks(len(keys), samples, self.settings, self.flat.device, most=self.block_elements):
                    told[number, :, rows] = self._learn(batch, rows, ready[rows])
                self.optimiser_steps += 1
        else:
            self.optimiser_steps += batches
        self.env_steps = self.env_steps + env_steps_of_update(self.settings)
        self._explore()
        td_error, mean_value, norms = told.mean(dim=0)
        return QStatistics(
            td_error=td_error,
            mean_value=mean_value,
            epsilon=played_with,
            gradient_norm=norms,
            replay_episodes=counts.float(),
            finite=torch.isfinite(told).all(dim=0).all(dim=0),
        )

    def _learn(self, batch: Batch, rows: slice, ready: Tensor) -> Tensor:
        """Learn from a batch; |TD error|, the team's Q and the gradient's norm of some replicas, float32 (3, r)."""
        net, mine = self.policy.net, self.optimiser.of(rows)
        kept = None if bool(ready.all()) else [each.clone() for each in (mine.flat, mine.first, mine.second)]
        inputs, present, actions = batch.inputs[rows], batch.present[rows], batch.actions[rows]
        time, alive = actions.shape[1], batch.alive[rows]
        gradient = torch.zeros_like(mine.flat)  # the padding's stays 0
        weights, by_weights = net.views(mine.flat), net.views(gradient)
        begins = forgets(present)
        memory = net.empty_memory(len(inputs), inputs.shape[2])
        if net.recurrent:
            outputs, pull_back = net.unrolled_vjp(weights, by_weights, inputs, memory, begins)
        else:
            outputs, pull_back = net.vjp(weights, by_weights, inputs.flatten(1, 2))
        values = outputs.view(*outputs.shape[:2], *present.shape[1:])  # (r, K, T + 1, B, A)
        chosen = values[:, :, :time].gather(1, actions.unsqueeze(1)).squeeze(1) * present[:, :time]  # (r, T, B, A)
        targets = self._targets(batch, rows, values, memory, begins)  # (r, T, B)

        share = alive / alive.flatten(1).sum(dim=1).clamp(min=1).view(-1, 1, 1)  # of the replica's mean
        total, errors, by_chosen = self._mixed(chosen, batch, rows, targets, share, gradient)
        by_values = torch.zeros_like(values)
        by_values[:, :, :time].scatter_(1, actions.unsqueeze(1), (by_chosen * present[:, :time]).unsqueeze(1))
        pull_back(by_values.flatten(2))
        norms = mine.step(gradient, self.optimiser_steps + 1)
        if kept is not None:
            for each, before in zip((mine.flat, mine.first, mine.second), kept, strict=True):
                each.copy_(torch.where(ready.unsqueeze(1), each, before))
        if (self.optimiser_steps + 1) % self.learning.target_interval == 0:
            self.target[rows].lerp_(mine.flat, self.learning.target_rate)
        means = [(part * share).flatten(1).sum(dim=1) for part in (errors.abs(), total)]
        return torch.stack([*means, norms]) * ready

    def _targets(self, batch: Batch, rows: slice, values: Tensor, memory: Tensor, begins: Tensor) -> Tensor:
        """What the team's Q is to be, float32 (r, T, B): r + gamma Q', 0 after the episode's end."""
        net, target, present = self.policy.net, self.target[rows], batch.present[rows]
        said, _ = net.unroll(net.views(target), batch.inputs[rows], memory, begins)
        masks = None if batch.masks is None else batch.masks[rows][:, 1:]
        chooser = values if self.learning.double_q else said
        following = said[:, :, 1:].gather(1, best(chooser[:, :, 1:], masks).unsqueeze(1)).squeeze(1)
        states = None if batch.states is None else batch.states[rows][:, 1:]
        team = self._team(target, following * present[:, 1:], states)
        return batch.rewards[rows] + self.settings.gamma * team * ~batch.terminated[rows]

    def _mixed(
        self, chosen: Tensor, batch: Batch, rows: slice, targets: Tensor, share: Tensor, gradient: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The team's Q, its TD errors, both (r, T, B), and the gradient of the squared errors by `chosen`.

        That by the mixer's weights is written into `gradient`, float32 (r, P).
        """
        if not self.mixer.size:
            total = self._team(self.flat[rows], chosen, None)
            errors = total - targets
            return total, errors, (2.0 * share * errors).float().unsqueeze(-1).expand_as(chosen)
        with torch.inference_mode(False), torch.enable_grad():  # clones, as autograd keeps no tensor of that mode
            weights = self.flat[rows].clone().requires_grad_()
            leaf = chosen.clone().requires_grad_()
            states = None if batch.states is None else batch.states[rows][:, : chosen.shape[1]].clone()
            total = self._team(weights, leaf, states)
            errors = total.detach() - targets
            by_total = (2.0 * share * errors).float().clone()
            by_weights, by_chosen = torch.autograd.grad(total, [weights, leaf], by_total)
        gradient[:, self._mix] = by_weights[:, self._mix]
        return total.detach(), errors, by_chosen

    def _team(self, flat: Tensor, values: Tensor, states: Tensor | None) -> Tensor:
        """The team's Q, (r, T, B), of the agents', (r, T, B, A), in states (r, T, B, S)."""
        seen = values.new_zeros(len(values), 0, 0) if states is None else states.flatten(1, 2)
        return self.mixer.mixed(flat[:, self._mix], values.flatten(1, 2), seen).view(values.shape[:-1])

    def _explore(self) -> None:
        self.policy.epsilon = epsilon(self.learning, self.env_steps)

    def state_dict(self) -> dict[str, Tensor]:
        """Nets, target nets, optimiser and env_steps; first axis R."""
        return {"env_steps": self.env_steps, **dict(self._learnt())}

    def load_state_dict(self, state: dict[str, Tensor], *, optimiser_steps: int) -> None:
        """Continue from what `state_dict` returned after so many batches."""
        self.optimiser_steps = optimiser_steps
        self.env_steps = state["env_steps"].clone()
        for name, tensor in self._learnt():
            tensor.copy_(state[name])
        self._explore()

    def take(self, state: dict[str, Tensor], *, optimiser_steps: int | None) -> None:
        """Begin with another's nets; without its optimiser's steps, only with the agents' own. Exploration is anew."""
        if optimiser_steps is None:
            self.flat[:, self._own].copy_(state["q"][:, self._own])
            self.target.copy_(self.flat)
            return
        for name, tensor in self._learnt():
            tensor.copy_(state[name])
        self.optimiser_steps = optimiser_steps

    def close(self) -> None:
        """Nothing was started."""

    def _learnt(self) -> Iterator[tuple[str, Tensor]]:
        """Every parameter and its moments, without padding, (R, ...) by its name in checkpoints."""
        optimiser = self.optimiser
        parts = {"": self.flat, ".target": self.target, ".exp_avg": optimiser.first, ".exp_avg_sq": optimiser.second}
        for name, tensor in parts.items():
            yield f"q{name}", tensor[:, : self._mix.stop]


def forgets(present: Tensor) -> Tensor:
    """Where an agent's memory is empty, bool (R, T, B, A): at the first state, and where it was not there before."""
    return torch.cat([torch.ones_like(present[:, :1]), ~present[:, :-1]], dim=1)
