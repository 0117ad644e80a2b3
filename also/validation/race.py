"""The race: candidates of little risk by what their branches reach, at a fraction of the price of a confirmation.

Policy-invariant configs cannot move the optimum, and a config that only takes away from the incumbent moves it less
than that does. So what a wrong choice costs is time, not the task: the winner is promoted provisionally, the main run
continues with its best branch, and the guard undoes it where the return falls, or does not come. The race is successive
halving, as the search is. Control runs along in every rung, the mean return decides, and the winner has to be above
control's; but from half of the largest return on a candidate that only takes away from the incumbent need not be
better, only as good, for shaping that is not needed goes.

Few episodes cannot tell small gains apart, and of several equals one is always ahead by luck. So a race reads every
measure along its branches, and neither a gain nor a loss counts up to one standard error.

Two kinds of candidates enter on trust, without any branch; the guard undoes what was wrong. Once the return speaks,
that is one which weakens the incumbent, keeps all its terms, and is asked about alone: a branch as long as a race sees
little of what it is worth, and half of what a race costs is lost. While the task pays nothing, or rarely to a team that
trains without shaping, it is the first one: milestones after a short race do not say who will be paid. With
`silent_race` they race all the same, while nothing is paid without control, for nothing is what it would come to; the
best by milestone score has to be further than the checkpoint that all began from.
"""

import math
from collections.abc import Sequence

from also import returns
from also.shaping.relief import is_relief, is_weaker
from also.v1.branch_pb2 import BranchRecord, SeedPool
from also.v1.campaign_pb2 import Campaign, Proof
from also.v1.shaping_pb2 import Invariance, ShapingConfig
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import ArmResult, VerdictReason
from also.validation import cost
from also.validation.arms import CONTROL, MILESTONES, RETURN, along, first_fault, records_of
from also.validation.round import Round, Ruling, Standing, Step, control_failed
from also.validation.statistics import mean
from also.words import counted

TIE = 0.03
"""Difference in return, as a share of the returns' range, or in milestone score that a race does not count."""

SPEAKS = 0.15
"""Return, as a share of the largest, from which shaping need not be as strong as it was to find the first reward."""

TEACHES = 0.5
"""Return, as a share of the returns' range, from which shaping that is not needed goes."""

_AHEAD = 0.01
"""Milestone score beyond the checkpoint's own from which a candidate has come further."""

_NOT_TRIED = Ruling(
    reason=VerdictReason.VERDICT_REASON_NOT_TRIED,
    detail="The round's candidates that are policy-invariant, or take away from the incumbent, race first.",
)


_SECOND = Ruling(reason=VerdictReason.VERDICT_REASON_NOT_TRIED, detail="The first policy-invariant candidate enters.")


def racers(round_: Round) -> list[str]:
    """Names of the candidates that race, in order; none where the round is no race."""
    if round_.campaign.validation.proof != Proof.PROOF_BY_RISK:
        return []
    invariant = {each.candidate for each in round_.screen if each.invariance == Invariance.INVARIANCE_POLICY_INVARIANT}
    return [name for name in round_.passed if name in invariant or is_relief(round_.config_of(name), round_.incumbent)]


def is_silent(round_: Round) -> bool:
    """Whether the task pays nothing yet, so that there is no control to beat."""
    return pays_nothing(round_.campaign, round_.card, round_.paid)


def pays_nothing(campaign: Campaign, card: TaskCard, mean_return: float) -> bool:
    """Whether a mean return is less than the smallest gain that promotes."""
    return mean_return < returns.level(card, campaign.validation.minimum_gain)


def trusts(campaign: Campaign, card: TaskCard, incumbent: ShapingConfig, mean_return: float) -> bool:
    """Whether the first policy-invariant candidate enters without any branch, by the mean return of a stage's episodes.

    Shaping that was given or promoted is on its way while rewards are rare; without any there is nothing to lose.
    """
    settings = campaign.validation
    unpaid = pays_nothing(campaign, card, mean_return) or (not incumbent.terms and returns.is_rare(card, mean_return))
    return unpaid and settings.proof == Proof.PROOF_BY_RISK and not settings.silent_race


def speaks(card: TaskCard, mean_return: float) -> bool:
    """Whether shaping need not be as strong as it was, by the mean return of a stage's episodes."""
    return mean_return >= returns.level(card, SPEAKS - TIE)


def is_on_trust(round_: Round) -> bool:
    """Whether the first racer enters without a race: it only weakens, or little is paid that tells branches apart."""
    trusted = trusts(round_.campaign, round_.card, round_.incumbent, round_.paid)
    return bool(racers(round_)) and (trusted or _is_eased(round_))


def trust(round_: Round) -> Standing:
    """The standing of a round whose first racer enters on trust."""
    first = racers(round_)[0]
    if _is_eased(round_):
        reason, condition = VerdictReason.VERDICT_REASON_EASED, "it must not fall"
    else:
        reason = VerdictReason.VERDICT_REASON_TRUSTED
        condition = "it has to be paid in time" if is_silent(round_) else "it must not fall"
    ruling = Ruling(reason=reason, detail=f"Return {round_.paid:.4g} of the stage's training; {condition}.")
    rulings = {name: ruling if name == first else _SECOND for name in round_.passed}
    return Standing(rulings=rulings, finalist=first)


def _is_eased(round_: Round) -> bool:
    """Whether the round asks about one candidate that weakens the incumbent, keeps its terms, and the return speaks."""
    alone = racers(round_) if len(round_.candidates) == 1 else []
    weaker = any(is_weaker(round_.config_of(name), round_.incumbent) for name in alone)
    return weaker and speaks(round_.card, round_.paid)


def race_cost(round_: Round) -> int:
    """env_steps of all branches of a round that is a race."""
    return cost.race_cost(round_.campaign, len(racers(round_)), with_control=not is_silent(round_))


def race(round_: Round, arms: Sequence[ArmResult]) -> Standing:
    """How a race stands after the branches so far.

    Args:
        round_: a round with racers.
        arms: results so far.
    """
    settings = round_.campaign.validation
    control = [] if is_silent(round_) else [CONTROL]
    live, indices = racers(round_), range(settings.race_seeds)
    rulings = {name: _NOT_TRIED for name in round_.passed if name not in live}
    for rung in range(1, settings.race_rungs + 1):
        running = [*control, *live]
        records = {arm: records_of(arms, arm, SeedPool.SEED_POOL_SEARCH, indices=indices, rung=rung) for arm in running}
        if not any(records.values()):
            step = Step(
                pool=SeedPool.SEED_POOL_SEARCH,
                number=rung,
                arms=tuple(running),
                indices=indices,
                env_steps=cost.race_rung_env_steps(round_.campaign),
            )
            return Standing(rulings=rulings, step=step)
        faults = {arm: first_fault(records[arm], round_.hash_of(arm), expected=len(indices)) for arm in running}
        if control and (fault := faults[CONTROL]) is not None:
            return control_failed(round_, fault)
        for name in live:
            if (fault := faults[name]) is not None:
                rulings[name] = Ruling(reason=fault[0], detail=f"In rung {rung} of the race {fault[1]}.")
        ranked = _ranked(round_, {name: records[name] for name in live if faults[name] is None})
        last = rung == settings.race_rungs
        kept = _first(round_, ranked, records) if last else ranked[: cost.survivors(len(ranked))]
        for place, name in enumerate(ranked, start=1):
            if name not in kept:
                detail = f"{_came_to(records[name])}; place {place} of {len(ranked)} in rung {rung}."
                rulings[name] = Ruling(reason=VerdictReason.VERDICT_REASON_RACE_LOST, detail=detail)
        live = [name for name in live if name in kept]
        if not live:
            return Standing(rulings=rulings)
    ahead = _is_ahead(round_, live[0], records)
    reason = VerdictReason.VERDICT_REASON_RACE_WON if ahead else VerdictReason.VERDICT_REASON_RACE_STOOD_STILL
    ruling = Ruling(reason=reason, detail=f"{_came_to(records[live[0]])}; {_measured_by(round_, records)}.")
    return Standing(rulings={**rulings, live[0]: ruling}, finalist=live[0])


def _ranked(round_: Round, records: dict[str, list[BranchRecord]]) -> list[str]:
    """Names from the furthest to the least far; equals keep the candidates' order."""
    far = {name: _how_far(round_, each) for name, each in records.items()}
    return sorted(far, key=lambda name: far[name], reverse=True)


def _first(round_: Round, ranked: Sequence[str], records: dict[str, list[BranchRecord]]) -> list[str]:
    """The winner, as a list of one name; empty where nobody ran to the end.

    Of those that are as far as the furthest but for `TIE` it is the earliest that is ahead: candidates come in order of
    preference, and few branches cannot tell such equals apart.
    """
    if not ranked:
        return []
    most = _how_far(round_, records[ranked[0]])
    far = {name: _how_far(round_, records[name]) for name in racers(round_) if name in ranked}
    equals = [name for name in far if far[name][0] == most[0] and far[name][1] >= most[1] - TIE]
    return [next((name for name in equals if _is_ahead(round_, name, records)), ranked[0])]


def _how_far(round_: Round, records: Sequence[BranchRecord]) -> tuple[bool, float, float]:
    """Whether the task has paid; the mean return as a share of its range, or else the milestone score; that score."""
    returned, score = _mean_return(records), mean(along(records, MILESTONES))
    card, gain = round_.card, round_.minimum_gain(RETURN)
    paid = returned > returns.nothing(card) and returned >= card.baseline_return + gain
    return paid, returns.share(card, returned, round_.stage_return) if paid else score, score


def _is_ahead(round_: Round, name: str, records: dict[str, list[BranchRecord]]) -> bool:
    """Whether a candidate may be promoted: it is above control, or further than where all began.

    One that only takes away from the incumbent need not be above control where the task teaches without.
    """
    if CONTROL not in records:
        paid, far, _ = _how_far(round_, records[name])
        return paid or far >= round_.stage_milestone_score + _AHEAD
    gain = _mean_return(records[name]) - _mean_return(records[CONTROL])
    config, error = round_.config_of(name), _standard_error(round_, records[name], records[CONTROL])
    if is_relief(config, round_.incumbent) and round_.paid >= returns.level(round_.card, TEACHES - TIE):
        return gain >= -max(error, TIE * returns.span(round_.card, round_.stage_return))
    return gain > 0 and gain >= max(error, round_.minimum_gain(RETURN))


def _standard_error(round_: Round, *arms: Sequence[BranchRecord]) -> float:
    """Largest standard error of the difference of arms' mean returns, units of task reward.

    Returns in [a, b] with mean m have a variance of at most (m - a) · (b - m) (Bhatia and Davis 2000, American
    Mathematical Monthly 107, 353); each arm's mean is over all episodes of its branches. The range is that of
    the task, from the baseline to the largest return.
    """
    means = [_mean_return(records) for records in arms]
    span, total = returns.span(round_.card, round_.stage_return, *means), 0.0
    for records, returned in zip(arms, means, strict=True):
        above = min(max(returned - round_.card.baseline_return, 0.0), span)
        episodes = sum(measure.episodes for record in records for measure in record.measures)
        total += above * (span - above) / max(1, episodes)
    return math.sqrt(total)


def _measured_by(round_: Round, records: dict[str, list[BranchRecord]]) -> str:
    """What the winner had to be ahead of, in words."""
    if CONTROL in records:
        return f"control's return {_mean_return(records[CONTROL]):.4g}"
    return f"the checkpoint had milestone score {round_.stage_milestone_score:.4g}"


def _came_to(records: Sequence[BranchRecord]) -> str:
    """What a candidate's branches have come to, without a full stop."""
    branches = counted(len(records), "branch", "branches")
    returned, score = _mean_return(records), mean(along(records, MILESTONES))
    return f"Return {returned:.4g} and milestone score {score:.4g} over {branches}"


def _mean_return(records: Sequence[BranchRecord]) -> float:
    """Mean return of an arm over all measures of its branches, units of task reward."""
    return mean(along(records, RETURN))
