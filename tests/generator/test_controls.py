"""Backends `random` and `mutate`: controls that pass the same checks as the rules."""

import pytest

from also.shaping.rules import check_config
from also.v1 import campaign_pb2
from also.v1 import diagnosis_pb2 as pb
from also.v1 import shaping_pb2 as shaping

RANDOM, MUTATE = campaign_pb2.GENERATOR_BACKEND_RANDOM, campaign_pb2.GENERATOR_BACKEND_MUTATE


@pytest.mark.slow
def test_random_configs_span_the_schema(foraging, ask, propose):
    """All forms, targets and many features turn up within a few rounds."""
    terms = [
        term
        for round_ in range(12)
        for candidate in propose(ask(foraging, backend=RANDOM, candidates=16, round_=round_))
        for term in candidate.config.terms
    ]
    assert {term.form for term in terms} == set(shaping.ShapingForm.values()) - {0}
    assert {term.target for term in terms} == set(shaping.TargetKind.values()) - {0}
    assert {term.feature for term in terms} >= {feature.name for feature in foraging.features}


@pytest.mark.parametrize("backend", [RANDOM, MUTATE])
@pytest.mark.parametrize("card", ["foraging", "unnamed"])
def test_a_control_fills_the_round_with_valid_configs(ask, propose, request, card, backend):
    """On any card, from no shaping at all."""
    card = request.getfixturevalue(card)
    candidates = propose(ask(card, backend=backend, candidates=16))
    assert len({candidate.config_hash for candidate in candidates}) == 16
    for candidate in candidates:
        check_config(candidate.config, card, 0.99)
        assert candidate.finding == -1


@pytest.mark.parametrize("backend", [RANDOM, MUTATE])
def test_a_control_does_not_read_the_diagnosis(foraging, ask, propose, find, incumbent, backend):
    """That is what makes it one."""
    blind = propose(ask(foraging, backend=backend, incumbent=incumbent))
    told = propose(ask(foraging, find(pb.REMEDY_REMOVE, term="load_bonus"), backend=backend, incumbent=incumbent))
    assert blind == told


@pytest.mark.parametrize("backend", [RANDOM, MUTATE])
def test_a_controls_draws_follow_seed_stage_and_round(foraging, ask, propose, incumbent, backend):
    """Equal requests draw equally; any other seed, stage or round draws otherwise."""

    def hashes(**numbers):
        return [c.config_hash for c in propose(ask(foraging, backend=backend, incumbent=incumbent, **numbers))]

    assert hashes() == hashes()
    assert all(hashes(**other) != hashes() for other in ({"seed": 8}, {"stage": 1}, {"round_": 1}))


def test_a_mutant_differs_from_the_incumbent_in_a_small_way(foraging, ask, propose, incumbent):
    """One term more, one less, or all numbers times 0.8 or 1.25."""
    perturbed = 0
    for candidate in propose(ask(foraging, backend=MUTATE, incumbent=incumbent, candidates=16)):
        count = len(candidate.config.terms)
        assert abs(count - 2) <= 1
        if count == 2:
            ratios = [t.weight / b.weight for t, b in zip(candidate.config.terms, incumbent.terms, strict=True)]
            perturbed += all(min(abs(ratio - 0.8), abs(ratio - 1.25)) < 0.01 for ratio in ratios)
    assert perturbed >= 4
