"""What a campaign does next: the whole method, as one pure function of its state.

    for each stage:                                            while the budget lasts
        train the main run under the incumbent                 TrainStage
        a promotion did not hold its promise?                  RolledBack, next stage
        does it make progress?                                 Held: StillLearning
        have branches taken their share?                       Held: ShareSpent
        diagnose why the team is not learning                  Diagnose
        nothing asks for a change?                             Held: NothingToChange
        up to R rounds:
            propose candidates from the diagnosis              Propose
            try them on branches beside the incumbent          Validate
            one is better by the sparse return?                Promoted, next stage
                (nothing is to be promoted?                    Held: DryRun)
                (a person is to be asked?                      Review, or Held: Rejected)
        none is                                                Held: NothingPromoted
    measure the final policy on seeds never used before        Report
                                                               Finished

An action is either work for a service, or a decision: the event itself, to be written to the
journal. No clock, no store, no chance: `also replay` derives every decision again from here.
"""

from dataclasses import dataclass

from also import reasons, returns
from also.campaign import progress
from also.campaign.state import Stage, StageRound, State, position_after_promotion, position_without_change
from also.v1.campaign_pb2 import CriticBackend
from also.v1.diagnosis_pb2 import Remedy
from also.v1.journal_pb2 import Finished, FinishReason, Held, HoldReason, Promoted, RollbackReason, RolledBack
from also.v1.llm_pb2 import LlmFailure, LlmFailureReason, LlmUse
from also.v1.verdict_pb2 import Outcome, Validation, VerdictReason
from also.words import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainStage:
    """Train the main run for a stage, under the incumbent."""

    stage: int
    """Stage, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnose:
    """Ask the critic why the team is not learning."""

    stage: int
    """Stage, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose:
    """Ask the generator for candidates."""

    stage: int
    """Stage, from 0."""
    round: int
    """Round, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validate:
    """Ask the validator to try the round's candidates."""

    stage: int
    """Stage, from 0."""
    round: int
    """Round, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Ask a person whether the round's candidate is promoted."""

    stage: int
    """Stage, from 0."""
    round: int
    """Round, from 0."""
    candidate: str
    """Name of the candidate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Measure the final policy, and the reference, on the report seeds."""


Work = TrainStage | Diagnose | Propose | Validate | Review | Report
"""Something that a service, or a person, has to do."""

Action = Work | Promoted | Held | RolledBack | Finished
"""Work, or a decision."""


def decide(state: State) -> Action | None:
    """The next action of a campaign; None when it is over."""
    match state.open_stage:
        case None:
            return _between_stages(state)
        case Stage(diagnosis=None) as stage:
            return _rollback(state, stage) or _leave_alone(state, stage) or Diagnose(stage=stage.number)
        case Stage(rounds=()) as stage:
            if asks_for_change(state, stage):
                return Propose(stage=stage.number, round=0)
            return hold(state, stage, HoldReason.HOLD_REASON_NOTHING_TO_CHANGE)
        case Stage(rounds=(StageRound(candidates=()),)) as stage:
            return hold(state, stage, HoldReason.HOLD_REASON_NO_CANDIDATES)
        case Stage(rounds=(*_, StageRound(candidates=()))) as stage:
            return hold(
                state, stage, HoldReason.HOLD_REASON_NOTHING_PROMOTED, "The generator has no further candidate."
            )
        case Stage(rounds=(*_, StageRound(validation=None))) as stage:
            return Validate(stage=stage.number, round=len(stage.rounds) - 1)
        case stage:
            return _after_round(state, stage)


def hold(state: State, stage: Stage, reason: HoldReason, detail: str = "") -> Held:
    """The decision that nothing changes in a stage.

    Args:
        state: state of the campaign.
        stage: its open stage.
        reason: why.
        detail: the reason with its numbers; empty takes the reason's own sentence.
    """
    position = position_without_change(state, stage)
    return Held(
        stage=stage.number,
        reason=reason,
        detail=detail or reasons.HOLDS[reason],
        checkpoint_id=position.checkpoint_id,
        run_env_steps=position.run_env_steps,
    )


LLM_HOLDS = {
    LlmFailureReason.LLM_FAILURE_REASON_UNAVAILABLE: HoldReason.HOLD_REASON_LLM_UNAVAILABLE,
    LlmFailureReason.LLM_FAILURE_REASON_BUDGET_SPENT: HoldReason.HOLD_REASON_LLM_BUDGET_SPENT,
    LlmFailureReason.LLM_FAILURE_REASON_REPLY_INVALID: HoldReason.HOLD_REASON_LLM_REPLY_INVALID,
    LlmFailureReason.LLM_FAILURE_REASON_CONTRADICTED: HoldReason.HOLD_REASON_LLM_CONTRADICTED,
}
"""The hold that follows when a mind's LLM gives no answer."""


METRICS_HOLDS = {
    VerdictReason.VERDICT_REASON_METRICS_UNAVAILABLE: HoldReason.HOLD_REASON_METRICS_UNAVAILABLE,
    VerdictReason.VERDICT_REASON_METRICS_INCOMPLETE: HoldReason.HOLD_REASON_METRICS_INCOMPLETE,
    VerdictReason.VERDICT_REASON_METRICS_STALE: HoldReason.HOLD_REASON_METRICS_STALE,
    VerdictReason.VERDICT_REASON_METRICS_NOT_FINITE: HoldReason.HOLD_REASON_METRICS_NOT_FINITE,
    VerdictReason.VERDICT_REASON_METRICS_AMBIGUOUS: HoldReason.HOLD_REASON_METRICS_AMBIGUOUS,
    VerdictReason.VERDICT_REASON_METRICS_MISMATCH: HoldReason.HOLD_REASON_METRICS_MISMATCH,
}
"""The hold that follows when a candidate could not be judged for what Prometheus said, and none was promoted."""


def hold_without_answer(state: State, stage: Stage, failure: LlmFailure, use: LlmUse) -> Held:
    """The decision that nothing changes in a stage, because an LLM gave no answer.

    Args:
        state: state of the campaign.
        stage: its open stage.
        failure: why there is none.
        use: what that has cost.
    """
    held = hold(state, stage, LLM_HOLDS[failure.reason], failure.detail)
    held.llm.CopyFrom(use)
    return held


def asks_for_change(state: State, stage: Stage) -> bool:
    """Whether a diagnosed stage calls for candidates; without a critic every stage does."""
    if state.campaign.critic.backend == CriticBackend.CRITIC_BACKEND_NONE:
        return True
    assert stage.diagnosis is not None
    return any(finding.remedy != Remedy.REMEDY_KEEP for finding in stage.diagnosis.findings)


def _between_stages(state: State) -> TrainStage | Report | Finished | None:
    if state.finished is not None:
        return None
    if not state.stages_done and not state.budget_spent:
        return TrainStage(stage=len(state.stages))
    if state.reported is None:
        return Report()
    reason = FinishReason.FINISH_REASON_STAGES_DONE if state.stages_done else FinishReason.FINISH_REASON_BUDGET_SPENT
    return Finished(reason=reason, checkpoint_id=state.position.checkpoint_id)


def _leave_alone(state: State, stage: Stage) -> Held | None:
    """The hold where nothing needs to be asked, or nothing could be tried."""
    learning = progress.still_learning(state, stage)
    if learning:
        return hold(state, stage, HoldReason.HOLD_REASON_STILL_LEARNING, learning)
    least = progress.smallest_round(state, stage, progress.training_return(stage))
    left = state.env_steps_left_for_branches
    if least <= left:
        return None
    detail = f"The smallest round takes {least} env_steps; {left} are left of the branches' share and of the budget."
    return hold(state, stage, _what_binds(state), detail)


def _rollback(state: State, stage: Stage) -> RolledBack | None:
    """The guard: what was promoted must not have made things worse, and what milestones promoted must pay in time."""
    if not state.on_trial:
        return None
    (first, _), (last, promoted) = state.on_trial[0], state.on_trial[-1]
    control = last.validations[-1]
    floor = control.control_return - state.campaign.guard.margin * returns.span(state.card, control.control_return)
    nothing, without_return = returns.nothing(state.card), stage.number - first.number
    if promoted.provisional and stage.mean_return <= nothing and floor <= nothing:
        if control.arms and stage.milestone_score <= control.control_milestone_score:
            detail = (
                f"No return, and milestone score {stage.milestone_score:.4g} under {promoted.candidate} is not above "
                f"control's {control.control_milestone_score:.4g}."
            )
            return _undo(state, stage, last, RollbackReason.ROLLBACK_REASON_NOT_CONFIRMED, detail)
        if not control.arms and (fall := progress.milestones_fell(state, stage, last)):
            detail = f"No return under {promoted.candidate}, and a {fall}."
            return _undo(state, stage, last, RollbackReason.ROLLBACK_REASON_NOT_CONFIRMED, detail)
        patience = state.campaign.guard.patience * max(1, state.campaign.stages.patience)
        if without_return >= patience and not progress.still_learning(state, stage):
            within = counted(without_return, "stage")
            detail = f"No return in {within} since stage {first.number} promoted by milestones alone."
            return _undo(state, stage, first, RollbackReason.ROLLBACK_REASON_NOT_CONFIRMED, detail)
    elif (returned := stage.mean_return if control.arms else progress.training_return(stage)) < floor:
        detail = (
            f"Return {returned:.4g} under {promoted.candidate} is below {floor:.4g}: control's "
            f"{control.control_return:.4g} less the margin."
        )
        return _undo(state, stage, last, RollbackReason.ROLLBACK_REASON_RETURN_FELL, detail)
    return None


def _undo(state: State, stage: Stage, before: Stage, reason: RollbackReason, detail: str) -> RolledBack:
    """The rollback to what a stage would have gone on with had it promoted nothing."""
    position = position_without_change(state, before)
    return RolledBack(
        stage=stage.number,
        promotion_stage=before.number,
        reason=reason,
        detail=detail,
        config=before.incumbent.config,
        config_hash=before.incumbent.config_hash,
        checkpoint_id=position.checkpoint_id,
        run_env_steps=position.run_env_steps,
    )


def _after_round(state: State, stage: Stage) -> Promoted | Held | Propose | Review:
    """What follows from a round that was measured."""
    validation = stage.validations[-1]
    if validation.promoted:
        return _by_hand(state, stage, _promotion(state, stage, validation))
    why = {verdict.reason for verdict in validation.verdicts}
    if VerdictReason.VERDICT_REASON_CONTROL_FAILED in why:
        return hold(state, stage, HoldReason.HOLD_REASON_CONTROL_FAILED)
    for reason, held in METRICS_HOLDS.items():
        if reason in why:
            return hold(state, stage, held, _detail_of(validation, reason))
    if VerdictReason.VERDICT_REASON_BUDGET_SPENT in why:
        return hold(state, stage, _what_binds(state))
    once = progress.asks_for_relief(state, stage) and not _is_too_early(validation)
    if len(stage.rounds) < (1 if once else state.campaign.validation.rounds):
        return Propose(stage=stage.number, round=len(stage.rounds))
    untried = all(map(_is_too_early, stage.validations))
    detail = _detail_of(validation, VerdictReason.VERDICT_REASON_TOO_EARLY) if untried else ""
    return hold(state, stage, HoldReason.HOLD_REASON_NOTHING_PROMOTED, detail)


def _is_too_early(validation: Validation) -> bool:
    """Whether what a round proposed has to wait, so that nothing was tried in it."""
    return any(verdict.reason == VerdictReason.VERDICT_REASON_TOO_EARLY for verdict in validation.verdicts)


def _by_hand(state: State, stage: Stage, decision: Promoted | Held) -> Promoted | Held | Review:
    """A promotion as far as people leave it to be one."""
    settings, review = state.campaign.validation, stage.review
    if isinstance(decision, Held) or not (settings.dry_run or settings.approve):
        return decision
    if settings.dry_run:
        detail = f"{decision.candidate} would have been promoted."
        return hold(state, stage, HoldReason.HOLD_REASON_DRY_RUN, detail)
    if review is None:
        return Review(stage=stage.number, round=len(stage.rounds) - 1, candidate=decision.candidate)
    if review.approved:
        return decision
    detail = f"{decision.candidate} was rejected by a person" + (f": {review.note}" if review.note else ".")
    return hold(state, stage, HoldReason.HOLD_REASON_REJECTED, detail)


def _what_binds(state: State) -> HoldReason:
    """What a round was too dear for: the branches' share, or the rest of the budget."""
    rest = state.campaign.budget.env_steps - state.env_steps
    binds = state.env_steps_left_for_branches < rest
    return HoldReason.HOLD_REASON_SHARE_SPENT if binds else HoldReason.HOLD_REASON_BUDGET_SPENT


def _detail_of(validation: Validation, reason: VerdictReason) -> str:
    return next(verdict.detail for verdict in validation.verdicts if verdict.reason == reason)


def _promotion(state: State, stage: Stage, validation: Validation) -> Promoted | Held:
    trial = next(trial for trial in stage.trials if trial.candidate.name == validation.promoted)
    provisional = trial.verdict.outcome == Outcome.OUTCOME_PROMOTED_PROVISIONALLY
    if provisional and stage.number + 1 == state.campaign.stages.count:
        detail = f"{validation.promoted} could be promoted provisionally only, and no stage is left to confirm it."
        return hold(state, stage, HoldReason.HOLD_REASON_NOTHING_PROMOTED, detail)
    position = position_after_promotion(state, stage)
    return Promoted(
        stage=stage.number,
        candidate=trial.candidate.name,
        config=trial.candidate.config,
        config_hash=trial.candidate.config_hash,
        provisional=provisional,
        checkpoint_id=position.checkpoint_id,
        run_env_steps=position.run_env_steps,
    )
