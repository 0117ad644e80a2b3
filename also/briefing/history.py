"""What a campaign has tried, with its verdicts, as text: numbers and enums only, no sentence of anybody."""

import re
from collections.abc import Iterator, Sequence

from also import enums, reasons
from also.briefing.config import NO_SHAPING, term_in_short
from also.briefing.table import NOTHING, interval, name, number, table
from also.v1 import critic_pb2, verdict_pb2
from also.v1.critic_pb2 import PastStage
from also.v1.diagnosis_pb2 import FailureMode, Finding, LearningPhase, Remedy
from also.v1.evidence_pb2 import Evidence
from also.v1.verdict_pb2 import Trial

NO_FINDING = -1
"""`finding` of a candidate that answers none."""

MOST_STAGES = 12
"""Earlier stages that are shown at most."""

NO_TRIALS = "Nothing was tried yet."
"""Shown where there is no trial."""

NO_PAST = "This is the first stage."
"""Shown where there is no earlier stage."""

_CANDIDATE = re.compile(r"r[0-9]+-c[0-9]+")


def trials_section(trials: Sequence[Trial], *, most: int) -> str:
    """The last trials in order, and what the reasons in them mean.

    Args:
        trials: with aliases, in order.
        most: how many are shown at most.
    """
    shown = trials[max(0, len(trials) - most) :]
    if not shown:
        return NO_TRIALS
    left_out = len(trials) - len(shown)
    parts = [f"{left_out} earlier trials are left out."] if left_out else []
    parts += [_trial(trial) for trial in shown]
    given = sorted({trial.verdict.reason for trial in shown if trial.verdict.reason})
    parts.append("\n".join(f"{_reason(reason)}: {reasons.VERDICTS[reason]}" for reason in given))
    return "\n\n".join(filter(None, parts))


def past_section(past: Sequence[PastStage], evidence: Sequence[Evidence], *, most: int = MOST_STAGES) -> str:
    """The last stages before this one in order: how each stood, what was said of it, and how it ended.

    Args:
        past: with aliases, in order.
        evidence: of all stages, this one included, in order.
        most: how many are shown at most.
    """
    shown = past[max(0, len(past) - most) :]
    if not shown:
        return NO_PAST
    left_out = len(past) - len(shown)
    lines = [f"{left_out} earlier stages are left out."] if left_out else []
    lines.append("stage | phase | return, its 95 % interval | success_rate | milestone_score | ended | return after")
    for stage in shown:
        lines.append(" | ".join(_stage(stage, evidence)))
        lines += [f"  finding {index}: {_finding(item)}" for index, item in enumerate(stage.diagnosis.findings)]
    return "\n".join(lines)


def _stage(stage: PastStage, evidence: Sequence[Evidence]) -> Iterator[str]:
    before = next((item for item in evidence if item.stage == stage.stage), None)
    after = next((item for item in evidence if item.stage > stage.stage), None)
    phase = stage.diagnosis.phase
    yield str(stage.stage)
    yield enums.short_name(LearningPhase.DESCRIPTOR, phase) if phase else "no diagnosis"
    yield interval(before.returns.mean, before.return_low, before.return_high) if before else NOTHING
    yield number(before.success_rate) if before else NOTHING
    yield number(before.milestone_score) if before else NOTHING
    yield enums.short_name(critic_pb2.StageOutcome.DESCRIPTOR, stage.outcome)
    yield number(after.returns.mean) if after else NOTHING


def _finding(finding: Finding) -> str:
    about = [
        f"{kind} {name(value)}"
        for kind, value in (
            ("milestone", finding.milestone),
            ("feature", finding.feature),
            ("agent", finding.agent),
            ("term", finding.term),
        )
        if value
    ]
    parts = [
        " ".join(
            [enums.short_name(FailureMode.DESCRIPTOR, finding.mode), *(["of", ", ".join(about)] if about else [])]
        ),
        f"remedy {enums.short_name(Remedy.DESCRIPTOR, finding.remedy)}",
        f"severity {number(100 * finding.severity)} %",
        f"confidence {number(100 * finding.confidence)} %",
    ]
    return "; ".join(parts)


def _trial(trial: Trial) -> str:
    verdict = trial.verdict
    outcome = enums.short_name(verdict_pb2.Outcome.DESCRIPTOR, verdict.outcome)
    answers = f", for finding {trial.candidate.finding}" if trial.candidate.finding >= 0 else ""
    measured = f"; {_test(verdict.test)}" if verdict.HasField("test") else ""
    heading = f"stage {trial.stage} {_candidate(trial)}{answers}: {outcome}, {_reason(verdict.reason)}{measured}"
    return f"{heading}\n{_terms(trial)}"


def _candidate(trial: Trial) -> str:
    """A candidate's name, which holds its round and number; where it has another form, the round alone."""
    return trial.candidate.name if _CANDIDATE.fullmatch(trial.candidate.name) else f"r{trial.round}"


def _terms(trial: Trial) -> str:
    activity = {item.term: item for item in trial.verdict.terms}
    rows = []
    for term in trial.candidate.config.terms:
        did = activity.get(term.name)
        figures = (did.firing_rate, did.reward_share, did.cut_rate) if did else ()
        rows.append([name(term.name), term_in_short(term), *(map(number, figures) if did else [NOTHING] * 3)])
    return table(("term", "what it pays", "firing_rate", "reward_share", "cut_rate"), rows) if rows else NO_SHAPING


def _test(test: verdict_pb2.PairedTest) -> str:
    """A gain with its 95 % interval; whatever the measure's name is, only the two known ones are shown."""
    measure = test.measure if test.measure in ("return", "milestone_score") else "gain"
    gain = interval(test.mean_gain, test.gain_low, test.gain_high)
    return f"{measure} minus control's {gain} over {test.pairs} pairs, p {number(test.p_value)}"


def _reason(reason: int) -> str:
    return enums.short_name(verdict_pb2.VerdictReason.DESCRIPTOR, reason)
