"""Equal effect, equal hash: what is and what is not part of a config's identity."""

import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from also.services.trainer.shaping_reward import ShapingReward
from also.shaping import identity, rules
from also.v1 import shaping_pb2 as pb

TERM = {
    "form": "event",
    "target": "role",
    "role": "carriers",
    "feature": "gap",
    "aggregate": "min",
    "transform": {"kind": "exp", "scale": 0.3},
    "gate": {"feature": "gap", "aggregate": "max", "comparison": "at_least", "value": 1},
    "weight": 0.2,
    "clip": 0.1,
    "episode_cap": 0.1,
    "schedule": {"kind": "linear", "begin": 10, "end": 20, "floor": 0.1},
    "event": {"threshold": 0.6, "cooldown": 3},
}

EFFECTIVE = {
    "target": {"target": "agent", "role": ""},
    "role": {"role": "bob"},
    "feature": {"feature": "distance", "aggregate": "max"},
    "aggregate": {"aggregate": "max"},
    "transform kind": {"transform": {"kind": "tanh", "scale": 0.3}},
    "transform scale": {"transform": {"kind": "exp", "scale": 0.31}},
    "gate feature": {"gate": TERM["gate"] | {"feature": "loaded"}},
    "gate aggregate": {"gate": TERM["gate"] | {"aggregate": "min"}},
    "gate comparison": {"gate": TERM["gate"] | {"comparison": "at_most"}},
    "gate value": {"gate": TERM["gate"] | {"value": 2}},
    "weight": {"weight": 0.21},
    "sign of the weight": {"weight": -0.2},
    "clip": {"clip": 0.11},
    "episode cap": {"episode_cap": 0.11},
    "schedule kind": {"schedule": TERM["schedule"] | {"kind": "exponential"}},
    "schedule begin": {"schedule": TERM["schedule"] | {"begin": 11}},
    "schedule end": {"schedule": TERM["schedule"] | {"end": 21}},
    "schedule floor": {"schedule": TERM["schedule"] | {"floor": 0.2}},
    "event threshold": {"event": {"threshold": 0.7, "cooldown": 3}},
    "event cooldown": {"event": {"threshold": 0.6, "cooldown": 4}},
}

PLAIN = {"form": "penalty", "feature": "distance", "weight": 0.2}
TEAM = PLAIN | {"target": "team", "aggregate": "mean"}
DECAY = {"kind": "exponential", "end": 20}
GATE = {"feature": "gap", "comparison": "at_least", "value": 1}

SAME = {
    "a clip that never cuts": (PLAIN | {"clip": 0.2}, PLAIN | {"clip": 0.7}),
    "the sign of a penalty": (PLAIN, PLAIN | {"weight": -0.2}),
    "an identity spelt out": (PLAIN, PLAIN | {"transform": {"kind": "identity"}}),
    "a constant schedule": (PLAIN, PLAIN | {"schedule": {"kind": "constant"}}),
    "a rule spelt out": (TERM | {"event": {"cooldown": 1}}, TERM | {"event": {"threshold": 0.5}}),
    "sum and mean of a normalised feature": (TEAM, TEAM | {"aggregate": "sum"}),
    "the mean over others": (PLAIN | {"feature": "gap"}, PLAIN | {"feature": "gap", "aggregate": "mean"}),
    "the mean over others of a gate": (PLAIN | {"gate": GATE}, PLAIN | {"gate": GATE | {"aggregate": "mean"}}),
    "an exponential floor of 0": (PLAIN | {"schedule": DECAY}, PLAIN | {"schedule": DECAY | {"floor": 0.001}}),
    "the mean of a team's novelty": (
        {"form": "novelty", "feature": "distance", "weight": 0.1, "target": "team"},
        {"form": "novelty", "feature": "distance", "weight": 0.1, "target": "team", "novelty": {"team": "mean"}},
    ),
}


@pytest.mark.slow
@settings(max_examples=40)
@given(data=st.data(), seed=st.integers(0, 100))
def test_hash_ignores_names_reasons_and_order(data, seed, valid_configs):
    """What is only for people is not part of the identity."""
    config = data.draw(valid_configs())
    terms = list(config.terms)
    random.Random(seed).shuffle(terms)
    other = pb.ShapingConfig(terms=terms)
    for index, term in enumerate(other.terms):
        term.name, term.reason = f"other_{index}", "because"
    assert identity.config_hash(other) == identity.config_hash(config)


@pytest.mark.slow
@settings(max_examples=40)
@given(data=st.data())
def test_hash_ignores_how_much_is_spelt_out(data, valid_configs):
    """Defaults may be written or left out, and the canonical config has the hash of the config."""
    config = data.draw(valid_configs())
    expected = identity.config_hash(config)
    assert identity.config_hash(rules.complete(config)) == expected
    assert identity.config_hash(identity.canonical(config).config) == expected


@pytest.mark.parametrize("change", EFFECTIVE.values(), ids=EFFECTIVE.keys())
def test_hash_changes_with_every_effective_field(change, config):
    """A change that an agent can feel changes the hash."""
    assert identity.config_hash(config(TERM | change)) != identity.config_hash(config(TERM))


@pytest.mark.parametrize("field", ["window", "min_agents", "threshold"])
def test_hash_changes_with_the_rule_of_a_synchrony(field, config):
    """So does each number of a synchrony."""
    term = {"form": "synchrony", "feature": "holds", "weight": 0.1}
    changed = term | {"synchrony": {field: 0.4 if field == "threshold" else 3}}
    assert identity.config_hash(config(changed)) != identity.config_hash(config(term))


def test_hash_changes_with_bins_and_alpha(config):
    """So do the bins of a novelty and the share of a credit."""
    term = {"form": "novelty", "feature": "distance", "weight": 0.1}
    hashes = {
        identity.config_hash(config(term)),
        identity.config_hash(config(term | {"novelty": {"bins": 8}})),
        identity.config_hash(config(term, {"form": "credit"})),
        identity.config_hash(config(term, {"form": "credit", "credit": {"alpha": 0.7}})),
        identity.config_hash(config(term, term)),
        identity.config_hash(config()),
    }
    assert len(hashes) == 6


@pytest.mark.parametrize(("first", "second"), SAME.values(), ids=SAME.keys())
def test_two_ways_to_say_one_thing_have_one_hash_and_one_effect(first, second, config, play):
    """Fields that say the same in two ways are made one, and pay the same."""
    first, second = config(first), config(second)
    assert identity.config_hash(first) == identity.config_hash(second)
    rewards = play([first, second], seed=3, steps=20).rewards
    assert torch.equal(rewards[:, 0], rewards[:, 1])


@pytest.mark.slow
@settings(max_examples=40)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_equal_hashes_pay_equally(data, seed, valid_configs, play):
    """The order of terms has no effect, to the last bit."""
    config = data.draw(valid_configs())
    turned = pb.ShapingConfig(terms=reversed(config.terms))
    rewards = play([config, turned], seed=seed, steps=8).rewards
    assert torch.equal(rewards[:, 0], rewards[:, 1])


@pytest.mark.slow
@settings(max_examples=40)
@given(data=st.data())
def test_the_live_learner_reports_the_hash_of_its_config(data, card, valid_configs):
    """What `ShapingReward` was compiled from has the hash of the config that it was given."""
    configs = [data.draw(valid_configs()), pb.ShapingConfig(), data.draw(valid_configs())]
    shaping = ShapingReward(configs, card, environments=2, gamma=0.9)
    assert shaping.config_hashes == tuple(identity.config_hash(config) for config in configs)
