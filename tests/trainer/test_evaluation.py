"""Evaluation and evidence: shaping off, fixed seeds, numbers that mean what they say."""

from collections.abc import Callable

import pytest
import torch

from also import limits
from also.services.trainer import evidence
from also.services.trainer.aggregation import team_value
from also.services.trainer.evaluation import Evaluator, Trace, distribution, mean_interval
from also.services.trainer.run import Run
from also.v1 import branch_pb2, task_pb2
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig

SEARCH, CONFIRM = branch_pb2.SEED_POOL_SEARCH, branch_pb2.SEED_POOL_CONFIRM


def _returns(campaign: Campaign, run: Run, pool: branch_pb2.SeedPool, replicas: int = 1) -> torch.Tensor:
    evaluator = Evaluator(campaign, replicas=replicas, episodes=32, pool=pool)
    return evaluator.play(run.learner.policy, run.collector.observations).returns


def test_equal_policies_play_equal_episodes_whatever_their_shaping(
    make_campaign: Callable[..., Campaign], potential: ShapingConfig
) -> None:
    """Replicas with the same weights get the same returns: shaping is off and random numbers are common."""
    campaign = make_campaign("5x5-2p-1f")
    run = Run.start(campaign, [ShapingConfig(), potential], [1, 1])
    returns = _returns(campaign, run, SEARCH, replicas=2)
    assert torch.equal(returns[0], returns[1])
    assert returns.sum() > 0
    assert ((returns >= 0) & (returns <= 1 + 1e-6)).all()


def test_seed_pools_hold_different_episodes(make_campaign: Callable[..., Campaign]) -> None:
    """The same policy meets other episodes in another pool, and the same ones in the same pool."""
    campaign = make_campaign("5x5-2p-1f")
    run = Run.start(campaign, [ShapingConfig()], [1])
    first, again, other = (_returns(campaign, run, pool) for pool in (SEARCH, SEARCH, CONFIRM))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_evaluation_leaves_the_run_as_it_is(campaign: Campaign, potential: ShapingConfig) -> None:
    """Training goes on bit for bit as if nobody had looked."""
    looked, alone = (Run.start(campaign, [potential], [1]) for _ in range(2))
    _returns(campaign, looked, SEARCH)
    looked.advance()
    alone.advance()
    assert torch.equal(looked.learner.policy.net.flat, alone.learner.policy.net.flat)


@pytest.mark.slow
def test_evidence_is_complete_within_its_limits_and_small(
    make_campaign: Callable[..., Campaign], potential: ShapingConfig
) -> None:
    """Every part of the card is reported once, in the card's order, and shares are shares."""
    campaign = make_campaign("5x5-2p-1f")
    run = Run.start(campaign, [potential], [1])
    updates = [run.advance() for _ in range(3)]
    found = evidence.gather(run, campaign, stage=2, curve=[], updates=updates)
    limits.check(found)
    card = run.task.card
    assert [item.milestone for item in found.milestones] == [milestone.name for milestone in card.milestones]
    assert [item.feature for item in found.features] == [feature.name for feature in card.features]
    assert [item.agent for item in found.agents] == list(card.agents)
    assert [term.term for term in found.terms] == ["approach"]
    assert found.config_hash == run.shaping.config_hashes[0]
    shares = [found.success_rate, found.milestone_score, found.optimisation.entropy]
    shares += [item.reached for item in found.milestones] + [item.idle_rate for item in found.agents]
    assert all(0 <= share <= 1 for share in shares)
    assert found.return_low <= found.returns.mean <= found.return_high
    assert found.terms[0].firing_rate > 0


@pytest.mark.slow
def test_an_agent_that_the_team_cannot_do_without_has_the_whole_return_as_its_contribution(
    make_campaign: Callable[..., Campaign],
) -> None:
    """In forced cooperation nothing is collected while one of two agents idles."""
    campaign = make_campaign("5x5-2p-1f-coop")
    campaign.evaluation.episodes = 256
    campaign.evaluation.greedy = False
    run = Run.start(campaign, [ShapingConfig()], [1])
    found = evidence.gather(run, campaign, stage=0, curve=[], updates=[run.advance()])
    assert found.returns.mean > 0
    assert [item.contribution for item in found.agents] == pytest.approx([found.returns.mean] * 2)


@pytest.mark.slow
def test_evidence_of_continuous_actions_claims_nothing_about_idling(make_campaign: Callable[..., Campaign]) -> None:
    """Where no action is idle, contributions and idle rates are 0, and everything is within its limits."""
    campaign = make_campaign()
    campaign.task.Clear()
    campaign.task.name = "examples.simple_spread:make_env"
    campaign.task.workers = 1
    campaign.task.arguments["continuous_actions"].flag = True
    run = Run.start(campaign, [ShapingConfig()], [1])
    found = evidence.gather(run, campaign, stage=0, curve=[], updates=[run.advance()])
    run.close()
    limits.check(found)
    assert [(item.contribution, item.idle_rate) for item in found.agents] == [(0, 0)] * 3
    assert found.mean_length > 0


def test_a_trace_covers_each_episode_once(campaign: Campaign) -> None:
    """An environment is alive until its first episode ends."""
    run = Run.start(campaign, [ShapingConfig()], [1])
    trace = Trace()
    evaluator = Evaluator(campaign, replicas=1, episodes=16, pool=SEARCH)
    episodes = evaluator.play(run.learner.policy, run.collector.observations, trace=trace)
    assert torch.equal(torch.stack(trace.alive).sum(dim=0), episodes.lengths)
    assert len(trace.features) == len(trace.actions) == len(trace.alive)


def test_the_interval_of_a_mean_is_fixed_and_covers_it() -> None:
    """The same numbers always have the same interval; constant numbers have a point."""
    values = torch.rand(50)
    low, high = mean_interval(values)
    assert (low, high) == mean_interval(values)
    assert low < values.mean() < high
    assert mean_interval(torch.full((9,), 0.25)) == (0.25, 0.25)
    assert distribution(torch.tensor([1.0, 2.0, 4.0])).median == 2.0


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        (task_pb2.AGGREGATE_MIN, 0.0),
        (task_pb2.AGGREGATE_MAX, 2.0),
        (task_pb2.AGGREGATE_SUM, 3.0),
        (task_pb2.AGGREGATE_MEAN, 1.0),
        (task_pb2.AGGREGATE_UNSPECIFIED, 1.0),
        (task_pb2.AGGREGATE_ANY, 1.0),
        (task_pb2.AGGREGATE_ALL, 0.0),
    ],
)
def test_agents_values_become_the_teams(aggregate: int, expected: float) -> None:
    """Each aggregate of the values 0, 1 and 2; the diagonal of pairs does not count."""
    agents = torch.tensor([[[0.0, 1.0, 2.0]]])
    assert team_value(agents, aggregate).item() == expected
    pairs = torch.tensor([[[[99.0, 0.0], [2.0, 99.0]]]])
    assert team_value(pairs, task_pb2.AGGREGATE_MEAN).item() == 1.0
