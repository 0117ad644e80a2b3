"""What minds are asked at a recorded moment: the state of the campaign there, as the conductor would have it.

The diagnosis that a generator gets takes the place of the recorded one. Trials of the stage under way answer the
recorded diagnosis; where another one stands in its place they answer none of its findings.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

from also.briefing.history import NO_FINDING
from also.campaign.fold import event_of, fold
from also.campaign.state import Stage, StageRound, State
from also.judging.backends import Backend
from also.judging.recorded import Recorded
from also.v1.campaign_pb2 import CriticSettings, GeneratorSettings
from also.v1.diagnosis_pb2 import Diagnosis
from also.v1.journal_pb2 import Diagnosed, JournalRecord, Proposed
from also.v1.verdict_pb2 import Candidate


def before_diagnosis(recorded: Recorded, critic: CriticSettings, generator: GeneratorSettings) -> State:
    """The state in which the critic is asked, with other minds in the recorded ones' place."""
    return _asking(_until(recorded, Diagnosed(stage=recorded.situation.stage)), critic, generator)


def before_anything(recorded: Recorded, backend: Backend) -> State:
    """A state by which a backend's minds are tried before they are judged; one that is not judged has no LLM there."""
    critic, generator = backend.critic or CriticSettings(), backend.generator or GeneratorSettings()
    state = before_diagnosis(recorded, critic, generator)
    state.campaign.ClearField("validation")
    return state


def before_proposal(
    recorded: Recorded, diagnosis: Diagnosis, critic: CriticSettings, generator: GeneratorSettings
) -> State:
    """The state in which the generator is asked about a diagnosis, with other minds in the recorded ones' place."""
    until = Proposed(stage=recorded.situation.stage, round=recorded.situation.round)
    state = _asking(_until(recorded, until), critic, generator)
    stage = state.stage_under_way
    if stage.diagnosis != diagnosis:
        stage = replace(stage, diagnosis=diagnosis, rounds=tuple(_unanswered(each) for each in stage.rounds))
    return with_stage(state, stage)


def with_round(state: State, candidates: Sequence[Candidate]) -> State:
    """The state after the generator has proposed candidates."""
    stage = state.stage_under_way
    return with_stage(state, replace(stage, rounds=(*stage.rounds, StageRound(candidates=tuple(candidates)))))


def with_stage(state: State, stage: Stage) -> State:
    """The state with another open stage in place of its own."""
    return replace(state, stages=(*state.stages[:-1], stage))


def _until(recorded: Recorded, event: Diagnosed | Proposed) -> list[JournalRecord]:
    """The records before an event of the situation's stage; all where the journal ends there."""
    records = []
    for record in recorded.records:
        match event_of(record), event:
            case Diagnosed(stage=stage), Diagnosed(stage=asked) if stage == asked:
                break
            case Proposed(stage=stage, round=round), Proposed(stage=asked, round=number) if (stage, round) == (
                asked,
                number,
            ):
                break
        records.append(record)
    return records


def _asking(records: Sequence[JournalRecord], critic: CriticSettings, generator: GeneratorSettings) -> State:
    state = fold(records)
    campaign = type(state.campaign)()
    campaign.CopyFrom(state.campaign)
    campaign.critic.CopyFrom(critic)
    campaign.generator.CopyFrom(generator)
    return replace(state, campaign=campaign)


def _unanswered(given: StageRound) -> StageRound:
    """A round whose candidates answer no finding."""
    candidates = []
    for candidate in given.candidates:
        changed = deepcopy(candidate)
        changed.finding = NO_FINDING
        candidates.append(changed)
    return replace(given, candidates=tuple(candidates))
