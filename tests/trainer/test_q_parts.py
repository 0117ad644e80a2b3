"""What Q-learning is made of: how agents act, how often at random, and how their Qs are mixed."""

from collections.abc import Callable

import pytest
import torch

from also.services.trainer.value_based.actor import EpsilonGreedy
from also.services.trainer.value_based.exploration import epsilon
from also.services.trainer.value_based.mixer import Monotonic, Sum
from also.v1.campaign_pb2 import Campaign, ValueLearning
from also.v1.task_pb2 import ActionSpace, TaskCard

Make = Callable[..., Campaign]


def test_the_share_of_random_actions_falls_linearly_and_stays(make_q_campaign: Make) -> None:
    """From its start to its end, over its env_steps, whatever other replicas are at."""
    settings = ValueLearning(epsilon_start=0.9, epsilon_end=0.1, epsilon_env_steps=1000)
    found = epsilon(settings, torch.tensor([0, 250, 500, 1000, 10**9]))
    torch.testing.assert_close(found, torch.tensor([0.9, 0.7, 0.5, 0.1, 0.1]))


@pytest.fixture
def actor(make_q_campaign: Make) -> EpsilonGreedy:
    """Of two replicas with two agents and five actions; the first explores always, the second at times."""
    card = TaskCard(agents=["a", "b"], observation_size=3, action_space=ActionSpace(size=5))
    actor = EpsilonGreedy(torch.tensor([1, 2]), card, make_q_campaign().learner)
    actor.epsilon = torch.tensor([1.0, 0.25])
    return actor


def decided(actor: EpsilonGreedy, mask: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Actions of 4,000 environments that all see the same, and the best ones."""
    inputs = torch.ones(2, 4000, 2, 3)
    draws = actor.draws(torch.tensor([3, 4]), (4000, 2))
    weights, memory = actor.net.weights(), torch.zeros(2, 4000, 2, 0)
    return (
        actor.decide(weights, inputs, memory, mask, draws).actions,
        actor.decide(weights, inputs, memory, mask, None).actions,
    )


def test_an_agent_acts_at_random_as_often_as_epsilon_says(actor: EpsilonGreedy) -> None:
    """Uniformly where it does, and by the best action where it does not."""
    actions, best = decided(actor, None)
    for agent in range(2):
        shares = torch.bincount(actions[0, :, agent], minlength=5) / 4000
        assert (shares - 0.2).abs().max() < 0.03
    assert best.unique(dim=1).shape[1] == 1
    assert abs((actions[1] != best[1]).float().mean() - 0.25 * 0.8) < 0.02


def test_a_forbidden_action_is_never_taken(actor: EpsilonGreedy) -> None:
    """Neither at random nor as the best one; the allowed ones are equally likely at random."""
    mask = torch.tensor([False, True, False, True, True]).expand(2, 4000, 2, 5).clone()
    mask[1, :, 1] = torch.tensor([False, False, True, False, False])
    actions, best = decided(actor, mask)
    assert mask.gather(3, actions.unsqueeze(3)).all()
    assert mask.gather(3, best.unsqueeze(3)).all()
    shares = torch.bincount(actions[0, :, 0], minlength=5) / 4000
    assert (shares - torch.tensor([0.0, 1, 0, 1, 1]) / 3).abs().max() < 0.03
    assert (actions[1, :, 1] == 2).all()


def test_a_mix_rises_with_every_agents_q() -> None:
    """Whatever the weights and the state are: no agent's best action is ever worse for the team."""
    mixer = Monotonic(agents=3, inputs=4, width=8, hidden=6)
    flat = torch.randn(20, mixer.size, generator=torch.Generator().manual_seed(3))
    values = torch.randn(20, 50, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
    states = 3.0 * torch.randn(20, 50, 4, generator=torch.Generator().manual_seed(2))
    (slopes,) = torch.autograd.grad(mixer.mixed(flat, values, states).sum(), values)
    assert (slopes >= 0).all()
    assert slopes.max() > 0.1
    assert slopes.std(dim=1).min() > 0  # and the state decides how much


def test_a_mix_begins_as_a_small_sum_without_a_bias() -> None:
    """Of Qs that are 0 it is 0 in every state, and of others it is near their sum."""
    mixer = Monotonic(agents=3, inputs=4, width=32, hidden=64)
    flat = mixer.drawn(torch.arange(5))
    states = torch.randn(5, 20, 4, generator=torch.Generator().manual_seed(2))
    assert (mixer.mixed(flat, torch.zeros(5, 20, 3), states) == 0).all()
    ratio = mixer.mixed(flat, torch.full((5, 20, 3), 0.01), states) / 0.03
    assert 0.3 < ratio.mean() < 3


def test_the_sum_of_vdn_needs_neither_weights_nor_state() -> None:
    """It is the plain sum over agents."""
    mixer, values = Sum(), torch.rand(2, 5, 3)
    assert mixer.drawn(torch.tensor([1, 2])).shape == (2, 0)
    assert torch.equal(mixer.mixed(torch.empty(2, 0), values, torch.empty(2, 0, 0)), values.sum(dim=-1))


def test_a_mixers_first_weights_are_each_replicas_own() -> None:
    """By its stream, in any company."""
    mixer = Monotonic(agents=2, inputs=4, width=8, hidden=6)
    together = mixer.drawn(torch.tensor([1, 2]))
    assert together.shape == (2, mixer.size)
    assert torch.equal(together[1], mixer.drawn(torch.tensor([2]))[0])
    assert not torch.equal(together[0], together[1])
