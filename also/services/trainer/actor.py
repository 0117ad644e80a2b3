"""One way to act, in training, evaluation and probes: view → normalise → memory → decide → execute.

What is seen of a state is normalised, memory is empty where an episode begins, the actor decides, and the task carries
it out. An agent that is not there keeps no memory.

Letters as in `vector_task`; B environments, H memory width, K what a net says of an agent, T env_steps.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Protocol

from torch import Tensor

from also.services.trainer.network import ReplicaNet, Weights
from also.services.trainer.normaliser import InputNormaliser
from also.services.trainer.tasks.vector_task import Outcome, VectorTask, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Actions that were chosen, and from what."""

    inputs: Tensor
    """float32 (R, B, A, O): normalised observations."""
    actions: Tensor
    """int64 (R, B, A), or float32 (R, B, A, N) before clipping."""
    outputs: Tensor
    """float32 (R, K, B, A): what the net said."""
    memory: Tensor
    """float32 (R, B, A, H): memory of a recurrent actor after this env_step."""


class Actor(Protocol):
    """What acts for R replicas: in training, in evaluation and in probes."""

    net: ReplicaNet
    """The net that it decides by."""
    discrete: bool
    """Whether its actions are discrete."""

    @property
    def largest_entropy(self) -> float:
        """Entropy of the uniform choice, nats."""

    def draws(self, keys: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Random numbers for `decide`, (R, *shape, ...), of keys int64 (R,)."""

    def decide(
        self, weights: Weights, inputs: Tensor, memory: Tensor, mask: Tensor | None, draws: Tensor | None
    ) -> Decision:
        """Choose actions. An agent that is not there chooses, too, so that all draw what they draw without it.

        Args:
            weights: what `net.weights` returned.
            inputs: float32 (R, B, A, O), normalised observations.
            memory: float32 (R, B, A, H).
            mask: bool (R, B, A, N), actions that are allowed; None: all.
            draws: of `draws`, (R, B, A, ...), to choose as in training; None: the best actions are chosen.
        """

    def executable(self, actions: Tensor) -> Tensor:
        """Actions as the task takes them."""

    def settled(self) -> "Actor":
        """The same as it will act when it no longer explores: what an evaluation judges."""


class Team:
    """A team at play: R replicas of it, in B environments each."""

    def __init__(
        self,
        actor: Actor,
        observations: InputNormaliser,
        task: VectorTask,
        *,
        memory: Tensor,
        draws: Tensor | None,
    ) -> None:
        """Play with weights and statistics as they are now; neither may change meanwhile.

        Args:
            actor: what decides.
            observations: normalises what is seen.
            task: what is played.
            memory: float32 (R, B, A, H), what is remembered.
            draws: of `Actor.draws`, (R, T, B, A, ...), for T env_steps at most; None: the best actions are chosen.
        """
        self._actor, self._observations, self._task = actor, observations, task
        self._weights = actor.net.weights()
        self._draws: Iterator[Tensor | None] = repeat(None) if draws is None else iter(draws.unbind(1))
        self.memory = memory
        """float32 (R, B, A, H): what is remembered now."""

    def decide(self, view: View, begins: Tensor | None = None) -> Decision:
        """Choose actions.

        Args:
            view: what is seen.
            begins: bool (R, B), where an episode begins with it; None: nowhere that matters.
        """
        actor, recurrent = self._actor, self._actor.net.recurrent
        inputs = self._observations(view.observations)
        if begins is not None and recurrent:
            self.memory = self.memory * (~begins)[..., None, None]
        decision = actor.decide(self._weights, inputs, self.memory, view.action_mask, next(self._draws))
        self.memory = decision.memory
        if view.present is not None and recurrent:
            self.memory = self.memory * view.present.unsqueeze(-1)
        return decision

    def execute(self, actions: Tensor) -> Outcome:
        """Take actions: those of a decision, or others of the same shape."""
        return self._task.step(self._actor.executable(actions))


_NEVER = -1e9
"""Stands for the logit or the value of an action that is not allowed."""


def masked(values: Tensor, mask: Tensor | None) -> Tensor:
    """Logits or values of actions (R, N, ...) under a mask (R, ..., N)."""
    return values if mask is None else values.masked_fill(~mask.movedim(-1, 1), _NEVER)
