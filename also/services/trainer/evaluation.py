"""What policies are worth: whole episodes on fixed seeds, shaping off.

Every replica and every arm plays the same episodes (common random numbers): environment n of a
pool begins from the same key, and sampled actions are drawn from the same stream. Each environment
counts with its first episode.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from also import seeds
from also.services.trainer.actor import Actor, Team
from also.services.trainer.aggregation import team_value
from also.services.trainer.normaliser import InputNormaliser
from also.services.trainer.streams import mix, uniform
from also.services.trainer.tasks.opening import open_task
from also.services.trainer.tasks.vector_task import Features, Outcome
from also.v1 import branch_pb2, task_pb2
from also.v1.campaign_pb2 import Campaign
from also.v1.evidence_pb2 import Distribution

POOLS = {
    branch_pb2.SEED_POOL_SEARCH: "search",
    branch_pb2.SEED_POOL_CONFIRM: "confirm",
    branch_pb2.SEED_POOL_REPORT: "report",
}
"""Names of the seed pools, as they enter the derivation of seeds."""

_RESAMPLES = 1000
"""Resamples of the bootstrap."""


Witness = Callable[[Outcome | None], None]
"""Is told of every state of all episodes: with None of the first, then with what the env_step to it brought."""


@dataclass(slots=True, kw_only=True)
class Trace:
    """Every env_step of N episodes of one or more replicas, while they lasted; on the device that plays them."""

    features: list[Features] = field(default_factory=list)
    """Features after each env_step; T entries."""
    rewards: list[Tensor] = field(default_factory=list)
    """Task rewards of each env_step, float32 (R, N)."""
    actions: list[Tensor] = field(default_factory=list)
    """Actions of each env_step, (R, N, A) or (R, N, A, K)."""
    alive: list[Tensor] = field(default_factory=list)
    """Whether the episode was under way at this env_step, bool (R, N)."""
    present: list[Tensor | None] = field(default_factory=list)
    """Agents that were there to act, bool (R, N, A); None: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episodes:
    """Results of N episodes of R replicas, M milestones each; on the CPU, wherever they were played."""

    returns: Tensor
    """float32 (R, N), units of task reward."""
    lengths: Tensor
    """int64 (R, N), env_steps."""
    milestone_steps: Tensor
    """int64 (R, N, M): env_step at which each milestone was first reached, from 1; -1 when never."""
    milestone_best: Tensor
    """float32 (R, N, M): largest value of each milestone's feature, in its unit."""

    @property
    def reached(self) -> Tensor:
        """Share of episodes that reached each milestone, float32 (R, M)."""
        return (self.milestone_steps >= 0).float().mean(dim=1)

    def measure(self, replica: int, env_steps: int) -> branch_pb2.Measure:
        """The measure of one replica after so many env_steps."""
        reached = self.reached[replica]
        return branch_pb2.Measure(
            env_steps=env_steps,
            mean_return=self.returns[replica].double().mean().item(),
            milestone_score=reached.double().mean().item() if len(reached) else 0.0,
            success_rate=reached[-1].item() if len(reached) else 0.0,
            episodes=self.returns.shape[1],
        )


class Evaluator:
    """N episodes of R replicas of one campaign's task, played again and again on fixed seeds."""

    def __init__(
        self,
        campaign: Campaign,
        *,
        replicas: int,
        episodes: int,
        pool: branch_pb2.SeedPool,
        device: str | torch.device = "cpu",
        card: task_pb2.TaskCard | None = None,
        renders: bool = False,
    ) -> None:
        """Open the task.

        Args:
            campaign: every default filled in.
            replicas: R.
            episodes: N.
            pool: whose seeds the episodes begin from.
            device: the policies' device, where the episodes are played.
            card: the task's card, where it is known.
            renders: whether an import-path task is to show what its environments look like.
        """
        self.task = open_task(
            campaign.task, replicas=replicas, environments=episodes, device=device, card=card, renders=renders
        )
        self.card: task_pb2.TaskCard = self.task.card
        self.greedy = campaign.evaluation.greedy
        seed = seeds.derive(campaign.seed, "evaluation", POOLS[pool])
        self._key = torch.full((replicas,), seed, dtype=torch.int64, device=device)
        self._episode_keys = mix(mix(self._key, 1).unsqueeze(1), torch.arange(episodes, device=device))

    @torch.inference_mode()
    def play(
        self,
        policy: Actor,
        observations: InputNormaliser,
        *,
        idle: Tensor | None = None,
        trace: Trace | None = None,
        witness: Witness | None = None,
    ) -> Episodes:
        """Play the episodes.

        Args:
            policy: policies of R replicas, on the evaluator's device.
            observations: their normalisers.
            idle: bool (R, A) on the evaluator's device: agents that are made to take the idle action.
            trace: filled with every env_step, when given.
            witness: told of every state, when given.
        """
        task, limit, agents, policy = self.task, self.card.episode_limit, len(self.card.agents), policy.settled()
        told = () if trace is None else self.card.features
        names = tuple(sorted({each.feature for each in self.card.milestones} | {each.name for each in told}))
        replicas, count = self._episode_keys.shape
        task.reset(self._episode_keys)
        draws = None if self.greedy else policy.draws(mix(self._key, 2), (limit, count, agents))
        team = Team(policy, observations, task, memory=policy.net.empty_memory(replicas, count), draws=draws)
        score = _Score(self.card, replicas, count, self._key.device)
        if witness is not None:
            witness(None)
        for t in range(limit):
            view = task.view(whole=False)
            actions = team.decide(view).actions
            if idle is not None:
                actions = torch.where(idle.unsqueeze(1), torch.full_like(actions, self.card.action_space.idle), actions)
            outcome = team.execute(actions)
            if witness is not None:
                witness(outcome)
            features = task.features(names)
            if trace is not None:
                trace.features.append(features)
                trace.rewards.append(outcome.reward)
                trace.actions.append(actions)
                trace.alive.append(score.alive)
                trace.present.append(view.present)
            score.take(t + 1, outcome.reward, outcome.done, features)
            if not bool(score.alive.any()):  # the one time in an env_step that the host waits for the device
                break
        return score.episodes()

    def close(self) -> None:
        """End what the task has started."""
        self.task.close()


class _Score:
    """Counts each environment's first episode."""

    def __init__(self, card: task_pb2.TaskCard, replicas: int, count: int, device: torch.device) -> None:
        self._milestones = card.milestones
        self._thresholds = torch.tensor([milestone.threshold for milestone in card.milestones], device=device)
        self.alive = torch.ones(replicas, count, dtype=torch.bool, device=device)
        self._returns = torch.zeros(replicas, count, device=device)
        self._lengths = torch.zeros(replicas, count, dtype=torch.int64, device=device)
        shape = (replicas, count, len(card.milestones))
        self._steps = torch.full(shape, -1, dtype=torch.int64, device=device)
        self._best = torch.full(shape, -torch.inf, device=device)

    def take(self, step: int, reward: Tensor, done: Tensor, features: Features) -> None:
        self._returns += reward * self.alive
        self._lengths += self.alive
        if self._milestones:
            values = torch.stack([team_value(features[m.feature], m.aggregate) for m in self._milestones], dim=-1)
            alive = self.alive.unsqueeze(-1)
            self._best = torch.where(alive, torch.maximum(self._best, values), self._best)
            first = alive & (values >= self._thresholds - 1e-6) & (self._steps < 0)
            self._steps = torch.where(first, step, self._steps)
        self.alive = self.alive & ~done

    def episodes(self) -> Episodes:
        return Episodes(
            returns=self._returns.cpu(),
            lengths=self._lengths.cpu(),
            milestone_steps=self._steps.cpu(),
            milestone_best=self._best.cpu(),
        )


def distribution(values: Tensor) -> Distribution:
    """Quantiles of numbers, float (N,), N >= 1."""
    numbers = values.double()
    quantiles = torch.quantile(numbers, numbers.new_tensor([0.0, 0.25, 0.5, 0.75, 1.0])).tolist()
    return Distribution(
        mean=numbers.mean().item(),
        deviation=numbers.std().item() if len(numbers) > 1 else 0.0,
        minimum=quantiles[0],
        lower_quartile=quantiles[1],
        median=quantiles[2],
        upper_quartile=quantiles[3],
        maximum=quantiles[4],
        count=len(numbers),
    )


def mean_interval(values: Tensor) -> tuple[float, float]:
    """Percentile bootstrap 95 % interval of the mean (Efron 1979) of numbers float (N,); always the same resamples."""
    count = len(values)
    picks = (uniform(torch.arange(_RESAMPLES), count) * count).long().clamp_(max=count - 1)
    means = values.double()[picks].mean(dim=1)
    low, high = torch.quantile(means, means.new_tensor([0.025, 0.975])).tolist()
    return low, high
