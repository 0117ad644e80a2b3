"""The case that the rules read: one stage's evidence beside the task card, the incumbent and the history.

It answers the questions that several rules ask (which milestone is the first that is missing, which
feature leads to it, which term weighs most) and writes findings, so that a rule is only its
condition and its sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from also import returns
from also.briefing.evidence import ENOUGH
from also.limits import most_items
from also.services.critic.citations import cite
from also.services.critic.history import FailedRemedies, Trouble, failed_remedies
from also.services.critic.phase import learning_phase
from also.shaping.ways import way_to
from also.v1 import diagnosis_pb2 as pb
from also.v1.critic_pb2 import DiagnoseRequest
from also.v1.diagnosis_pb2 import Diagnosis, FailureMode, Finding, LearningPhase, Remedy
from also.v1.evidence_pb2 import AgentEvidence, Evidence, FeatureEvidence, MilestoneEvidence
from also.v1.shaping_pb2 import SHAPING_FORM_CREDIT, ShapingConfig, ShapingTerm, TermActivity
from also.v1.task_pb2 import Milestone, TaskCard

MOST_FINDINGS = most_items(Diagnosis, "findings")
"""Findings of a diagnosis at most."""

PHASE_WEIGHT = {
    pb.LEARNING_PHASE_NO_SIGNAL: 1.0,
    pb.LEARNING_PHASE_SPARSE_SIGNAL: 0.9,
    pb.LEARNING_PHASE_IMPROVING: 0.5,
    pb.LEARNING_PHASE_PLATEAU: 0.85,
    pb.LEARNING_PHASE_REGRESSING: 0.95,
}
"""Factor on the severity of what is missing, by phase."""

LARGE_EFFECT = 0.8
"""|Cohen's d| from which a feature tells successful episodes from failed ones (Cohen 1988: large)."""

DOUBT = 0.6
"""Factor on a finding's confidence for each stage in which its trouble was answered in vain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One stage, as the rules read it."""

    card: TaskCard
    """The task's card."""
    incumbent: ShapingConfig
    """The shaping config that the stage trained under."""
    evidence: Evidence
    """Evidence of the stage."""
    phase: LearningPhase
    """Where learning stands."""
    seen: Sequence[float]
    """Largest return of each stage's evaluation episodes, units of task reward."""
    failed: FailedRemedies
    """What was tried in vain in earlier stages."""

    @property
    def return_share(self) -> float:
        """Mean return as a share of the returns' range."""
        return returns.share(self.card, self.evidence.returns.mean, *self.seen)

    @property
    def return_unit(self) -> float:
        """The returns' range, units of task reward."""
        return returns.span(self.card, *self.seen)

    @property
    def phase_weight(self) -> float:
        """Factor on the severity of what is missing. In [0, 1]."""
        return PHASE_WEIGHT[self.phase]

    def milestones(self) -> list[tuple[Milestone, MilestoneEvidence]]:
        """Milestones of the card that there is evidence of, in the card's order."""
        found = {item.milestone: item for item in self.evidence.milestones}
        return [(item, found[item.name]) for item in self.card.milestones if item.name in found]

    def first_missing(self, enough: float = ENOUGH) -> tuple[Milestone, MilestoneEvidence] | None:
        """The first milestone reached in less than `enough` of the episodes; None when there is none."""
        return next((pair for pair in self.milestones() if pair[1].reached < enough), None)

    def reached_before(self, name: str) -> MilestoneEvidence | None:
        """The milestone right before a milestone; None for the first."""
        names = [milestone.name for milestone, _ in self.milestones()]
        index = names.index(name)
        return self.milestones()[index - 1][1] if index else None

    def feature(self, name: str) -> FeatureEvidence | None:
        """Evidence of a feature; None when there is none."""
        return next((item for item in self.evidence.features if item.feature == name), None)

    def guide(self, milestone: Milestone) -> str:
        """Feature along which a milestone is approached.

        The card's own word comes first, unless evidence is against it (`way_to`); without it, the feature that most
        clearly tells successful episodes from failed ones; "" when none does.
        """
        if milestone.progress_feature:
            return way_to(milestone, self.evidence)
        known = {feature.name for feature in self.card.features} - {milestone.feature}
        telling = [
            item for item in self.evidence.features if item.feature in known and abs(item.effect_size) >= LARGE_EFFECT
        ]
        return max(telling, key=lambda item: abs(item.effect_size)).feature if telling else ""

    def agents(self) -> list[AgentEvidence]:
        """Agents of the card that there is evidence of."""
        return [item for item in self.evidence.agents if item.agent in self.card.agents]

    def terms(self) -> list[tuple[ShapingTerm, TermActivity]]:
        """The incumbent's terms that pay a reward of their own, with what they did, largest share first."""
        activity = {item.term: item for item in self.evidence.terms}
        paying = [term for term in self.incumbent.terms if term.form != SHAPING_FORM_CREDIT and term.name in activity]
        return sorted(((term, activity[term.name]) for term in paying), key=lambda pair: -pair[1].reward_share)

    def find(
        self,
        mode: FailureMode,
        remedies: Sequence[Remedy],
        *,
        severity: float,
        confidence: float,
        rests_on: Sequence[str],
        summary: str,
        milestone: str = "",
        feature: str = "",
        agent: str = "",
        term: str = "",
    ) -> Finding:
        """A finding of this case.

        Args:
            mode: why the team is not learning.
            remedies: what may help, best first; the one that has failed least often is taken.
            severity: how much it holds learning back; cut to [0, 1].
            confidence: how sure the rule is; each stage that answered this trouble in vain lowers it.
            rests_on: paths of the evidence that are cited.
            summary: one sentence for people.
            milestone: milestone that it is about; empty when none.
            feature: feature that it is about; empty when none.
            agent: agent that it is about; empty when none.
            term: term of the incumbent that it is about; empty when none.
        """
        trouble = Trouble(mode=mode, milestone=milestone, agent=agent)
        remedy = min(remedies, key=lambda choice: self.failed[trouble, choice])
        in_vain = sum(count for (past, _), count in self.failed.items() if past == trouble)
        return Finding(
            mode=mode,
            severity=_cut(severity),
            confidence=_cut(confidence) * DOUBT**in_vain,
            citations=cite(self.evidence, *rests_on),
            remedy=remedy,
            milestone=milestone,
            feature=feature,
            agent=agent,
            term=term,
            summary=summary,
        )


def read_case(request: DiagnoseRequest) -> Case:
    """The case of a request's last stage."""
    return Case(
        card=request.card,
        incumbent=request.incumbent,
        evidence=request.evidence[-1],
        phase=learning_phase(request.evidence, request.card),
        seen=[each.returns.maximum for each in request.evidence],
        failed=failed_remedies(request.past, request.trials),
    )


def _cut(number: float) -> float:
    return min(1.0, max(0.0, number))


def percent(share: float) -> str:
    """A share as a finding tells it."""
    return f"{min(1.0, max(0.0, share)):.0%}"


def number(value: float) -> str:
    """A number as a finding tells it."""
    return f"{value:.3g}"
