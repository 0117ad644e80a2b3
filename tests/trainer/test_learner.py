"""The PPO update and what it is made of."""

from collections.abc import Callable

import pytest
import torch

from also.services.trainer.network import ReplicaNet
from also.services.trainer.ppo.advantages import explained_variance, generalised_advantages
from also.services.trainer.run import Run
from also.v1.campaign_pb2 import Campaign, LearnerSettings
from also.v1.shaping_pb2 import ShapingConfig


def test_advantages_equal_the_definition_of_gae() -> None:
    """The recursion gives the exponentially weighted sum of TD errors, cut where episodes end."""
    torch.manual_seed(0)
    shape = (2, 6, 3, 2, 2)
    rewards, values, following = (torch.rand(shape, dtype=torch.float64) for _ in range(3))
    done = torch.rand(2, 6, 3) < 0.3
    found = generalised_advantages(rewards, values, following, done, gamma=0.9, gae_lambda=0.8)
    deltas = rewards + 0.9 * following - values
    for r in range(2):
        for e in range(3):
            for t in range(6):
                expected, factor = torch.zeros(2, 2, dtype=torch.float64), 1.0
                for later in range(t, 6):
                    expected += factor * deltas[r, later, e]
                    if done[r, later, e]:
                        break
                    factor *= 0.9 * 0.8
                assert torch.allclose(found[r, t, e], expected)


def test_explained_variance_is_one_for_perfect_values_and_zero_for_constant_targets() -> None:
    """Both heads are judged alone."""
    targets = torch.rand(1, 5, 4, 2, 2)
    targets[..., 1] = 3.0
    assert explained_variance(targets.clone(), targets).tolist() == [[1.0, 0.0]]


def test_a_recurrent_net_unrolls_to_what_single_steps_give() -> None:
    """Unrolling clears the memory where episodes begin, exactly like stepping."""
    settings = LearnerSettings(hidden=8, layers=2, recurrent=True)
    net = ReplicaNet(torch.tensor([1, 2]), settings, inputs=5, outputs=3, agents=2, gain=1.0)
    inputs, begins = torch.rand(2, 7, 4, 2, 5), torch.rand(2, 7, 4) < 0.3
    memory = torch.rand(2, 4, 2, 8)
    weights = net.weights()
    together, memories = net.unroll(weights, inputs, memory, begins)
    for t in range(7):
        memory = memory * (~begins[:, t])[..., None, None]
        output, memory = net.step(weights, inputs[:, t], memory)
        assert torch.allclose(output, together[:, :, t], atol=1e-6)
        assert torch.allclose(memory, memories[:, t], atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"algorithm": "ippo"}, {"recurrent": True}, {"scale_rewards": True}])
def test_what_a_replica_learns_does_not_depend_on_who_shares_the_batch(
    make_campaign: Callable[..., Campaign],
    potential: ShapingConfig,
    event: ShapingConfig,
    settings: dict[str, object],
) -> None:
    """A replica of a batch of three has the weights, up to rounding, that it gets alone."""
    campaign = make_campaign(**settings)
    configs = [ShapingConfig(), potential, event]
    together = Run.start(campaign, configs, [1, 2, 3])
    for _ in range(2):
        together.advance()
    snapshots = together.snapshots()
    for index, config in enumerate(configs):
        alone = Run.start(campaign, [config], [index + 1])
        for _ in range(2):
            alone.advance()
        tensors = alone.snapshots()[0].tensors
        for name in ("learner.policy.net.flat", "learner.value.flat"):
            assert torch.allclose(tensors[name], snapshots[index].tensors[name], atol=2e-5), name


@pytest.mark.slow
def test_training_solves_a_small_task(make_campaign: Callable[..., Campaign]) -> None:
    """A hundred and fifty updates teach two agents to collect a single food."""
    campaign = make_campaign(
        "5x5-2p-1f", environments=32, rollout=25, hidden=32, learning_rate=0.003, epochs=4, minibatches=1
    )
    run = Run.start(campaign, [ShapingConfig()], [1])
    means = []
    for _ in range(150):
        run.advance()
        returns, episodes = run.collector.take_finished()
        means.append((returns / episodes.clamp(min=1)).item())
    assert sum(means[-10:]) / 10 > sum(means[:10]) / 10 + 0.2


def test_shaping_moves_its_own_value_head_and_leaves_the_task_reward_alone(
    campaign: Campaign, potential: ShapingConfig
) -> None:
    """A rollout carries the task reward and the shaping reward apart."""
    run = Run.start(campaign, [potential], [5])
    rollout = run.collector.collect(run.learner.policy, torch.tensor([1]))
    bare = Run.start(campaign, [ShapingConfig()], [5])
    unshaped = bare.collector.collect(bare.learner.policy, torch.tensor([1]))
    assert torch.equal(rollout.rewards[..., 0], unshaped.rewards[..., 0])
    assert rollout.rewards[..., 1].abs().sum() > 0
    assert unshaped.rewards[..., 1].abs().sum() == 0
