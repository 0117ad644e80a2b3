"""Rollouts: (R, E) environments played for T env_steps by the policies of R replicas.

Only the actor runs inside the loop. Values are computed afterwards in one pass over the whole
rollout, and so are the values of states in which the time limit cut an episode: those states are
kept, because the next episode has already replaced them in the task.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from also.v1.campaign_pb2 import ALGORITHM_MAPPO, LearnerSettings
from services.trainer.normaliser import InputNormaliser
from services.trainer.policy import Policy
from services.trainer.shaping_reward import ShapingReward
from services.trainer.tasks.vector_task import VectorTask, View


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


class Collector:
    """Plays a task with policies, and keeps what runs on from one rollout to the next."""

    def __init__(
        self,
        task: VectorTask,
        shaping: ShapingReward,
        settings: LearnerSettings,
        *,
        replicas: int,
    ) -> None:
        """Play `task` under `shaping`; call `begin`, or load a state, before the first rollout."""
        card = task.card
        self.task = task
        self.shaping = shaping
        self.settings = settings
        self.centralised = settings.algorithm == ALGORITHM_MAPPO
        shape = (replicas, settings.environments)
        self.observations = InputNormaliser(replicas, card.observation_size, enabled=settings.normalise_observations)
        self.states = InputNormaliser(replicas, card.state_size, enabled=settings.normalise_observations)
        width = settings.hidden if settings.recurrent else 0
        self.policy_memory = torch.zeros(*shape, len(card.agents), width)
        self.begins = torch.ones(shape, dtype=torch.bool)
        self.returns = torch.zeros(shape)
        self.finished_returns = torch.zeros(replicas)
        self.finished_episodes = torch.zeros(replicas, dtype=torch.int64)

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

    @torch.no_grad()
    def collect(self, policy: Policy, keys: Tensor) -> Rollout:
        """Play T env_steps.

        Args:
            policy: policies of R replicas.
            keys: int64 (R,): stream of this rollout's actions.
        """
        task, time = self.task, self.settings.rollout
        weights = policy.net.weights()
        agents = len(task.card.agents)
        draws = policy.draws(keys, (time, self.settings.environments, agents))
        policy_memory, memory = self.policy_memory, self.policy_memory
        steps: list[tuple[Tensor, ...]] = []
        raw: list[tuple[Tensor, Tensor]] = []
        masks: list[Tensor] = []
        cut: dict[int, Tensor] = {}
        view = task.view()
        for t in range(time):
            inputs = self.observations(view.observations)
            begins = self.begins
            if policy.net.recurrent:
                memory = memory * (~begins)[..., None, None]
            decision = policy.decide(weights, inputs, memory, view.action_mask, draws[:, t])
            memory = decision.memory
            value_inputs = self._value_inputs(view, inputs)
            raw.append((view.observations, view.state))
            if view.action_mask is not None:
                masks.append(view.action_mask)
            outcome = task.step(policy.executable(decision.actions))
            shaped = self.shaping.pay(
                task.features(self.shaping.feature_names), outcome.reward, outcome.terminated, outcome.truncated
            )
            rewards = torch.stack([outcome.reward.unsqueeze(-1).expand_as(shaped), shaped], dim=-1)
            steps.append(
                (
                    inputs,
                    value_inputs,
                    decision.actions,
                    decision.log_probabilities,
                    rewards,
                    outcome.terminated,
                    outcome.truncated,
                    begins,
                )
            )
            view = self._restart(outcome.reward, outcome.terminated | outcome.truncated, outcome.truncated, t, cut)
        self.policy_memory = memory
        last = self._value_inputs(view, self.observations(view.observations))
        stacked = [torch.stack(parts, dim=1) for parts in zip(*steps, strict=True)]
        self._update_normalisers(raw)
        return Rollout(
            inputs=stacked[0],
            value_inputs=stacked[1],
            masks=torch.stack(masks, dim=1) if masks else None,
            actions=stacked[2],
            log_probabilities=stacked[3],
            rewards=stacked[4],
            terminated=stacked[5],
            truncated=stacked[6],
            begins=stacked[7],
            policy_memory=policy_memory,
            last_value_inputs=last,
            cut_value_inputs=cut,
        )

    def take_finished(self) -> tuple[Tensor, Tensor]:
        """Sums of the returns of episodes that ended since the last call, and their number, both (R,)."""
        taken = self.finished_returns, self.finished_episodes
        self.finished_returns = torch.zeros_like(self.finished_returns)
        self.finished_episodes = torch.zeros_like(self.finished_episodes)
        return taken

    def _restart(self, reward: Tensor, done: Tensor, truncated: Tensor, t: int, cut: dict[int, Tensor]) -> View:
        """Begin new episodes where the old ones are done; the view after that."""
        self.returns = self.returns + reward
        self.begins = done
        if not bool(done.any()):
            return self.task.view()
        if bool(truncated.any()):
            reached = self.task.view()
            cut[t] = self._value_inputs(reached, self.observations(reached.observations))
        self.finished_returns += (self.returns * done).sum(dim=1)
        self.finished_episodes += done.sum(dim=1)
        self.returns = self.returns * ~done
        self.task.restart(done)
        self.shaping.restart(done, self.task.features(self.shaping.feature_names))
        return self.task.view()

    def _value_inputs(self, view: View, inputs: Tensor) -> Tensor:
        return self.states(view.state.unsqueeze(2)) if self.centralised else inputs

    def _update_normalisers(self, raw: list[tuple[Tensor, Tensor]]) -> None:
        self.observations.update(torch.cat([observations for observations, _ in raw], dim=1))
        if self.centralised:
            self.states.update(torch.cat([state for _, state in raw], dim=1).unsqueeze(2))

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
