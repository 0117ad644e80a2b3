"""The update of VDN and QMIX is that of plain Q-learning, replica by replica."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from also.services.trainer.run import Run
from also.services.trainer.value_based.batch import Batch
from also.services.trainer.value_based.learner import QLearner
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from tests.trainer import plain_q

Make = Callable[..., Campaign]

SETTINGS: list[dict[str, Any]] = [
    {},
    {"algorithm": "vdn", "layers": 1, "double_q": False},
    {"algorithm": "vdn", "recurrent": True},
    {"recurrent": True, "gradient_clip": 0.01},
    {"target_interval": 2, "target_rate": 1.0, "mixer_width": 5, "hypernet_width": 7},
    {"normalise_observations": False, "gamma": 0.5},
]


def compare(campaign: Campaign, config: ShapingConfig, rollouts: int = 14) -> None:
    """Play with random actions, then learn, and hold the weights against plain Q-learning's."""
    run = Run.start(campaign, [config, ShapingConfig()], [1, 2])
    try:
        learner = run.learner
        assert isinstance(learner, QLearner)
        learner.target.add_(0.05 * torch.sin(torch.arange(learner.target.shape[1])))  # else both nets say the same
        for number in range(rollouts):
            experience = run.collector.collect(learner.policy, torch.tensor([number, 100 + number]))
        keys, learning = torch.tensor([5, 6]), campaign.learner.value_learning
        size = learning.batch_episodes
        assert (experience.counts() >= size).all()
        batches = [differentiable(batch) for batch in experience.draws(keys, learning.batches, size)]
        plain = [plain_q.updated(learner, batches, replica) for replica in range(2)]
        before = learner.flat.clone()
        statistics = learner.update(experience, keys)
        assert statistics.finite.all()
        assert (learner.flat - before).abs().max() > 0.004
        for replica, (flat, target, errors) in enumerate(plain):
            torch.testing.assert_close(learner.flat[replica], flat, atol=3e-5, rtol=0)
            torch.testing.assert_close(learner.target[replica], target, atol=3e-5, rtol=0)
            assert statistics.td_error[replica].item() == pytest.approx(sum(errors) / len(errors), rel=1e-3)
    finally:
        run.close()


def differentiable(batch: Batch) -> Batch:
    """The same in tensors that autograd takes."""
    parts = {name: getattr(batch, name) for name in Batch.__slots__}
    return Batch(**{name: None if part is None else part.clone() for name, part in parts.items()})


@pytest.mark.slow
@pytest.mark.parametrize("settings", SETTINGS)
def test_an_update_equals_plain_q_learning(
    make_q_campaign: Make, potential: ShapingConfig, settings: dict[str, Any]
) -> None:
    """Each replica's weights and target weights are those of autograd and torch's Adam, up to rounding."""
    compare(make_q_campaign(learning_rate=0.003, batch_episodes=5, batches=3, **settings), potential)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "arguments", "settings"),
    [
        ("tests.tasks.small_environments:uneven", {}, {}),
        ("tests.tasks.small_environments:departures", {}, {"algorithm": "vdn"}),
        ("tests.tasks.small_environments:departures", {"late": True}, {"recurrent": True}),
    ],
)
def test_an_update_equals_plain_q_learning_where_actions_are_masked_and_agents_leave(
    make_q_campaign: Make, name: str, arguments: dict[str, bool], settings: dict[str, Any]
) -> None:
    """Forbidden actions are never the best ones, and an agent that is not there adds nothing to the team's Q."""
    campaign = make_q_campaign(learning_rate=0.003, batch_episodes=5, batches=2, **settings)
    campaign.task.Clear()
    campaign.task.name = name
    campaign.task.workers = 1
    for argument, flag in arguments.items():
        campaign.task.arguments[argument].flag = flag
    compare(campaign, ShapingConfig())


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["vdn", "qmix"])
def test_a_q_replica_learns_the_same_alone_and_in_company(
    make_q_campaign: Make, potential: ShapingConfig, event: ShapingConfig, algorithm: str
) -> None:
    """A replica of a batch of seven has the weights, up to rounding, that it gets alone, wherever its place is."""
    campaign = make_q_campaign(algorithm=algorithm, batch_episodes=4, batches=2, environments=8)
    configs = [potential, event, ShapingConfig(), event, potential, ShapingConfig(), potential]
    together = advanced(Run.start(campaign, configs, [1, 2, 3, 2, 4, 5, 1]), 8)
    alone = advanced(Run.start(campaign, [event], [2]), 8)
    tensors = [snapshot.tensors for snapshot in together.snapshots()]
    for name, tensor in alone.snapshots()[0].tensors.items():
        if name.startswith("learner."):
            assert torch.allclose(tensor, tensors[1][name], atol=2e-5), name
    for first, second in ((0, 6), (1, 3)):
        for name, tensor in tensors[first].items():
            assert torch.equal(tensor, tensors[second][name]), name


def test_blocks_of_replicas_change_rounding_at_most(make_q_campaign: Make, potential: ShapingConfig) -> None:
    """How many replicas go through a batch together is a matter of the cache."""
    learnt = []
    for elements in (1, 10**9):
        run = Run.start(make_q_campaign(batch_episodes=4), [potential] * 3, [1, 2, 3])
        assert isinstance(run.learner, QLearner)
        run.learner.block_elements = elements
        advanced(run, 7)
        learnt.append(run.learner.flat)
    torch.testing.assert_close(*learnt, atol=2e-5, rtol=1e-4)


def test_a_replica_learns_nothing_before_its_replay_has_a_batch(make_q_campaign: Make) -> None:
    """Neither weights nor moments move, although its neighbour learns."""
    campaign = make_q_campaign(batch_episodes=4, batches=2)
    run = Run.start(campaign, [ShapingConfig()] * 2, [1, 2])
    assert isinstance(run.learner, QLearner)
    advanced(run, 8)
    run.collector.replay.rows["first"][1] = False
    before = [tensor.clone() for tensor in run.learner.state_dict().values()]
    statistics = run.advance()
    counts = statistics.numbers()["replay_episodes"].tolist()
    assert counts[0] >= 4 > counts[1]
    for tensor, old, name in zip(run.learner.state_dict().values(), before, run.learner.state_dict(), strict=True):
        if name != "env_steps" and "target" not in name:
            assert torch.equal(tensor[1], old[1]), name
            assert not torch.equal(tensor[0], old[0]), name


def advanced(run: Run, updates: int) -> Run:
    """The run, so many updates later."""
    for _ in range(updates):
        run.advance()
    return run
