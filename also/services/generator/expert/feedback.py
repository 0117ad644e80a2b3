"""What earlier trials teach about the next ones.

A shape that the screen found dead or saturated on this stage's rollouts is not proposed again in
the stage. What came close to a promotion under the current incumbent is varied: its new terms
stronger, weaker, and with a wider or narrower reach.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from also.briefing.evidence import DEAD
from also.briefing.history import NO_FINDING
from also.services.generator.configs import scaled, stretched
from also.services.generator.proposal import Proposal, tried_under
from also.shaping.shape import Shape, shape
from also.v1 import shaping_pb2 as pb
from also.v1 import verdict_pb2
from also.v1.generator_pb2 import ProposeRequest
from also.v1.verdict_pb2 import Trial

CUT = 0.5
"""Cut rate from which a term is saturated."""

_USELESS = (
    verdict_pb2.VERDICT_REASON_DEAD_TERM,
    verdict_pb2.VERDICT_REASON_SATURATED_TERM,
    verdict_pb2.VERDICT_REASON_NON_FINITE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What the trials of a campaign say about the next candidates."""

    useless: frozenset[Shape]
    """Shapes that cannot teach on this stage's rollouts; the incumbent's own are never among them."""
    closest: Trial | None
    """The rejected trial with the largest positive gain since the incumbent took over."""


def read_feedback(request: ProposeRequest) -> Feedback:
    """What a request's trials say."""
    own = {shape(term) for term in request.incumbent.terms}
    useless = {
        shape(term)
        for trial in request.trials
        if trial.stage == request.stage and trial.verdict.reason in _USELESS
        for term in _blamed(trial, own)
    }
    close = [trial for trial in tried_under(request) if _came_close(trial)]
    return Feedback(useless=frozenset(useless), closest=max(close, key=_closeness, default=None))


def is_useless(config: pb.ShapingConfig, feedback: Feedback) -> bool:
    """Whether a config has a term of a useless shape."""
    return any(shape(term) in feedback.useless for term in config.terms)


def neighbours(request: ProposeRequest, trial: Trial) -> Iterator[Proposal]:
    """Variants of a trial's config: its new terms at another strength, then at another reach."""
    config = trial.candidate.config
    known = list(request.incumbent.terms)
    names = [term.name for term in config.terms if term not in known]
    finding = trial.candidate.finding if trial.stage == request.stage else NO_FINDING
    for factor in (2.0, 0.5):
        yield Proposal(config=scaled(config, names, factor), finding=finding)
    for factor in (0.5, 2.0):
        yield Proposal(config=stretched(config, names, factor), finding=finding)


def _blamed(trial: Trial, own: set[Shape]) -> list[pb.ShapingTerm]:
    """The new terms that the verdict's figures show to be useless; all new ones where they show none."""
    new = [term for term in trial.candidate.config.terms if shape(term) not in own]
    figures = {activity.term: activity for activity in trial.verdict.terms}
    shown = [term for term in new if term.name in figures and _is_useless_by(figures[term.name])]
    return shown or new


def _is_useless_by(activity: pb.TermActivity) -> bool:
    return activity.firing_rate <= DEAD or activity.cut_rate >= CUT or not activity.finite


def _closeness(trial: Trial) -> tuple[bool, float]:
    """A gain in return counts for more than any gain in milestones."""
    return trial.verdict.test.measure == "return", trial.verdict.test.mean_gain


def _came_close(trial: Trial) -> bool:
    return trial.verdict.outcome == verdict_pb2.OUTCOME_REJECTED and trial.verdict.test.mean_gain > 0
