"""The embedded expert: which shaping configs might cure what the critic has found?

Every finding brings the variants of its remedy. Those of all findings are merged by priority =
severity * confidence * FADE^i for the i-th variant of a finding: the gravest finding leads, and the
others soon get their turn. What came close to a promotion before is varied first.

Once the task pays, the way back comes before all that: the incumbent taken away, weakened, or without one of its
terms. What brought a team to its first reward is the first suspect when it goes no further.

Without findings (critic `none`) nobody says what is missing: each milestone is then guided to, in
the order of the card.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from also import returns
from also.briefing.history import NO_FINDING
from also.errors import DocumentError
from also.services.generator.expert.feedback import is_useless, neighbours, read_feedback
from also.services.generator.expert.problem import Problem
from also.services.generator.expert.remedies import variants, way_back
from also.services.generator.proposal import Proposal
from also.shaping.identity import config_hash
from also.v1 import diagnosis_pb2 as pb
from also.v1.diagnosis_pb2 import Finding
from also.v1.generator_pb2 import ProposeRequest

_FIRST = 2.0
"""Priority above all that a finding can have."""

FADE = 0.8
"""Factor on the priority of each further variant of a finding."""


def proposals(request: ProposeRequest) -> list[Proposal]:
    """Proposals for a diagnosis, most promising first.

    Args:
        request: one whose diagnosis names only what there is, see `check_names`.
    """
    findings = _findings(request)
    feedback = read_feedback(request)
    ranked: list[Proposal] = []
    if findings and request.evidence.returns.mean > returns.nothing(request.card):
        ranked += [Proposal(config=config, priority=_FIRST) for config in way_back(request.incumbent)]
    if findings and feedback.closest is not None:
        ranked += _fading(neighbours(request, feedback.closest), first=1.0)
    for index, finding in findings:
        answers = variants(Problem(request=request, finding=finding))
        useful = (Proposal(config=config, finding=index) for config in answers if not is_useless(config, feedback))
        ranked += _fading(_distinct(useful), first=finding.severity * finding.confidence)
    return sorted(ranked, key=lambda proposal: -proposal.priority)


def check_names(request: ProposeRequest) -> None:
    """Refuse a diagnosis that is of another task or another incumbent.

    Raises:
        DocumentError: the first name that is unknown.
    """
    known = {
        "milestone": [milestone.name for milestone in request.card.milestones],
        "feature": [feature.name for feature in request.card.features],
        "agent": list(request.card.agents),
        "term": [term.name for term in request.incumbent.terms],
    }
    for index, finding in enumerate(request.diagnosis.findings):
        for field, allowed in known.items():
            name = getattr(finding, field)
            if name and name not in allowed:
                raise DocumentError(
                    f"diagnosis.findings[{index}].{field} {name!r} is unknown; allowed: {', '.join(allowed) or 'none'}"
                )


def _findings(request: ProposeRequest) -> list[tuple[int, Finding]]:
    """Findings that ask for a change, with their index; a guess for each milestone where there is no critic."""
    if request.diagnosis.findings or request.diagnosis.phase == pb.LEARNING_PHASE_SOLVED:
        return [item for item in enumerate(request.diagnosis.findings) if item[1].remedy != pb.REMEDY_KEEP]
    guesses = [
        Finding(remedy=pb.REMEDY_GUIDE, milestone=milestone.name, severity=1, confidence=FADE**index)
        for index, milestone in enumerate(request.card.milestones)
    ]
    guesses.append(Finding(remedy=pb.REMEDY_EXPLORE, severity=1, confidence=0.5))
    return [(NO_FINDING, guess) for guess in guesses]


def _distinct(items: Iterable[Proposal]) -> Iterator[Proposal]:
    """Proposals without repeated configs, so that a repetition costs no priority."""
    seen: set[str] = set()
    for item in items:
        identity = config_hash(item.config)
        if identity not in seen:
            seen.add(identity)
            yield item


def _fading(items: Iterable[Proposal], *, first: float) -> list[Proposal]:
    return [replace(item, priority=first * FADE**index) for index, item in enumerate(items)]
