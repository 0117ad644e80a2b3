"""Runs of Q-learning: what goes on is exactly what was, the replay with it."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from also import keys
from also.errors import TaskError
from also.services.trainer import checkpoint, evidence
from also.services.trainer.branch import process as branch
from also.services.trainer.branch import save as branch_save
from also.services.trainer.branch.group import GroupRun
from also.services.trainer.evaluation import Evaluator
from also.services.trainer.probe import probe
from also.services.trainer.run import Run
from also.store import Store
from also.v1 import branch_pb2
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig

Make = Callable[..., Campaign]
Equal = Callable[[dict[str, torch.Tensor], dict[str, torch.Tensor]], None]
VARIANTS: list[dict[str, Any]] = [
    {},
    {"algorithm": "vdn", "recurrent": True},
    {"target_interval": 3, "target_rate": 1.0},
    {"replay_in_checkpoint": False},
]


def advanced(run: Run, updates: int) -> Run:
    """The run, so many updates later."""
    for _ in range(updates):
        run.advance()
    return run


@pytest.mark.slow
@pytest.mark.parametrize("settings", VARIANTS)
def test_a_null_branch_of_q_learning_is_bit_identical_to_the_continued_main_run(
    make_q_campaign: Make, event: ShapingConfig, equal: Equal, store: Store, settings: dict[str, Any]
) -> None:
    """Through the object store, in the middle of episodes, with shaping that keeps state."""
    campaign = make_q_campaign("5x5-2p-1f", **settings)
    main = advanced(Run.start(campaign, [event], [3]), 8)
    saved = checkpoint.save(store, "c", campaign, main.task.card, main.snapshots()[0])
    weights = main.learner.flat.clone()
    advanced(main, 14)
    loaded = checkpoint.load(store, "c", campaign, main.task.card, saved)
    resumed = advanced(Run.restore(campaign, [event], [loaded], [None]), 14)
    assert not torch.equal(main.learner.flat, weights)
    equal(main.snapshots(whole=True)[0].tensors, resumed.snapshots(whole=True)[0].tensors)


@pytest.mark.slow
@pytest.mark.parametrize("in_checkpoint", [False, True])
def test_a_null_branch_of_q_learning_is_bit_identical_where_environments_cannot_be_copied(
    make_q_campaign: Make, equal: Equal, store: Store, in_checkpoint: bool
) -> None:
    """New episodes begin at a checkpoint, those under way count as cut, and both runs learn from them."""
    campaign = make_q_campaign(replay_in_checkpoint=in_checkpoint, rollout=13)
    campaign.task.Clear()
    campaign.task.name, campaign.task.workers = "examples.simple_spread:make_env", 1
    main = advanced(Run.start(campaign, [ShapingConfig()], [3]), 3)
    try:
        saved = checkpoint.save(store, "c", campaign, main.task.card, main.snapshots()[0])
        weights = main.learner.flat.clone()
        advanced(main, 6)
        loaded = checkpoint.load(store, "c", campaign, main.task.card, saved)
        resumed = advanced(Run.restore(campaign, [ShapingConfig()], [loaded], [None]), 6)
        assert not torch.equal(main.learner.flat, weights)
        equal(main.snapshots(whole=True)[0].tensors, resumed.snapshots(whole=True)[0].tensors)
    finally:
        main.close()
    resumed.close()


def test_checkpoints_without_the_replay_are_small_and_begin_with_an_empty_one(make_q_campaign: Make) -> None:
    """They hold the nets, target nets and moments all the same; a save of a group that goes on holds everything."""
    sizes = {}
    for kept in (True, False):
        run = advanced(
            Run.start(make_q_campaign(replay_in_checkpoint=kept, replay_env_steps=4000), [ShapingConfig()], [1]), 8
        )
        whole, snapshot = run.snapshots(whole=True)[0], run.snapshots()[0]
        assert {"learner.q", "learner.q.target", "learner.q.exp_avg", "learner.env_steps"} <= snapshot.tensors.keys()
        assert any(name.startswith("collector.replay.") for name in whole.tensors)
        sizes[kept] = sum(tensor.nbytes for tensor in snapshot.tensors.values())
        restored = Run.restore(run.campaign, [ShapingConfig()], [snapshot], [None])
        assert (restored.collector.replay.counts().item() > 0) == kept
    assert sizes[False] < sizes[True] / 2


def test_a_new_config_keeps_the_replay_and_re_prices_it(make_q_campaign: Make, potential: ShapingConfig) -> None:
    """A branch under another config draws the same episodes as control, and is paid otherwise for them."""
    campaign = make_q_campaign()
    main = advanced(Run.start(campaign, [ShapingConfig()], [1]), 8)
    both = Run.restore(campaign, [ShapingConfig(), potential], main.snapshots() * 2, [None, None])
    batch = both.collector.experience.draw(torch.tensor([4, 4]), 6)
    assert torch.equal(batch.inputs[0], batch.inputs[1])
    assert (batch.rewards[0] - batch.rewards[1])[batch.alive[0]].abs().max() > 0.01


@pytest.mark.slow
def test_a_group_of_q_learners_that_was_saved_comes_to_the_same_result(
    make_q_campaign: Make, make_group: Callable[..., branch_pb2.BranchGroup], store: Store
) -> None:
    """Saves hold the replay, whatever checkpoints do."""
    campaign = make_q_campaign("5x5-2p-1f", replay_in_checkpoint=False)
    group = make_group(campaign, store)
    first = GroupRun.begin(store, group)
    for _ in range(12):
        first.advance()
    assert branch_save.save(store, first, seconds=1.0)
    second = branch_save.resume(store, group)
    assert second is not None
    for course in (first, second):
        while not course.finished:
            course.advance()
        course.finish(store)
    assert [record.checkpoint_id for record in first.records] == [record.checkpoint_id for record in second.records]
    assert len({record.checkpoint_id for record in first.records}) > 1


@pytest.mark.slow
def test_a_null_arm_of_q_learners_ties_with_control(
    make_q_campaign: Make, make_group: Callable[..., branch_pb2.BranchGroup], store: Store
) -> None:
    """Equal configs and seeds come to equal checkpoints."""
    group = make_group(make_q_campaign("5x5-2p-1f"), store, updates=10)
    for member in group.branches:
        member.config.Clear()
    branch.train(store, group)
    records = store.get_message(keys.branch_group_result("c", "g"), branch_pb2.BranchGroupResult).records
    ids = [[record.checkpoint_id for record in records if record.seed_index == index] for index in range(2)]
    assert [len(set(each)) for each in ids] == [1, 1]


@pytest.mark.slow
def test_what_evidence_tells_of_q_learning_is_its_own(make_q_campaign: Make, potential: ShapingConfig) -> None:
    """TD error, value, epsilon and replay; nothing of entropy, KL or clipping, which it has not."""
    run = Run.start(make_q_campaign(), [potential], [1])
    updates = [run.advance() for _ in range(12)]
    found = evidence.gather(run, run.campaign, stage=0, curve=[], updates=updates)
    assert not found.HasField("optimisation")
    told = found.value_learning
    assert 0 < told.td_error < 10
    assert told.gradient_norm > 0
    assert 0.5 < told.epsilon < 1
    assert told.replay_episodes > 0
    assert found.terms[0].firing_rate > 0


@pytest.mark.slow
def test_evaluation_of_q_learning_explores_as_little_as_training_will_in_the_end(make_q_campaign: Make) -> None:
    """At an epsilon of 1 a team whose last epsilon is 0 takes the best actions; with greed any does, without not."""
    returns = {}
    for end, greedy in ((0.0, False), (0.0, True), (1.0, True), (1.0, False)):
        campaign = make_q_campaign("5x5-2p-1f", epsilon_end=end)
        campaign.evaluation.greedy = greedy
        run = Run.start(campaign, [ShapingConfig()], [1])
        assert run.learner.policy.epsilon.tolist() == [1.0]
        evaluator = Evaluator(campaign, replicas=1, episodes=40, pool=branch_pb2.SEED_POOL_SEARCH)
        episodes = [evaluator.play(run.learner.policy, run.collector.observations) for _ in range(2)]
        assert torch.equal(episodes[0].returns, episodes[1].returns)
        assert run.learner.policy.epsilon.tolist() == [1.0]
        returns[end, greedy] = episodes[0].returns
    assert torch.equal(returns[0.0, False], returns[0.0, True])
    assert torch.equal(returns[0.0, False], returns[1.0, True])
    assert not torch.equal(returns[1.0, False], returns[1.0, True])


@pytest.mark.slow
def test_probes_pay_q_learners_as_they_play_in_training(make_q_campaign: Make, every_form: ShapingConfig) -> None:
    """Twice the same, and with something to tell of each term."""
    campaign = make_q_campaign("5x5-2p-1f")
    snapshot = advanced(Run.start(campaign, [ShapingConfig()], [1]), 8).snapshots()[0]
    first, second = (probe(campaign, snapshot, [every_form]) for _ in range(2))
    assert first == second
    assert [term.term for term in first[0].terms] == [term.name for term in every_form.terms]


@pytest.mark.slow
def test_continuous_actions_are_refused_for_q_learning(make_q_campaign: Make) -> None:
    """The error says which algorithms learn them."""
    campaign = make_q_campaign()
    campaign.task.Clear()
    campaign.task.name, campaign.task.workers = "examples.simple_spread:make_env", 1
    campaign.task.arguments["continuous_actions"].flag = True
    with pytest.raises(
        TaskError, match="continuous actions, and algorithm qmix learns discrete ones; allowed: mappo, i"
    ):
        Run.start(campaign, [ShapingConfig()], [1])


def test_a_q_replica_that_diverges_does_not_touch_the_others(make_q_campaign: Make) -> None:
    """One replica's NaN weights are reported, and its neighbour learns on."""
    run = advanced(Run.start(make_q_campaign(), [ShapingConfig()] * 2, [1, 2]), 7)
    with torch.no_grad():
        run.learner.flat[0] = torch.nan
    advanced(run, 1)
    assert run.finite.tolist() == [False, True]
    assert torch.isfinite(run.snapshots()[1].tensors["learner.q"]).all()
