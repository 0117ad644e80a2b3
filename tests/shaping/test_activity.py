"""Activity says of each term how often it fires, how much it pays, and how much was cut."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from also.services.trainer.shaping_reward import ShapingReward
from also.v1 import shaping_pb2 as pb

EVENT = {"form": "event", "feature": "holds", "weight": 0.1, "episode_cap": 0.15, "event": {"cooldown": 0}}
PENALTY = {"form": "penalty", "feature": "holds", "weight": 0.02, "episode_cap": 0.2}
CREDIT = {"form": "credit"}


@pytest.fixture
def watch(card):
    """Pays one environment for what the agents hold over time, under a task reward; the live shaping."""

    def run(config, held, task_reward=0.0):
        shaping = ShapingReward([config], card, environments=1, gamma=0.9)
        states = [{"holds": torch.tensor([[agents]], dtype=torch.float32)} for agents in held]
        shaping.begin(states[0])
        none = torch.zeros(1, 1, dtype=torch.bool)
        for state in states[1:]:
            shaping.pay(state, torch.full((1, 1), task_reward), none, none)
        return shaping

    return run


def test_activity_of_an_event_that_its_cap_cuts(config, watch):
    """Of four events of one agent under a cap of 1.5 of them, the second is cut and the others pay nothing."""
    held = [[time % 2, 0, 0] for time in range(9)]
    (activity,) = watch(config(EVENT), held, task_reward=0.05).ledger.activity()[0]
    assert activity.term == "term_0"
    assert activity.firing_rate == pytest.approx(2 / 24)
    assert activity.mean_reward == pytest.approx(0.15 / 24, rel=1e-5)
    assert activity.largest_reward == pytest.approx(0.1)
    assert activity.cut_rate == pytest.approx(3 / 4)
    assert activity.reward_share == pytest.approx(0.15 / (0.15 + 0.05 * 8 * 3), rel=1e-5)
    assert activity.finite


def test_a_term_that_is_paid_in_full_is_not_cut(config, watch):
    """A cap that is met exactly has cut nothing."""
    (activity,) = watch(config(EVENT | {"episode_cap": 0.1}), [[0, 0, 0], [1, 1, 1]]).ledger.activity()[0]
    assert (activity.firing_rate, activity.cut_rate, activity.reward_share) == (1, 0, 1)


def test_a_dead_term_never_fires(config, watch):
    """Nothing happened, and nothing is divided by zero."""
    (activity,) = watch(config(EVENT), [[0, 0, 0]] * 3).ledger.activity()[0]
    assert activity == pb.TermActivity(term="term_0", finite=True)


def test_a_clip_that_cuts_a_potential_is_counted(config, watch):
    """Half of the states have a potential above the clip."""
    potential = {"form": "potential", "feature": "holds", "weight": 0.5, "clip": 0.1}
    (activity,) = watch(config(potential), [[0] * 3, [1] * 3, [0] * 3, [1] * 3, [0] * 3]).ledger.activity()[0]
    assert activity.firing_rate == 1
    assert activity.cut_rate == 0.5


def test_a_role_counts_its_own_agents(config, watch):
    """A term that always pays the one agent of its role has a firing rate of 1."""
    term = PENALTY | {"target": "role", "role": "bob"}
    (activity,) = watch(config(term), [[1, 1, 1]] * 3).ledger.activity()[0]
    assert activity.firing_rate == 1
    assert activity.mean_reward == pytest.approx(-0.02)


def test_activity_of_credit_is_what_it_moves(config, watch):
    """One agent's -0.02 in three equal shares: two thirds of it are moved."""
    held = [[0, 0, 0], [1, 0, 0]]
    penalty, credit = watch(config(PENALTY, CREDIT | {"credit": {"alpha": 0}}), held).ledger.activity()[0]
    assert penalty.reward_share == 1
    assert credit.term == "term_1"
    assert credit.firing_rate == 1
    assert credit.mean_reward == pytest.approx(0, abs=1e-8)
    assert credit.largest_reward == pytest.approx(0.02 * 2 / 3)
    assert credit.reward_share == pytest.approx(2 / 3)


@pytest.mark.slow
@settings(max_examples=40)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_activity_is_in_the_order_of_each_config_and_in_range(data, seed, valid_configs, play):
    """Terms come under their own names, every share lies in [0, 1], and those of the terms sum to at most 1."""
    configs = [data.draw(valid_configs()) for _ in range(2)]
    shaping = play(configs, seed=seed, steps=10).shaping
    for config, activities in zip(configs, shaping.ledger.activity(), strict=True):
        assert [activity.term for activity in activities] == [term.name for term in config.terms]
        own = [
            activity.reward_share
            for term, activity in zip(config.terms, activities, strict=True)
            if term.form != pb.SHAPING_FORM_CREDIT
        ]
        assert sum(own) <= 1 + 1e-6
        for activity in activities:
            assert activity.finite
            assert 0 <= activity.firing_rate <= 1
            assert 0 <= activity.reward_share <= 1 + 1e-6
            assert 0 <= activity.cut_rate <= 1
            assert abs(activity.mean_reward) <= activity.largest_reward + 1e-9


def test_activity_does_not_depend_on_the_batch(config, play):
    """Each replica's activity is its own."""
    configs = [config(EVENT), config(PENALTY, CREDIT)]
    together = play(configs, seed=2, steps=10).shaping.ledger.activity()
    assert together == [play([each], seed=2, steps=10).shaping.ledger.activity()[0] for each in configs]
