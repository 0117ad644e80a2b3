"""Whatever the diagnosis and the history, the candidates are valid, distinct, new and reproducible."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from also import limits
from also.shaping.identity import config_hash
from also.shaping.rules import check_config
from also.v1 import campaign_pb2
from also.v1 import diagnosis_pb2 as pb
from also.v1 import shaping_pb2 as shaping
from also.v1 import verdict_pb2 as verdicts

LLM = campaign_pb2.GENERATOR_BACKEND_LLM
UNIT = st.floats(0, 1)
MODES = st.sampled_from([number for number in pb.FailureMode.values() if number])
REMEDIES = st.sampled_from([number for number in pb.Remedy.values() if number])
BACKENDS = st.sampled_from([number for number in campaign_pb2.GeneratorBackend.values() if number != LLM])
REASONS = st.sampled_from([number for number in verdicts.VerdictReason.values() if number])


def draw_finding(draw, card, incumbent):
    """A finding that names what there is, or nothing."""

    def name(items):
        return draw(st.sampled_from(["", *items]))

    return pb.Finding(
        mode=draw(MODES),
        remedy=draw(REMEDIES),
        severity=draw(UNIT),
        confidence=draw(UNIT),
        milestone=name(item.name for item in card.milestones),
        feature=name(item.name for item in card.features),
        agent=name(card.agents),
        term=name(item.name for item in incumbent.terms),
    )


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(data=st.data(), which=st.integers(0, 2), rounds=st.integers(1, 3), shaped=st.booleans())
def test_any_diagnosis_gets_valid_distinct_and_untried_candidates(
    foraging, warehouse, unnamed, ask, propose, data, which, rounds, shaped
):
    """Over several rounds, with any feedback on the earlier ones."""
    draw, card = data.draw, (foraging, warehouse, unnamed)[which]
    incumbent = shaping.ShapingConfig()
    if shaped:
        grown = propose(ask(card, backend=campaign_pb2.GENERATOR_BACKEND_RANDOM, seed=draw(st.integers(0, 50))))
        incumbent = draw(st.sampled_from(grown)).config
    findings = [draw_finding(draw, card, incumbent) for _ in range(draw(st.integers(0, 4)))]
    request = ask(card, *findings, incumbent=incumbent, backend=draw(BACKENDS), candidates=draw(st.integers(1, 6)))
    for feature in request.evidence.features:
        feature.effect_size = draw(st.sampled_from([0.0, 1.0, -1.0]))
    seen = {config_hash(incumbent)}
    for round_ in range(rounds):
        request.round = round_
        candidates = propose(request)
        assert candidates == propose(request)
        assert len(candidates) <= request.settings.candidates
        for index, candidate in enumerate(candidates):
            limits.check(candidate)
            check_config(candidate.config, card, 0.99)
            assert candidate.name == f"r{round_}-c{index}"
            assert candidate.config_hash == config_hash(candidate.config) not in seen
            assert -1 <= candidate.finding < max(1, len(findings))
            seen.add(candidate.config_hash)
            trial = request.trials.add(stage=0, round=round_, candidate=candidate)
            trial.verdict.outcome = verdicts.OUTCOME_REJECTED
            trial.verdict.reason = draw(REASONS)
            trial.verdict.test.mean_gain = draw(st.floats(-1, 1))
