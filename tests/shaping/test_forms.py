"""What each form pays, on trajectories short enough to follow by eye."""

import math

import pytest
import torch

from also.services.trainer.shaping_reward import ShapingReward


@pytest.fixture
def pay(card):
    """Pays one replica along given features of one environment; the first are those of the first state."""

    def run(config, **features):
        """Rewards (T, A); each feature is a list over time of its value, or of its values by agent."""
        shaping = ShapingReward([config], card, environments=1, gamma=0.9)
        states = [
            {name: torch.tensor([[value]], dtype=torch.float32) for name, value in zip(features, values, strict=True)}
            for values in zip(*features.values(), strict=True)
        ]
        shaping.begin(states[0])
        none = torch.zeros(1, 1, dtype=torch.bool)
        return torch.cat([shaping.pay(state, torch.zeros(1, 1), none, none)[0] for state in states[1:]])

    return run


def assert_pays(rewards, expected):
    """Rewards (T, A) are these."""
    torch.testing.assert_close(rewards, torch.tensor(expected, dtype=torch.float32), atol=1e-6, rtol=0)


def test_an_event_pays_each_rise_through_the_threshold(config, pay):
    """Staying above pays nothing; falling and rising again does."""
    event = config({"form": "event", "feature": "holds", "weight": 0.02, "event": {"cooldown": 0}})
    rewards = pay(event, holds=[[0, 1, 0], [1, 1, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]])
    assert_pays(rewards, [[0.02, 0, 0], [0, 0, 0], [0, 0.02, 0], [0.02, 0, 0]])


def test_an_episode_that_begins_above_the_threshold_has_no_event_there(config, pay):
    """The first state sets the level to rise from."""
    event = config({"form": "event", "feature": "holds", "weight": 0.02})
    assert_pays(pay(event, holds=[[1, 1, 1], [1, 1, 1]]), [[0, 0, 0]])


def test_no_event_counts_during_a_cooldown(config, pay):
    """With a cooldown of 2 the rises 1 and 2 env_steps after an event are lost, and the third counts."""
    event = config({"form": "event", "feature": "holds", "weight": 0.02, "event": {"cooldown": 2}})
    levels = [0, 1, 0, 1, 0, 1, 0]
    rewards = pay(event, holds=[[level] * 3 for level in levels])
    assert_pays(rewards, [[paid] * 3 for paid in (0.02, 0, 0, 0, 0.02, 0)])
    rewards = pay(event, holds=[[level] * 3 for level in (0, 1, 0, 0, 1)])
    assert_pays(rewards, [[paid] * 3 for paid in (0.02, 0, 0, 0.02)])


@pytest.mark.parametrize("rule", [{"cooldown": 9}, {"window": 9, "min_agents": 3}])
def test_a_new_episode_forgets_cooldowns_and_windows(rule, card, config):
    """After a restart an event counts at once, and who held the condition before no longer does."""
    form = "event" if "cooldown" in rule else "synchrony"
    term = {"form": form, "feature": "holds", "weight": 0.02, form: rule}
    shaping = ShapingReward([config(term)], card, environments=2, gamma=0.9)
    none = torch.zeros(1, 2, dtype=torch.bool)
    empty, ann, all_but_ann = (
        {"holds": torch.tensor([[agents] * 2], dtype=torch.float32)} for agents in ([0, 0, 0], [1, 0, 0], [0, 1, 1])
    )
    shaping.begin(empty)
    shaping.pay(ann, torch.zeros(1, 2), none, none)
    shaping.pay(empty, torch.zeros(1, 2), none, none)
    shaping.restart(torch.tensor([[True, False]]), empty)
    state = ann if form == "event" else all_but_ann
    restarted, going_on = shaping.pay(state, torch.zeros(1, 2), none, none)[0].bool().any(-1).tolist()
    assert (restarted, going_on) == ((True, False) if form == "event" else (False, True))


def test_an_event_of_the_team_pays_everyone(config, pay):
    """The team's value is the aggregate over its agents."""
    event = config({"form": "event", "target": "team", "feature": "holds", "aggregate": "all", "weight": 0.02})
    assert_pays(pay(event, holds=[[0, 0, 0], [1, 1, 0], [1, 1, 1]]), [[0, 0, 0], [0.02] * 3])


def test_a_role_pays_its_agents_only(config, pay):
    """Agents outside the role get nothing, whatever they do."""
    event = config({"form": "event", "target": "role", "role": "carriers", "feature": "holds", "weight": 0.02})
    assert_pays(pay(event, holds=[[0, 0, 0], [1, 1, 1]]), [[0.02, 0, 0.02]])


def test_a_synchrony_waits_for_enough_agents_within_its_window(config, pay):
    """Two agents that hold the condition two env_steps apart meet in a window of 3, not in one of 2."""
    held = [[0, 0, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0], [0, 0, 0]]
    term = {"form": "synchrony", "target": "team", "feature": "holds", "weight": 0.02}
    rewards = pay(config(term | {"synchrony": {"window": 3}}), holds=held)
    assert_pays(rewards, [[0] * 3, [0] * 3, [0.02] * 3, [0] * 3])
    assert not pay(config(term | {"synchrony": {"window": 2}}), holds=held).any()


def test_a_synchrony_of_agents_pays_those_that_take_part(config, pay):
    """Target team pays the bystander too; target agent does not."""
    held = [[0, 0, 0], [1, 0, 1]]
    term = {"form": "synchrony", "feature": "holds", "weight": 0.02}
    assert_pays(pay(config(term), holds=held), [[0.02, 0, 0.02]])
    assert_pays(pay(config(term | {"target": "team"}), holds=held), [[0.02] * 3])


def test_a_synchrony_of_a_role_counts_its_agents_only(config, pay):
    """An agent outside the role neither helps nor is paid."""
    term = {"form": "synchrony", "target": "role", "role": "carriers", "feature": "holds", "weight": 0.02}
    assert_pays(pay(config(term), holds=[[0, 0, 0], [1, 1, 0], [1, 1, 1]]), [[0, 0, 0], [0.02, 0, 0.02]])


def test_novelty_fades_with_the_visits_of_a_bin(config, pay):
    """weight / sqrt(n) at the n-th visit, counted for each agent alone."""
    term = {"form": "novelty", "feature": "distance", "weight": 0.02, "episode_cap": 0.1}
    novelty = config(term | {"novelty": {"bins": 2}})
    rewards = pay(novelty, distance=[[0, 0, 0], [0, 9, 0], [1, 9, 9], [2, 0, 9]])
    once, twice, thrice = (0.02 / math.sqrt(visits) for visits in (1, 2, 3))
    assert_pays(rewards, [[once, once, once], [twice, twice, once], [thrice, once, twice]])


def test_a_teams_novelty_is_its_least_or_mean(config, pay):
    """The least novel agent decides, or all of them do."""
    term = {"form": "novelty", "target": "team", "feature": "distance", "weight": 0.02}
    distance = [[0, 0, 0], [0, 0, 0], [0, 9, 9]]
    again = 1 / math.sqrt(2)
    least = pay(config(term | {"novelty": {"team": "min"}}), distance=distance)
    assert_pays(least, [[0.02] * 3, [0.02 * again] * 3])
    assert_pays(pay(config(term), distance=distance), [[0.02] * 3, [0.02 * (2 + again) / 3] * 3])


def test_visits_are_shared_by_environments_and_outlive_episodes(card, config):
    """Two environments in one bin are two visits, and a restart forgets none."""
    novelty = config({"form": "novelty", "feature": "distance", "weight": 0.02, "episode_cap": 0.4})
    shaping = ShapingReward([novelty], card, environments=2, gamma=0.9)
    none, state = torch.zeros(1, 2, dtype=torch.bool), {"distance": torch.zeros(1, 2, 3)}
    shaping.begin(state)
    first = shaping.pay(state, torch.zeros(1, 2), none, none)
    shaping.restart(~none, state)
    second = shaping.pay(state, torch.zeros(1, 2), none, none)
    torch.testing.assert_close(first, torch.full((1, 2, 3), 0.02 / math.sqrt(2)))
    torch.testing.assert_close(second, torch.full((1, 2, 3), 0.02 / math.sqrt(4)))


def test_a_penalty_costs_in_proportion_whatever_its_sign(config, pay):
    """-|w| times the value: a penalty can never be turned into a bonus."""
    for weight in (0.04, -0.04):
        penalty = config({"form": "penalty", "feature": "distance", "weight": weight})
        assert_pays(pay(penalty, distance=[[0, 0, 0], [0, 5, 10]]), [[0, -0.02, -0.04]])


@pytest.mark.parametrize(
    ("comparison", "expected"), [("at_least", [[0] * 3, [0.02] * 3]), ("at_most", [[0.02] * 3, [0] * 3])]
)
def test_a_gate_opens_at_its_value(comparison, expected, config, pay):
    """Where the gate is closed the term is silent; its value itself counts as open."""
    gate = {"feature": "loaded", "comparison": comparison, "value": 2 if comparison == "at_least" else 1}
    penalty = config({"form": "penalty", "feature": "holds", "weight": 0.02, "gate": gate})
    rewards = pay(penalty, holds=[[1] * 3] * 3, loaded=[0, 1, 2])
    assert_pays(-rewards, expected)


def test_an_agents_gate_is_its_own(config, pay):
    """A gate on a feature of agents opens for each agent alone."""
    gate = {"feature": "distance", "comparison": "at_most", "value": 1}
    event = config({"form": "event", "feature": "holds", "weight": 0.02, "gate": gate})
    rewards = pay(event, holds=[[0] * 3, [1] * 3], distance=[[0] * 3, [0, 1, 2]])
    assert_pays(rewards, [[0.02, 0.02, 0]])


def test_a_closed_gate_takes_a_potential_to_zero_and_back(config, pay):
    """Opening pays gamma Phi, closing takes Phi back, so that a gate cannot be farmed."""
    gate = {"feature": "loaded", "comparison": "at_least", "value": 1}
    term = config({"form": "potential", "feature": "holds", "weight": 0.5, "gate": gate})
    rewards = pay(term, holds=[[1] * 3] * 3, loaded=[0, 1, 0])
    assert_pays(rewards, [[0.45] * 3, [-0.5] * 3])


GAP = [[99, 0, 4], [8, 99, 8], [-2, 3, 99]]


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        (None, [0.4, 1.0, 0.25]),
        ("mean", [0.4, 1.0, 0.25]),
        ("sum", [0.4, 1.0, 0.25]),
        ("min", [0.2, 1.0, 0.0]),
        ("max", [0.6, 1.0, 0.5]),
        ("any", [1.0, 1.0, 1.0]),
        ("all", [0.0, 1.0, 0.0]),
    ],
)
def test_an_agent_reads_a_pair_feature_over_the_others(aggregate, expected, config, pay):
    """Its own row without the diagonal, normalised by the feature's range [-2, 8]."""
    term = {"form": "penalty", "feature": "gap", "weight": 0.04}
    penalty = config(term | ({"aggregate": aggregate} if aggregate else {}))
    assert_pays(pay(penalty, gap=[GAP, GAP]) / -0.04, [expected])


@pytest.mark.parametrize(
    ("feature", "values", "aggregate", "expected"),
    [
        ("gap", GAP, "min", 0.0),
        ("gap", GAP, "max", 1.0),
        ("gap", GAP, "mean", 0.55),
        ("gap", GAP, "sum", 0.55),
        ("gap", GAP, "any", 1.0),
        ("gap", GAP, "all", 0.0),
        ("holds", [1, 0, 1], "mean", 2 / 3),
        ("holds", [1, 0, 1], "sum", 2 / 3),
        ("holds", [1, 0, 1], "min", 0.0),
        ("holds", [1, 1, 1], "all", 1.0),
        ("loaded", 2, None, 2 / 3),
    ],
)
def test_the_team_reads_over_all_agents_or_pairs(feature, values, aggregate, expected, config, pay):
    """One value for everyone."""
    term = {"form": "penalty", "target": "team", "feature": feature, "weight": 0.04}
    penalty = config(term | ({"aggregate": aggregate} if aggregate else {}))
    assert_pays(pay(penalty, **{feature: [values, values]}) / -0.04, [[expected] * 3])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("exp", [1.0, math.exp(-1), math.exp(-2.5)]),
        ("tanh", [0.0, math.tanh(1), math.tanh(2.5)]),
        ("threshold", [0.0, 0.0, 0.6]),
        ("indicator", [0.0, 1.0, 1.0]),
    ],
)
def test_transforms_are_those_of_the_contract(kind, expected, config, pay):
    """Each at u = 0, at u = scale, and at u = 1."""
    penalty = config(
        {"form": "penalty", "feature": "distance", "weight": 0.04, "transform": {"kind": kind, "scale": 0.4}}
    )
    assert_pays(pay(penalty, distance=[[0, 4, 10]] * 2) / -0.04, [expected])


def test_a_value_outside_the_cards_range_counts_as_its_end(config, pay):
    """The normalised feature is clipped to [0, 1]."""
    penalty = config({"form": "penalty", "feature": "distance", "weight": 0.04})
    assert_pays(pay(penalty, distance=[[0, 0, 0], [-3, 15, 10]]) / -0.04, [[0, 1, 1]])
