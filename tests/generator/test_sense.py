"""Terms that pay for going the wrong way, and terms that are there twice, are found before anything is trained."""

import pytest

from also.services.generator.expert import rules
from also.services.generator.llm.sense import senseless
from also.v1 import diagnosis_pb2 as dp
from also.v1 import shaping_pb2 as pb

NEARER_IS_LOWER = "team_food_distance"
MORE_IS_BETTER = "food_eaten"


def config_of(*terms: dict) -> pb.ShapingConfig:
    """A config of terms that differ from a sound potential as given."""
    sound = {"form": pb.SHAPING_FORM_POTENTIAL, "target": pb.TARGET_KIND_TEAM, "feature": NEARER_IS_LOWER}
    config = pb.ShapingConfig()
    for number, given in enumerate(terms):
        term = config.terms.add(name=f"t{number}", weight=given.get("weight", 0.5))
        for field, value in {**sound, **given}.items():
            if field == "transform":
                term.transform.kind = value
            else:
                setattr(term, field, value)
    return config


EXP = {"transform": pb.TRANSFORM_KIND_EXP}


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ({}, "potential of team_food_distance with transform identity pays for higher values"),
        ({**EXP, "weight": -0.5}, "exp pays for higher values, and the card says that lower ones"),
        ({**EXP, "feature": MORE_IS_BETTER}, "exp pays for lower values, and the card says that higher ones"),
        ({"feature": MORE_IS_BETTER, "weight": -0.1}, "pays for lower values"),
        ({"form": pb.SHAPING_FORM_EVENT}, "event of team_food_distance with transform identity"),
        ({"form": pb.SHAPING_FORM_PENALTY, "feature": "field_cleared"}, "penalty of field_cleared"),
        ({"form": pb.SHAPING_FORM_PENALTY, "feature": "field_cleared", "weight": -0.1}, "penalty of field_cleared"),
    ],
)
def test_a_term_that_pays_for_moving_away_is_senseless(foraging, term: dict, said: str) -> None:
    """It is named with its feature, and with the way that the card says."""
    (found,) = senseless(config_of(term), pb.ShapingConfig(), foraging)
    assert said in found


@pytest.mark.parametrize(
    "term",
    [
        EXP,
        {"feature": MORE_IS_BETTER},
        {"weight": -0.5},
        {"form": pb.SHAPING_FORM_PENALTY, "feature": "idle"},
        {"form": pb.SHAPING_FORM_PENALTY, "feature": "idle", "weight": -0.1},
        {"form": pb.SHAPING_FORM_NOVELTY},
    ],
)
def test_a_term_that_pays_for_coming_nearer_makes_sense(foraging, term: dict) -> None:
    """Also with a negative weight on what falls; novelty pays for no direction."""
    assert not list(senseless(config_of(term), pb.ShapingConfig(), foraging))


def test_nothing_is_said_where_the_card_knows_no_direction(unnamed) -> None:
    """Either way may be right."""
    feature = unnamed.features[0].name
    assert not list(senseless(config_of({"feature": feature}), pb.ShapingConfig(), unnamed))


def test_what_the_incumbent_has_is_not_judged_again(foraging) -> None:
    """It won its place on branches."""
    config = config_of({})
    assert not list(senseless(config, config, foraging))


def test_the_same_term_twice_is_senseless(foraging) -> None:
    """Whatever its weights are; another target is another term."""
    (found,) = senseless(config_of(EXP, {**EXP, "weight": 0.2}), pb.ShapingConfig(), foraging)
    assert "the same potential of team_food_distance twice" in found
    other = {**EXP, "feature": "nearest_food_distance", "target": pb.TARGET_KIND_AGENT}
    assert not list(senseless(config_of(EXP, other), pb.ShapingConfig(), foraging))


@pytest.mark.parametrize("remedy", [value for value in dp.Remedy.values() if value > dp.REMEDY_KEEP])
def test_what_the_rules_propose_makes_sense(foraging, incumbent, ask, find, remedy: int) -> None:
    """All of it, with an incumbent and without."""
    for milestone in foraging.milestones:
        for given in (incumbent, pb.ShapingConfig()):
            term = given.terms[0].name if given.terms else ""
            request = ask(foraging, find(remedy, milestone=milestone.name, term=term), incumbent=given)
            for proposal in rules.proposals(request):
                assert not list(senseless(proposal.config, given, foraging)), proposal.config
