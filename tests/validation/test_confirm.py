"""The finalist against control on fresh seeds, in waves."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from also.v1.branch_pb2 import BranchFailure, SeedPool
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import ArmResult, VerdictReason
from also.validation import judge
from also.validation.round import Round

SEARCH = SeedPool.SEED_POOL_SEARCH
CONFIRM = SeedPool.SEED_POOL_CONFIRM
GAIN_CONFIRMED = VerdictReason.VERDICT_REASON_GAIN_CONFIRMED
MILESTONES_CONFIRMED = VerdictReason.VERDICT_REASON_MILESTONES_CONFIRMED
NOT_SIGNIFICANT = VerdictReason.VERDICT_REASON_NOT_SIGNIFICANT
GAIN_TOO_SMALL = VerdictReason.VERDICT_REASON_GAIN_TOO_SMALL
TOO_FEW_SEEDS = VerdictReason.VERDICT_REASON_TOO_FEW_SEEDS
NO_EVIDENCE = VerdictReason.VERDICT_REASON_NO_EVIDENCE

MakeRound = Callable[..., Round]
MakeArm = Callable[..., ArmResult]


@pytest.fixture
def searched(arm: MakeArm) -> list[ArmResult]:
    """A search that candidate 0 has won."""
    return [arm("control", SEARCH, [0.1, 0.1]), arm("r0-c0", SEARCH, [0.9, 0.9]), arm("r0-c1", SEARCH, [0.2, 0.2])]


def confirmed(
    round_: Round,
    searched: list[ArmResult],
    arm: MakeArm,
    control: list[float],
    candidate: list[float],
    **milestones: list[float],
) -> judge.Standing:
    """How the round stands after these confirm branches."""
    return judge.stand(
        round_,
        [
            *searched,
            arm("control", CONFIRM, control, milestones.get("control_milestones")),
            arm("r0-c0", CONFIRM, candidate, milestones.get("candidate_milestones")),
        ],
    )


def test_finalist_meets_control_on_fresh_seeds(make_round: MakeRound, searched: list[ArmResult]) -> None:
    """After the search the judge asks for the first wave of finalist and control alone."""
    step = judge.stand(make_round(2, confirm_seeds=6), searched).step
    assert step is not None
    assert (step.pool, step.number, step.arms) == (CONFIRM, 1, ("control", "r0-c0"))
    assert list(step.indices) == [0, 1, 2, 3, 4, 5]


def test_significant_gain_is_confirmed(make_round: MakeRound, searched: list[ArmResult], arm: MakeArm) -> None:
    """Six gains in six pairs: p = 1/64."""
    standing = confirmed(make_round(2), searched, arm, [0.1] * 6, [0.35] * 6)
    ruling = standing.rulings["r0-c0"]
    assert ruling.reason == GAIN_CONFIRMED
    assert ruling.test is not None
    assert (ruling.test.pairs, ruling.test.p_value, ruling.test.alpha) == (6, 1 / 64, 0.05)
    assert ruling.detail == (
        "Mean gain in return 0.25 (95 % interval 0.25 to 0.25) over 6 pairs, p = 0.01562; "
        "p at most 0.05 and a gain of at least 0.005 promote (look 1 of 1)."
    )


def test_gain_that_chance_explains_is_not_significant(
    make_round: MakeRound, searched: list[ArmResult], arm: MakeArm
) -> None:
    """Three gains and three losses of nearly the same size prove nothing."""
    standing = confirmed(make_round(2), searched, arm, [0.1] * 6, [0.3, 0.3, 0.31, 0.0, 0.0, 0.0])
    assert standing.rulings["r0-c0"].reason == NOT_SIGNIFICANT
    assert "p at most 0.05 promotes" in standing.rulings["r0-c0"].detail


def test_significant_gain_can_be_too_small(make_round: MakeRound, searched: list[ArmResult], arm: MakeArm) -> None:
    """The smallest gain is a share of the task's largest return."""
    round_ = make_round(2, minimum_gain=0.1, largest_return=2.0)
    assert confirmed(round_, searched, arm, [0.1] * 6, [0.2] * 6).rulings["r0-c0"].reason == GAIN_TOO_SMALL
    assert confirmed(round_, searched, arm, [0.1] * 6, [0.4] * 6).rulings["r0-c0"].reason == GAIN_CONFIRMED


@pytest.mark.parametrize(("seeds", "waves", "best"), [(3, 1, "0.125"), (4, 1, "0.0625"), (2, 2, "0.0625")])
def test_too_few_seeds_are_said_before_they_are_trained(
    make_round: MakeRound, searched: list[ArmResult], seeds: int, waves: int, best: str
) -> None:
    """Where no look can reach its level no wave is trained, and the candidate is not charged."""
    standing = judge.stand(make_round(2, confirm_seeds=seeds, confirm_waves=waves), searched)
    assert standing.step is None
    assert standing.rulings["r0-c0"].reason == TOO_FEW_SEEDS
    assert f"{seeds * waves} pairs reach p = {best} at best" in standing.rulings["r0-c0"].detail
    assert judge.outcome(TOO_FEW_SEEDS) == judge.Outcome.OUTCOME_INCONCLUSIVE


def test_undecided_wave_asks_for_the_next_seeds(make_round: MakeRound, searched: list[ArmResult], arm: MakeArm) -> None:
    """A gain that is not significant yet gets the next wave, on seeds that were never used."""
    round_ = make_round(2, confirm_seeds=4, confirm_waves=3)
    step = confirmed(round_, searched, arm, [0.1] * 4, [0.3] * 4).step
    assert step is not None
    assert (step.number, list(step.indices)) == (2, [4, 5, 6, 7])


def test_later_looks_test_all_pairs_at_their_share_of_the_level(
    make_round: MakeRound, searched: list[ArmResult], arm: MakeArm
) -> None:
    """Eight gains in eight pairs reach 1/256, below 0.05/3."""
    round_ = make_round(2, confirm_seeds=4, confirm_waves=3)
    ruling = confirmed(round_, searched, arm, [0.1] * 8, [0.3] * 8).rulings["r0-c0"]
    assert ruling.reason == GAIN_CONFIRMED
    assert ruling.test is not None
    assert (ruling.test.pairs, ruling.test.p_value) == (8, 1 / 256)
    assert ruling.test.alpha == pytest.approx(0.05 / 3)


def test_finalist_without_a_gain_is_given_up_early(
    make_round: MakeRound, searched: list[ArmResult], arm: MakeArm
) -> None:
    """Futility: no further wave for a mean gain of 0 or less."""
    standing = confirmed(
        make_round(2, confirm_seeds=6, confirm_waves=3), searched, arm, [0.3] * 6, [0.2, 0.2, 0.4, 0.3, 0.3, 0.3]
    )
    assert standing.step is None
    assert standing.rulings["r0-c0"].reason == NOT_SIGNIFICANT
    assert "further waves are given up (look 1 of 3)" in standing.rulings["r0-c0"].detail


def test_milestones_promote_where_every_return_is_zero(
    make_round: MakeRound, searched: list[ArmResult], arm: MakeArm
) -> None:
    """The all-zero case is decided by the milestone score, in units of its own range."""
    milestones = {"control_milestones": [0.1] * 6, "candidate_milestones": [0.4] * 6}
    standing = confirmed(make_round(2, largest_return=100.0), searched, arm, [0.0] * 6, [0.0] * 6, **milestones)
    assert standing.rulings["r0-c0"].reason == MILESTONES_CONFIRMED
    assert judge.outcome(MILESTONES_CONFIRMED) == judge.Outcome.OUTCOME_PROMOTED_PROVISIONALLY


def test_a_lucky_episode_does_not_silence_milestones(
    make_round: MakeRound, searched: list[ArmResult], arm: MakeArm
) -> None:
    """Four of six pairs at the level 0.05 could never promote by return, so milestones still decide."""
    milestones = {"control_milestones": [0.1] * 6, "candidate_milestones": [0.4] * 6}
    lucky = [0.0, 0.0, 0.01, 0.01, 0.02, 0.01]
    standing = confirmed(make_round(2), searched, arm, [0.0] * 6, lucky, **milestones)
    assert standing.rulings["r0-c0"].reason == MILESTONES_CONFIRMED


def test_milestones_are_nothing_beside_returns_that_could_promote(
    make_round: MakeRound, searched: list[ArmResult], arm: MakeArm
) -> None:
    """Once five pairs differ in return, returns alone decide, and here they do not suffice."""
    milestones = {"control_milestones": [0.1] * 6, "candidate_milestones": [0.9] * 6}
    mixed = [0.0, 0.2, -0.1, 0.1, -0.1, 0.2]
    returns = [0.3 + each for each in mixed]
    standing = confirmed(make_round(2), searched, arm, [0.3] * 6, returns, **milestones)
    assert standing.rulings["r0-c0"].reason == NOT_SIGNIFICANT


def test_milestones_never_outweigh_a_return_for_control(
    make_round: MakeRound, searched: list[ArmResult], arm: MakeArm
) -> None:
    """A return that speaks for control, however few its pairs, is never outweighed by milestones."""
    milestones = {"control_milestones": [0.1] * 6, "candidate_milestones": [0.9] * 6}
    standing = confirmed(make_round(2), searched, arm, [0.0] * 5 + [0.1], [0.0] * 6, **milestones)
    assert standing.rulings["r0-c0"].reason == NOT_SIGNIFICANT


def test_equal_arms_without_return_are_no_evidence(
    make_round: MakeRound, searched: list[ArmResult], arm: MakeArm
) -> None:
    """All returns zero and all milestone scores equal: nothing was seen at all."""
    standing = confirmed(make_round(2), searched, arm, [0.0] * 6, [0.0] * 6)
    assert standing.rulings["r0-c0"].reason == NO_EVIDENCE


def test_failed_finalist_is_charged(make_round: MakeRound, searched: list[ArmResult], arm: MakeArm) -> None:
    """Its branch diverged, control's did not."""
    failed = arm("r0-c0", CONFIRM, [0.9] * 6)
    failed.records[2].failure = BranchFailure.BRANCH_FAILURE_DIVERGED
    standing = judge.stand(make_round(2), [*searched, arm("control", CONFIRM, [0.1] * 6), failed])
    assert standing.rulings["r0-c0"].reason == VerdictReason.VERDICT_REASON_BRANCH_FAILED


def test_control_that_fails_late_charges_nobody(make_round: MakeRound, searched: list[ArmResult], arm: MakeArm) -> None:
    """Not even those that lost the search before."""
    control = arm("control", CONFIRM, [0.1] * 6)
    control.records[5].failure = BranchFailure.BRANCH_FAILURE_DIVERGED
    standing = judge.stand(make_round(2), [*searched, control, arm("r0-c0", CONFIRM, [0.9] * 6)])
    assert {ruling.reason for ruling in standing.rulings.values()} == {VerdictReason.VERDICT_REASON_CONTROL_FAILED}
    assert list(standing.rulings) == ["r0-c0", "r0-c1"]


def test_finalist_under_another_config_is_never_promoted(
    make_round: MakeRound, searched: list[ArmResult], arm: MakeArm
) -> None:
    """One replica that reports another hash makes it inconclusive."""
    candidate = arm("r0-c0", CONFIRM, [0.9] * 6)
    candidate.records[0].config_hash = "f" * 64
    standing = judge.stand(make_round(2), [*searched, arm("control", CONFIRM, [0.1] * 6), candidate])
    assert standing.rulings["r0-c0"].reason == VerdictReason.VERDICT_REASON_HASH_MISMATCH


@pytest.mark.parametrize(("seeds", "waves", "alpha"), [(5, 1, 0.05), (3, 2, 0.1), (2, 3, 0.2)])
@pytest.mark.parametrize("by_milestones", [False, True])
def test_equal_arms_are_promoted_no_more_often_than_alpha(
    make_round: MakeRound,
    searched: list[ArmResult],
    arm: MakeArm,
    seeds: int,
    waves: int,
    alpha: float,
    by_milestones: bool,
) -> None:
    """A/A: over all sign patterns of the differences, all looks together promote alpha of them at most."""
    round_ = make_round(2, confirm_seeds=seeds, confirm_waves=waves, alpha=alpha, minimum_gain=0.0)
    sizes = [0.3 + 0.01 * ((7 * index) % 11) for index in range(seeds * waves)]  # large beside what can be lost
    zeros = [0.0] * len(sizes)
    promoted = 0
    patterns = list(product((1, -1), repeat=len(sizes)))
    for signs in patterns:
        control = [0.4] * len(sizes)
        candidate = [0.4 + sign * size for sign, size in zip(signs, sizes, strict=True)]
        if by_milestones:
            standing = confirmed(
                round_, searched, arm, zeros, zeros, control_milestones=control, candidate_milestones=candidate
            )
        else:
            standing = confirmed(round_, searched, arm, control, candidate)
        promoted += standing.rulings["r0-c0"].reason in (GAIN_CONFIRMED, MILESTONES_CONFIRMED)
    assert 0 < promoted <= alpha * len(patterns)


def test_a_small_gain_that_rare_losses_explain_is_inconclusive(
    make_round: MakeRound, searched: list[ArmResult], arm: MakeArm
) -> None:
    """Six gains of 0.05 over 0.4 come about in a third of all cases where every sixth branch loses everything."""
    standing = confirmed(make_round(2, rare_loss_check=True), searched, arm, [0.4] * 6, [0.45] * 6)
    ruling = standing.rulings["r0-c0"]
    assert ruling.reason == TOO_FEW_SEEDS
    assert ruling.test is not None
    assert ruling.test.loss_likelihood == pytest.approx((0.4 / 0.45) ** 6)
    assert ruling.detail.endswith(
        "; rare losses explain it with a likelihood of 0.4933, at most 0.1 promotes (look 1 of 1)."
    )


def test_more_pairs_prove_the_same_gain(make_round: MakeRound, searched: list[ArmResult], arm: MakeArm) -> None:
    """Twenty pairs without a loss leave no room for losses frequent enough."""
    standing = confirmed(make_round(2, confirm_seeds=20, rare_loss_check=True), searched, arm, [0.4] * 20, [0.45] * 20)
    assert standing.rulings["r0-c0"].reason == GAIN_CONFIRMED


def test_without_the_check_six_pairs_prove_a_small_gain(
    make_round: MakeRound, searched: list[ArmResult], arm: MakeArm
) -> None:
    """The frugal preset does without it: what rare losses explain is left to the guard."""
    standing = confirmed(make_round(2), searched, arm, [0.4] * 6, [0.45] * 6)
    assert standing.rulings["r0-c0"].reason == GAIN_CONFIRMED


def test_a_gain_in_milestones_is_not_held_to_losses(
    make_round: MakeRound, searched: list[ArmResult], arm: MakeArm
) -> None:
    """Its promotion is provisional, and is undone when it does not hold."""
    zeros, low, high = [0.0] * 6, [0.4] * 6, [0.45] * 6
    standing = confirmed(
        make_round(2, rare_loss_check=True),
        searched,
        arm,
        zeros,
        zeros,
        control_milestones=low,
        candidate_milestones=high,
    )
    assert standing.rulings["r0-c0"].reason == MILESTONES_CONFIRMED


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "waves"), [(5, 1), (6, 1), (6, 2), (10, 3)])
def test_a_candidate_that_is_better_in_most_branches_alone_is_promoted_at_twice_alpha_at_most(
    make_round: MakeRound, searched: list[ArmResult], arm: MakeArm, seeds: int, waves: int
) -> None:
    """0.45 in five branches of six and 0 in the sixth, against 0.40: counted exactly over each wave's losses."""
    round_ = make_round(2, confirm_seeds=seeds, confirm_waves=waves, rare_loss_check=True)
    chance = 0.0
    for losses in product(range(4), repeat=waves):  # with four losses of 30 pairs the mean gain is below 0
        candidate = [0.45 * (index >= lost) for lost in losses for index in range(seeds)]
        standing = confirmed(round_, searched, arm, [0.4] * len(candidate), candidate)
        promoted = standing.rulings["r0-c0"].reason == GAIN_CONFIRMED
        ways = math.prod(math.comb(seeds, lost) for lost in losses)
        chance += promoted * ways * (1 / 6) ** sum(losses) * (5 / 6) ** (len(candidate) - sum(losses))
    assert chance <= 2 * round_.campaign.validation.alpha


def test_negative_returns_are_rare_up_to_a_twentieth_of_their_range(
    make_round: MakeRound, searched: list[ArmResult], arm: MakeArm
) -> None:
    """A stage at -96 of -100 to 0 may be judged by milestones, one at -50 may not: neither is below 0.05 of 0."""
    milestones = {"control_milestones": [0.1] * 6, "candidate_milestones": [0.9] * 6}
    plain = make_round(2)
    card = TaskCard(task=plain.card.task, agents=plain.card.agents, baseline_return=-100, largest_return=0)
    for stage_return, reason in ((-96.0, MILESTONES_CONFIRMED), (-50.0, NOT_SIGNIFICANT)):
        round_ = replace(plain, card=card, stage_return=stage_return)
        standing = confirmed(round_, searched, arm, [-96.0] * 6, [-96.0] * 6, **milestones)
        assert standing.rulings["r0-c0"].reason == reason
