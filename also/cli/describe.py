"""Parts of a campaign in a few words, for tables and lines."""

from collections.abc import Sequence
from itertools import groupby

from also import enums, reasons
from also.briefing.config import signal
from also.campaign import amendment
from also.campaign.comparison import leaves
from also.campaign.decide import Diagnose, Propose, Report, Review, TrainStage, Validate, decide
from also.campaign.state import Stage, State
from also.shaping.identity import canonical
from also.shaping.rules import complete
from also.v1.branch_pb2 import Evaluation
from also.v1.campaign_pb2 import Campaign
from also.v1.diagnosis_pb2 import FailureMode, LearningPhase
from also.v1.evidence_pb2 import Evidence
from also.v1.journal_pb2 import Finished, Held, HoldReason, Promoted, RolledBack
from also.v1.llm_pb2 import LlmUse
from also.v1.shaping_pb2 import (
    Comparison,
    ScheduleKind,
    ShapingConfig,
    ShapingForm,
    ShapingTerm,
)
from also.v1.validator_pb2 import ArmProgress, ValidationPhase, ValidationProgress

NOTHING = "–"
"""Shown where there is nothing to show."""


def config(given: ShapingConfig) -> str:
    """A shaping config in words: "0.3 potential of exp(-food_distance/0.3) + 0.1 event of loaded"."""
    return " + ".join(_term(term) for term in complete(given).terms) or "no shaping"


def configs(given: Sequence[ShapingConfig]) -> list[str]:
    """Shaping configs in words, each as `config` has it; those that differ under the same words say in what."""
    texts = [config(each) for each in given]
    for text in set(texts):
        alike = [index for index, each in enumerate(texts) if each == text]
        details = [_details(canonical(given[index]).config) for index in alike]
        names = dict.fromkeys(name for each in details for name in each)
        differing = [name for name in names if len({each.get(name) for each in details}) > 1]
        for index, each in zip(alike, details, strict=True):
            if differing:
                texts[index] += f" ({', '.join(f'{name} {each.get(name, NOTHING)}' for name in differing)})"
    return texts


def _details(given: ShapingConfig) -> dict[str, str]:
    """Everything that a canonical config says, by name: "target", or "2. target" where it has several terms."""
    several = len(given.terms) > 1
    return {
        f"{number}. {name}" if several else name: str(value)
        for number, term in enumerate(given.terms, start=1)
        for name, value in leaves(term).items()
    }


def phase(stage: Stage) -> str:
    """A stage's learning phase."""
    return phase_name(stage.diagnosis.phase) if stage.diagnosis is not None else NOTHING


def phase_name(given: int) -> str:
    """Name of a learning phase, e.g. "NoSignal"."""
    return enums.camel(LearningPhase, given)


def finding(stage: Stage) -> str:
    """A stage's most severe finding."""
    if stage.diagnosis is None or not stage.diagnosis.findings:
        return NOTHING
    first = stage.diagnosis.findings[0]
    if first.mode == FailureMode.FAILURE_MODE_NONE:
        return NOTHING
    about = first.milestone or first.feature or first.term or first.agent
    return enums.camel(FailureMode, first.mode) + (f": {about}" if about else "")


def decision(stage: Stage) -> str:
    """How a stage ended."""
    match stage.decision:
        case Promoted() as promoted:
            return f"promoted {promoted.candidate}" + (" provisionally" if promoted.provisional else "")
        case Held() as held:
            return f"held: {reasons.hold(held.reason)}"
        case RolledBack() as rolled_back:
            return f"rolled back: {reasons.rollback(rolled_back.reason)}"
        case None:
            return "under way"


def return_of(given: Evidence | Evaluation) -> str:
    """The mean return of a stage, or of an evaluation, with its 95 % interval."""
    return interval(given.returns.mean, given.return_low, given.return_high)


def measured_after(state: State, stage: Stage) -> Evidence | Evaluation | None:
    """What the return after a stage shows in: the next stage; after the last one the report, None until it is there."""
    if stage.number + 1 < len(state.stages):
        return state.stages[stage.number + 1].trained.evidence
    return state.reported.evaluation if state.reported is not None else None


def entries(stages: Sequence[Stage]) -> list[list[Stage]]:
    """Stages as they are listed: those in a row that were left to learn under one incumbent are one entry."""
    return [list(group) for _, group in groupby(stages, _left_to_learn)]


def numbers(entry: Sequence[Stage]) -> str:
    """Numbers of an entry's stages: "4", "5–8"."""
    first, last = entry[0], entry[-1]
    return str(first.number) if first is last else f"{first.number}–{last.number}"


def _left_to_learn(stage: Stage) -> int:
    """What stages of one entry have in common: the incumbent's first stage, or else a number of their own."""
    left = isinstance(stage.decision, Held) and stage.decision.reason == HoldReason.HOLD_REASON_STILL_LEARNING
    return stage.incumbent.since if left else -1 - stage.number


def interval(mean: float, low: float, high: float) -> str:
    """A mean with its interval: "0.412 [0.380, 0.441]"."""
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def models(uses: Sequence[LlmUse]) -> str:
    """The models that have answered, each once."""
    return ", ".join(dict.fromkeys(use.model for use in uses if use.model)) or "no model answered"


def growth(before: Campaign, after: Campaign) -> str:
    """What a campaign has grown by: "stages.count from 4 to 8"."""
    return ", ".join(amendment.changes(before, after))


def step(state: State) -> str:
    """What a campaign does now."""
    match decide(state):
        case TrainStage(stage=stage):
            return f"stage {stage}: training"
        case Diagnose(stage=stage):
            return f"stage {stage}: diagnosing"
        case Propose(stage=stage, round=round):
            return f"stage {stage}, round {round}: proposing"
        case Validate(stage=stage, round=round):
            return f"stage {stage}, round {round}: validating"
        case Review(stage=stage, round=round, candidate=candidate):
            return f"stage {stage}, round {round}: waiting for a person's word on {candidate}"
        case Report():
            beside = ", once the runs beside it have trained as long" if state.campaign.reference.enabled else ""
            return f"measuring the final policy{beside}"
        case None:
            assert state.finished is not None
            return f"finished: {reasons.finish(state.finished.reason)}"
        case Promoted() | Held() | RolledBack() | Finished():
            return "deciding"


def time_left(seconds: float, asked: str) -> str:
    """How long it will take: "about 4:10 left", and after which mind's answer where one is waited for."""
    return f"about {duration(seconds)} left" + (f" after the {asked}'s answer" if asked else "")


def validation_phase(progress: ValidationProgress) -> str:
    """Phase of a round, and how much of it is done: "confirm 40%"."""
    name = enums.short_name(ValidationPhase.DESCRIPTOR, progress.phase)
    return f"{name} {progress.env_steps / max(progress.env_steps_planned, 1):.0%}"


def arm(progress: ArmProgress) -> str:
    """What an arm has come to so far: "r0-c1 0.120 LostSearch"."""
    parts = [progress.arm, f"{progress.mean_return:.3f}" if progress.branches else NOTHING]
    return " ".join([*parts, reasons.verdict(progress.reason)] if progress.reason else parts)


def duration(seconds: float) -> str:
    """A duration: "7:05", "1:02:03"."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _term(term: ShapingTerm) -> str:
    form = enums.short_name(ShapingForm.DESCRIPTOR, term.form)
    if not term.feature:
        return form
    function = signal(term.transform, term.feature, f"{term.transform.scale:.2g}").replace(">=", "≥")
    parts = [f"{term.weight:.2g} {form} of {function}"]
    if term.HasField("gate"):
        sign = "≥" if term.gate.comparison == Comparison.COMPARISON_AT_LEAST else "≤"
        parts.append(f"where {term.gate.feature} {sign} {term.gate.value:.3g}")
    if term.schedule.kind in (ScheduleKind.SCHEDULE_KIND_LINEAR, ScheduleKind.SCHEDULE_KIND_EXPONENTIAL):
        parts.append(f"fading until {term.schedule.end:,} env_steps")
    return " ".join(parts)
