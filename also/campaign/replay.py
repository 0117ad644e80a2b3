"""Replay: every decision and every verdict of a journal, derived again from what came before it.

    for each record:  decide(fold(records before it)) must be what the record holds

A decision must be equal in every field. Work must have been asked for; what a service answered is
not derived again, except for verdicts: those follow from the branches' records by the same pure
judge that the validator asks.
"""

from collections.abc import Iterator, Sequence

from google.protobuf.message import Message

from also import document
from also.campaign import comparison, progress
from also.campaign.decide import (
    LLM_HOLDS,
    Action,
    Diagnose,
    Propose,
    Report,
    Review,
    TrainStage,
    Validate,
    decide,
    hold,
)
from also.campaign.fold import advance, begin, event_of, fold
from also.campaign.state import Event, State
from also.v1.journal_pb2 import (
    Amended,
    Diagnosed,
    Finished,
    Held,
    HoldReason,
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
from also.v1.verdict_pb2 import Validation
from also.validation.judge import rejudge


def differences(records: Sequence[JournalRecord]) -> Iterator[str]:
    """Where a journal differs from what its own records give, one sentence each.

    Args:
        records: all records, in order.

    Raises:
        CampaignError: a record cannot follow the ones before it.
    """
    fold(records)
    state = begin(records[0])
    for record in records[1:]:
        event = event_of(record)
        if not isinstance(
            event, Amended | Stopped
        ):  # what people decide follows from nothing; `advance` says whether it may be
            action = decide(state)
            if not answers(state, action, event):
                yield (
                    f"record {record.sequence}: {_text(event)} was recorded, {_text(action)} follows from those before"
                )
        if isinstance(event, Validated):
            yield from _verdicts(state, record.sequence, event.validation)
        state = advance(state, record)


def answers(state: State, action: Action | None, event: Event) -> bool:
    """Whether an event is what an action leads to."""
    match action, event:
        case (TrainStage(), StageTrained()) | (Diagnose(), Diagnosed()) | (Propose(), Proposed()):
            return True  # that their stage and round follow is what `advance` makes sure of
        case (Validate(), Validated()) | (Review(), Reviewed()):
            return True
        case Diagnose(), Held(reason=HoldReason.HOLD_REASON_CRITIC_FAILED):
            return _same_but_detail(state, event)
        case Propose(), Held(reason=HoldReason.HOLD_REASON_GENERATOR_FAILED):
            return _same_but_detail(state, event)
        case ((Diagnose() | Propose()), Held()) if event.reason in LLM_HOLDS.values():
            return _same_but_detail(state, event)
        case Report(), Reported():
            return event.env_steps == state.env_steps
        case ((Promoted() | Held() | RolledBack() | Finished()), _):
            return action == event
        case _:
            return False


def _same_but_detail(state: State, held: Held) -> bool:
    """Whether a hold on a failed mind is right; only its detail and what an LLM has cost are not derived."""
    derived = hold(state, state.stage_under_way, held.reason, held.detail)
    if held.HasField("llm"):
        derived.llm.CopyFrom(held.llm)
    return derived == held


def _text(given: Action | Event | None) -> str:
    if given is None:
        return "nothing"
    if isinstance(given, Message):
        return f"{type(given).__name__} {document.canonical(given).decode()}"
    return str(given)


def _verdicts(state: State, sequence: int, given: Validation) -> Iterator[str]:
    stage = state.stage_under_way
    derived = rejudge(
        given,
        campaign=state.campaign,
        card=state.card,
        incumbent=stage.incumbent.config,
        candidates=stage.rounds[-1].candidates,
        stage_return=stage.mean_return,
        stage_milestone_score=stage.milestone_score,
        stood_still=progress.stood_still(state, stage),
        training_return=progress.training_return(stage),
    )
    for each in comparison.differences(given, derived):
        yield f"record {sequence}: {each.path} {each.first!r} was recorded, {each.second!r} follows from its branches"
