"""Potentials telescope, whatever happens between, and so leave the ranking of policies unchanged."""

from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from also.services.trainer.ppo.advantages import generalised_advantages
from also.services.trainer.shaping_reward import ShapingReward

GAMMA = 0.9
APPROACH = {"form": "potential", "feature": "distance", "transform": {"kind": "exp", "scale": 0.4}, "weight": 0.6}
FADING = APPROACH | {"schedule": {"kind": "linear", "begin": 4, "end": 40, "floor": 0.1}}


@pytest.fixture(scope="session")
def episode(card, observe):
    """Plays one episode from a start to an end by way of random states; the discounted sum, and the shaping."""

    def run(config, *, start, way, steps, terminated):
        shaping = ShapingReward([config], card, environments=2, gamma=GAMMA)
        shaping.begin(observe(start, 0, 1, 2))
        none, total = torch.zeros(1, 2, dtype=torch.bool), torch.zeros(1, 2, len(card.agents), dtype=torch.float64)
        for time in range(steps):
            last = time == steps - 1
            ended = ~none if last and terminated else none
            cut = ~none if last and not terminated else none
            features = observe(start if last else way, time + 1, 1, 2)
            total += GAMMA**time * shaping.pay(features, torch.zeros(1, 2), ended, cut).double()
        return total, shaping

    return run


def potential(shaping):
    """Sum over terms of the potential that a `ShapingReward` keeps, (R, E, A)."""
    return shaping.state_dict()["potential"].double().sum(1)


@pytest.mark.slow
@settings(max_examples=50)
@given(data=st.data(), way=st.integers(0, 1000), steps=st.integers(1, 15))
def test_a_truncated_episode_pays_the_difference_of_its_ends(data, way, steps, card, valid_configs, observe, episode):
    """The discounted sum is gamma^T Phi(s_T) - Phi(s_0), with the weights of those moments."""
    config = data.draw(valid_configs("potential", credit=False))
    total, shaping = episode(config, start=5, way=way, steps=steps, terminated=False)
    fresh = ShapingReward([config], card, environments=2, gamma=GAMMA)
    fresh.begin(observe(5, 0, 1, 2))
    expected = GAMMA**steps * potential(shaping) - potential(fresh)
    torch.testing.assert_close(total, expected, atol=1e-5, rtol=0)


@pytest.mark.slow
@settings(max_examples=50)
@given(data=st.data(), way=st.integers(0, 1000), steps=st.integers(1, 15))
def test_a_terminated_episode_costs_its_first_potential(data, way, steps, card, valid_configs, observe, episode):
    """The discounted sum is -Phi(s_0), so that no policy gains on another by shaping."""
    config = data.draw(valid_configs("potential", credit=False))
    total, _ = episode(config, start=5, way=way, steps=steps, terminated=True)
    fresh = ShapingReward([config], card, environments=2, gamma=GAMMA)
    fresh.begin(observe(5, 0, 1, 2))
    torch.testing.assert_close(total, -potential(fresh), atol=1e-5, rtol=0)


@pytest.mark.slow
@settings(max_examples=50)
@given(data=st.data(), ways=st.lists(st.integers(0, 1000), min_size=2, max_size=2), lengths=st.permutations([3, 8]))
def test_two_ways_from_one_start_to_the_end_are_paid_the_same(data, ways, lengths, valid_configs, episode):
    """With or without schedules and credit, the ranking of two policies' returns is that of the task alone."""
    config = data.draw(valid_configs("potential"))
    totals = [
        episode(config, start=9, way=way, steps=steps, terminated=True)[0]
        for way, steps in zip(ways, lengths, strict=True)
    ]
    torch.testing.assert_close(*totals, atol=1e-5, rtol=0)


def test_a_potential_on_a_distance_pays_for_coming_nearer(card, config):
    """F = gamma * w * exp(-u' / scale) - w * exp(-u / scale), by hand."""
    shaping = ShapingReward([config(APPROACH)], card, environments=1, gamma=GAMMA)
    none = torch.zeros(1, 1, dtype=torch.bool)
    shaping.begin({"distance": torch.tensor([[[10.0, 5.0, 0.0]]])})
    reward = shaping.pay({"distance": torch.tensor([[[5.0, 5.0, 1.0]]])}, torch.zeros(1, 1), none, none)
    before, after = (0.6 * torch.exp(-torch.tensor(u) / 0.4) for u in ([1.0, 0.5, 0.0], [0.5, 0.5, 0.1]))
    expected = GAMMA * after - before
    torch.testing.assert_close(reward[0, 0], expected)
    assert reward[0, 0, 0] > 0 > reward[0, 0, 2]


def test_clip_cuts_the_potential_and_not_the_difference(card, config):
    """A clipped potential still telescopes: between two states above the clip it pays (gamma - 1) clip."""
    term = {"form": "potential", "feature": "distance", "weight": 1.0, "clip": 0.25}
    shaping = ShapingReward([config(term)], card, environments=1, gamma=GAMMA)
    none = torch.zeros(1, 1, dtype=torch.bool)
    shaping.begin({"distance": torch.tensor([[[0.0, 5.0, 10.0]]])})
    reward = shaping.pay({"distance": torch.tensor([[[10.0, 10.0, 2.0]]])}, torch.zeros(1, 1), none, none)
    torch.testing.assert_close(reward[0, 0], torch.tensor([GAMMA * 0.25, GAMMA * 0.25 - 0.25, GAMMA * 0.2 - 0.25]))


def test_a_schedule_moves_the_potential_with_the_learners_env_steps(card, config):
    """gamma w(t') Phi(s') - w(t) Phi(s), where t counts the env_steps of all the learner's environments."""
    shaping = ShapingReward([config(FADING)], card, environments=2, gamma=GAMMA)
    none, near = torch.zeros(1, 2, dtype=torch.bool), {"distance": torch.zeros(1, 2, 3)}
    shaping.begin(near)
    rewards = [float(shaping.pay(near, torch.zeros(1, 2), none, none)[0, 0, 0]) for _ in range(21)]
    factors = [1 - 0.9 * min(max((2 * time - 4) / 36, 0), 1) for time in range(22)]
    expected = [0.6 * (GAMMA * factors[time + 1] - factors[time]) for time in range(21)]
    assert rewards == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("gae_lambda", [0.0, 0.95, 1.0])
def test_a_potential_of_the_last_action_is_a_wage_to_a_learner_that_does_not_see_it(gae_lambda):
    """Why it is refused: in one state, with an exact value net, pushing is worth gamma (1 - lambda) w more than not.

    A potential of the state is worth the same to both actions, whatever the lambda.
    """
    weight, steps = 0.5, 8
    patterns = torch.tensor(
        list(product((0.0, 1.0), repeat=steps + 1)), dtype=torch.float64
    )  # pushes before each state
    for potential, due in (
        (weight * patterns, GAMMA * (1 - gae_lambda) * weight),
        (torch.full_like(patterns, weight), 0.0),
    ):
        rewards = GAMMA * potential[:, 1:] - potential[:, :-1]
        shape = (len(patterns), steps, 1, 1, 1)
        value = torch.full(shape, float(rewards.mean()) / (1 - GAMMA), dtype=torch.float64)  # exact: there is one state
        going_on = torch.zeros(shape[:3], dtype=torch.bool)
        first = generalised_advantages(rewards.view(shape), value, value, going_on, gamma=GAMMA, gae_lambda=gae_lambda)[
            :, 0
        ].flatten()
        pushed = patterns[:, 1] == 1
        assert float(first[pushed].mean() - first[~pushed].mean()) == pytest.approx(due, abs=1e-9)
