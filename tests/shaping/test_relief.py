"""What only takes away from a shaping config, and what does not."""

import pytest

from also import document
from also.services.generator import configs
from also.shaping.relief import is_relief, is_weaker
from also.v1.shaping_pb2 import ShapingConfig

NEAR = {"name": "near", "form": "potential", "target": "team", "feature": "team_food_distance", "weight": 0.5}
WAIT = {"name": "wait", "form": "penalty", "target": "team", "feature": "idle", "aggregate": "mean", "weight": 0.02}
MEAL = {"name": "meal", "form": "event", "target": "team", "feature": "food_eaten", "weight": 0.1, "episode_cap": 0.2}


def config(*terms):
    return document.read(ShapingConfig, {"terms": list(terms)})


@pytest.mark.parametrize(
    "terms",
    [
        [],
        [NEAR],
        [WAIT],
        [NEAR | {"weight": 0.125}, WAIT],
        [NEAR, WAIT | {"weight": 0.002}],
        [WAIT, NEAR | {"weight": 0.4, "name": "renamed", "reason": "Weaker."}],
        [MEAL | {"episode_cap": 0.1}],
        [NEAR, WAIT, MEAL | {"weight": 0.025, "episode_cap": 0.05}],
    ],
)
def test_fewer_or_weaker_terms_take_away(terms):
    """In any order, under any name, and down to nothing."""
    assert is_relief(config(*terms), config(NEAR, WAIT, MEAL))


@pytest.mark.parametrize(
    "terms",
    [
        [NEAR, WAIT, MEAL],
        [MEAL, WAIT | {"reason": "The same."}, NEAR | {"name": "renamed"}],
        [NEAR | {"weight": 0.6}],
        [NEAR | {"weight": -0.1}],
        [NEAR | {"feature": "nearest_food_distance", "aggregate": "max"}],
        [NEAR | {"transform": {"kind": "exp", "scale": 0.3}}],
        [WAIT | {"episode_cap": 0.2}],
        [MEAL | {"weight": 0.02, "episode_cap": 0.3}],
        [NEAR, WAIT, WAIT | {"name": "more", "feature": "blocked"}],
    ],
)
def test_what_is_the_same_stronger_or_new_does_not(terms):
    """A sign, a feature, a shape or a cap that the incumbent does not have is something new."""
    assert not is_relief(config(*terms), config(NEAR, WAIT, MEAL))


def test_the_quarter_of_a_capped_term_is_weaker():
    """As the generator scales it: weight and cap together."""
    assert is_weaker(configs.scaled(config(NEAR, MEAL), ["near", "meal"], 0.25), config(NEAR, MEAL))


def test_nothing_takes_away_from_nothing():
    """Without an incumbent there is nothing to be relieved of."""
    assert not is_relief(config(), config())
