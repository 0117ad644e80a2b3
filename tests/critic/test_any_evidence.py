"""Whatever the numbers are, the diagnosis is valid and names only what there is."""

from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from also import limits
from also.services.critic.case import MOST_FINDINGS
from also.services.critic.citations import value_at
from also.services.critic.rules import diagnose
from also.v1.diagnosis_pb2 import Diagnosis

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, 0.5, 1.0, -1.0, 50.0])
FORMS = st.sampled_from([1, 2, 6])


def fill(draw, message):
    """Set every number of a message, at all depths, to something finite."""
    for field in message.DESCRIPTOR.fields:
        if field.cpp_type == field.CPPTYPE_DOUBLE and not field.is_repeated:
            setattr(message, field.name, draw(NUMBERS))
        elif field.message_type is not None:
            items = getattr(message, field.name)
            for item in items if field.is_repeated else [items]:
                fill(draw, item)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(data=st.data(), stages=st.integers(1, 3), which=st.integers(0, 2))
def test_any_finite_evidence_gives_a_valid_diagnosis(foraging, warehouse, unnamed, gather, ask, data, stages, which):
    """No crash, no limit broken, no name invented, no citation that differs from the evidence."""
    card = (foraging, warehouse, unnamed)[which]
    names = data.draw(st.lists(st.sampled_from(["a", "b", "c" * 48]), unique=True))
    request = ask(card, *(gather(card, stage=stage) for stage in range(stages)))
    for name in names:
        request.incumbent.terms.add(name=name, form=data.draw(FORMS), target=1, feature=card.features[0].name, weight=1)
        request.evidence[-1].terms.add(term=name)
    for evidence in request.evidence:
        fill(data.draw, evidence)
    diagnosis = diagnose(request)
    limits.check(diagnosis)
    assert isinstance(diagnosis, Diagnosis) and 1 <= len(diagnosis.findings) <= MOST_FINDINGS
    for finding in diagnosis.findings:
        assert finding.summary
        assert finding.milestone in {"", *(milestone.name for milestone in card.milestones)}
        assert finding.feature in {"", *(feature.name for feature in card.features)}
        assert finding.agent in {"", *card.agents}
        assert finding.term in {"", *names}
        for citation in finding.citations:
            assert value_at(request.evidence[-1], citation.item) == citation.value
    assert diagnosis == diagnose(request)


def test_the_longest_names_fit_into_every_summary(foraging, gather, ask):
    """48 characters a name leave room for the sentence."""
    card = deepcopy(foraging)
    for index, milestone in enumerate(card.milestones):
        milestone.name = f"{index}".rjust(48, "m").replace(" ", "m")
    card.agents[:] = ["a" * 47 + "0", "a" * 47 + "1"]
    for reached in ([0.1, 0, 0, 0], [0.9, 0.1, 0, 0], [1, 1, 1, 0.2], [1, 1, 1, 0.8]):
        for mean in (0.0, 0.123456789):
            evidence = gather(card, reached=reached, mean=mean, contributions=[mean, -1.23456e-7], kl=9, first_step=49)
            limits.check(diagnose(ask(card, evidence)))
