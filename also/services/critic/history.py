"""What the campaign has tried against a failure before, and in vain.

A trial names the finding that its candidate answered; the diagnosis of that trial's stage says what
that finding was. A remedy has failed in a stage when its candidates were rejected there and the
stage promoted nothing: where another candidate won, losing to it proves little. It has failed too when
its candidate was promoted and the promotion was undone.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from also.v1.critic_pb2 import STAGE_OUTCOME_ROLLED_BACK, PastStage
from also.v1.diagnosis_pb2 import FailureMode, Finding, Remedy
from also.v1.verdict_pb2 import OUTCOME_REJECTED, Trial
from also.validation.judge import PROMOTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A failure mode together with what it is about: what findings of different stages are matched by."""

    mode: FailureMode
    """Why the team is not learning."""
    milestone: str = ""
    """Milestone that it is about; empty when none."""
    agent: str = ""
    """Agent that it is about; empty when none."""


FailedRemedies = Counter[tuple[Trouble, Remedy]]
"""Stages in which a remedy was tried against a trouble and failed."""


def trouble_of(finding: Finding) -> Trouble:
    """The trouble that a finding reports."""
    return Trouble(mode=finding.mode, milestone=finding.milestone, agent=finding.agent)


def failed_remedies(past: Sequence[PastStage], trials: Sequence[Trial]) -> FailedRemedies:
    """Count the stages in which each remedy failed.

    Args:
        past: the stages before this one, in order.
        trials: what was tried; trials of a stage without a diagnosis, or that answer no finding, are left out.
    """
    findings = {stage.stage: stage.diagnosis.findings for stage in past}
    undone = {stage.stage for stage in past if stage.outcome == STAGE_OUTCOME_ROLLED_BACK}
    fruitful = {trial.stage for trial in trials if trial.verdict.outcome in PROMOTED}
    failed: set[tuple[int, int]] = set()
    for trial in trials:
        stage, index = trial.stage, trial.candidate.finding
        in_vain = trial.verdict.outcome == OUTCOME_REJECTED and stage not in fruitful
        in_vain |= trial.verdict.outcome in PROMOTED and stage in undone
        if in_vain and 0 <= index < len(findings.get(stage, ())):
            failed.add((stage, index))
    tried = [findings[stage][index] for stage, index in failed]
    return Counter((trouble_of(finding), finding.remedy) for finding in tried)
