"""The race: while the return is silent, policy-invariant candidates run ahead, and the one that comes furthest enters.

A task that pays nothing pays control nothing either, so there is no return to compare, and none of these configs can
move the optimum: what a wrong choice costs is time. So they are tried by what they reach, without control: successive
halving (as in `search`), by mean return where one of them is paid, else by milestone score. The winner is promoted
provisionally, and the main run goes on with its best branch; later stages must find a return, or it is undone.
"""

from collections.abc import Sequence

from also.v1.branch_pb2 import BranchRecord, SeedPool
from also.v1.campaign_pb2 import Proof
from also.v1.shaping_pb2 import Invariance
from also.v1.verdict_pb2 import ArmResult, VerdictReason
from also.validation import cost
from also.validation.arms import RETURN, best_replica, end, first_fault, records_of
from also.validation.round import Round, Ruling, Standing, Step
from also.validation.statistics import mean

_STEP_AHEAD = 0.01
"""Milestone score beyond the checkpoint's own from which a candidate has come further."""


def racers(round_: Round) -> list[str]:
    """Names of the candidates that race, in order; none where the round is no race."""
    silent = round_.stage_return < round_.minimum_gain(RETURN)
    if round_.campaign.validation.proof != Proof.PROOF_BY_RISK or not silent:
        return []
    invariant = {each.candidate for each in round_.screen if each.invariance == Invariance.INVARIANCE_POLICY_INVARIANT}
    return [name for name in round_.passed if name in invariant]


def race(round_: Round, arms: Sequence[ArmResult]) -> Standing:
    """How a race stands after the branches so far.

    Args:
        round_: a round with racers.
        arms: results so far.
    """
    settings = round_.campaign.validation
    indices = range(settings.race_seeds)
    live = racers(round_)
    rulings = {name: _NOT_RACED for name in round_.passed if name not in live}
    for rung in range(1, settings.race_rungs + 1):
        records = {name: records_of(arms, name, SeedPool.SEED_POOL_SEARCH, indices=indices, rung=rung) for name in live}
        if not any(records.values()):
            step = Step(
                pool=SeedPool.SEED_POOL_SEARCH,
                number=rung,
                arms=tuple(live),
                indices=indices,
                env_steps=cost.race_rung_env_steps(round_.campaign),
            )
            return Standing(rulings=rulings, step=step)
        for name in live:
            fault = first_fault(records[name], round_.hash_of(name), expected=len(indices))
            if fault is not None:
                rulings[name] = Ruling(reason=fault[0], detail=f"In rung {rung} of the race {fault[1]}.")
        ranked = _ranked(round_, {name: records[name] for name in live if name not in rulings})
        last = rung == settings.race_rungs
        kept = ranked[:1] if last else ranked[: cost.survivors(len(ranked))]
        for place, name in enumerate(ranked, start=1):
            if name not in kept:
                detail = f"{_came_to(records[name])}; place {place} of {len(ranked)} in rung {rung}."
                rulings[name] = Ruling(reason=VerdictReason.VERDICT_REASON_RACE_LOST, detail=detail)
        live = [name for name in live if name in kept]
        if not live:
            return Standing(rulings=rulings)
    winner = live[0]
    return Standing(rulings={**rulings, winner: _finish(round_, records[winner])}, finalist=winner)


_NOT_RACED = Ruling(
    reason=VerdictReason.VERDICT_REASON_NOT_TRIED,
    detail="While the return is silent, policy-invariant candidates race first.",
)


def _ranked(round_: Round, records: dict[str, list[BranchRecord]]) -> list[str]:
    """Names from the furthest to the least far; ties keep the candidates' order.

    Each candidate stands for its best replica: the run that would go on.
    """
    best = {name: end(best_replica(each)) for name, each in records.items()}
    paid = any(each.mean_return >= round_.minimum_gain(RETURN) for each in best.values())
    return sorted(best, key=lambda name: (-best[name].mean_return if paid else 0.0, -best[name].milestone_score))


def _finish(round_: Round, records: Sequence[BranchRecord]) -> Ruling:
    """The ruling on the one that came furthest: it must have come further than where all began."""
    best = end(best_replica(records))
    began = f"the checkpoint had {round_.stage_return:.4g} and {round_.stage_milestone_score:.4g}"
    ahead = best.milestone_score >= round_.stage_milestone_score + _STEP_AHEAD
    if best.mean_return >= round_.minimum_gain(RETURN) or ahead:
        return Ruling(reason=VerdictReason.VERDICT_REASON_RACE_WON, detail=f"{_came_to(records)}; {began}.")
    return Ruling(reason=VerdictReason.VERDICT_REASON_RACE_STOOD_STILL, detail=f"{_came_to(records)}; {began}.")


def _came_to(records: Sequence[BranchRecord]) -> str:
    """What a candidate's branches have come to, without a full stop."""
    best, branches = end(best_replica(records)), len(records)
    returned = mean([end(record).mean_return for record in records])
    of = "its branch" if branches == 1 else f"the best of {branches} branches (mean return {returned:.4g})"
    return f"Return {best.mean_return:.4g} and milestone score {best.milestone_score:.4g} of {of}"
