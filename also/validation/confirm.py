"""The confirmation: the finalist against control on fresh seeds, in waves.

After each wave all pairs so far are tested at level alpha / waves. The first look that finds a
significant gain of at least the smallest gain promotes, unless rare losses explain it, and a finalist
that is no better than control so far is given up.

Rare losses explain a gain in return where a candidate without any gain on average has a likelihood ratio
above `LOSSES` times the look's level (`statistics.loss_likelihood`). A gain in milestones is not held to
that: its promotion is provisional, and control's branch is kept.

The return is silent when no pair differs in it, or so few that its test cannot reach the level even
if every pair still to come differs: 2^-k > alpha for k such pairs. So it is while the task pays
nothing but for a lucky episode. Then, unless the return speaks for control, the milestone score
takes its place, and the promotion is provisional; but never where the stage's own return is not rare.
Whether the return is silent does not depend on the differences' signs, so there is one test of the level
alpha in either case.
"""

from collections.abc import Sequence

from also import returns
from also.v1.branch_pb2 import BranchRecord, SeedPool
from also.v1.verdict_pb2 import ArmResult, PairedTest, VerdictReason
from also.validation import cost
from also.validation.arms import CONTROL, MILESTONES, RETURN, first_fault, records_of, values
from also.validation.round import Round, Ruling, Standing, Step, control_failed, describe
from also.validation.statistics import alpha_of_look, is_futile, is_void, paired_test, pairs_needed, smallest_p
from also.words import counted

LOSSES = 2.0
"""Level of skewed differences, as a multiple of alpha: how often a candidate that is worse on average, but better in
most branches, may be promoted."""


def confirm(round_: Round, arms: Sequence[ArmResult], searched: Standing) -> Standing:
    """How a round stands whose search has a finalist.

    Args:
        round_: the round.
        arms: results so far.
        searched: how the search ended.
    """
    settings = round_.campaign.validation
    alpha = alpha_of_look(settings.alpha, settings.confirm_waves)
    finalist, test = searched.finalist, searched.test
    out_of_reach = _out_of_reach(round_, alpha, test)
    if out_of_reach is not None:
        return _settled(searched, out_of_reach)
    for wave in range(1, settings.confirm_waves + 1):
        indices = range(wave * settings.confirm_seeds)
        control, candidate = (
            records_of(arms, arm, SeedPool.SEED_POOL_CONFIRM, indices=indices) for arm in (CONTROL, finalist)
        )
        if len(control) < len(indices):
            step = Step(
                pool=SeedPool.SEED_POOL_CONFIRM,
                number=wave,
                arms=(CONTROL, finalist),
                indices=indices[-settings.confirm_seeds :],
                env_steps=cost.wave_env_steps(round_.campaign),
            )
            return Standing(rulings=searched.rulings, step=step, finalist=finalist, test=test)
        fault = first_fault(control, round_.control_hash, expected=len(indices))
        if fault is not None:
            return control_failed(round_, fault)
        fault = first_fault(candidate, round_.hash_of(finalist), expected=len(indices))
        if fault is not None:
            ruling = Ruling(reason=fault[0], detail=f"In the confirmation {fault[1]}.", test=test)
            return _settled(searched, ruling)
        to_come = settings.confirm_waves * settings.confirm_seeds - len(indices)
        rare, least = returns.is_rare(round_.card, round_.stage_return), round_.card.baseline_return
        test = compare(control, candidate, alpha=alpha, to_come=to_come, rare=rare, least=least)
        look = f"look {wave} of {settings.confirm_waves}"
        found = _look(round_, test, last=wave == settings.confirm_waves, look=look)
        if found is not None:
            return _settled(searched, found)
    raise AssertionError("the last look settles")


def compare(
    control: Sequence[BranchRecord],
    candidate: Sequence[BranchRecord],
    *,
    alpha: float,
    to_come: int,
    rare: bool = True,
    least: float = 0.0,
) -> PairedTest:
    """The finalist against control: by return, or by milestone score where the return is silent.

    Args:
        control: control's records, without faults.
        candidate: the finalist's records of the same seeds.
        alpha: level of this look.
        to_come: pairs of the waves after this look.
        rare: whether the stage's own return is rare; where it is not, milestones never take its place.
        least: return of a team that achieves nothing, units of task reward.
    """
    by_return = paired_test(RETURN, values(candidate, RETURN), values(control, RETURN), alpha, least=least)
    differing = sum(
        mine != theirs for mine, theirs in zip(values(candidate, RETURN), values(control, RETURN), strict=True)
    )
    silent = differing == 0 or smallest_p(differing + to_come) > alpha
    if not (silent and rare) or by_return.mean_gain < 0:
        return by_return
    return paired_test(MILESTONES, values(candidate, MILESTONES), values(control, MILESTONES), alpha)


def _look(round_: Round, test: PairedTest, *, last: bool, look: str) -> Ruling | None:
    """What a look at all pairs so far settles; None when another wave is needed."""
    minimum_gain = round_.minimum_gain(test.measure)
    significant = test.p_value <= test.alpha
    most = LOSSES * test.alpha
    checked = round_.campaign.validation.rare_loss_check and test.measure == RETURN
    explained = checked and test.loss_likelihood > most
    if significant and test.mean_gain >= minimum_gain and not explained:
        reason = (
            VerdictReason.VERDICT_REASON_GAIN_CONFIRMED
            if test.measure == RETURN
            else VerdictReason.VERDICT_REASON_MILESTONES_CONFIRMED
        )
        needed = f"p at most {test.alpha:.4g} and a gain of at least {minimum_gain:.4g} promote"
    elif test.measure == MILESTONES and is_void(test):
        reason = VerdictReason.VERDICT_REASON_NO_EVIDENCE
        needed = "returns and milestone scores equal control's"
    elif is_futile(test):
        reason = VerdictReason.VERDICT_REASON_NOT_SIGNIFICANT
        needed = "no gain so far, so further waves are given up"
    elif not last:
        return None
    elif significant and test.mean_gain >= minimum_gain:
        reason = VerdictReason.VERDICT_REASON_TOO_FEW_SEEDS
        needed = f"rare losses explain it with a likelihood of {test.loss_likelihood:.4g}, at most {most:.4g} promotes"
    elif significant:
        reason = VerdictReason.VERDICT_REASON_GAIN_TOO_SMALL
        needed = f"a gain of at least {minimum_gain:.4g} promotes"
    else:
        reason = VerdictReason.VERDICT_REASON_NOT_SIGNIFICANT
        needed = f"p at most {test.alpha:.4g} promotes"
    return Ruling(reason=reason, detail=f"{describe(test)}; {needed} ({look}).", test=test)


def _out_of_reach(round_: Round, alpha: float, test: PairedTest | None) -> Ruling | None:
    """The ruling where even the last look could not reach its level; None where it can."""
    settings = round_.campaign.validation
    count = settings.confirm_seeds * settings.confirm_waves
    if smallest_p(count) <= alpha:
        return None
    needed = pairs_needed(alpha)
    remedy = f"{counted(needed, 'pair')} are needed" if needed is not None else "no number of pairs reaches it"
    return Ruling(
        reason=VerdictReason.VERDICT_REASON_TOO_FEW_SEEDS,
        detail=f"{counted(count, 'pair').capitalize()} reach p = {smallest_p(count):.4g} at best, above the level "
        f"{alpha:.4g}; {remedy}.",
        test=test,
    )


def _settled(searched: Standing, ruling: Ruling) -> Standing:
    finalist = searched.finalist
    return Standing(rulings={**searched.rulings, finalist: ruling}, finalist=finalist, test=ruling.test)
