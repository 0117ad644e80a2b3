"""The state of a campaign: its stages, and what follows from them.

A stage is trained, then diagnosed, then goes through rounds of propose and validate, and ends with
one decision: promoted, held or rolled back. Everything that later steps need (trials, spent
env_steps, what a rollback returns to) is read off the stages, so that no two parts of the state can
disagree. `also.campaign.fold` makes a state from a journal's records.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from also import returns
from also.shaping.relief import is_relief
from also.updates import env_steps_asked, fitting_updates, whole_updates
from also.v1.campaign_pb2 import Adopt, Campaign
from also.v1.checkpoint_pb2 import Origin
from also.v1.diagnosis_pb2 import Diagnosis
from also.v1.journal_pb2 import (
    Amended,
    CampaignStarted,
    Diagnosed,
    Finished,
    Held,
    Promoted,
    Proposed,
    Reported,
    Reviewed,
    RolledBack,
    StageTrained,
    Stopped,
    Validated,
)
from also.v1.llm_pb2 import LlmAllowance, LlmUse
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import Candidate, Outcome, Trial, Validation
from also.validation import cost

Decision = Promoted | Held | RolledBack
"""How a stage ends."""

Event = (
    CampaignStarted
    | Amended
    | Stopped
    | StageTrained
    | Diagnosed
    | Proposed
    | Validated
    | Reviewed
    | Decision
    | Reported
    | Finished
)
"""What a record can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A point of the main run."""

    checkpoint_id: str = ""
    """Checkpoint; empty before the first stage."""
    run_env_steps: int = 0
    """env_steps that the run had taken there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incumbent:
    """A shaping config in office."""

    config: ShapingConfig
    """The config."""
    config_hash: str
    """sha256 of its canonical form, hex."""
    since: int
    """First stage that it is trained in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRound:
    """One propose → validate pass inside a stage."""

    candidates: tuple[Candidate, ...]
    """What the generator proposed; may be empty."""
    validation: Validation | None = None
    """What the validator found; None while it is measuring, or when there is nothing to measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One turn of the loop, as far as it has come."""

    number: int
    """Number, from 0."""
    incumbent: Incumbent
    """What it was trained under."""
    trained: StageTrained
    """Checkpoint and evidence at the end of its training."""
    diagnosis: Diagnosis | None = None
    """What the critic said."""
    rounds: tuple[StageRound, ...] = ()
    """Its rounds so far."""
    review: Reviewed | None = None
    """What a person said of the candidate that its last round would promote; None where nobody has."""
    llm_uses: tuple[LlmUse, ...] = ()
    """What LLMs have cost in it, in order."""
    decision: Decision | None = None
    """How it ended; None while it is open."""

    @property
    def position(self) -> Position:
        """Where its training ended."""
        return Position(checkpoint_id=self.trained.checkpoint_id, run_env_steps=self.trained.evidence.env_steps)

    @property
    def mean_return(self) -> float:
        """Mean return of its evaluation episodes, units of task reward."""
        return self.trained.evidence.returns.mean

    @property
    def milestone_score(self) -> float:
        """Mean over milestones of the share of its evaluation episodes that reached them. In [0, 1]."""
        return self.trained.evidence.milestone_score

    @property
    def validations(self) -> list[Validation]:
        """Results of its rounds, in order."""
        return [each.validation for each in self.rounds if each.validation is not None]

    @property
    def env_steps(self) -> int:
        """env_steps that it cost: training and branches together."""
        return self.trained.env_steps + sum(validation.env_steps for validation in self.validations)

    @property
    def llm_calls(self) -> int:
        """Calls of LLMs in it."""
        return sum(use.calls for use in self.llm_uses)

    @property
    def llm_tokens(self) -> int:
        """Tokens of LLMs in it, prompts and completions together."""
        return sum(use.prompt_tokens + use.completion_tokens for use in self.llm_uses)

    @property
    def trials(self) -> Iterator[Trial]:
        """What it tried, with the verdict, in order."""
        for number, each in enumerate(self.rounds):
            if each.validation is not None:
                for candidate, verdict in zip(each.candidates, each.validation.verdicts, strict=True):
                    yield Trial(stage=self.number, round=number, candidate=candidate, verdict=verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that is known of a campaign."""

    campaign: Campaign
    """The campaign file, every default filled in, as it is now."""
    card: TaskCard
    """The task's card."""
    incumbent: Incumbent
    """What the next stage is trained under."""
    origin: Origin | None = None
    """What its runs began with; None for weights drawn at random."""
    position: Position = Position()
    """Where the main run continues."""
    stages: tuple[Stage, ...] = ()
    """All stages, in order; only the last one can be open."""
    reported: Reported | None = None
    """What the final policy is worth."""
    finished: Finished | None = None
    """Why the campaign is over; None while it is not."""
    stopped: bool = False
    """Whether the last thing that happened is that a person stopped its conductor."""

    @property
    def open_stage(self) -> Stage | None:
        """The stage that still awaits its decision."""
        return self.stages[-1] if self.stages and self.stages[-1].decision is None else None

    @property
    def stage_under_way(self) -> Stage:
        """The open stage, for what is asked and done within one only."""
        assert self.open_stage is not None, "no stage is open"
        return self.open_stage

    @property
    def stages_done(self) -> bool:
        """Whether the main run has trained all stages."""
        return len(self.stages) >= self.campaign.stages.count

    @property
    def budget_spent(self) -> bool:
        """Whether the budget does not suffice for another update."""
        return self.env_steps_of_next_stage == 0

    @property
    def env_steps_of_next_stage(self) -> int:
        """env_steps that the main run trains next, in whole updates: a stage's, or fewer where the budget ends."""
        learner = self.campaign.learner
        asked = whole_updates(env_steps_asked(self.campaign, len(self.stages)), learner)
        return min(asked, fitting_updates(self.campaign.budget.env_steps - self.env_steps, learner))

    @property
    def env_steps(self) -> int:
        """env_steps spent so far: main run and branches together."""
        return sum(stage.env_steps for stage in self.stages)

    @property
    def first_proposed(self) -> ShapingConfig | None:
        """The first candidate of the campaign: what its minds thought of first. None while there is none."""
        proposed = (each for stage in self.stages for round_ in stage.rounds for each in round_.candidates)
        return next((each.config for each in proposed), None)

    @property
    def branch_env_steps(self) -> int:
        """env_steps that branches took so far."""
        return sum(validation.env_steps for stage in self.stages for validation in stage.validations)

    @property
    def env_steps_left_for_branches(self) -> int:
        """env_steps that branches may still take: the rest of their share, and no more than the budget's rest."""
        share = cost.allowed_for_branches(self.campaign) - self.branch_env_steps
        return max(0, min(share, self.campaign.budget.env_steps - self.env_steps))

    @property
    def llm_uses(self) -> list[LlmUse]:
        """What LLMs have cost, in order."""
        return [use for stage in self.stages for use in stage.llm_uses]

    @property
    def llm_calls(self) -> int:
        """Calls of LLMs so far."""
        return sum(stage.llm_calls for stage in self.stages)

    @property
    def llm_tokens(self) -> int:
        """Tokens of LLMs so far, prompts and completions together."""
        return sum(stage.llm_tokens for stage in self.stages)

    @property
    def llm_cost(self) -> float:
        """Cost of LLMs so far by the endpoints' prices, in their currency."""
        return sum(use.cost for use in self.llm_uses)

    def llm_allowance(self, stage: Stage) -> LlmAllowance:
        """What an LLM's next answer in a stage may cost: what is left of the stage's and of the campaign's budget."""
        budget = self.campaign.budget
        calls = budget.llm_calls - self.llm_calls
        tokens = budget.llm_tokens - self.llm_tokens
        return LlmAllowance(
            calls=max(0, min(calls, budget.llm_calls_per_stage - stage.llm_calls)),
            tokens=max(0, min(tokens, budget.llm_tokens_per_stage - stage.llm_tokens)),
        )

    @property
    def trials(self) -> list[Trial]:
        """What the campaign has tried, in order."""
        return [trial for stage in self.stages for trial in stage.trials]

    @property
    def tried_hashes(self) -> list[str]:
        """Hashes of the configs tried since the incumbent took over; inconclusive trials do not count.

        Nor does, from the next stage on, what only takes away from the incumbent: it may not be needed any more.
        """
        return [
            trial.verdict.config_hash
            for trial in self.trials
            if trial.stage >= self.incumbent.since
            and trial.verdict.outcome != Outcome.OUTCOME_INCONCLUSIVE
            and (trial.stage == len(self.stages) - 1 or not is_relief(trial.candidate.config, self.incumbent.config))
        ]

    @property
    def lineage(self) -> list[Stage]:
        """The stages that the main run has come through: a rollback takes out all that it undoes."""
        stages: list[Stage] = []
        for stage in self.stages:
            if isinstance(stage.decision, RolledBack):
                stages = [each for each in stages if each.number <= stage.decision.promotion_stage]
            else:
                stages.append(stage)
        return stages

    @property
    def undone(self) -> set[int]:
        """Stages whose promotion was rolled back."""
        return {stage.decision.promotion_stage for stage in self.stages if isinstance(stage.decision, RolledBack)}

    @property
    def on_trial(self) -> list[tuple[Stage, Promoted]]:
        """The promotions that the open stage puts to the test, oldest first, with the stages that made them.

        A promotion by return is tested in the next stage. A provisional one stays on trial until a stage
        has a return above the baseline.
        """
        if self.open_stage is None:
            return []
        found: list[tuple[Stage, Promoted]] = []
        for stage in self.lineage[:-1]:
            if stage.mean_return > returns.nothing(self.card):
                found = []
            found = [each for each in found if each[1].provisional]
            if isinstance(stage.decision, Promoted) and stage.number not in self.undone:
                found.append((stage, stage.decision))
        return found


def position_of(validation: Validation, checkpoint_id: str) -> Position | None:
    """Where a branch ended, by its checkpoint; None when no branch has that checkpoint."""
    for arm in validation.arms:
        for branch in arm.records:
            if checkpoint_id and branch.checkpoint_id == checkpoint_id and branch.measures:
                return Position(checkpoint_id=checkpoint_id, run_env_steps=branch.measures[-1].env_steps)
    return None


def position_without_change(state: State, stage: Stage) -> Position:
    """Where the main run continues from a stage when nothing is promoted.

    Adopting branches it is control's median replica of the round that came furthest (of the later
    one where equal); adopting configs, or where no control branch finished, the stage's own end.
    """
    furthest = stage.position
    if state.campaign.validation.adopt == Adopt.ADOPT_BRANCH:
        for validation in stage.validations:
            control = position_of(validation, validation.control_checkpoint_id)
            if control is not None and control.run_env_steps >= furthest.run_env_steps:
                furthest = control
    return furthest


def position_after_promotion(state: State, stage: Stage) -> Position:
    """Where the main run continues from a stage whose last round promoted a candidate."""
    if state.campaign.validation.adopt == Adopt.ADOPT_CONFIG:
        return stage.position
    validation = stage.validations[-1]
    return position_of(validation, validation.adopted_checkpoint_id) or stage.position
