"""An agent is paid for what it did while it was there, and counts for no other once it has left."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from also.services.trainer.presence import Presence
from also.services.trainer.shaping_reward import Begun, ShapingReward
from also.v1 import shaping_pb2 as pb

GAMMA = 0.9
EVENT = {"form": "event", "feature": "holds", "weight": 0.1, "episode_cap": 0.15}
SYNCHRONY = {"form": "synchrony", "feature": "holds", "weight": 0.05, "episode_cap": 0.2, "synchrony": {"window": 3}}
PENALTY = {"form": "penalty", "feature": "holds", "weight": 0.02, "episode_cap": 0.2}
NOVELTY = {"form": "novelty", "feature": "distance", "weight": 0.1, "episode_cap": 0.3, "novelty": {"bins": 2}}
TIME, ENVIRONMENTS = 12, 3


def chain(*there):
    """Presence in the states of one environment, each a row of agents; an env_step leads from one to the next."""
    rows = torch.tensor(there, dtype=torch.bool)
    return [Presence(acted=a.view(1, 1, 1, -1), stayed=b.view(1, 1, 1, -1)) for a, b in pairwise(rows)]


@pytest.fixture
def watch(card):
    """Pays one environment for features of its states, and for who is in them; the rewards (T, A), and the shaping."""

    def run(config, states, there, task_reward=0.0):
        shaping = ShapingReward([config], card, environments=1, gamma=GAMMA)
        told = [{name: torch.tensor([[row]], dtype=torch.float32) for name, row in state.items()} for state in states]
        shaping.begin(told[0])
        none = torch.zeros(1, 1, dtype=torch.bool)
        paid = [
            shaping.pay(state, torch.full((1, 1), task_reward), none, none, presence)[0, 0]
            for state, presence in zip(told[1:], chain(*there), strict=True)
        ]
        return torch.stack(paid), shaping

    return run


def held(*rows):
    return [{"holds": row} for row in rows]


@pytest.mark.slow
@settings(max_examples=60)
@given(data=st.data(), seed=st.integers(0, 999), steps=st.integers(1, 12), leaves=st.integers(1, 12))
def test_potentials_of_an_agent_that_leaves_cost_what_they_began_with(
    data, seed, steps, leaves, card, valid_configs, observe
):
    """Its discounted sum is -Phi(s_0), credit included, wherever it goes and whatever the others do afterwards."""
    config = data.draw(valid_configs("potential"))
    shaping = ShapingReward([config], card, environments=2, gamma=GAMMA)
    shaping.begin(observe(5, 0, 1, 2))
    none, total = torch.zeros(1, 2, dtype=torch.bool), torch.zeros(1, 2, 3, dtype=torch.float64)
    for time in range(steps + leaves):
        acted, stayed = torch.ones(1, 1, 2, 3, dtype=torch.bool), torch.ones(1, 1, 2, 3, dtype=torch.bool)
        acted[..., 1], stayed[..., 1] = time < leaves, time + 1 < leaves
        presence = Presence(acted=acted, stayed=stayed)
        paid = shaping.pay(observe(seed, time + 1, 1, 2), torch.zeros(1, 2), none, none, presence)
        if time >= leaves:
            assert not paid[..., 1].any()
        total += GAMMA**time * paid.double()
    terminated = ShapingReward([config], card, environments=2, gamma=GAMMA)
    terminated.begin(observe(5, 0, 1, 2))
    expected = terminated.pay(observe(seed, 1, 1, 2), torch.zeros(1, 2), ~none, none).double()
    torch.testing.assert_close(total[..., 1], expected[..., 1], atol=1e-5, rtol=0)


def test_an_agent_that_comes_late_begins_with_the_state_that_it_comes_into(config, watch):
    """Its potential counts from there on, and what features said of it before is nothing."""
    term = {"form": "potential", "feature": "holds", "weight": 0.5}
    states = held([0, 9, 0], [0, 1, 0], [0, 1, 0], [0, 0, 0])
    paid, _ = watch(config(term), states, [[1, 0, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1]])
    assert paid[:, 1].tolist() == pytest.approx([0, GAMMA * 0.5 - 0.5, -0.5])


@pytest.mark.parametrize("term", [EVENT, SYNCHRONY | {"target": "team"}, PENALTY, NOVELTY])
def test_who_is_not_there_is_paid_nothing(term, config, watch):
    """Though its features go on, and the others are paid; its last act is paid by where it has led."""
    features = [{"holds": [t % 2] * 3, "distance": [10 * (t % 2)] * 3} for t in range(6)]
    states = [{term["feature"]: state[term["feature"]]} for state in features]
    paid, _ = watch(config(term), states, [[1, 1, 1], [1, 1, 0], *[[1, 1, 0]] * 4])
    assert paid[0, 2] != 0
    assert not paid[1:, 2].any()
    assert paid[1:, 0].any()


def test_a_synchrony_counts_those_that_act(config, watch):
    """Two that hold a condition are together no longer once one of them has left, within the window or not."""
    states = held(*[[1, 1, 0]] * 4)
    paid, _ = watch(config(SYNCHRONY), states, [[1, 1, 1], [1, 0, 1], [1, 0, 1], [1, 0, 1]])
    assert paid.tolist() == [pytest.approx([0.05, 0.05, 0]), [0, 0, 0], [0, 0, 0]]


def test_an_agent_that_comes_holds_a_condition_from_then_on(config, watch):
    """What it held before is not within the window; what it holds as it comes is."""
    there = [[1, 0, 1], [1, 1, 1], [1, 1, 1]]
    paid, _ = watch(config(SYNCHRONY), held([1, 1, 0], [1, 0, 0], [1, 0, 0]), there)
    assert not paid.any()
    paid, _ = watch(config(SYNCHRONY), held([1, 0, 0], [1, 1, 0], [1, 0, 0]), there)
    assert paid.tolist() == [[0, 0, 0], pytest.approx([0.05, 0.05, 0])]


def test_visits_of_those_that_are_not_there_are_not_counted(config, watch):
    """An agent that comes late finds everything new."""
    states = [{"distance": [0, 0, 0]}] * 4
    paid, shaping = watch(config(NOVELTY), states, [[1, 0, 1], [1, 0, 1], [1, 1, 1], [1, 1, 1]])
    assert paid[:, 1].tolist() == pytest.approx([0, 0, 0.1])
    assert paid[:, 0].tolist() == pytest.approx([0.1, 0.1 / 2**0.5, 0.1 / 3**0.5])
    assert shaping.state_dict()["visits"][0, 0, :, 0].tolist() == [3, 1, 3]


@pytest.mark.parametrize(("team", "expected"), [("min", 0.1 / 2**0.5), ("mean", (0.1 + 0.1 / 2**0.5) / 2)])
def test_the_novelty_of_a_team_is_that_of_those_that_act(config, watch, team, expected):
    """One in a new place, one in a known one, and one that has left."""
    term = NOVELTY | {"target": "team", "novelty": {"bins": 2, "team": team}}
    states = [{"distance": row} for row in ([0, 0, 0], [0, 0, 0], [9, 0, 0])]
    paid, _ = watch(config(term), states, [[1, 1, 1], [1, 1, 0], [1, 1, 0]])
    assert paid[1].tolist() == [pytest.approx(expected, abs=1e-6)] * 2 + [0]


def test_activity_is_of_those_that_act(config, watch):
    """A penalty on every env_step of two agents that stay and one that leaves after its first has fired always."""
    there = [[1, 1, 1], [1, 1, 0], [1, 1, 0], [1, 1, 0]]
    _, shaping = watch(config(PENALTY), held(*[[1, 1, 1]] * 4), there, task_reward=0.05)
    (activity,) = shaping.ledger.activity()[0]
    assert activity.firing_rate == 1
    assert activity.mean_reward == pytest.approx(-0.02)
    assert activity.reward_share == pytest.approx(0.02 / (0.02 + 0.05))


def test_a_cap_is_left_to_an_agent_that_was_away(config, watch):
    """What would have been due while it was away is not taken off."""
    states = held([0, 0, 0], *[[1, 1, 1]] * 12)
    paid, _ = watch(config(PENALTY | {"episode_cap": 0.03}), states, [[1, 0, 1]] * 11 + [[1, 1, 1]] * 2)
    assert paid[-1].tolist() == pytest.approx([0, -0.02, 0])


def test_credit_shares_among_those_that_act(config, watch):
    """Of an agent's reward those that act keep their shares; that of one who has left goes to nobody."""
    there = [[1, 1, 1], [1, 1, 0], [1, 1, 0]]
    paid, shaping = watch(config(PENALTY, {"form": "credit", "credit": {"alpha": 0}}), held(*[[1, 0, 0]] * 3), there)
    third = -0.02 / 3
    assert paid.tolist() == [pytest.approx([third] * 3), pytest.approx([third, third, 0])]
    assert shaping.ledger.activity()[0][1].firing_rate == 1


@pytest.mark.slow
@given(data=st.data(), seed=st.integers(0, 999))
def test_a_rollout_pays_what_its_env_steps_pay_where_agents_come_and_leave(data, seed, card, observe, valid_configs):
    """Bit for bit, with the state that is carried on, and the same activity."""
    configs = data.draw(st.lists(valid_configs(), min_size=1, max_size=3))
    generator = torch.Generator().manual_seed(seed)
    shape = len(configs), TIME, ENVIRONMENTS
    done = torch.rand(shape, generator=generator) < 0.2
    terminated = done & (torch.rand(shape, generator=generator) < 0.5)
    acted, stayed = (torch.rand(*shape, 3, generator=generator) < 0.7 for _ in range(2))
    task_reward = torch.rand(shape, generator=generator)
    one, whole = (ShapingReward(configs, card, environments=ENVIRONMENTS, gamma=GAMMA) for _ in range(2))
    states = [observe(seed, time, len(configs), ENVIRONMENTS) for time in range(2 * TIME + 1)]
    for shaping in (one, whole):
        shaping.begin(states[0])
    paid = []
    for t in range(TIME):
        step = slice(t, t + 1)
        presence = Presence(acted=acted[:, step], stayed=stayed[:, step])
        paid.append(one.pay(states[2 * t + 1], task_reward[:, t], terminated[:, t], done[:, t], presence))
        if bool(done[:, t].any()):
            one.restart(done[:, t], states[2 * t + 2])
    at = [t for t in range(TIME) if bool(done[:, t].any())]
    names = states[0]
    begun = Begun(
        at=at,
        done=done[:, at],
        features={name: torch.stack([states[2 * t + 2][name] for t in at], dim=1) for name in (names if at else ())},
    )
    reached = {name: torch.stack([states[2 * t + 1][name] for t in range(TIME)], dim=1) for name in names}
    found = whole.pay_rollout(
        reached, task_reward, terminated, begun if at else None, Presence(acted=acted, stayed=stayed)
    )
    assert torch.equal(torch.stack(paid, dim=1), found)
    assert not found[~acted].any()
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, whole.state_dict()[name]), name
    for first, second in zip(one.ledger.activity(), whole.ledger.activity(), strict=True):
        for term, other in zip(first, second, strict=True):
            assert term.firing_rate == other.firing_rate <= 1
            assert term.mean_reward == pytest.approx(other.mean_reward, rel=1e-6, abs=1e-9)


@pytest.mark.slow
@given(data=st.data(), seed=st.integers(0, 999))
def test_a_presence_of_everybody_pays_the_same_bits(data, seed, card, observe, valid_configs):
    """As if nothing had been said of who is there."""
    configs = data.draw(st.lists(valid_configs(), min_size=1, max_size=3))
    one, other = (ShapingReward(configs, card, environments=ENVIRONMENTS, gamma=GAMMA) for _ in range(2))
    everybody = torch.ones(len(configs), 1, ENVIRONMENTS, 3, dtype=torch.bool)
    for shaping in (one, other):
        shaping.begin(observe(seed, 0, len(configs), ENVIRONMENTS))
    terminated = torch.zeros(len(configs), ENVIRONMENTS, dtype=torch.bool)
    for time in range(1, 7):
        features = observe(seed, time, len(configs), ENVIRONMENTS)
        given_to = features, torch.ones_like(terminated).float(), terminated, terminated
        paid = one.pay(*given_to)
        assert torch.equal(paid, other.pay(*given_to, Presence(acted=everybody, stayed=everybody)))
    assert one.ledger.activity() == other.ledger.activity()
    assert pb.ShapingConfig() not in configs
