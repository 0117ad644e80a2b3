"""Successive halving, with control in every rung."""

from collections.abc import Callable

import pytest

from also.v1.branch_pb2 import BranchFailure, SeedPool
from also.v1.verdict_pb2 import ArmResult, VerdictReason
from also.validation import judge
from also.validation.round import Round

SEARCH = SeedPool.SEED_POOL_SEARCH
CONFIRM = SeedPool.SEED_POOL_CONFIRM
LOST_SEARCH = VerdictReason.VERDICT_REASON_LOST_SEARCH
BELOW_CONTROL = VerdictReason.VERDICT_REASON_BELOW_CONTROL
NO_EVIDENCE = VerdictReason.VERDICT_REASON_NO_EVIDENCE
BRANCH_FAILED = VerdictReason.VERDICT_REASON_BRANCH_FAILED
CONTROL_FAILED = VerdictReason.VERDICT_REASON_CONTROL_FAILED
HASH_MISMATCH = VerdictReason.VERDICT_REASON_HASH_MISMATCH

MakeRound = Callable[..., Round]
MakeArm = Callable[..., ArmResult]


def test_first_rung_trains_control_and_every_candidate(make_round: MakeRound) -> None:
    """Without results the judge asks for the whole first rung, control first."""
    step = judge.stand(make_round(3, search_seeds=2), []).step
    assert step is not None
    assert (step.pool, step.number, step.arms) == (SEARCH, 1, ("control", "r0-c0", "r0-c1", "r0-c2"))
    assert list(step.indices) == [0, 1]


def test_nothing_is_trained_for_candidates_that_are_all_screened_out(make_round: MakeRound) -> None:
    """An empty search has no step and no finalist."""
    round_ = make_round(1)
    round_.screen[0].reason = VerdictReason.VERDICT_REASON_DUPLICATE
    standing = judge.stand(round_, [])
    assert standing.step is None
    assert standing.finalist == ""


def test_better_half_goes_on_beside_control(make_round: MakeRound, arm: MakeArm) -> None:
    """Of three candidates two are kept; the third lost although it beats control."""
    arms = [
        arm("control", SEARCH, [0.1, 0.1]),
        arm("r0-c0", SEARCH, [0.4, 0.2]),
        arm("r0-c1", SEARCH, [0.2, 0.2]),
        arm("r0-c2", SEARCH, [0.3, 0.3]),
    ]
    standing = judge.stand(make_round(3, search_rungs=2), arms)
    assert standing.step is not None
    assert (standing.step.number, standing.step.arms) == (2, ("control", "r0-c0", "r0-c2"))
    assert standing.rulings["r0-c1"].reason == LOST_SEARCH
    assert standing.rulings["r0-c1"].detail.endswith("place 3 of 3 in rung 1.")


def test_each_rung_is_judged_by_its_own_records(make_round: MakeRound, arm: MakeArm) -> None:
    """Who led in the first rung can lose the second."""
    arms = [
        arm("control", SEARCH, [[0.1, 0.1], [0.2, 0.2]]),
        arm("r0-c0", SEARCH, [[0.9, 0.9], [0.3, 0.3]]),
        arm("r0-c1", SEARCH, [[0.5, 0.5], [0.4, 0.4]]),
        arm("r0-c2", SEARCH, [0.2, 0.2]),
        arm("r0-c3", SEARCH, [0.0, 0.0]),
    ]
    standing = judge.stand(make_round(4, search_rungs=2), arms)
    assert standing.finalist == "r0-c1"
    assert standing.test is not None
    assert standing.test.mean_gain == pytest.approx(0.2)
    assert {name: ruling.reason for name, ruling in standing.rulings.items()} == {
        "r0-c0": LOST_SEARCH,
        "r0-c2": LOST_SEARCH,
        "r0-c3": BELOW_CONTROL,
    }


def test_ties_go_to_the_earlier_candidate(make_round: MakeRound, arm: MakeArm) -> None:
    """Equal means keep the candidates' order."""
    arms = [arm("control", SEARCH, [0.0, 0.0]), *(arm(f"r0-c{number}", SEARCH, [0.5, 0.5]) for number in range(3))]
    assert judge.stand(make_round(3), arms).finalist == "r0-c0"


def test_control_arm_wins_a_tie(make_round: MakeRound, arm: MakeArm) -> None:
    """A candidate equal to control is not confirmed."""
    arms = [arm("control", SEARCH, [0.2, 0.4]), arm("r0-c0", SEARCH, [0.4, 0.2])]
    standing = judge.stand(make_round(1), arms)
    assert standing.finalist == ""
    assert standing.step is None
    assert standing.rulings["r0-c0"].reason == BELOW_CONTROL


def test_milestones_rank_where_every_return_is_zero(make_round: MakeRound, arm: MakeArm) -> None:
    """In the all-zero case the milestone score chooses the finalist, and equality is no evidence."""
    arms = [
        arm("control", SEARCH, [0.0, 0.0], [0.1, 0.1]),
        arm("r0-c0", SEARCH, [0.0, 0.0], [0.1, 0.1]),
        arm("r0-c1", SEARCH, [0.0, 0.0], [0.4, 0.2]),
        arm("r0-c2", SEARCH, [0.0, 0.0], [0.2, 0.1]),
    ]
    standing = judge.stand(make_round(3), arms)
    assert standing.finalist == "r0-c1"
    assert standing.rulings["r0-c0"].reason == NO_EVIDENCE
    assert standing.rulings["r0-c2"].reason == LOST_SEARCH
    assert standing.rulings["r0-c2"].test is not None
    assert standing.rulings["r0-c2"].test.measure == "milestone_score"


def test_a_return_worth_promoting_ends_the_rule_of_milestones(make_round: MakeRound, arm: MakeArm) -> None:
    """Once a candidate differs from control in return by the smallest gain, returns alone decide."""
    arms = [
        arm("control", SEARCH, [0.0, 0.0], [0.1, 0.1]),
        arm("r0-c0", SEARCH, [0.0, 0.0], [0.9, 0.9]),
        arm("r0-c1", SEARCH, [0.0, 0.1], [0.0, 0.0]),
    ]
    standing = judge.stand(make_round(2), arms)
    assert standing.finalist == "r0-c1"
    assert standing.rulings["r0-c0"].reason == BELOW_CONTROL


def test_failed_candidate_is_charged_and_the_others_go_on(make_round: MakeRound, arm: MakeArm) -> None:
    """A branch that diverged beside a healthy control is its candidate's fault."""
    failed = arm("r0-c0", SEARCH, [0.9, 0.9])
    failed.records[1].failure = BranchFailure.BRANCH_FAILURE_DIVERGED
    arms = [arm("control", SEARCH, [0.1, 0.1]), failed, arm("r0-c1", SEARCH, [0.3, 0.3])]
    standing = judge.stand(make_round(2), arms)
    assert standing.finalist == "r0-c1"
    assert standing.rulings["r0-c0"].reason == BRANCH_FAILED
    assert standing.rulings["r0-c0"].detail == "In rung 1 of the search the branch of seed 1 diverged."


def test_no_candidate_is_charged_for_a_failed_control(make_round: MakeRound, arm: MakeArm) -> None:
    """Control failed: the fault is ours, and every candidate is inconclusive."""
    control = arm("control", SEARCH, [0.1, 0.1])
    control.records[0].failure = BranchFailure.BRANCH_FAILURE_DIVERGED
    failed = arm("r0-c0", SEARCH, [0.9, 0.9])
    failed.records[0].failure = BranchFailure.BRANCH_FAILURE_DIVERGED
    standing = judge.stand(make_round(2), [control, failed, arm("r0-c1", SEARCH, [0.3, 0.3])])
    assert standing.step is None
    assert {name: ruling.reason for name, ruling in standing.rulings.items()} == {
        "r0-c0": CONTROL_FAILED,
        "r0-c1": CONTROL_FAILED,
    }


@pytest.mark.parametrize("reported", ["", "f" * 64])
def test_another_config_hash_is_never_ranked(make_round: MakeRound, arm: MakeArm, reported: str) -> None:
    """A learner that trained under something else says nothing about the candidate."""
    arms = [
        arm("control", SEARCH, [0.1, 0.1]),
        arm("r0-c0", SEARCH, [0.9, 0.9], reported_hash=reported),
        arm("r0-c1", SEARCH, [0.3, 0.3]),
    ]
    standing = judge.stand(make_round(2), arms)
    assert standing.finalist == "r0-c1"
    assert standing.rulings["r0-c0"].reason == HASH_MISMATCH


def test_control_under_another_config_makes_all_inconclusive(make_round: MakeRound, arm: MakeArm) -> None:
    """Without a true control nothing can be compared."""
    arms = [arm("control", SEARCH, [0.1, 0.1], reported_hash="f" * 64), arm("r0-c0", SEARCH, [0.9, 0.9])]
    standing = judge.stand(make_round(1), arms)
    assert standing.rulings["r0-c0"].reason == HASH_MISMATCH


def test_missing_or_unfinished_records_fail_their_arm(make_round: MakeRound, arm: MakeArm) -> None:
    """Records that are missing, or end without a checkpoint or a finite number, cannot win."""
    short = arm("r0-c0", SEARCH, [0.9])
    lost = arm("r0-c1", SEARCH, [0.9, 0.9])
    lost.records[0].checkpoint_id = ""
    infinite = arm("r0-c2", SEARCH, [0.9, float("inf")])
    arms = [arm("control", SEARCH, [0.1, 0.1]), short, lost, infinite]
    standing = judge.stand(make_round(3), arms)
    assert standing.finalist == ""
    assert {ruling.reason for ruling in standing.rulings.values()} == {BRANCH_FAILED}
    assert standing.rulings["r0-c0"].detail == "In rung 1 of the search 1 of 2 records are missing."


def test_a_lucky_episode_does_not_choose_the_finalist(make_round: MakeRound, arm: MakeArm) -> None:
    """Returns closer to control's than the smallest gain are ties, and milestones decide."""
    arms = [
        arm("control", SEARCH, [0.0, 0.0], [0.1, 0.1]),
        arm("r0-c0", SEARCH, [0.0, 0.0], [0.9, 0.9]),
        arm("r0-c1", SEARCH, [0.0, 0.001], [0.2, 0.2]),
    ]
    assert judge.stand(make_round(2), arms).finalist == "r0-c0"
