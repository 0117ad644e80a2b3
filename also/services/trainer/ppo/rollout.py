"""Rollouts: what PPO learns from, made of T env_steps that were played (`play`).

Everything is computed for all env_steps at once: features and the shaping rewards that they are worth,
log-probabilities, and values (`learner`).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from also.services.trainer.play import Course, Player
from also.services.trainer.ppo.policy import Policy
from also.services.trainer.presence import Presence
from also.services.trainer.shaping_reward import ShapingReward
from also.services.trainer.tasks.vector_task import VectorTask, View
from also.v1.campaign_pb2 import ALGORITHM_MAPPO, LearnerSettings


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
        super().__init__(task, shaping, settings, replicas=replicas, device=device)
        self.centralised = settings.algorithm == ALGORITHM_MAPPO

    def made_of(self, policy: Policy, course: Course, view: View) -> Rollout:
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
        reached, first = self.told(course)
        shaped = self.shaped(course, reached, first, reward, terminated, presence)  # (R, T, E, A)
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

    def _value_inputs(self, view: View) -> Tensor:
        """What the value net sees of a state, (R, E, A or 1, ·)."""
        if self.centralised:
            return self.states(view.state.unsqueeze(2))
        return self.observations(view.observations)
