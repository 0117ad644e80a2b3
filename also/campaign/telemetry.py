"""A campaign's metrics for Prometheus: a function of its journal.

    record → state (`also.campaign.fold`) → the values of every `JournalMetric` of `also/metrics.py`

Nothing is counted on from one record to the next, so a conductor that takes up a campaign shows what the one before it
showed, and a restart never looks like a decision. Series that a dashboard or an alert counts are there with 0 from
the beginning: Prometheus cannot see the rise of a series that begins with 1.
"""

import math
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from also import enums, metrics, reasons
from also.campaign.decide import Diagnose, Propose, Report, Review, TrainStage, Validate, decide
from also.campaign.fold import advance, fold
from also.campaign.state import Stage, State
from also.campaign.watch import Watch
from also.registry import JournalMetric
from also.v1 import branch_pb2, diagnosis_pb2, shaping_pb2, verdict_pb2
from also.v1.branch_pb2 import BranchFailure
from also.v1.diagnosis_pb2 import Diagnosis
from also.v1.journal_pb2 import Held, JournalRecord, Promoted, RolledBack
from also.v1.trainer_pb2 import TrainingProgress
from also.v1.validator_pb2 import ValidationProgress
from also.v1.verdict_pb2 import PairedTest, Validation
from also.validation.arms import end, last_records
from also.validation.statistics import mean

Values = dict[tuple[str, ...], float]
"""Values of a metric by its labels' values, those of `campaign` left out."""

WORKS = {
    TrainStage: "train_stage",
    Diagnose: "diagnose",
    Propose: "propose",
    Validate: "validate",
    Review: "review",
    Report: "report",
}
"""Names of what a campaign can be at."""

PROVISIONAL, CONFIRMED = "Provisional", "Confirmed"
"""Why a candidate was promoted: by milestones alone, or by return."""


class Telemetry(Watch):
    """Tells Prometheus of one campaign."""

    def __init__(self, campaign_id: str) -> None:
        """Nothing is told yet."""
        self._campaign_id = campaign_id
        self._records = 0
        self._state: State | None = None
        self._furthest: dict[str, tuple[int, ...]] = {}
        self._lock = threading.Lock()
        metrics.PROGRESS.labels(campaign_id)

    def found(self, records: Sequence[JournalRecord]) -> None:
        """Show what the journal holds."""
        self._show(fold(records), len(records))

    def record(self, record: JournalRecord) -> None:
        """Show what has changed, and count the record as progress."""
        assert self._state is not None, "the first records are found"
        metrics.PROGRESS.labels(self._campaign_id).inc()
        self._show(advance(self._state, record), self._records + 1)

    def training(self, run: str, stage: int, progress: TrainingProgress) -> None:
        """Count that a stage of a run came further."""
        self._progressed(f"{run} {stage}", progress.env_steps)

    def validation(self, stage: int, round: int, progress: ValidationProgress) -> None:
        """Count that a round came further."""
        self._progressed(f"branches {stage}", round, progress.phase, progress.env_steps)

    def _show(self, state: State, records: int) -> None:
        self._state, self._records = state, records
        for metric, values in {**progress(state, records), **learning(state), **judgement(state)}.items():
            metric.show(self._campaign_id, values)

    def _progressed(self, work: str, *mark: int) -> None:
        """Count work whose mark is beyond its last one; any other is a sign of life only."""
        with self._lock:
            further = mark > self._furthest.get(work, ())
            self._furthest = {**self._furthest, work: max(mark, self._furthest.get(work, ()))}
        if further:
            metrics.PROGRESS.labels(self._campaign_id).inc()


def progress(state: State, records: int) -> dict[JournalMetric, Values]:
    """How far a campaign is, and what it has cost."""
    action = decide(state)
    at = WORKS.get(type(action)) if action is not None else None
    open_or_last = max(len(state.stages) - 1, 0)
    stage = len(state.stages) if isinstance(action, TrainStage) else open_or_last
    position = state.open_stage.position if state.open_stage is not None else state.position
    branches = sum(validation.env_steps for each in state.stages for validation in each.validations)
    budget = state.campaign.budget
    return {
        metrics.RECORDS: {(): records},
        metrics.FINISHED: {(): float(state.finished is not None)},
        metrics.STAGE: {(): stage},
        metrics.STAGES: {(): state.campaign.stages.count},
        metrics.WORK: {(name,): float(name == at) for name in WORKS.values()},
        metrics.RUN_ENV_STEPS: {(): position.run_env_steps},
        metrics.CAMPAIGN_ENV_STEPS: {("main_run",): state.env_steps - branches, ("branches",): branches},
        metrics.BUDGET: {
            ("env_steps",): budget.env_steps,
            ("llm_calls",): budget.llm_calls,
            ("llm_tokens",): budget.llm_tokens,
        },
        metrics.SPENT: {
            ("env_steps",): state.env_steps,
            ("llm_calls",): state.llm_calls,
            ("llm_tokens",): state.llm_tokens,
        },
        metrics.CAMPAIGN_LLM_COST: {(): state.llm_cost},
        metrics.REPORTED_RETURN: _reported(state),
    }


def learning(state: State) -> dict[JournalMetric, Values]:
    """What the main run has learnt, what the critic says of it, and what it is taught by."""
    found: dict[JournalMetric, Values] = {
        metrics.INCUMBENT: {(state.incumbent.config_hash,): state.incumbent.since},
        metrics.TERM_WEIGHT: {
            _term(number, each.form): each.weight for number, each in enumerate(state.incumbent.config.terms)
        },
    }
    diagnoses = [each.diagnosis for each in state.stages if each.diagnosis is not None]
    found |= _diagnosed(diagnoses)
    if not state.stages:
        return found
    last = state.stages[-1]
    evidence = last.trained.evidence
    return found | {
        metrics.STAGE_RETURN: {(): last.mean_return},
        metrics.STAGE_RETURN_BOUND: {("low",): evidence.return_low, ("high",): evidence.return_high},
        metrics.STAGE_MILESTONE_SCORE: {(): last.milestone_score},
        metrics.STAGE_SUCCESS_RATE: {(): evidence.success_rate},
        metrics.TERM_SHARE: {
            _term(number, each.form): did.reward_share
            for number, (each, did) in enumerate(zip(last.incumbent.config.terms, evidence.terms, strict=False))
        },
    }


def judgement(state: State) -> dict[JournalMetric, Values]:
    """Verdicts of candidates, and decisions."""
    validations = [validation for stage in state.stages for validation in stage.validations]
    verdicts: Counter[tuple[str, ...]] = Counter(
        (enums.short_name(verdict_pb2.Outcome.DESCRIPTOR, verdict.outcome), reasons.verdict(verdict.reason))
        for validation in validations
        for verdict in validation.verdicts
    )
    failures = Counter(
        reasons.failure(record.failure)
        for validation in validations
        for arm in validation.arms
        for record in arm.records
        if record.failure != BranchFailure.BRANCH_FAILURE_UNSPECIFIED
    )
    found: dict[JournalMetric, Values] = {
        metrics.DECISIONS: _decisions(state.stages),
        metrics.ROUNDS: {(): len(validations)},
        metrics.VERDICTS: dict(verdicts),
        metrics.BRANCH_FAILURES: {(name,): failures[name] for name in map(reasons.failure, reasons.FAILURES)},
    }
    return found | (_arms(validations[-1]) if validations else {})


def _reported(state: State) -> Values:
    if state.reported is None:
        return {}
    values: Values = {("final",): state.reported.evaluation.returns.mean}
    if state.reported.HasField("reference"):
        values["reference",] = state.reported.reference.returns.mean
    if state.reported.HasField("one_shot"):
        values["one-shot",] = state.reported.one_shot.returns.mean
    return values


def _term(number: int, form: int) -> tuple[str, str]:
    """Labels of a term: never its name, which a person or an LLM gave."""
    return str(number), enums.short_name(shaping_pb2.ShapingForm.DESCRIPTOR, form)


def _diagnosed(diagnoses: list[Diagnosis]) -> dict[JournalMetric, Values]:
    modes = [number for number in sorted(diagnosis_pb2.FailureMode.DESCRIPTOR.values_by_number) if number]
    phases = [number for number in sorted(diagnosis_pb2.LearningPhase.DESCRIPTOR.values_by_number) if number]
    findings: Counter[int] = Counter(finding.mode for diagnosis in diagnoses for finding in diagnosis.findings)
    last = diagnoses[-1] if diagnoses else Diagnosis()
    severity = {
        mode: max((each.severity for each in last.findings if each.mode == mode), default=0.0) for mode in modes
    }
    return {
        metrics.FINDINGS: {(_mode(mode),): findings[mode] for mode in modes},
        metrics.FINDING_SEVERITY: {(_mode(mode),): severity[mode] for mode in modes},
        metrics.PHASE: {
            (enums.camel(diagnosis_pb2.LearningPhase, phase),): float(phase == last.phase) for phase in phases
        },
    }


def _mode(mode: int) -> str:
    return enums.camel(diagnosis_pb2.FailureMode, mode)


def _decisions(stages: Iterable[Stage]) -> Values:
    values: Values = {("promoted", PROVISIONAL): 0, ("promoted", CONFIRMED): 0}
    values |= {("held", reasons.hold(reason)): 0 for reason in reasons.HOLDS}
    values |= {("rolled_back", reasons.rollback(reason)): 0 for reason in reasons.ROLLBACKS}
    for stage in stages:
        match stage.decision:
            case Promoted() as event:
                values["promoted", PROVISIONAL if event.provisional else CONFIRMED] += 1
            case Held() as event:
                values["held", reasons.hold(event.reason)] += 1
            case RolledBack() as event:
                values["rolled_back", reasons.rollback(event.reason)] += 1
    return values


def _arms(validation: Validation) -> dict[JournalMetric, Values]:
    """Results of a round's arms, each by its own id: "control", or "r0-c1"."""
    returns: Values = {}
    milestones: Values = {}
    for pool, arm in dict.fromkeys((each.pool, each.arm) for each in validation.arms):
        ends = [end(record) for record in last_records(validation.arms, arm, pool) if record.measures]
        labels = (enums.short_name(branch_pb2.SeedPool.DESCRIPTOR, pool), arm)
        if ends:
            returns[labels] = mean([each.mean_return for each in ends])
            milestones[labels] = mean([each.milestone_score for each in ends])
    tests = {each.candidate: each.test for each in validation.verdicts if each.HasField("test")}
    return {
        metrics.ARM_RETURN: returns,
        metrics.ARM_MILESTONE_SCORE: milestones,
        metrics.ARM_GAIN: {
            (arm, test.measure, bound): value for arm, test in tests.items() for bound, value in _gain(test).items()
        },
        metrics.ARM_P_VALUE: {(arm, test.measure): test.p_value for arm, test in tests.items()},
    }


def _gain(test: PairedTest) -> Mapping[str, float]:
    gain = {"low": test.gain_low, "mean": test.mean_gain, "high": test.gain_high}
    return {bound: value for bound, value in gain.items() if math.isfinite(value)}
