"""Shaping configs as text: everything that has an effect, in the words of the contract."""

import pytest

from also import document
from also.briefing.config import NO_SHAPING, config_lines, term_in_short
from also.v1.shaping_pb2 import ShapingConfig, ShapingTerm

TERMS = {
    "potential": (
        {"name": "approach", "form": "potential", "target": "agent", "feature": "food_distance", "weight": 0.5,
         "transform": {"kind": "exp", "scale": 0.3}},
        "approach | potential | agent | food_distance | - | exp 0.3 | - | 0.5 | 1 | - | constant | -",
        "0.5 potential of exp(-food_distance/0.3) for agent",
    ),
    "synchrony": (
        {"name": "together", "form": "synchrony", "target": "role", "role": "role_0", "feature": "adjacent",
         "weight": 0.02, "episode_cap": 0.1, "schedule": {"kind": "linear", "begin": 50_000, "end": 150_000},
         "synchrony": {"window": 3}},
        ("together | synchrony | role role_0 | adjacent | - | identity | - | 0.02 | 1 | 0.1 | linear 50000 to 150000 "
        "floor 0 | min_agents 2 window 3 threshold 0.5"),
        "0.02 synchrony of adjacent for role role_0, linear 50000 to 150000 floor 0",
    ),
    "event": (
        {"name": "eaten", "form": "event", "target": "team", "feature": "partner_distance", "aggregate": "min",
         "weight": 0.1, "transform": {"kind": "indicator", "scale": 0.4},
         "gate": {"feature": "loading", "aggregate": "any", "comparison": "at_least", "value": 0.5}},
        ("eaten | event | team | partner_distance | min | indicator 0.4 | any loading >= 0.5 | 0.1 | 1 | 0.05 "
         "| constant | threshold 0.5 cooldown 1"),
        "0.1 event of (min partner_distance >= 0.4) for team, where any loading >= 0.5",
    ),
    "novelty": (
        {"name": "rare", "form": "novelty", "target": "team", "feature": "position", "weight": 0.01,
         "novelty": {"team": "min"}},
        "rare | novelty | team | position | - | - | - | 0.01 | 1 | 0.05 | constant | bins 16 team min",
        "0.01 novelty of position for team",
    ),
    "penalty": (
        {"name": "still", "form": "penalty", "target": "agent", "feature": "idle", "weight": -0.01,
         "transform": {"kind": "threshold", "scale": 0.2}, "schedule": {"kind": "exponential", "end": 9, "floor": 0.1}},
        "still | penalty | agent | idle | - | threshold 0.2 | - | -0.01 | 1 | 0.05 | exponential 0 to 9 floor 0.1 | -",
        "-0.01 penalty of max(idle - 0.2, 0) for agent, exponential 0 to 9 floor 0.1",
    ),
    "credit": (
        {"name": "mix", "form": "credit", "target": "agent"},
        "mix | credit | agent | - | - | - | - | - | - | - | - | alpha 0.5",
        "credit with alpha 0.5 for agent",
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", TERMS)
def test_a_term_is_one_line_with_every_default(form):
    """Each form, and "-" for what it has no use for."""
    data, line, _ = TERMS[form]
    header, *rows = config_lines(document.read(ShapingConfig, {"terms": [data]})).splitlines()
    assert rows == [line]
    assert len(header.split(" | ")) == len(line.split(" | "))


@pytest.mark.parametrize("form", TERMS)
def test_a_term_in_short_says_what_it_pays(form):
    """A few words for each form."""
    data, _, short = TERMS[form]
    assert term_in_short(document.read(ShapingTerm, data)) == short


def test_a_reason_is_never_shown():
    """It is a sentence for people."""
    data = TERMS["potential"][0] | {"reason": "SECRET"}
    assert "SECRET" not in config_lines(document.read(ShapingConfig, {"terms": [data]}))
    assert "SECRET" not in term_in_short(document.read(ShapingTerm, data))


def test_no_terms_are_no_shaping():
    """An empty table says so."""
    assert config_lines(ShapingConfig()) == NO_SHAPING
