"""Verdicts, the promotion, what is adopted, and the same again from the journal."""

from collections.abc import Callable

import pytest

from also import reasons
from also.document import canonical, parse_json
from also.errors import DocumentError
from also.shaping.identity import config_hash
from also.v1.branch_pb2 import BranchFailure, SeedPool
from also.v1.shaping_pb2 import Invariance, ShapingConfig, TermActivity
from also.v1.verdict_pb2 import ArmResult, Outcome, Validation, VerdictReason
from also.validation import cost, judge
from also.validation.round import Round

SEARCH = SeedPool.SEED_POOL_SEARCH
CONFIRM = SeedPool.SEED_POOL_CONFIRM

MakeRound = Callable[..., Round]
MakeArm = Callable[..., ArmResult]


@pytest.fixture
def promoting(arm: MakeArm) -> list[ArmResult]:
    """Candidate 1 wins the search and the confirmation."""
    return [
        arm("control", SEARCH, [0.1, 0.1]),
        arm("r0-c0", SEARCH, [0.2, 0.2]),
        arm("r0-c1", SEARCH, [0.5, 0.5]),
        arm("control", CONFIRM, [0.1, 0.3, 0.2, 0.1, 0.1, 0.4], [0.5, 0.5, 0.5, 0.5, 0.7, 0.5]),
        arm("r0-c1", CONFIRM, [0.6, 0.9, 0.7, 0.6, 0.8, 0.6], [0.7, 0.8, 0.9, 0.8, 0.8, 0.6]),
    ]


@pytest.fixture
def holding(arm: MakeArm) -> list[ArmResult]:
    """Both candidates lose the search."""
    return [
        arm("control", SEARCH, [[0.1, 0.4, 0.2], [0.5, 0.1, 0.3]]),
        arm("r0-c0", SEARCH, [[0.2, 0.2, 0.2], [0.2, 0.2, 0.2]]),
        arm("r0-c1", SEARCH, [0.1, 0.1, 0.1]),
    ]


def rejudged(given: Validation, round_: Round) -> Validation:
    return judge.rejudge(
        given,
        campaign=round_.campaign,
        card=round_.card,
        incumbent=ShapingConfig(),
        candidates=round_.candidates,
        stage_return=round_.stage_return,
        stage_milestone_score=round_.stage_milestone_score,
    )


def test_every_candidate_gets_one_verdict_in_order(make_round: MakeRound, promoting: list[ArmResult]) -> None:
    """Also the one that the screen had put out, whose verdict is the screen's."""
    round_ = make_round(3)
    round_.screen[2].reason = VerdictReason.VERDICT_REASON_DEAD_TERM
    round_.screen[2].outcome = Outcome.OUTCOME_REJECTED
    result = judge.validation(round_, promoting)
    assert [(each.candidate, reasons.verdict(each.reason), each.outcome) for each in result.verdicts] == [
        ("r0-c0", "LostSearch", Outcome.OUTCOME_REJECTED),
        ("r0-c1", "GainConfirmed", Outcome.OUTCOME_PROMOTED),
        ("r0-c2", "DeadTerm", Outcome.OUTCOME_REJECTED),
    ]
    assert result.verdicts[2] == round_.screen[2]


def test_winning_arms_median_replica_is_adopted(make_round: MakeRound, promoting: list[ArmResult]) -> None:
    """Of six replicas the third by return, ties by milestone score, then by seed."""
    result = judge.validation(make_round(2), promoting)
    assert result.promoted == "r0-c1"
    assert result.adopted_checkpoint_id == "r0-c1-confirm-3-0"  # returns .6 .6 .6 .7 .8 .9, scores .6 .7 .8
    assert result.control_checkpoint_id == "control-confirm-4-0"
    assert result.promoted_return == pytest.approx(0.7)
    assert result.control_return == pytest.approx(0.2)
    assert result.promoted_milestone_score == pytest.approx(4.6 / 6)
    assert result.env_steps == 18 * 3200


def test_control_of_the_last_rung_is_adopted_on_hold(make_round: MakeRound, holding: list[ArmResult]) -> None:
    """Nothing was confirmed, so control's furthest replicas are those of the last rung."""
    result = judge.validation(make_round(2, search_rungs=2, search_seeds=3), holding)
    assert result.promoted == ""
    assert result.adopted_checkpoint_id == result.control_checkpoint_id == "control-search-2-1"
    assert result.control_return == pytest.approx(0.3)
    assert result.promoted_return == 0


def test_lower_one_of_two_replicas_is_the_median(make_round: MakeRound, arm: MakeArm) -> None:
    """An even number of replicas adopts nothing better than the median."""
    arms = [arm("control", SEARCH, [0.4, 0.2]), arm("r0-c0", SEARCH, [0.1, 0.1])]
    assert judge.validation(make_round(1), arms).adopted_checkpoint_id == "control-search-1-0"


def test_healthy_replicas_of_a_failed_control_are_adopted(make_round: MakeRound, arm: MakeArm) -> None:
    """The main run need not wait although nothing could be judged."""
    control = arm("control", SEARCH, [0.4, 0.2])
    control.records[1].failure = BranchFailure.BRANCH_FAILURE_DIVERGED
    result = judge.validation(make_round(1), [control, arm("r0-c0", SEARCH, [0.1, 0.1])])
    assert result.verdicts[0].outcome == Outcome.OUTCOME_INCONCLUSIVE
    assert result.adopted_checkpoint_id == "control-search-0-0"


def test_nothing_is_adopted_from_a_control_that_trained_something_else(make_round: MakeRound, arm: MakeArm) -> None:
    """A mismatch of hashes is never continued."""
    arms = [arm("control", SEARCH, [0.4, 0.2], reported_hash="f" * 64), arm("r0-c0", SEARCH, [0.1, 0.1])]
    result = judge.validation(make_round(1), arms)
    assert (result.adopted_checkpoint_id, result.control_checkpoint_id, result.promoted) == ("", "", "")


def test_terms_are_those_of_the_furthest_branches(make_round: MakeRound, promoting: list[ArmResult]) -> None:
    """Branches replace the screen's rollouts; invariance stays as derived."""
    round_ = make_round(2)
    for screened in round_.screen:
        screened.terms.append(TermActivity(term="approach", firing_rate=0.9, finite=True))
        screened.invariance = Invariance.INVARIANCE_POLICY_INVARIANT
    loser, winner = judge.validation(round_, promoting).verdicts
    assert loser.terms[0].firing_rate == pytest.approx(0.15)  # two search seeds: 0.1 and 0.2
    assert winner.terms[0].firing_rate == pytest.approx(0.35)  # six confirm seeds: 0.1 to 0.6
    assert winner.invariance == Invariance.INVARIANCE_POLICY_INVARIANT


def test_unpaid_search_leaves_all_inconclusive(make_round: MakeRound) -> None:
    """Without branches every candidate found the budget spent, and the detail says what was needed."""
    round_ = make_round(2)
    result = judge.validation(round_, [])
    assert [reasons.verdict(each.reason) for each in result.verdicts] == ["BudgetSpent", "BudgetSpent"]
    assert {each.outcome for each in result.verdicts} == {Outcome.OUTCOME_INCONCLUSIVE}
    assert str(cost.least_cost(round_.campaign, 2)) in result.verdicts[0].detail


def test_unpaid_wave_leaves_the_finalist_inconclusive(make_round: MakeRound, arm: MakeArm) -> None:
    """The budget ended between two looks: the test so far is kept, and the losers have lost."""
    arms = [
        arm("control", SEARCH, [0.1, 0.1]),
        arm("r0-c0", SEARCH, [0.2, 0.2]),
        arm("r0-c1", SEARCH, [0.5, 0.5]),
        arm("control", CONFIRM, [0.1] * 4),
        arm("r0-c1", CONFIRM, [0.3] * 4),
    ]
    loser, finalist = judge.validation(make_round(2, confirm_seeds=4, confirm_waves=2), arms).verdicts
    assert reasons.verdict(loser.reason) == "LostSearch"
    assert reasons.verdict(finalist.reason) == "BudgetSpent"
    assert finalist.test.p_value == 1 / 16
    assert "wave 2 takes" in finalist.detail


@pytest.mark.parametrize("results", ["promoting", "holding"])
def test_recorded_validation_is_derived_again(
    make_round: MakeRound, results: str, request: pytest.FixtureRequest
) -> None:
    """What `also replay` does: from the journal's bytes, the same validation to the last bit."""
    round_ = make_round(3, search_rungs=2, search_seeds=3) if results == "holding" else make_round(3)
    round_.screen[2].reason = VerdictReason.VERDICT_REASON_DUPLICATE
    recorded = judge.validation(round_, request.getfixturevalue(results))
    again = parse_json(Validation, canonical(recorded), "a record")
    assert rejudged(again, round_) == recorded


def test_forged_promotion_is_not_derived_again(make_round: MakeRound, holding: list[ArmResult]) -> None:
    """A verdict or a promotion that the arms do not bear out shows."""
    round_ = make_round(2, search_rungs=2, search_seeds=3)
    recorded = judge.validation(round_, holding)
    forged = Validation()
    forged.CopyFrom(recorded)
    forged.verdicts[0].reason = VerdictReason.VERDICT_REASON_GAIN_CONFIRMED
    forged.verdicts[0].outcome = Outcome.OUTCOME_PROMOTED
    forged.promoted = "r0-c0"
    assert rejudged(forged, round_) == recorded != forged


def test_verdicts_of_other_candidates_are_refused(make_round: MakeRound, holding: list[ArmResult]) -> None:
    """A validation belongs to its round's candidates."""
    recorded = judge.validation(make_round(2, search_rungs=2, search_seeds=3), holding)
    with pytest.raises(DocumentError, match="not those of the candidates"):
        rejudged(recorded, make_round(3, search_rungs=2, search_seeds=3))


def test_missing_setting_is_refused(make_round: MakeRound) -> None:
    """A verdict never rests on a default that nobody wrote down."""
    round_ = make_round(1)
    round_.campaign.validation.ClearField("alpha")
    with pytest.raises(DocumentError, match=r"campaign\.validation\.alpha is missing"):
        Round(
            campaign=round_.campaign,
            card=round_.card,
            control_hash=config_hash(ShapingConfig()),
            candidates=round_.candidates,
            screen=round_.screen,
        )


def test_candidates_of_one_name_are_refused(make_round: MakeRound) -> None:
    """Arms are told apart by name."""
    round_ = make_round(1)
    with pytest.raises(DocumentError, match="each name is allowed once"):
        Round(
            campaign=round_.campaign,
            card=round_.card,
            control_hash=round_.control_hash,
            candidates=round_.candidates * 2,
            screen=round_.screen * 2,
        )


def test_every_reason_has_one_outcome() -> None:
    """A confirmed gain promotes, and so does a race that is won, or a campaign that asks for no proof."""
    promoting = {
        VerdictReason.Name(reason)
        for reason in VerdictReason.values()
        if judge.outcome(reason) in (Outcome.OUTCOME_PROMOTED, Outcome.OUTCOME_PROMOTED_PROVISIONALLY)
    }
    assert promoting == {
        "VERDICT_REASON_GAIN_CONFIRMED",
        "VERDICT_REASON_MILESTONES_CONFIRMED",
        "VERDICT_REASON_RACE_WON",
        "VERDICT_REASON_TRUSTED",
        "VERDICT_REASON_EASED",
        "VERDICT_REASON_UNPROVEN",
    }
