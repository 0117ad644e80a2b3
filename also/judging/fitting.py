"""Whether a candidate does what the remedy of its finding asks: read off the terms that it adds, drops or changes.

What it adds has to pay for the right way, where the card says which that is. How wise it is, branches have to say.
"""

from also.judging.diversity import scheduled_shape
from also.shaping.ways import pays_wrong_way
from also.v1 import diagnosis_pb2 as dp
from also.v1 import shaping_pb2 as pb
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import Candidate

_FADING = (pb.SCHEDULE_KIND_LINEAR, pb.SCHEDULE_KIND_EXPONENTIAL)


def fits(candidate: Candidate, heard: dp.Diagnosis, incumbent: pb.ShapingConfig, card: TaskCard) -> bool:
    """Whether a candidate names a finding, and does what that one's remedy asks.

    Args:
        candidate: the candidate.
        heard: the diagnosis that it answers.
        incumbent: the config that it changes.
        card: the task's card.
    """
    if not 0 <= candidate.finding < len(heard.findings):
        return False
    finding = heard.findings[candidate.finding]
    named = [term for term in incumbent.terms if not finding.term or term.name == finding.term]
    left = {term.name: term for term in candidate.config.terms}
    shapes = {scheduled_shape(term) for term in incumbent.terms}
    new = [term for term in candidate.config.terms if scheduled_shape(term) not in shapes]
    added = [term for term in new if not pays_wrong_way(term, card)]
    match finding.remedy:
        case dp.REMEDY_DECAY:
            return any(term.name in left and left[term.name].schedule.kind in _FADING for term in named)
        case dp.REMEDY_REMOVE:
            return any(term.name not in left for term in named)
        case dp.REMEDY_RESCALE:
            return any(term.name in left and left[term.name].weight != term.weight for term in named)
        case dp.REMEDY_EXPLORE:
            return any(term.form == pb.SHAPING_FORM_NOVELTY for term in added)
        case dp.REMEDY_GUIDE:
            return any(term.form in (pb.SHAPING_FORM_POTENTIAL, pb.SHAPING_FORM_EVENT) for term in added) or _wider(
                candidate.config, incumbent
            )
        case dp.REMEDY_SYNCHRONISE:
            return any(term.form == pb.SHAPING_FORM_SYNCHRONY or _of_team(term) or _own(term) for term in added)
        case dp.REMEDY_INDIVIDUALISE:
            return any(term.form == pb.SHAPING_FORM_CREDIT or _own(term) for term in added)
        case _:
            return False


def _wider(config: pb.ShapingConfig, incumbent: pb.ShapingConfig) -> bool:
    """Whether a potential of the incumbent is felt from farther away."""
    before = {term.name: term.transform.scale for term in incumbent.terms if term.form == pb.SHAPING_FORM_POTENTIAL}
    return any(term.name in before and term.transform.scale > before[term.name] > 0 for term in config.terms)


def _of_team(term: pb.ShapingTerm) -> bool:
    return term.target == pb.TARGET_KIND_TEAM


def _own(term: pb.ShapingTerm) -> bool:
    return term.target in (pb.TARGET_KIND_AGENT, pb.TARGET_KIND_ROLE)
