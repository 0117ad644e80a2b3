"""A campaign's state as one message for programs: `also status --json`, `also report --json`, the Python interface."""

from also.campaign.state import Stage, State
from also.v1.diagnosis_pb2 import FailureMode
from also.v1.journal_pb2 import Held, Promoted, RolledBack
from also.v1.summary_pb2 import CampaignSummary, LlmTotal, StageSummary


def summary(state: State, campaign_id: str, *, stages: bool = True) -> CampaignSummary:
    """What a campaign has come to.

    Args:
        state: its state.
        campaign_id: its id.
        stages: whether its stages are listed too.

    Returns:
        The summary, without what is known of its conductor.
    """
    found = CampaignSummary(
        campaign=campaign_id,
        task=state.card.task,
        stages_trained=len(state.stages),
        stages_planned=state.campaign.stages.count,
        env_steps=state.env_steps,
        branch_env_steps=state.branch_env_steps,
        checkpoint_id=state.position.checkpoint_id,
        shaping=state.incumbent.config,
        reported=state.reported,
        stages=[_stage(stage) for stage in state.stages] if stages else [],
        llm=_llm(state),
    )
    if state.finished is not None:
        found.finish_reason = state.finished.reason
        found.checkpoint_id = state.finished.checkpoint_id
    return found


def _llm(state: State) -> LlmTotal | None:
    uses = state.llm_uses
    if not uses:
        return None
    return LlmTotal(
        calls=state.llm_calls,
        prompt_tokens=sum(use.prompt_tokens for use in uses),
        completion_tokens=sum(use.completion_tokens for use in uses),
        cost=state.llm_cost,
    )


def _stage(stage: Stage) -> StageSummary:
    evidence = stage.trained.evidence
    found = StageSummary(
        number=stage.number,
        mean_return=stage.mean_return,
        return_low=evidence.return_low,
        return_high=evidence.return_high,
        run_env_steps=evidence.env_steps,
        env_steps=stage.env_steps,
        checkpoint_id=stage.trained.checkpoint_id,
    )
    if stage.diagnosis is not None:
        found.phase = stage.diagnosis.phase
        if stage.diagnosis.findings and stage.diagnosis.findings[0].mode != FailureMode.FAILURE_MODE_NONE:
            found.finding = stage.diagnosis.findings[0].mode
    match stage.decision:
        case Promoted():
            found.promoted.CopyFrom(stage.decision)
        case Held():
            found.held.CopyFrom(stage.decision)
        case RolledBack():
            found.rolled_back.CopyFrom(stage.decision)
    return found
