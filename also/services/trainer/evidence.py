"""Behaviour evidence of a stage: few numbers, chosen so that a reader sees why a team is stuck.

The policy plays the search pool's evaluation episodes once as it is, with every feature recorded,
and once more for each agent with that agent idling: the return lost is the agent's contribution.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from also import returns
from also.services.trainer.aggregation import team_value
from also.services.trainer.algorithm import Statistics
from also.services.trainer.evaluation import Episodes, Evaluator, Trace, distribution, mean_interval
from also.services.trainer.run import Run
from also.v1 import branch_pb2, evidence_pb2, task_pb2
from also.v1.campaign_pb2 import Campaign

CURVE_POINTS = 12
"""Points of the return's curve at most."""

TURN = 0.1
"""Share of a feature's range by which it turns back."""

LAST_UPDATES = 10
"""Updates over which the optimiser's numbers are averaged."""


def gather(
    run: Run,
    campaign: Campaign,
    *,
    stage: int,
    curve: Sequence[evidence_pb2.CurvePoint],
    updates: Sequence[Statistics],
) -> evidence_pb2.Evidence:
    """Evidence of a run of one replica at the end of a stage.

    Args:
        run: the main run, R = 1.
        campaign: every default filled in.
        stage: number of the stage.
        curve: training return over the stage, any number of points.
        updates: statistics of the stage's updates, in order.
    """
    trace = Trace()
    episodes, idle_returns, clipped = _play(run, campaign, trace)
    card = run.task.card
    had, values = episodes.returns[0], _team_values(card, trace)
    low, high = mean_interval(had)
    measure = episodes.measure(0, run.env_steps)
    found = evidence_pb2.Evidence(
        stage=stage,
        env_steps=run.env_steps,
        returns=distribution(had),
        return_low=low,
        return_high=high,
        success_rate=measure.success_rate,
        milestone_score=measure.milestone_score,
        curve=thinned(curve, CURVE_POINTS),
        milestones=_milestones(card, episodes, values, _over_time(trace.rewards)),
        features=_features(card, trace, values, had, clipped),
        agents=_agents(card, trace, had, idle_returns, run),
        terms=run.shaping.ledger.activity()[0],
        mean_length=episodes.lengths[0].float().mean().item(),
        config_hash=run.shaping.config_hashes[0],
    )
    tell_updates(found, list(updates)[-LAST_UPDATES:])
    return found


def tell_updates(found: evidence_pb2.Evidence, updates: Sequence[Statistics]) -> None:
    """Fill in how learning went, means over updates of the first replica, where the algorithm's numbers belong."""
    told = getattr(found, updates[-1].told_as)
    for name in updates[-1].numbers():
        setattr(told, name, torch.stack([update.numbers()[name][0] for update in updates]).mean().item())


def thinned(curve: Sequence[evidence_pb2.CurvePoint], points: int) -> list[evidence_pb2.CurvePoint]:
    """At most so many points, each the mean of equally many neighbours."""
    if len(curve) <= points:
        return list(curve)
    bounds = [round(index * len(curve) / points) for index in range(points + 1)]
    groups = [curve[first:last] for first, last in pairwise(bounds)]
    return [
        evidence_pb2.CurvePoint(
            env_steps=group[-1].env_steps, mean_return=sum(point.mean_return for point in group) / len(group)
        )
        for group in groups
    ]


def _play(run: Run, campaign: Campaign, trace: Trace) -> tuple[Episodes, Tensor | None, dict[str, float]]:
    """The episodes as they are, mean returns float (A,) with each agent idling, where it can, and shares clipped."""
    card, evaluation = run.task.card, campaign.evaluation
    pool = branch_pb2.SEED_POOL_SEARCH
    policy, observations = run.learner.policy, run.collector.observations
    evaluator = Evaluator(campaign, replicas=1, episodes=evaluation.episodes, pool=pool, device=run.device, card=card)
    try:
        episodes = evaluator.play(policy, observations, trace=trace)
        clipped = evaluator.task.clipped()
        if card.action_space.kind != task_pb2.ACTION_KIND_DISCRETE or card.action_space.idle < 0:
            return episodes, None, clipped
        means = []
        for agent in range(len(card.agents)):
            idle = torch.zeros(1, len(card.agents), dtype=torch.bool)
            idle[0, agent] = True
            means.append(evaluator.play(policy, observations, idle=idle.to(run.device)).returns[0].mean())
        return episodes, torch.stack(means), clipped
    finally:
        evaluator.close()


def _team_values(card: task_pb2.TaskCard, trace: Trace) -> dict[str, Tensor]:
    """Every feature's values for the team, float32 (T, N), by its name."""
    return {
        feature.name: _over_time([team_value(step[feature.name], 0) for step in trace.features])
        for feature in card.features
    }


def _milestones(
    card: task_pb2.TaskCard, episodes: Episodes, values: Mapping[str, Tensor], rewards: Tensor
) -> list[evidence_pb2.MilestoneEvidence]:
    reached = episodes.reached[0].tolist()
    items = []
    for index, milestone in enumerate(card.milestones):
        steps = episodes.milestone_steps[0, :, index]
        first = steps[steps >= 0]
        items.append(
            evidence_pb2.MilestoneEvidence(
                milestone=milestone.name,
                reached=reached[index],
                mean_first_step=first.float().mean().item() if len(first) else -1.0,
                agents_needed=milestone.agents_needed,
                best_value=episodes.milestone_best[0, :, index].mean().item(),
                threshold=milestone.threshold,
                turned_back=_turned_back(card, milestone, steps, values, rewards),
            )
        )
    return items


def _turned_back(
    card: task_pb2.TaskCard,
    milestone: task_pb2.Milestone,
    steps: Tensor,
    values: Mapping[str, Tensor],
    rewards: Tensor,
) -> float:
    """Share of the episodes in which the way to a milestone turned back, unpaid, in the env_step that reached it.

    Args:
        card: the task's card.
        milestone: one of it.
        steps: int64 (N,): env_step in which each episode reached it, from 1; -1 where it did not.
        values: every feature's values for the team, (T, N).
        rewards: task rewards, (T, N).
    """
    feature = next((each for each in card.features if each.name == milestone.progress_feature), None)
    reached = (steps > 1).nonzero().flatten()  # of the first env_step no feature was seen before
    if feature is None or not feature.direction or not len(reached):
        return 0.0
    way, at = values[feature.name], steps[reached] - 1
    onward = way[at, reached] - way[at - 1, reached]
    back = -onward if feature.direction == task_pb2.DIRECTION_HIGHER else onward
    far = back >= TURN * (feature.maximum - feature.minimum)
    return (far & (rewards[at, reached] <= 0)).double().mean().item()


def _features(
    card: task_pb2.TaskCard, trace: Trace, values: Mapping[str, Tensor], had: Tensor, clipped: Mapping[str, float]
) -> list[evidence_pb2.FeatureEvidence]:
    alive = _over_time(trace.alive).double()  # (T, N)
    lengths = alive.sum(dim=0)
    last = (lengths - 1).long()
    spread = distribution(had)
    successful = had > returns.dividing(card, spread.minimum, spread.median)
    items = []
    for feature in card.features:
        of_team = values[feature.name].double()  # (T, N)
        means = (of_team * alive).sum(dim=0) / lengths  # (N,)
        good, bad = means[successful], means[~successful]
        items.append(
            evidence_pb2.FeatureEvidence(
                feature=feature.name,
                mean=means.mean().item(),
                mean_last=of_team[last, torch.arange(len(last))].mean().item(),
                mean_successful=good.mean().item() if len(good) else 0.0,
                mean_failed=bad.mean().item() if len(bad) else 0.0,
                effect_size=_effect_size(good, bad),
                clipped=clipped.get(feature.name, 0.0),
            )
        )
    return items


def _over_time(steps: Sequence[Tensor]) -> Tensor:
    """What a trace holds of the one replica, (T, ...) on the CPU, in one copy, of T times (1, ...)."""
    return torch.stack([step[0] for step in steps]).cpu()


def _there(trace: Trace) -> Tensor:
    """Whether each agent was there to act while the episode lasted, bool (T, N, A); (T, N, 1) where all were."""
    alive, given = _over_time(trace.alive).unsqueeze(-1), [each for each in trace.present if each is not None]
    if not given:
        return alive
    everybody = torch.ones_like(given[0])
    return alive & _over_time([everybody if each is None else each for each in trace.present])


def _effect_size(good: Tensor, bad: Tensor) -> float:
    """Cohen's d (Cohen 1988) with the pooled standard deviation; 0 where it is undefined."""
    if len(good) < 2 or len(bad) < 2:
        return 0.0
    pooled = ((len(good) - 1) * good.var() + (len(bad) - 1) * bad.var()) / (len(good) + len(bad) - 2)
    return ((good.mean() - bad.mean()) / pooled.sqrt()).item() if pooled > 1e-12 else 0.0


def _agents(
    card: task_pb2.TaskCard, trace: Trace, had: Tensor, idle_returns: Tensor | None, run: Run
) -> list[evidence_pb2.AgentEvidence]:
    there = _there(trace)  # (T, N, A or 1)
    count = there.sum(dim=(0, 1)).clamp(min=1)
    actions = _over_time(trace.actions)  # (T, N, A[, K])
    own = [feature.name for feature in card.features if feature.scope == task_pb2.FEATURE_SCOPE_AGENT]
    means = [
        (_over_time([step[name] for step in trace.features]) * there).sum(dim=(0, 1)) / count for name in own
    ]  # each (A,)
    items = []
    for agent, name in enumerate(card.agents):
        idle, entropy = 0.0, run.learner.policy.largest_entropy
        if run.learner.policy.discrete:
            chosen = actions[..., agent][there.expand_as(actions)[..., agent]]
            shares = torch.bincount(chosen, minlength=card.action_space.size).double() / max(len(chosen), 1)
            idle = shares[card.action_space.idle].item() if card.action_space.idle >= 0 else 0.0
            entropy = -(shares * shares.clamp(min=1e-12).log()).sum().item()
        items.append(
            evidence_pb2.AgentEvidence(
                agent=name,
                contribution=(had.mean() - idle_returns[agent]).item() if idle_returns is not None else 0.0,
                idle_rate=idle,
                action_entropy=entropy / run.learner.policy.largest_entropy,
                feature_means=[mean[agent].item() for mean in means],
            )
        )
    return items
