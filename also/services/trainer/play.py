"""Play: (R, E) environments played for T env_steps by the actors of R replicas.

Only the actor and the task run inside the loop. What is learnt from is made of the whole course afterwards, and each
algorithm makes something else of it: see `rollout` for PPO, `value_based.episodes` for Q-learning. States in which the
time limit cut an episode are kept for that, because the next episode has already replaced them in the task.

Letters as in `vector_task`; T env_steps, H memory width.
"""

from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor

from also.services.trainer.network import ReplicaNet, Weights
from also.services.trainer.normaliser import InputNormaliser
from also.services.trainer.presence import Presence
from also.services.trainer.shaping_reward import Begun, ShapingReward
from also.services.trainer.tasks.vector_task import Features, Outcome, VectorTask, View
from also.v1.campaign_pb2 import LearnerSettings

E = TypeVar("E", covariant=True)
"""What is learnt from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Actions that were chosen, and from what."""

    actions: Tensor
    """int64 (R, B, A), or float32 (R, B, A, K) before clipping."""
    outputs: Tensor
    """float32 (R, K, B, A): what the net said."""
    memory: Tensor
    """float32 (R, B, A, H): memory of a recurrent actor after this env_step."""


_NEVER = -1e9
"""Stands for the logit or the value of an action that is not allowed."""


def masked(values: Tensor, mask: Tensor | None) -> Tensor:
    """Logits or values of actions (R, K, ...) under a mask (R, ..., K)."""
    return values if mask is None else values.masked_fill(~mask.movedim(-1, 1), _NEVER)


def stepped(net: ReplicaNet, weights: Weights, inputs: Tensor, memory: Tensor, view: View) -> tuple[Tensor, Tensor]:
    """An actor's outputs and its next memory, which is empty for agents that are not there; see `decide`."""
    outputs, memory = net.step(weights, inputs, memory)
    if view.present is not None and net.recurrent:
        memory = memory * view.present.unsqueeze(-1)
    return outputs, memory


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

    def decide(self, weights: Weights, inputs: Tensor, memory: Tensor, view: View, draws: Tensor) -> Decision:
        """Choose actions as in training.

        Args:
            weights: what `net.weights` returned.
            inputs: float32 (R, B, A, O), normalised observations.
            memory: float32 (R, B, A, H).
            view: what is seen: the masks of actions, and who is there.
            draws: of `draws`, (R, B, A, ...).
        """

    def most_likely(self, weights: Weights, inputs: Tensor, memory: Tensor, view: View) -> tuple[Tensor, Tensor]:
        """The best actions and the next memory; arguments as of `decide`."""

    def executable(self, actions: Tensor) -> Tensor:
        """Actions as the task takes them."""

    def settled(self) -> "Actor":
        """The same as it will act when it no longer explores: what an evaluation judges."""


class Player(Generic[E]):
    """Plays a task with actors, and keeps what runs on from one rollout to the next."""

    def __init__(
        self,
        task: VectorTask,
        shaping: ShapingReward,
        settings: LearnerSettings,
        *,
        replicas: int,
        device: torch.device,
    ) -> None:
        """Play `task` under `shaping`; call `begin`, or load a state, before the first rollout."""
        card = task.card
        self.task = task
        self.shaping = shaping
        self.settings = settings
        shape, enabled = (replicas, settings.environments), settings.normalise_observations
        self.observations = InputNormaliser(replicas, card.observation_size, enabled=enabled, device=device)
        self.states = InputNormaliser(replicas, card.state_size, enabled=enabled, device=device)
        width = settings.hidden if settings.recurrent else 0
        self.policy_memory = torch.zeros(*shape, len(card.agents), width, device=device)
        self.begins = torch.ones(shape, dtype=torch.bool, device=device)
        self.returns = torch.zeros(shape, device=device)
        self.finished_returns = torch.zeros(replicas, device=device)
        self.finished_episodes = torch.zeros(replicas, dtype=torch.int64, device=device)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Features that are told of each state: those that shaping reads."""
        return self.shaping.feature_names

    def begin(self, keys: Tensor) -> None:
        """Begin new episodes everywhere; `keys` int64 (R, E)."""
        self.task.reset(keys)
        self.begin_episodes()

    def begin_episodes(self) -> None:
        """Take note that the task has begun new episodes everywhere."""
        self.shaping.begin(self.task.features(self.shaping.feature_names))
        self.policy_memory = torch.zeros_like(self.policy_memory)
        self.begins = torch.ones_like(self.begins)
        self.returns = torch.zeros_like(self.returns)

    @torch.inference_mode()
    def collect(self, policy: Actor, keys: Tensor) -> E:
        """Play T env_steps, and make of them what is learnt from.

        Args:
            policy: actors of R replicas.
            keys: int64 (R,): stream of this rollout's actions.
        """
        task, names, time = self.task, self.feature_names, self.settings.rollout
        weights = policy.net.weights()
        draws = policy.draws(keys, (time, self.settings.environments, len(task.card.agents)))
        memory = self.policy_memory
        course = Course()
        view = task.view()
        for t in range(time):
            inputs = self.observations(view.observations)
            begins = course.done[-1] if course.done else self.begins
            if policy.net.recurrent:
                memory = memory * (~begins)[..., None, None]
            decision = policy.decide(weights, inputs, memory, view, draws[:, t])
            memory = decision.memory
            outcome = task.step(policy.executable(decision.actions))
            course.take(view, inputs, decision, outcome, task.moment(names))
            view = self._go_on(course, t)
        made = self.made_of(policy, course, view)
        self.policy_memory, self.begins = memory, course.done[-1]
        return made

    def made_of(self, policy: Any, course: "Course", view: View) -> E:
        """What is learnt from.

        Args:
            policy: the actors that played.
            course: all T env_steps.
            view: what is seen after them.
        """
        raise NotImplementedError

    def trim(self) -> None:
        """Drop what a checkpoint leaves out, before one is made: the live run goes on as a restored one does."""

    def take_finished(self) -> tuple[Tensor, Tensor]:
        """Sums of the returns of episodes that ended since the last call, and their number, both (R,)."""
        taken = self.finished_returns, self.finished_episodes
        self.finished_returns = torch.zeros_like(self.finished_returns)
        self.finished_episodes = torch.zeros_like(self.finished_episodes)
        return taken

    def state_dict(self) -> dict[str, Tensor]:
        """Everything that runs on, except the task's and the shaping's own state; first axis R."""
        state = {
            "policy_memory": self.policy_memory,
            "begins": self.begins,
            "returns": self.returns,
            "finished_returns": self.finished_returns,
            "finished_episodes": self.finished_episodes,
        }
        for name, normaliser in (("observations", self.observations), ("states", self.states)):
            state |= {f"{name}.{part}": value for part, value in normaliser.moments.state_dict().items()}
        return state

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue from what `state_dict` returned."""
        self.policy_memory, self.begins = state["policy_memory"], state["begins"]
        self.returns = state["returns"]
        self.finished_returns, self.finished_episodes = state["finished_returns"], state["finished_episodes"]
        for name, normaliser in (("observations", self.observations), ("states", self.states)):
            normaliser.moments.load_state_dict({part: state[f"{name}.{part}"] for part in ("count", "mean", "squares")})
            normaliser.refresh()

    def take(self, state: dict[str, Tensor]) -> None:
        """Begin with another's statistics of observations and states."""
        for name, normaliser in (("observations", self.observations), ("states", self.states)):
            normaliser.moments.load_state_dict({part: state[f"{name}.{part}"] for part in ("count", "mean", "squares")})
            normaliser.refresh()

    def shaped(
        self,
        course: "Course",
        reached: Features,
        first: Features | None,
        reward: Tensor,
        terminated: Tensor,
        presence: Presence | None,
    ) -> Tensor:
        """Shaping rewards of the T env_steps, (R, T, E, A).

        Args:
            course: all of them.
            reached: features of the states reached, (R, T, E, ...).
            first: of the states in `first_moments`, (R, S, E, ...); None where there are none.
            reward: float32 (R, T, E).
            terminated: bool (R, T, E).
            presence: who was there.
        """
        begun = None
        if first is not None:
            at = list(course.first_moments)
            begun = Begun(at=at, done=torch.stack([course.done[t] for t in at], dim=1), features=first)
        return self.shaping.pay_rollout(reached, reward, terminated, begun, presence)

    def told(self, course: "Course") -> tuple[Features, Features | None]:
        """Features of the states reached, (R, T, E, ...), and of those in which episodes began; None: none began."""
        names, moments = self.feature_names, list(course.first_moments.values())
        first = self.task.features_at(moments, names) if moments else None
        return self.task.features_at(course.moments, names), first

    def _go_on(self, course: "Course", t: int) -> View:
        """Begin new episodes where the old ones are done; the view after that."""
        outcome, done = course.outcomes[-1], course.done[-1]
        self.returns = self.returns + outcome.reward
        if not bool(done.any()):
            return self.task.view()
        if bool(outcome.truncated.any()):
            course.cut[t] = self.task.view()
        self.finished_returns += (self.returns * done).sum(dim=1)
        self.finished_episodes += done.sum(dim=1)
        self.returns = self.returns * ~done
        self.task.restart(done)
        course.first_moments[t] = self.task.moment(self.feature_names)
        return self.task.view()


@dataclass(frozen=True, slots=True)
class Course:
    """A rollout under way: an entry for each env_step."""

    views: list[View] = field(default_factory=list)
    """What was seen before it."""
    inputs: list[Tensor] = field(default_factory=list)
    """The same, normalised, for the actor."""
    decisions: list[Decision] = field(default_factory=list)
    """What was done."""
    outcomes: list[Outcome] = field(default_factory=list)
    """What it brought."""
    done: list[Tensor] = field(default_factory=list)
    """bool (R, E): whether the episode ended, or was cut, with it."""
    moments: list[Any] = field(default_factory=list)
    """The state that it reached, for features."""
    first_moments: dict[int, Any] = field(default_factory=dict)
    """The states after new episodes have begun somewhere, for features."""
    cut: dict[int, View] = field(default_factory=dict)
    """What was seen of the states at which the time limit cut an episode somewhere."""

    def take(self, view: View, inputs: Tensor, decision: Decision, outcome: Outcome, moment: Any) -> None:
        """Take in an env_step."""
        self.views.append(view)
        self.inputs.append(inputs)
        self.decisions.append(decision)
        self.outcomes.append(outcome)
        self.done.append(outcome.terminated | outcome.truncated)
        self.moments.append(moment)

    def presence(self, view: View, truncated: Tensor) -> Presence | None:
        """Who was there, up to the `view` after all of it; `truncated` is bool (R, T, E)."""
        cut = {t: reached.present for t, reached in self.cut.items()}
        return Presence.of([seen.present for seen in self.views], view.present, cut, truncated)
