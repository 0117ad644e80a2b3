"""How much candidates differ."""

import pytest

from also.document import read
from also.judging.diversity import distance, diversity
from also.v1.shaping_pb2 import ShapingConfig

NEAR = {
    "name": "near",
    "form": "potential",
    "target": "agent",
    "feature": "nearest_food_distance",
    "transform": {"kind": "exp", "scale": 0.3},
    "weight": 0.5,
}
TOGETHER = {**NEAR, "name": "together", "target": "team", "feature": "team_food_distance"}


def config(*terms):
    """A config of terms."""
    return read(ShapingConfig, {"terms": list(terms)})


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([NEAR], [{**NEAR, "name": "other", "weight": 0.1, "transform": {"kind": "exp", "scale": 0.9}}], 0),
        ([NEAR], [TOGETHER], 1),
        ([NEAR], [NEAR, TOGETHER], 1 / 2),
        ([NEAR], [{**NEAR, "transform": {"kind": "tanh", "scale": 0.3}}], 1),
        ([NEAR], [{**NEAR, "schedule": {"kind": "linear", "end": 1000}}], 1),
        ([NEAR], [{**NEAR, "schedule": {"kind": "constant"}}], 0),
        ([NEAR], [], 1),
        ([], [], 0),
    ],
)
def test_the_distance_is_by_shapes(first, second, expected):
    """Numbers and names make no difference, nor do fields without effect."""
    assert distance(config(*first), config(*second)) == pytest.approx(expected)
    assert distance(config(*second), config(*first)) == pytest.approx(expected)


def test_diversity_is_the_mean_over_all_pairs():
    """Of three configs there are three pairs."""
    assert diversity([config(NEAR), config(TOGETHER), config(NEAR, TOGETHER)]) == pytest.approx((1 + 0.5 + 0.5) / 3)


def test_fewer_than_two_configs_have_no_diversity():
    """There is no pair."""
    assert diversity([]) is None
    assert diversity([config(NEAR)]) is None
