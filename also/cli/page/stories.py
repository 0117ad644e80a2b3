"""Each stage in one plain sentence: its return, what was found, and what was decided and why."""

from collections.abc import Sequence

from also import reasons
from also.campaign.state import Stage, State
from also.cli import describe
from also.cli.page import decisions
from also.v1.diagnosis_pb2 import LearningPhase
from also.v1.journal_pb2 import Held, Promoted, RolledBack

PHASES: dict[int, str] = {
    LearningPhase.LEARNING_PHASE_NO_SIGNAL: "Nothing pays yet",
    LearningPhase.LEARNING_PHASE_SPARSE_SIGNAL: "The task pays, but rarely",
    LearningPhase.LEARNING_PHASE_IMPROVING: "The return rises",
    LearningPhase.LEARNING_PHASE_PLATEAU: "The return stands still",
    LearningPhase.LEARNING_PHASE_REGRESSING: "The return falls",
    LearningPhase.LEARNING_PHASE_SOLVED: "The task is about solved",
}
"""Learning phases as beginnings of sentences."""


def story(state: State, stages: Sequence[Stage]) -> str:
    """A sentence for a stage, or for several in a row that were left to learn."""
    last = stages[-1]
    return f"{_begun(stages)}{_decided(state, last, len(stages))}"


def _begun(stages: Sequence[Stage]) -> str:
    """What there was to decide about."""
    first, last = stages[0], stages[-1]
    if decisions.kind_of(last) == "learning":
        return ""
    if last.diagnosis is None:
        return f"The return was {first.mean_return:.3f}; "
    found = describe.finding(last)
    phase = PHASES.get(last.diagnosis.phase, describe.phase(last))
    return f"{phase} ({found}); " if found != describe.NOTHING else f"{phase}; "


def _decided(state: State, stage: Stage, count: int) -> str:
    tried = [candidate for each in stage.rounds for candidate in each.candidates]
    match stage.decision:
        case Promoted() as promoted:
            undone = decisions.undone_in(state, stage)
            how = "provisionally " if promoted.provisional else ""
            later = f" Stage {undone} undid it." if undone is not None else ""
            which = "its one candidate" if len(tried) == 1 else f"of {len(tried)} candidates {promoted.candidate}"
            return f"{which} was {how}promoted. {_why(stage, promoted)}{later}"
        case RolledBack() as rolled_back:
            undone_stage, sentence = rolled_back.promotion_stage, reasons.ROLLBACKS[rolled_back.reason]
            return f"the promotion of stage {undone_stage} was undone. {sentence}"
        case Held() if decisions.kind_of(stage) == "learning":
            stages = f" for {count} stages" if count > 1 else ""
            return f"Left to learn{stages}: the main run made progress, or had not had the time to."
        case Held() as held:
            none = (
                "its one candidate was not promoted"
                if len(tried) == 1
                else f"none of {len(tried)} candidates was promoted"
            )
            was = none if tried else "nothing was changed"
            return f"{was}. {reasons.HOLDS[held.reason]}"
        case None:
            return f"under way: {describe.step(state)}."


def _why(stage: Stage, promoted: Promoted) -> str:
    verdicts = [verdict for validation in stage.validations for verdict in validation.verdicts]
    reason = next(each.reason for each in reversed(verdicts) if each.candidate == promoted.candidate)
    return reasons.VERDICTS[reason]
