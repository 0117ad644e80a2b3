"""Rollouts: what PPO learns from, made of T env_steps that were played (`play`).

Everything is computed for all env_steps at once: features and the shaping rewards that they are worth,
log-probabilities, and values (`learner`).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from also.algorithms import sees_state
from also.services.trainer.play import Course, Player
from also.services.trainer.ppo.policy import Policy
from also.services.trainer.presence import Presence
from also.services.trainer.tasks.vector_task import View


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


class Collector(Player[Rollout]):
    """Plays a task with policies, and makes rollouts of it."""

    def made_of(self, policy: Policy, course: Course) -> Rollout:
        """All that the T env_steps were."""
        inputs = course.stacked(lambda turn: turn.decision.inputs)
        actions = course.stacked(lambda turn: turn.decision.actions)
        outputs = course.stacked(lambda turn: turn.decision.outputs, axis=2)  # (R, K, T, E, A)
        value_inputs = inputs
        if sees_state(self.settings):
            value_inputs = self.states(course.stacked(lambda turn: turn.view.state)).unsqueeze(3)
        given = [turn.view.action_mask for turn in course.turns if turn.view.action_mask is not None]
        masks = torch.stack(given, dim=1) if given else None
        return Rollout(
            inputs=inputs,
            value_inputs=value_inputs,
            masks=masks,
            actions=actions,
            log_probabilities=policy.judge(outputs, masks, actions).log_probabilities,
            rewards=torch.stack([course.reward.unsqueeze(-1).expand_as(course.shaped), course.shaped], dim=-1),
            terminated=course.terminated,
            truncated=course.done & ~course.terminated,
            begins=torch.cat([self.begins.unsqueeze(1), course.done[:, :-1]], dim=1),
            policy_memory=self.policy_memory,
            last_value_inputs=self._value_inputs(course.last),
            cut_value_inputs={t: self._value_inputs(view) for t, view in course.cut.items()},
            presence=course.presence,
        )

    def _value_inputs(self, view: View) -> Tensor:
        """What the value net sees of a state, (R, E, A or 1, ·)."""
        if sees_state(self.settings):
            return self.states(view.state.unsqueeze(2))
        return self.observations(view.observations)
