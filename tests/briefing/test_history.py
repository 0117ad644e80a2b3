"""The history says what was tried and what came of it, in numbers and enums."""

from also.briefing.history import NO_PAST, NO_TRIALS, past_section, trials_section
from also.v1 import verdict_pb2 as pb
from also.v1.critic_pb2 import STAGE_OUTCOME_HELD, STAGE_OUTCOME_PROMOTED, PastStage
from also.v1.diagnosis_pb2 import Diagnosis, Finding
from also.v1.evidence_pb2 import Distribution, Evidence
from also.v1.shaping_pb2 import SHAPING_FORM_POTENTIAL, TARGET_KIND_TEAM
from also.v1.verdict_pb2 import PairedTest, Trial


def trial(stage=2, number=1):
    """A rejected trial with a test and what its term did."""
    given = Trial(stage=stage, round=0)
    given.candidate.name, given.candidate.finding = f"r0-c{number}", 0
    given.candidate.config.terms.add(
        name="approach", form=SHAPING_FORM_POTENTIAL, target=TARGET_KIND_TEAM, feature="team_food_distance", weight=0.5,
        reason="SECRET REASON",
    )  # fmt: skip
    given.verdict.outcome, given.verdict.reason = pb.OUTCOME_REJECTED, pb.VERDICT_REASON_NOT_SIGNIFICANT
    given.verdict.detail = "SECRET DETAIL"
    given.verdict.test.CopyFrom(
        PairedTest(measure="return", pairs=12, mean_gain=0.0123, gain_low=-0.004, gain_high=0.03, p_value=0.09)
    )
    given.verdict.terms.add(term="approach", firing_rate=0.91234, reward_share=0.4, cut_rate=0)
    return given


def stage(number, outcome=STAGE_OUTCOME_HELD, summary="SECRET SUMMARY"):
    """An earlier stage with one finding."""
    finding = Finding(mode=3, severity=0.9, confidence=0.85, remedy=3, milestone="met_at_food", summary=summary)
    return PastStage(stage=number, diagnosis=Diagnosis(phase=1, findings=[finding]), outcome=outcome)


def evidence(number, mean):
    """Evidence of a stage with a mean return."""
    span = Distribution(mean=mean)
    return Evidence(stage=number, returns=span, return_low=mean - 0.01, return_high=mean + 0.01)


def test_a_trial_is_shown_with_its_verdict_and_its_numbers():
    """Reason, gain with interval, pairs, p, and what each term did."""
    assert trials_section([trial()], most=5) == (
        "stage 2 r0-c1, for finding 0: rejected, not_significant; "
        "return minus control's 0.0123 [-0.004, 0.03] over 12 pairs, p 0.09\n"
        "term | what it pays | firing_rate | reward_share | cut_rate\n"
        "approach | 0.5 potential of team_food_distance for team | 0.912 | 0.4 | 0\n\n"
        "not_significant: The gain on fresh seeds is not significant."
    )


def test_a_trial_that_was_screened_out_has_no_numbers():
    """No gain is made up, and the reason is explained."""
    given = trial()
    given.verdict.ClearField("test")
    given.verdict.ClearField("terms")
    given.verdict.reason = pb.VERDICT_REASON_DUPLICATE
    shown = trials_section([given], most=5)
    assert "minus control's" not in shown and "| - | - | -" in shown
    assert "duplicate: An equal config was tried before" in shown


def test_the_last_trials_are_kept():
    """What was left out is counted."""
    shown = trials_section([trial(number=number) for number in range(5)], most=2)
    assert shown.startswith("3 earlier trials are left out.") and "r0-c3" in shown and "r0-c2" not in shown
    assert trials_section([], most=2) == NO_TRIALS
    assert "r0-c" not in trials_section([trial()], most=0)


def test_a_stage_is_shown_with_its_findings_and_what_came_after():
    """Return before and after, by the number of the stage: some may be missing between them."""
    past = [stage(0), stage(3, STAGE_OUTCOME_PROMOTED)]
    shown = past_section(past, [evidence(0, 0.0), evidence(3, 0.1), evidence(4, 0.25)])
    assert shown.splitlines() == [
        "stage | phase | return, its 95 % interval | success_rate | milestone_score | ended | return after",
        "0 | no_signal | 0 [-0.01, 0.01] | 0 | 0 | held | 0.1",
        "  finding 0: coordination of milestone met_at_food; remedy synchronise; severity 90 %; confidence 85 %",
        "3 | no_signal | 0.1 [0.09, 0.11] | 0 | 0 | promoted | 0.25",
        "  finding 0: coordination of milestone met_at_food; remedy synchronise; severity 90 %; confidence 85 %",
    ]


def test_a_stage_without_diagnosis_or_evidence_is_still_there():
    """What is not known is not made up."""
    shown = past_section([PastStage(stage=1, outcome=STAGE_OUTCOME_HELD)], [])
    assert shown.splitlines()[1:] == ["1 | no diagnosis | - | - | - | held | -"]
    assert past_section([], [evidence(0, 0.1)]) == NO_PAST


def test_the_last_stages_are_kept():
    """A long campaign does not fill the prompt."""
    shown = past_section([stage(number) for number in range(30)], [], most=4)
    assert shown.startswith("26 earlier stages are left out.") and shown.count("no_signal") == 4


def test_no_sentence_of_anybody_is_shown():
    """Reasons, details and summaries are for people."""
    assert "SECRET" not in trials_section([trial()], most=5) + past_section([stage(0)], [])
