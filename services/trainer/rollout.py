"""Rollouts: (R, E) environments played for T env_steps by the policies of R replicas.

Only the actor and the task run inside the loop. Everything else is computed afterwards for all env_steps
at once: features and the shaping rewards that they are worth, log-probabilities, and values (`learner`).
States in which the time limit cut an episode are kept for that, because the next episode has already
replaced them in the task.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from also.v1.campaign_pb2 import ALGORITHM_MAPPO, LearnerSettings
from services.trainer.normaliser import InputNormaliser
from services.trainer.policy import Decision, Policy
from services.trainer.presence import Presence
from services.trainer.shaping_reward import Begun, ShapingReward
from services.trainer.tasks.vector_task import Outcome, VectorTask, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """What R replicas saw and did. Letters as in `vector_task`; T env_steps, H memory width."""

    inputs: Tensor
    """float32 (R, T, E, A, O): normalised observations."""
    value_inputs: Tensor
    """float32 (R, T, E, A, O) for IPPO, (R, T, E, 1, S) for MAPPO: normalised inputs of the value net."""
    masks: Tensor | None
    """bool (R, T, E, A, N), or None."""
    actions: Tensor
    """int64 (R, T, E, A), or float32 (R, T, E, A, N)."""
    log_probabilities: Tensor
    """float32 (R, T, E, A), nats."""
    rewards: Tensor
    """float32 (R, T, E, A, 2): task reward, shaping reward."""
    terminated: Tensor
    """bool (R, T, E)."""
    truncated: Tensor
    """bool (R, T, E)."""
    begins: Tensor
    """bool (R, T, E): an episode begins at this env_step."""
    policy_memory: Tensor
    """float32 (R, E, A, H): before the first env_step."""
    last_value_inputs: Tensor
    """float32 (R, E, A or 1, ·): of the state after the last env_step."""
    cut_value_inputs: dict[int, Tensor]
    """Value inputs (R, E, A or 1, ·) of the states reached at env_steps at which the time limit cut an episode."""
    presence: Presence | None = None
    """Which agents were there; None: all of them, all the time."""

    @property
    def forgets(self) -> Tensor:
        """Where a memory is empty before the env_step: bool (R, T, E), or (R, T, E, A) where agents were away."""
        return self.begins if self.presence is None else self.presence.forgets(self.begins)


class Collector:
    """Plays a task with policies, and keeps what runs on from one rollout to the next."""

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
        self.centralised = settings.algorithm == ALGORITHM_MAPPO
        shape, enabled = (replicas, settings.environments), settings.normalise_observations
        self.observations = InputNormaliser(replicas, card.observation_size, enabled=enabled, device=device)
        self.states = InputNormaliser(replicas, card.state_size, enabled=enabled, device=device)
        width = settings.hidden if settings.recurrent else 0
        self.policy_memory = torch.zeros(*shape, len(card.agents), width, device=device)
        self.begins = torch.ones(shape, dtype=torch.bool, device=device)
        self.returns = torch.zeros(shape, device=device)
        self.finished_returns = torch.zeros(replicas, device=device)
        self.finished_episodes = torch.zeros(replicas, dtype=torch.int64, device=device)

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
    def collect(self, policy: Policy, keys: Tensor) -> Rollout:
        """Play T env_steps.

        Args:
            policy: policies of R replicas.
            keys: int64 (R,): stream of this rollout's actions.
        """
        task, names, time = self.task, self.shaping.feature_names, self.settings.rollout
        weights = policy.net.weights()
        draws = policy.draws(keys, (time, self.settings.environments, len(task.card.agents)))
        memory = self.policy_memory
        course = _Course()
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
        rollout = self._rollout(policy, course, view)
        self.policy_memory, self.begins = memory, course.done[-1]
        return rollout

    def _go_on(self, course: "_Course", t: int) -> View:
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
        course.first_moments[t] = self.task.moment(self.shaping.feature_names)
        return self.task.view()

    def _rollout(self, policy: Policy, course: "_Course", view: View) -> Rollout:
        """All that the T env_steps were, and the statistics of what was seen in them."""
        observations = torch.stack([view.observations for view in course.views], dim=1)
        inputs = torch.stack(course.inputs, dim=1)
        value_inputs = inputs
        last = self._value_inputs(view)
        cut = {t: self._value_inputs(reached) for t, reached in course.cut.items()}
        if self.centralised:
            states = torch.stack([view.state for view in course.views], dim=1)  # (R, T, E, S)
            value_inputs = self.states(states).unsqueeze(3)
            self.states.update(states)
        done, terminated = (
            torch.stack(course.done, dim=1),
            torch.stack([each.terminated for each in course.outcomes], dim=1),
        )
        presence = course.presence(view, done & ~terminated)
        self.observations.update(observations.flatten(1, 2), None if presence is None else presence.acted.flatten(1, 2))
        given = [view.action_mask for view in course.views if view.action_mask is not None]
        masks = torch.stack(given, dim=1) if given else None
        actions = torch.stack([decision.actions for decision in course.decisions], dim=1)
        outputs = torch.stack([decision.outputs for decision in course.decisions], dim=2)  # (R, K, T, E, A)
        reward = torch.stack([outcome.reward for outcome in course.outcomes], dim=1)
        shaped = self._shaped(course, reward, terminated, done, presence)  # (R, T, E, A)
        return Rollout(
            inputs=inputs,
            value_inputs=value_inputs,
            masks=masks,
            actions=actions,
            log_probabilities=policy.judge(outputs, masks, actions).log_probabilities,
            rewards=torch.stack([reward.unsqueeze(-1).expand_as(shaped), shaped], dim=-1),
            terminated=terminated,
            truncated=done & ~terminated,
            begins=torch.cat([self.begins.unsqueeze(1), done[:, :-1]], dim=1),
            policy_memory=self.policy_memory,
            last_value_inputs=last,
            cut_value_inputs=cut,
            presence=presence,
        )

    def _shaped(
        self, course: "_Course", reward: Tensor, terminated: Tensor, done: Tensor, presence: Presence | None
    ) -> Tensor:
        """Shaping rewards of the T env_steps, (R, T, E, A)."""
        names, at = self.shaping.feature_names, list(course.first_moments)
        begun = None
        if at:
            first = self.task.features_at(list(course.first_moments.values()), names)
            begun = Begun(at=at, done=done[:, at], features=first)
        reached = self.task.features_at(course.moments, names)
        return self.shaping.pay_rollout(reached, reward, terminated, begun, presence)

    def _value_inputs(self, view: View) -> Tensor:
        """What the value net sees of a state, (R, E, A or 1, ·)."""
        if self.centralised:
            return self.states(view.state.unsqueeze(2))
        return self.observations(view.observations)

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


@dataclass(frozen=True, slots=True)
class _Course:
    """A rollout under way: an entry for each env_step."""

    views: list[View] = field(default_factory=list)
    """What was seen before it."""
    inputs: list[Tensor] = field(default_factory=list)
    """The same, normalised, for the policy."""
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
