"""What a campaign decides where nothing could be judged for what Prometheus said."""

import pytest

from also import reasons
from also.campaign.decide import METRICS_HOLDS, decide
from also.campaign.fold import fold
from also.v1.verdict_pb2 import Outcome, VerdictReason
from also.validation.arms import METRICS_REASONS


def unjudged(records, reason):
    """The records up to a validation in which no candidate could be judged, for a reason."""
    changed = records[4]
    validation = changed.validated.validation
    for name in ("promoted", "adopted_checkpoint_id", "control_checkpoint_id"):
        validation.ClearField(name)
    for verdict in validation.verdicts:
        verdict.outcome = Outcome.OUTCOME_INCONCLUSIVE
        verdict.reason = reason
        verdict.detail = "Of control, the last sample of also_branch_return is 31.0 s old."
    return [*records[:4], changed]


def test_every_fault_of_metrics_has_its_hold():
    """With the same name and the same sentence as the verdict."""
    assert set(METRICS_HOLDS) == set(METRICS_REASONS.values())
    for verdict, held in METRICS_HOLDS.items():
        assert reasons.verdict(verdict) == reasons.hold(held)
        assert reasons.VERDICTS[verdict] == reasons.HOLDS[held]


@pytest.mark.parametrize("reason", sorted(METRICS_HOLDS))
def test_a_fault_of_metrics_holds_the_stage(new_world, played, new_campaign, reason):
    """By name, with the verdict's numbers; the main run goes on from the stage's end, and nobody is charged."""
    state = fold(unjudged(played(new_world(), new_campaign()), reason))
    decision = decide(state)
    assert decision.reason == METRICS_HOLDS[reason]
    assert decision.detail == "Of control, the last sample of also_branch_return is 31.0 s old."
    assert decision.checkpoint_id == state.stages[0].trained.checkpoint_id
    assert state.tried_hashes == []


def test_a_guard_that_does_not_hold_leads_to_another_round(new_world, played, new_campaign):
    """The candidate was measured and is charged; the generator may propose again."""
    records = unjudged(played(new_world(), new_campaign()), VerdictReason.VERDICT_REASON_GUARD_FAILED)
    for verdict in records[-1].validated.validation.verdicts:
        verdict.outcome = Outcome.OUTCOME_REJECTED
    state = fold(records)
    assert decide(state).round == 1
    assert len(state.tried_hashes) == len(records[-1].validated.validation.verdicts)
