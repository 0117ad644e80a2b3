"""Named reasons: one name and one sentence for each."""

import re

import pytest

from also import reasons
from also.v1 import journal_pb2, verdict_pb2

REASONS = [
    (verdict_pb2.VerdictReason, reasons.VERDICTS, reasons.verdict),
    (journal_pb2.HoldReason, reasons.HOLDS, reasons.hold),
    (journal_pb2.RollbackReason, reasons.ROLLBACKS, reasons.rollback),
    (journal_pb2.FinishReason, reasons.FINISHES, reasons.finish),
]


@pytest.mark.parametrize(("enum", "sentences", "name"), REASONS, ids=lambda case: getattr(case, "__name__", ""))
def test_every_reason_has_one_sentence(enum, sentences, name):
    """Each value but the zero value has a sentence, and a CamelCase name of its own."""
    values = [value for value in enum.values() if value != 0]
    assert sorted(sentences) == sorted(values)
    assert len({name(value) for value in values}) == len(values)
    for value in values:
        assert re.fullmatch(r"([A-Z][a-z]+)+", name(value))
        assert re.fullmatch(r"[A-Z].*[^.]\.", sentences[value])


def test_reasons_are_shown_in_camel_case():
    """`NOTHING_PROMOTED` is shown as NothingPromoted."""
    assert reasons.hold(journal_pb2.HOLD_REASON_NOTHING_PROMOTED) == "NothingPromoted"
    assert reasons.verdict(verdict_pb2.VERDICT_REASON_GAIN_CONFIRMED) == "GainConfirmed"
