"""The search: successive halving over the candidates, with control in every rung.

After each rung the better half stays (Karnin 2013, "Almost optimal exploration in multi-armed
bandits", sequential halving), by mean return, or by milestone score where no candidate's return
differs from control's by as much as the smallest gain that could promote it. The best of the last
rung becomes the finalist if it is above control. Nothing is promoted here: the best of several
noisy means is flattered by chance, and has to win again on fresh seeds.
"""

from collections.abc import Sequence

from also.v1.branch_pb2 import BranchRecord, SeedPool
from also.v1.verdict_pb2 import ArmResult, PairedTest, VerdictReason
from also.validation import cost
from also.validation.arms import CONTROL, MILESTONES, RETURN, first_fault, records_of, values
from also.validation.round import Round, Ruling, Standing, Step, control_failed, describe
from also.validation.statistics import is_void, paired_test


def search(round_: Round, arms: Sequence[ArmResult]) -> Standing:
    """How the search stands after the branches so far; its finalist is set once it is over.

    Args:
        round_: the round.
        arms: results so far.
    """
    settings = round_.campaign.validation
    indices = range(settings.search_seeds)
    live = round_.passed
    rulings: dict[str, Ruling] = {}
    for rung in range(1, settings.search_rungs + 1):
        if not live:
            break
        records = {
            arm: records_of(arms, arm, SeedPool.SEED_POOL_SEARCH, indices=indices, rung=rung)
            for arm in (CONTROL, *live)
        }
        if len(records[CONTROL]) < len(indices):
            step = Step(
                pool=SeedPool.SEED_POOL_SEARCH,
                number=rung,
                arms=(CONTROL, *live),
                indices=indices,
                env_steps=cost.rung_env_steps(round_.campaign),
            )
            return Standing(rulings=rulings, step=step)
        fault = first_fault(records[CONTROL], round_.control_hash, expected=len(indices))
        if fault is not None:
            return control_failed(round_, fault)
        for name in live:
            fault = first_fault(records[name], round_.hash_of(name), expected=len(indices))
            if fault is not None:
                rulings[name] = Ruling(reason=fault[0], detail=f"In rung {rung} of the search {fault[1]}.")
        tests = compare(round_, records, [name for name in live if name not in rulings])
        ranked = sorted(tests, key=lambda name: -tests[name].mean_gain)  # ties keep the candidates' order
        if rung < settings.search_rungs:
            kept = ranked[: cost.survivors(len(ranked))]
        else:
            kept = [name for name in ranked[:1] if tests[name].mean_gain > 0]
        for place, name in enumerate(ranked, start=1):
            if name not in kept:
                rulings[name] = _loss(tests[name], f"place {place} of {len(ranked)} in rung {rung}")
        live = [name for name in live if name in kept]
        if live and rung == settings.search_rungs:
            return Standing(rulings=rulings, finalist=live[0], test=tests[live[0]])
    return Standing(rulings=rulings)


def compare(round_: Round, records: dict[str, list[BranchRecord]], names: Sequence[str]) -> dict[str, PairedTest]:
    """Each candidate against control by the measure that decides among all of them.

    Args:
        round_: the round.
        records: records of control and of the candidates, without faults.
        names: the candidates to compare.
    """
    by_return = _tests(RETURN, records, names, round_.card.baseline_return)
    smallest = round_.minimum_gain(RETURN)
    told_apart = any(test.mean_gain != 0 and abs(test.mean_gain) >= smallest for test in by_return.values())
    by_milestones = _tests(MILESTONES, records, names, 0.0)
    only_returns_differ = all(map(is_void, by_milestones.values())) and not all(map(is_void, by_return.values()))
    return by_return if told_apart or only_returns_differ else by_milestones


def _tests(
    measure: str, records: dict[str, list[BranchRecord]], names: Sequence[str], least: float
) -> dict[str, PairedTest]:
    """Each candidate against control by one measure, which is `least` where a team achieves nothing."""
    control = values(records[CONTROL], measure)
    return {name: paired_test(measure, values(records[name], measure), control, 0.0, least=least) for name in names}


def _loss(test: PairedTest, place: str) -> Ruling:
    if test.mean_gain > 0:
        reason = VerdictReason.VERDICT_REASON_LOST_SEARCH
    elif test.measure == MILESTONES and is_void(test):
        reason = VerdictReason.VERDICT_REASON_NO_EVIDENCE
    else:
        reason = VerdictReason.VERDICT_REASON_BELOW_CONTROL
    return Ruling(reason=reason, detail=f"{describe(test)}; {place}.", test=test)
