"""Shaping that is not a potential never outweighs a success, on any trajectory; and is always finite."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from also.services.trainer.shaping_reward import ShapingReward
from also.shaping import rules

CAPPED = ("event", "synchrony", "novelty", "penalty")


@pytest.mark.slow
@settings(max_examples=50)
@given(data=st.data(), seed=st.integers(0, 10**6), end_rate=st.sampled_from([0.0, 0.1, 0.5]))
def test_caps_hold_on_any_trajectory(data, seed, end_rate, card, valid_configs, play):
    """Each agent's sum of |shaping| in an episode stays below the smallest return, for any config that is accepted."""
    config = data.draw(valid_configs(*CAPPED))
    trajectory = play([config], seed=seed, steps=30, end_rate=end_rate)
    spent = trajectory.rewards[:, 0].double().abs()  # (T, E, A)
    for environment in range(spent.shape[1]):
        for episode in range(int(trajectory.episode[:, environment].max()) + 1):
            total = spent[trajectory.episode[:, environment] == episode, environment].sum(0)
            assert bool((total <= rules.cap_total(config)).all())
            assert bool((total < card.smallest_return).all())


@pytest.mark.slow
@settings(max_examples=50)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_clip_holds_in_every_env_step(data, seed, valid_configs, play):
    """No env_step pays more than the clips of the terms together."""
    config = data.draw(valid_configs(*CAPPED))
    largest = play([config], seed=seed, steps=10).rewards.abs().max()
    clips = [term.clip for term in rules.complete(config).terms if rules.is_capped(term.form)]
    assert float(largest) <= sum(clips) * (1 + 1e-6)


@pytest.mark.slow
def test_a_cap_is_spent_to_the_end_and_given_back_by_a_new_episode(card, config):
    """A penalty of 0.1 under a cap of 0.25 pays 0.1, 0.1, 0.05, nothing; after a restart it pays again."""
    term = {"form": "penalty", "feature": "holds", "weight": 0.1, "episode_cap": 0.25}
    shaping = ShapingReward([config(term)], card, environments=2, gamma=0.9)
    none, held = torch.zeros(1, 2, dtype=torch.bool), {"holds": torch.ones(1, 2, 3)}
    shaping.begin(held)
    paid = [shaping.pay(held, torch.zeros(1, 2), none, none)[0, :, 0] for _ in range(4)]
    shaping.restart(torch.tensor([[True, False]]), held)
    paid.append(shaping.pay(held, torch.zeros(1, 2), none, none)[0, :, 0])
    expected = [[-0.1, -0.1], [-0.1, -0.1], [-0.05, -0.05], [0, 0], [-0.1, 0]]
    torch.testing.assert_close(torch.stack(paid), torch.tensor(expected), atol=1e-6, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@settings(max_examples=50)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_a_feature_that_is_not_finite_never_reaches_the_reward(data, seed, value, card, valid_configs, observe):
    """Whatever a task computes, shaping is finite."""
    config = data.draw(valid_configs())
    shaping = ShapingReward([config], card, environments=2, gamma=0.9)
    none = torch.zeros(1, 2, dtype=torch.bool)
    generator = torch.Generator().manual_seed(seed)
    shaping.begin(observe(seed, 0, 1, 2))
    for time in range(1, 6):
        features = observe(seed, time, 1, 2)
        for name in features:
            broken = torch.rand(features[name].shape, generator=generator) < 0.3
            features[name] = features[name].masked_fill(broken, value)
        assert bool(torch.isfinite(shaping.pay(features, torch.zeros(1, 2), none, none)).all())


@pytest.mark.parametrize("aggregate", ["min", "mean", "max", "sum", "any", "all"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_aggregate_hides_a_value_that_is_not_finite(aggregate, value, card, config):
    """The least of 1, 1 and infinity is not 1: the term pays nothing there, and says so."""
    term = {"form": "penalty", "target": "team", "feature": "holds", "aggregate": aggregate, "weight": 0.1}
    shaping = ShapingReward([config(term)], card, environments=2, gamma=0.9)
    none, held = torch.zeros(1, 2, dtype=torch.bool), torch.ones(1, 2, 3)
    shaping.begin({"holds": held})
    broken = held.clone()
    broken[0, 0, 1] = value
    reward = shaping.pay({"holds": broken}, torch.zeros(1, 2), none, none)
    assert not reward[0, 0].any()
    assert bool((reward[0, 1] < 0).all())
    assert not shaping.ledger.activity()[0][0].finite


def test_only_the_terms_that_read_a_broken_value_go_silent(card, config):
    """Another agent's, and another feature's, terms are paid as ever."""
    terms = [{"form": "penalty", "feature": name, "weight": 0.04} for name in ("holds", "distance")]
    shaping = ShapingReward([config(*terms)], card, environments=1, gamma=0.9)
    none = torch.zeros(1, 1, dtype=torch.bool)
    features = {"holds": torch.tensor([[[1.0, math.nan, 1.0]]]), "distance": torch.full((1, 1, 3), 10.0)}
    shaping.begin(features)
    reward = shaping.pay(features, torch.zeros(1, 1), none, none)
    torch.testing.assert_close(reward[0, 0], torch.tensor([-0.08, -0.04, -0.08]))
    assert [activity.finite for activity in shaping.ledger.activity()[0]] == [False, True]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_gate_that_is_not_finite_is_closed(value, card, config):
    """Infinity is no "at least 1", and activity says that something was not finite."""
    gate = {"feature": "loaded", "comparison": "at_least", "value": 1}
    term = {"form": "penalty", "feature": "holds", "weight": 0.1, "gate": gate}
    shaping = ShapingReward([config(term)], card, environments=1, gamma=0.9)
    none = torch.zeros(1, 1, dtype=torch.bool)
    features = {"holds": torch.ones(1, 1, 3), "loaded": torch.full((1, 1), value)}
    shaping.begin(features)
    assert not shaping.pay(features, torch.zeros(1, 1), none, none).any()
    assert not shaping.ledger.activity()[0][0].finite


def test_a_role_is_not_disturbed_by_a_broken_value_of_another_agent(card, config):
    """What is not finite outside the role is not the term's."""
    term = {"form": "penalty", "target": "role", "role": "carriers", "feature": "holds", "weight": 0.04}
    shaping = ShapingReward([config(term)], card, environments=1, gamma=0.9)
    none = torch.zeros(1, 1, dtype=torch.bool)
    features = {"holds": torch.tensor([[[1.0, math.nan, 1.0]]])}
    shaping.begin(features)
    reward = shaping.pay(features, torch.zeros(1, 1), none, none)
    torch.testing.assert_close(reward[0, 0], torch.tensor([-0.04, 0.0, -0.04]))
    assert shaping.ledger.activity()[0][0].finite
