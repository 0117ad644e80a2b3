"""The state of a campaign: the fold of its journal's records, and nothing else.

    State = fold(records)        advance(state, record) -> State

A stage is trained, then diagnosed, then goes through rounds of propose and validate, and ends with
one decision: promoted, held or rolled back. Everything that later steps need (trials, spent
env_steps, what a rollback returns to) is read off the stages, so that no two parts of the state can
disagree. A record that cannot follow the state means a damaged journal, and is refused.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from also.errors import CampaignError
from also.shaping.identity import config_hash
from also.v1.campaign_pb2 import Adopt, Campaign
from also.v1.diagnosis_pb2 import Diagnosis
from also.v1.journal_pb2 import (
    CampaignStarted,
    Diagnosed,
    Finished,
    Held,
    JournalRecord,
    Promoted,
    Proposed,
    Reported,
    RolledBack,
    StageTrained,
    Validated,
)
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import Candidate, Outcome, Trial, Validation

Decision = Promoted | Held | RolledBack
"""How a stage ends."""

Event = CampaignStarted | StageTrained | Diagnosed | Proposed | Validated | Decision | Reported | Finished
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
class Round:
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
    rounds: tuple[Round, ...] = ()
    """Its rounds so far."""
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
        """What its rounds came to, in order."""
        return [each.validation for each in self.rounds if each.validation is not None]

    @property
    def env_steps(self) -> int:
        """env_steps that it cost: training and branches together."""
        return self.trained.env_steps + sum(validation.env_steps for validation in self.validations)

    @property
    def trials(self) -> Iterator[Trial]:
        """What it tried, with what came of it, in order."""
        for number, each in enumerate(self.rounds):
            if each.validation is not None:
                for candidate, verdict in zip(each.candidates, each.validation.verdicts, strict=True):
                    yield Trial(stage=self.number, round=number, candidate=candidate, verdict=verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that is known of a campaign."""

    campaign: Campaign
    """The campaign file, every default filled in."""
    card: TaskCard
    """The task's card."""
    incumbent: Incumbent
    """What the next stage is trained under."""
    position: Position = Position()
    """Where the main run goes on."""
    stages: tuple[Stage, ...] = ()
    """All stages, in order; only the last one can be open."""
    reported: Reported | None = None
    """What the final policy is worth."""
    finished: Finished | None = None
    """Why the campaign is over; None while it is not."""

    @property
    def open_stage(self) -> Stage | None:
        """The stage that still awaits its decision."""
        return self.stages[-1] if self.stages and self.stages[-1].decision is None else None

    @property
    def env_steps(self) -> int:
        """env_steps spent so far: main run and branches together."""
        return sum(stage.env_steps for stage in self.stages)

    @property
    def trials(self) -> list[Trial]:
        """What the campaign has tried, in order."""
        return [trial for stage in self.stages for trial in stage.trials]

    @property
    def tried_hashes(self) -> list[str]:
        """Hashes of the configs tried since the incumbent took over; inconclusive trials do not count."""
        return [
            trial.verdict.config_hash
            for trial in self.trials
            if trial.stage >= self.incumbent.since and trial.verdict.outcome != Outcome.OUTCOME_INCONCLUSIVE
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
    def on_trial(self) -> list[tuple[Stage, Promoted]]:
        """The promotions that the open stage puts to the test, oldest first, with the stages that made them.

        A promotion by return is tested in the next stage. A provisional one stays on trial until a stage
        has a positive return.
        """
        if self.open_stage is None:
            return []
        undone = {stage.decision.promotion_stage for stage in self.stages if isinstance(stage.decision, RolledBack)}
        found: list[tuple[Stage, Promoted]] = []
        for stage in self.lineage[:-1]:
            if stage.mean_return > 0:
                found = []
            found = [each for each in found if each[1].provisional]
            if isinstance(stage.decision, Promoted) and stage.number not in undone:
                found.append((stage, stage.decision))
        return found


def fold(records: Iterable[JournalRecord]) -> State:
    """The state after all records.

    Raises:
        CampaignError: there is no record, or one that cannot follow the ones before it.
    """
    state: State | None = None
    for record in records:
        state = begin(record) if state is None else advance(state, record)
    if state is None:
        raise CampaignError("the journal is empty; a campaign's first record is its start")
    return state


def begin(record: JournalRecord) -> State:
    """The state after the first record.

    Raises:
        CampaignError: the record is not a campaign's start.
    """
    if record.WhichOneof("event") != "started":
        raise _refusal(record, "it is the first one, and a campaign's first record is its start")
    campaign = record.started.campaign
    incumbent = Incumbent(config=campaign.shaping, config_hash=config_hash(campaign.shaping), since=0)
    return State(campaign=campaign, card=record.started.card, incumbent=incumbent)


def advance(state: State, record: JournalRecord) -> State:
    """The state after one more record.

    Raises:
        CampaignError: the record cannot follow this state.
    """
    if state.finished is not None:
        raise _refusal(record, "the campaign is over")
    match event_of(record):
        case StageTrained() as event:
            return _train(state, record, event)
        case Reported() as event:
            _require(record, state.open_stage is None and bool(state.stages), "a stage is open, or none was trained")
            _require(record, state.reported is None, "the campaign was reported before")
            return replace(state, reported=event)
        case Finished() as event:
            _require(record, state.reported is not None, "the campaign was not reported")
            _require(
                record, event.checkpoint_id == state.position.checkpoint_id, "its checkpoint is not the main run's"
            )
            return replace(state, finished=event)
        case Diagnosed() | Proposed() | Validated() | Promoted() | Held() | RolledBack() as event:
            stage = state.open_stage
            if stage is None or event.stage != stage.number:
                raise _refusal(record, f"stage {event.stage} is not open")
            return _within_stage(state, stage, record, event)
        case _:
            raise _refusal(record, "the campaign has begun")


def event_of(record: JournalRecord) -> Event:
    """The event that a record holds.

    Raises:
        CampaignError: it holds none that this ALSO knows.
    """
    name = record.WhichOneof("event")
    if name is None:
        raise _refusal(record, "it holds no event")
    event: Event = getattr(record, name)
    return event


def position_of(validation: Validation, checkpoint_id: str) -> Position | None:
    """Where a branch ended, by its checkpoint; None when no branch has that checkpoint."""
    for arm in validation.arms:
        for branch in arm.records:
            if checkpoint_id and branch.checkpoint_id == checkpoint_id and branch.measures:
                return Position(checkpoint_id=checkpoint_id, run_env_steps=branch.measures[-1].env_steps)
    return None


def position_without_change(state: State, stage: Stage) -> Position:
    """Where the main run goes on from a stage when nothing is promoted.

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
    """Where the main run goes on from a stage whose last round promoted a candidate."""
    if state.campaign.validation.adopt == Adopt.ADOPT_CONFIG:
        return stage.position
    validation = stage.validations[-1]
    return position_of(validation, validation.adopted_checkpoint_id) or stage.position


def _train(state: State, record: JournalRecord, event: StageTrained) -> State:
    _require(record, state.open_stage is None, "the stage before is open")
    _require(record, state.reported is None, "the campaign was reported")
    _require(record, event.stage == len(state.stages), f"stage {len(state.stages)} is the next one")
    _require(record, event.HasField("evidence") and event.checkpoint_id != "", "it has no evidence or no checkpoint")
    _require(record, event.evidence.config_hash == state.incumbent.config_hash, "it trained another shaping config")
    stage = Stage(number=event.stage, incumbent=state.incumbent, trained=event)
    return replace(state, stages=(*state.stages, stage))


def _within_stage(
    state: State, stage: Stage, record: JournalRecord, event: Diagnosed | Proposed | Validated | Decision
) -> State:
    match event:
        case Diagnosed():
            _require(record, stage.diagnosis is None, "the stage was diagnosed before")
            return _with_open(state, replace(stage, diagnosis=event.diagnosis))
        case Proposed():
            return _with_open(state, _propose(stage, record, event))
        case Validated():
            return _with_open(state, _validate(stage, record, event))
        case Promoted():
            incumbent = _promote(stage, record, event)
        case RolledBack():
            incumbent = _roll_back(state, stage, record, event)
        case Held():
            incumbent = stage.incumbent
    position = Position(checkpoint_id=event.checkpoint_id, run_env_steps=event.run_env_steps)
    closed = _with_open(state, replace(stage, decision=event))
    return replace(closed, incumbent=incumbent, position=position)


def _propose(stage: Stage, record: JournalRecord, event: Proposed) -> Stage:
    _require(record, stage.diagnosis is not None, "the stage was not diagnosed")
    _require(record, event.round == len(stage.rounds), f"round {len(stage.rounds)} is the next one")
    _require(record, not stage.rounds or stage.rounds[-1].validation is not None, "the round before is open")
    names = [candidate.name for each in stage.rounds for candidate in each.candidates]
    names += [candidate.name for candidate in event.candidates]
    _require(record, len(set(names)) == len(names), "two candidates of the stage have the same name")
    return replace(stage, rounds=(*stage.rounds, Round(candidates=tuple(event.candidates))))


def _validate(stage: Stage, record: JournalRecord, event: Validated) -> Stage:
    _require(
        record, event.round == len(stage.rounds) - 1, f"round {event.round} was not proposed, or is not the last one"
    )
    now = stage.rounds[-1]
    _require(record, now.validation is None, "the round was validated before")
    validation = event.validation
    judged = [verdict.candidate for verdict in validation.verdicts]
    _require(
        record, judged == [candidate.name for candidate in now.candidates], "it does not judge the round's candidates"
    )
    _require(record, not validation.promoted or validation.promoted in judged, "it promotes an unknown candidate")
    for checkpoint_id in (validation.adopted_checkpoint_id, validation.control_checkpoint_id):
        known = not checkpoint_id or position_of(validation, checkpoint_id) is not None
        _require(record, known, f"checkpoint {checkpoint_id} belongs to none of its branches")
    return replace(stage, rounds=(*stage.rounds[:-1], replace(now, validation=validation)))


def _promote(stage: Stage, record: JournalRecord, event: Promoted) -> Incumbent:
    promoted = [
        candidate.config_hash
        for each in stage.rounds
        if each.validation is not None
        for candidate in each.candidates
        if candidate.name == each.validation.promoted == event.candidate
    ]
    _require(
        record, promoted == [event.config_hash], f"no round promoted candidate {event.candidate!r} with this config"
    )
    _require(record, config_hash(event.config) == event.config_hash, "its config and config hash differ")
    return Incumbent(config=event.config, config_hash=event.config_hash, since=stage.number + 1)


def _roll_back(state: State, stage: Stage, record: JournalRecord, event: RolledBack) -> Incumbent:
    _require(record, stage.diagnosis is None, "the stage stood its test")
    undone = [before for before, _ in state.on_trial if before.number == event.promotion_stage]
    if not undone:
        raise _refusal(record, f"no promotion of stage {event.promotion_stage} is on trial")
    incumbent = undone[0].incumbent
    _require(record, event.config_hash == incumbent.config_hash, "its config is not the incumbent before")
    return incumbent


def _with_open(state: State, stage: Stage) -> State:
    return replace(state, stages=(*state.stages[:-1], stage))


def _require(record: JournalRecord, fine: bool, otherwise: str) -> None:
    if not fine:
        raise _refusal(record, otherwise)


def _refusal(record: JournalRecord, why: str) -> CampaignError:
    name = record.WhichOneof("event") or "nothing"
    return CampaignError(f"journal record {record.sequence} ({name}) cannot be right: {why}")
