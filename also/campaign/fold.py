"""From records to state: a campaign's state is the fold of its journal, and nothing else.

    State = fold(records)        advance(state, record) -> State

A record that cannot follow the state means a damaged journal, or a service whose answer makes no
sense, and is refused.
"""

from collections.abc import Iterable
from dataclasses import replace

from also.campaign.amendment import amendment
from also.campaign.state import Decision, Event, Incumbent, Position, Stage, StageRound, State, position_of
from also.errors import CampaignError
from also.shaping.identity import config_hash
from also.v1.journal_pb2 import (
    Amended,
    Diagnosed,
    Finished,
    Held,
    JournalRecord,
    Promoted,
    Proposed,
    Reported,
    Reviewed,
    RolledBack,
    StageTrained,
    Stopped,
    Validated,
)


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
    origin = record.started.origin if record.started.HasField("origin") else None
    return State(campaign=campaign, card=record.started.card, incumbent=incumbent, origin=origin)


def advance(state: State, record: JournalRecord) -> State:
    """The state after one more record.

    Raises:
        CampaignError: the record cannot follow this state.
    """
    event = event_of(record)
    state = replace(state, stopped=False)
    if isinstance(event, Amended):
        return _amend(state, record, event)
    if state.finished is not None:
        raise _refusal(record, "the campaign is over")
    match event:
        case Stopped():
            return replace(state, stopped=True)
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
        case Diagnosed() | Proposed() | Validated() | Reviewed() | Promoted() | Held() | RolledBack() as event:
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


def _amend(state: State, record: JournalRecord, event: Amended) -> State:
    """The state of the campaign as it runs; where it has grown by a stage, it is not over any more."""
    _require(record, state.open_stage is None, "a stage is open")
    try:
        grown = amendment(state.campaign, event.campaign)
    except CampaignError as error:
        raise _refusal(record, f"it is another campaign ({error})") from None
    _require(record, grown is not None, "nothing has grown")
    following = replace(state, campaign=event.campaign)
    if following.stages_done or following.budget_spent:
        return following
    return replace(following, reported=None, finished=None)


def _train(state: State, record: JournalRecord, event: StageTrained) -> State:
    _require(record, state.open_stage is None, "the stage before is open")
    _require(record, state.reported is None, "the campaign was reported")
    _require(record, event.stage == len(state.stages), f"stage {len(state.stages)} is the next one")
    _require(record, event.HasField("evidence") and event.checkpoint_id != "", "it has no evidence or no checkpoint")
    _require(record, event.evidence.config_hash == state.incumbent.config_hash, "it trained another shaping config")
    stage = Stage(number=event.stage, incumbent=state.incumbent, trained=event)
    return replace(state, stages=(*state.stages, stage))


def _within_stage(
    state: State, stage: Stage, record: JournalRecord, event: Diagnosed | Proposed | Validated | Reviewed | Decision
) -> State:
    match event:
        case Diagnosed():
            _require(record, stage.diagnosis is None, "the stage was diagnosed before")
            return _with_open(state, _charged(replace(stage, diagnosis=event.diagnosis), event))
        case Proposed():
            return _with_open(state, _charged(_propose(stage, record, event), event))
        case Validated():
            return _with_open(state, _validate(stage, record, event))
        case Reviewed():
            return _with_open(state, _review(stage, record, event))
        case Promoted():
            incumbent = _promote(stage, record, event)
        case RolledBack():
            incumbent = _roll_back(state, stage, record, event)
        case Held():
            incumbent = stage.incumbent
            stage = _charged(stage, event)
    position = Position(checkpoint_id=event.checkpoint_id, run_env_steps=event.run_env_steps)
    closed = _with_open(state, replace(stage, decision=event))
    return replace(closed, incumbent=incumbent, position=position)


def _charged(stage: Stage, event: Diagnosed | Proposed | Held) -> Stage:
    """The stage with what an event says that an LLM has cost."""
    return replace(stage, llm_uses=(*stage.llm_uses, event.llm)) if event.HasField("llm") else stage


def _propose(stage: Stage, record: JournalRecord, event: Proposed) -> Stage:
    _require(record, stage.diagnosis is not None, "the stage was not diagnosed")
    _require(record, event.round == len(stage.rounds), f"round {len(stage.rounds)} is the next one")
    _require(record, not stage.rounds or stage.rounds[-1].validation is not None, "the round before is open")
    names = [candidate.name for each in stage.rounds for candidate in each.candidates]
    names += [candidate.name for candidate in event.candidates]
    _require(record, len(set(names)) == len(names), "two candidates of the stage have the same name")
    return replace(stage, rounds=(*stage.rounds, StageRound(candidates=tuple(event.candidates))))


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


def _review(stage: Stage, record: JournalRecord, event: Reviewed) -> Stage:
    _require(record, stage.review is None, "the stage was reviewed before")
    last = stage.rounds[-1].validation if stage.rounds else None
    promoted = last.promoted if last is not None and event.round == len(stage.rounds) - 1 else ""
    _require(record, bool(promoted) and event.candidate == promoted, f"{event.candidate!r} is not to be promoted")
    return replace(stage, review=event)


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
