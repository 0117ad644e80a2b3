"""The judge: verdicts with named reasons, the promotion, and what the main run continues with.

A round is a fold. `stand` says what the results so far settle and which branches are needed next;
the validator trains them and asks again, until nothing is left to ask or the budget is spent.
`validation` turns the last standing into a verdict for every candidate. `rejudge` does the same
from a journal, so that `also replay` can compare.
"""

from collections.abc import Sequence
from dataclasses import replace

from also.errors import DocumentError
from also.shaping.identity import config_hash
from also.v1.branch_pb2 import BranchRecord, SeedPool
from also.v1.campaign_pb2 import Campaign, Proof
from also.v1.reading_pb2 import GuardReading
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import ArmResult, Candidate, Outcome, Validation, Verdict, VerdictReason
from also.validation import cost
from also.validation.arms import (
    CONTROL,
    METRICS_REASONS,
    best_replica,
    end,
    last_records,
    mean_activity,
    median_replica,
    trained,
)
from also.validation.confirm import confirm
from also.validation.race import is_on_trust, race, race_cost, racers, trust
from also.validation.round import Round, Ruling, Standing, describe
from also.validation.search import search
from also.validation.statistics import mean

SCREENED_OUT = frozenset(
    {
        VerdictReason.VERDICT_REASON_INVALID_CONFIG,
        VerdictReason.VERDICT_REASON_DUPLICATE,
        VerdictReason.VERDICT_REASON_DEAD_TERM,
        VerdictReason.VERDICT_REASON_SATURATED_TERM,
        VerdictReason.VERDICT_REASON_NON_FINITE,
    }
)
"""Reasons that the screen gives, without any branch."""

PROMOTED = (Outcome.OUTCOME_PROMOTED, Outcome.OUTCOME_PROMOTED_PROVISIONALLY)
"""Outcomes of a candidate that becomes the incumbent."""

_OUTCOMES = {
    VerdictReason.VERDICT_REASON_GAIN_CONFIRMED: Outcome.OUTCOME_PROMOTED,
    VerdictReason.VERDICT_REASON_MILESTONES_CONFIRMED: Outcome.OUTCOME_PROMOTED_PROVISIONALLY,
    VerdictReason.VERDICT_REASON_RACE_WON: Outcome.OUTCOME_PROMOTED_PROVISIONALLY,
    VerdictReason.VERDICT_REASON_TRUSTED: Outcome.OUTCOME_PROMOTED_PROVISIONALLY,
    VerdictReason.VERDICT_REASON_EASED: Outcome.OUTCOME_PROMOTED_PROVISIONALLY,
    VerdictReason.VERDICT_REASON_UNPROVEN: Outcome.OUTCOME_PROMOTED,
    VerdictReason.VERDICT_REASON_NOT_TRIED: Outcome.OUTCOME_INCONCLUSIVE,
    VerdictReason.VERDICT_REASON_TOO_EARLY: Outcome.OUTCOME_INCONCLUSIVE,
    VerdictReason.VERDICT_REASON_TOO_FEW_SEEDS: Outcome.OUTCOME_INCONCLUSIVE,
    VerdictReason.VERDICT_REASON_CONTROL_FAILED: Outcome.OUTCOME_INCONCLUSIVE,
    VerdictReason.VERDICT_REASON_HASH_MISMATCH: Outcome.OUTCOME_INCONCLUSIVE,
    VerdictReason.VERDICT_REASON_BUDGET_SPENT: Outcome.OUTCOME_INCONCLUSIVE,
    **dict.fromkeys(METRICS_REASONS.values(), Outcome.OUTCOME_INCONCLUSIVE),
}

_PROMOTING = (
    VerdictReason.VERDICT_REASON_GAIN_CONFIRMED,
    VerdictReason.VERDICT_REASON_MILESTONES_CONFIRMED,
    VerdictReason.VERDICT_REASON_RACE_WON,
    VerdictReason.VERDICT_REASON_TRUSTED,
    VerdictReason.VERDICT_REASON_EASED,
    VerdictReason.VERDICT_REASON_UNPROVEN,
)

_POOLS = (SeedPool.SEED_POOL_CONFIRM, SeedPool.SEED_POOL_SEARCH)


def outcome(reason: VerdictReason) -> Outcome:
    """What becomes of a candidate for a reason; it is rejected unless said otherwise."""
    return _OUTCOMES.get(reason, Outcome.OUTCOME_REJECTED)


def stand(round_: Round, arms: Sequence[ArmResult]) -> Standing:
    """How a round stands, and which branches it needs next.

    Args:
        round_: the round.
        arms: results so far.
    """
    if round_.campaign.validation.proof == Proof.PROOF_NONE:
        return _without_proof(round_)
    if is_on_trust(round_):
        return trust(round_)
    if racers(round_):
        return race(round_, arms)
    if _is_too_early(round_):
        return _too_early(round_)
    searched = search(round_, arms)
    return confirm(round_, arms, searched) if searched.finalist else searched


def round_cost(round_: Round) -> int:
    """env_steps without which a round is not begun."""
    if round_.campaign.validation.proof == Proof.PROOF_NONE:
        return 0
    if racers(round_):
        return 0 if is_on_trust(round_) else race_cost(round_)
    return cost.least_cost(round_.campaign, len(round_.passed))


def about_to_promote(standing: Standing) -> str:
    """Name of the candidate that a standing promotes unless a guard query is against it; empty when none."""
    return next((name for name, ruling in standing.rulings.items() if ruling.reason in _PROMOTING), "")


def validation(round_: Round, arms: Sequence[ArmResult], guards: Sequence[GuardReading] = ()) -> Validation:
    """The result of a round. Candidates that would need further branches found the budget spent.

    Args:
        round_: the round.
        arms: all results.
        guards: what the guard queries said of the candidate that is about to be promoted, one each in order.

    Raises:
        DocumentError: a promotion lacks the readings of its guard queries.
    """
    standing = guarded(round_, stand(round_, arms), guards)
    result = Validation(
        verdicts=[_verdict(round_, arms, standing, screened) for screened in round_.screen],
        arms=arms,
        env_steps=sum(record.env_steps for arm in arms for record in arm.records),
        guards=guards,
        control_return=round_.paid,
        control_milestone_score=round_.stage_milestone_score,
    )
    control = _finished(arms, CONTROL, round_.control_hash)
    if control:
        result.control_checkpoint_id = _goes_on(round_, control).checkpoint_id
        result.control_return = mean([end(record).mean_return for record in control])
        result.control_milestone_score = mean([end(record).milestone_score for record in control])
        result.adopted_checkpoint_id = result.control_checkpoint_id
    for verdict in result.verdicts:
        if verdict.outcome in PROMOTED:
            result.promoted = verdict.candidate
            winner = _finished(arms, verdict.candidate, verdict.config_hash)
            if not winner:
                continue
            result.adopted_checkpoint_id = _goes_on(round_, winner).checkpoint_id
            result.promoted_return = mean([end(record).mean_return for record in winner])
            result.promoted_milestone_score = mean([end(record).milestone_score for record in winner])
    return result


def guarded(round_: Round, standing: Standing, guards: Sequence[GuardReading]) -> Standing:
    """A standing after the guard queries: the first that does not hold, or has no value, stops the promotion.

    Raises:
        DocumentError: the readings are not those of the campaign's guard queries.
    """
    name = about_to_promote(standing)
    due = [query.name for query in round_.campaign.validation.guards] if name else []
    if [reading.name for reading in guards] != due:
        raise DocumentError(f"guard readings are of {[reading.name for reading in guards]}; {due} are expected")
    against = next((reading for reading in guards if reading.fault or not reading.holds), None)
    if against is None:
        return standing
    reason = METRICS_REASONS.get(against.fault, VerdictReason.VERDICT_REASON_GUARD_FAILED)
    ruling = Ruling(reason=reason, detail=against.detail, test=standing.rulings[name].test)
    return replace(standing, rulings={**standing.rulings, name: ruling})


def rejudge(
    given: Validation,
    *,
    campaign: Campaign,
    card: TaskCard,
    incumbent: ShapingConfig,
    candidates: Sequence[Candidate],
    stage_return: float,
    stage_milestone_score: float,
    stood_still: int | None = None,
    training_return: float | None = None,
) -> Validation:
    """Derive a validation again from its own arms; it equals `given` unless something is wrong.

    What the screen said is taken from `given`: it rests on rollouts that are not in the journal.

    Args:
        given: the validation as it was recorded.
        campaign: the campaign file, every default filled in.
        card: the task's card.
        incumbent: the incumbent of the round.
        candidates: the round's candidates, in order.
        stage_return: mean return of the stage's evaluation episodes.
        stage_milestone_score: milestone score of those episodes.
        stood_still: env_steps for which the run has stood still, less those of branches meanwhile; None where every
            stage is asked about.
        training_return: mean return of the stage's training episodes; None where it is not known.

    Raises:
        DocumentError: the verdicts are not those of the candidates, or a setting is not filled in.
    """
    screen = tuple(verdict if verdict.reason in SCREENED_OUT else _passed(verdict) for verdict in given.verdicts)
    round_ = Round(
        campaign=campaign,
        card=card,
        control_hash=config_hash(incumbent),
        candidates=tuple(candidates),
        screen=screen,
        incumbent=incumbent,
        stage_return=stage_return,
        stage_milestone_score=stage_milestone_score,
        stood_still=stood_still,
        training_return=training_return,
    )
    return validation(round_, given.arms, given.guards)


def _passed(verdict: Verdict) -> Verdict:
    """What the screen had said of a candidate that it let through."""
    return Verdict(
        candidate=verdict.candidate,
        config_hash=verdict.config_hash,
        terms=verdict.terms,
        invariance=verdict.invariance,
    )


def _verdict(round_: Round, arms: Sequence[ArmResult], standing: Standing, screened: Verdict) -> Verdict:
    """The verdict on one candidate: the screen's, or the standing's ruling, or that the budget is spent."""
    if screened.reason != VerdictReason.VERDICT_REASON_UNSPECIFIED:
        return screened
    ruling = standing.rulings.get(screened.candidate) or _budget_spent(round_, standing)
    return Verdict(
        candidate=screened.candidate,
        config_hash=screened.config_hash,
        outcome=outcome(ruling.reason),
        reason=ruling.reason,
        detail=ruling.detail,
        test=ruling.test,
        terms=mean_activity(_furthest(arms, screened.candidate)) or screened.terms,
        invariance=screened.invariance,
    )


def _goes_on(round_: Round, records: Sequence[BranchRecord]) -> BranchRecord:
    """The branch of an arm that the main run continues with: a race's best, else the median."""
    return best_replica(records) if racers(round_) else median_replica(records)


def _without_proof(round_: Round) -> Standing:
    """The standing where nothing has to be shown: the first candidate is promoted."""
    first = Ruling(reason=VerdictReason.VERDICT_REASON_UNPROVEN, detail="The campaign asks for no proof.")
    other = Ruling(reason=VerdictReason.VERDICT_REASON_NOT_TRIED, detail="The first candidate is promoted untried.")
    return Standing(rulings={name: first if place == 0 else other for place, name in enumerate(round_.passed)})


def _is_too_early(round_: Round) -> bool:
    """Whether a search and one confirm wave cost more than the run has stood still for, where risk decides on proof."""
    by_risk, stood_still = round_.campaign.validation.proof == Proof.PROOF_BY_RISK, round_.stood_still
    return by_risk and stood_still is not None and round_cost(round_) > stood_still


def _too_early(round_: Round) -> Standing:
    """The standing of a round that nothing is tried in: the run may yet learn for what the answer would cost."""
    still = f"the run has stood still for {round_.stood_still}, branches taken off"
    detail = f"Its round takes {round_cost(round_)} env_steps; {still}."
    ruling = Ruling(reason=VerdictReason.VERDICT_REASON_TOO_EARLY, detail=detail)
    return Standing(rulings=dict.fromkeys(round_.passed, ruling))


def _budget_spent(round_: Round, standing: Standing) -> Ruling:
    assert standing.step is not None
    if standing.test is None:
        parts = "The race takes" if racers(round_) else "The search and one confirm wave take"
        detail = f"{parts} {round_cost(round_)} env_steps, more than are left."
    else:
        needed = cost.wave_cost(round_.campaign)
        detail = f"{describe(standing.test)}; wave {standing.step.number} takes {needed} env_steps, more than are left."
    return Ruling(reason=VerdictReason.VERDICT_REASON_BUDGET_SPENT, detail=detail, test=standing.test)


def _furthest(arms: Sequence[ArmResult], arm: str) -> list[BranchRecord]:
    """Records of an arm's furthest branches: confirm, else the last rung."""
    return next((found for pool in _POOLS if (found := last_records(arms, arm, pool))), [])


def _finished(arms: Sequence[ArmResult], arm: str, due_hash: str) -> list[BranchRecord]:
    """Records of an arm's furthest branches that have come to their end."""
    return next((found for pool in _POOLS if (found := trained(last_records(arms, arm, pool), due_hash))), [])
