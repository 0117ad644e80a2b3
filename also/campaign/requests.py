"""What each step asks of a service: requests, as pure functions of the campaign's state."""

from copy import deepcopy

from also.algorithms import is_value_based
from also.campaign import progress
from also.campaign.state import Stage, State
from also.updates import env_steps_of_stage
from also.v1.branch_pb2 import SeedPool
from also.v1.critic_pb2 import DiagnoseRequest, PastStage, StageOutcome
from also.v1.generator_pb2 import ProposeRequest
from also.v1.journal_pb2 import Promoted
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.trainer_pb2 import EvaluateRequest, TrainStageRequest
from also.v1.validator_pb2 import ValidateRequest
from also.validation import cost

MAIN = "main"
"""Name of the run that the campaign improves."""

REFERENCE = "reference"
"""Name of the run without shaping that is measured beside it."""

ONE_SHOT = "one-shot"
"""Name of the run under the first candidate that is measured beside it."""

BESIDE = (REFERENCE, ONE_SHOT)
"""Names of the runs that are measured beside it, and of their trainers."""


def train_stage(campaign_id: str, state: State) -> TrainStageRequest:
    """Train the next stage of the main run."""
    return TrainStageRequest(
        campaign_id=campaign_id,
        run=MAIN,
        stage=len(state.stages),
        campaign=state.campaign,
        checkpoint_id=state.position.checkpoint_id,
        config=state.incumbent.config,
        env_steps=state.env_steps_of_next_stage,
        gather_evidence=True,
        card=state.card,
        origin=state.origin,
    )


def train_reference(
    campaign_id: str, state: State, run: str, config: ShapingConfig, number: int, checkpoint_id: str, env_steps: int
) -> TrainStageRequest:
    """Train a slice of a run that is measured beside the campaign, as its stage `number`."""
    return TrainStageRequest(
        campaign_id=campaign_id,
        run=run,
        stage=number,
        campaign=state.campaign,
        checkpoint_id=checkpoint_id,
        config=config,
        env_steps=env_steps,
        card=state.card,
        origin=state.origin,
    )


def diagnose(campaign_id: str, state: State, stage: Stage) -> DiagnoseRequest:
    """Diagnose a stage from the stages that the main run came through."""
    lineage = state.lineage
    return DiagnoseRequest(
        campaign_id=campaign_id,
        settings=state.campaign.critic,
        card=state.card,
        incumbent=stage.incumbent.config,
        evidence=[each.trained.evidence for each in lineage],
        trials=state.trials,
        past=[_past(state, each) for each in lineage[:-1]],
        allowance=state.llm_allowance(stage),
    )


def propose(campaign_id: str, state: State, stage: Stage) -> ProposeRequest:
    """Propose candidates for a diagnosed stage's next round, no more than branches can still try.

    Few are enough where the run learns and only the worth of its shaping is asked about.
    """
    settings = deepcopy(state.campaign.generator)
    settings.candidates = cost.affordable_candidates(state.campaign, state.env_steps_left_for_branches)
    if progress.asks_for_relief(state, stage):
        settings.candidates = min(settings.candidates, progress.RELIEFS)
    return ProposeRequest(
        campaign_id=campaign_id,
        settings=settings,
        seed=state.campaign.seed,
        stage=stage.number,
        round=len(stage.rounds),
        card=state.card,
        incumbent=stage.incumbent.config,
        evidence=stage.trained.evidence,
        diagnosis=stage.diagnosis,
        trials=state.trials,
        stage_env_steps=env_steps_of_stage(state.campaign),
        allowance=state.llm_allowance(stage),
        gamma=state.campaign.learner.gamma,
        one_reward=is_value_based(state.campaign.learner),
    )


def validate(campaign_id: str, state: State, stage: Stage) -> ValidateRequest:
    """Try the candidates of a stage's last round."""
    return ValidateRequest(
        campaign_id=campaign_id,
        campaign=state.campaign,
        card=state.card,
        stage=stage.number,
        round=len(stage.rounds) - 1,
        checkpoint_id=stage.trained.checkpoint_id,
        incumbent=stage.incumbent.config,
        candidates=stage.rounds[-1].candidates,
        tried_hashes=state.tried_hashes,
        env_steps_left=state.env_steps_left_for_branches,
        stage_return=stage.mean_return,
        stage_milestone_score=stage.milestone_score,
        stood_still_env_steps=progress.stood_still(state, stage),
        training_return=progress.training_return(stage),
    )


def evaluate(campaign_id: str, state: State, checkpoint_id: str) -> EvaluateRequest:
    """Measure a policy on the report seeds."""
    return EvaluateRequest(
        campaign_id=campaign_id,
        campaign=state.campaign,
        checkpoint_id=checkpoint_id,
        pool=SeedPool.SEED_POOL_REPORT,
        card=state.card,
    )


def _past(state: State, stage: Stage) -> PastStage:
    """An earlier stage, as the critic gets it."""
    match stage.decision:
        case Promoted() if stage.number in state.undone:
            outcome = StageOutcome.STAGE_OUTCOME_ROLLED_BACK
        case Promoted(provisional=True):
            outcome = StageOutcome.STAGE_OUTCOME_PROMOTED_PROVISIONALLY
        case Promoted():
            outcome = StageOutcome.STAGE_OUTCOME_PROMOTED
        case _:
            outcome = StageOutcome.STAGE_OUTCOME_HELD
    return PastStage(stage=stage.number, diagnosis=stage.diagnosis, outcome=outcome)
