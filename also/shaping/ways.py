"""Ways to success: which feature leads to a milestone, and whether a term pays along the way that the card names.

A card's progress feature misleads where it turns back when the milestone is reached: a cook that has put its onion into
the pot carries none, and is far from a pot with one. A potential along it takes away what led there, and a team that is
paid nothing else learns to stop short of the milestone. Evidence says where that was seen.
"""

from also.shaping.rules import feature_of
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2
from also.v1.evidence_pb2 import Evidence
from also.v1.task_pb2 import Milestone, TaskCard

TURNS = 0.5
"""Share of the episodes that reached a milestone from which its progress feature counts as one that turns back."""

_SILENT = (pb.SHAPING_FORM_NOVELTY, pb.SHAPING_FORM_CREDIT)
"""Forms that pay for no direction along a feature."""


def way_to(milestone: Milestone, evidence: Evidence) -> str:
    """Feature along which a milestone is approached: the milestone's own where its progress feature turns back.

    Args:
        milestone: of the task's card.
        evidence: of a stage.

    Returns:
        Its name; empty where none is known.
    """
    turned_back = next((each.turned_back for each in evidence.milestones if each.milestone == milestone.name), 0.0)
    return milestone.feature if milestone.progress_feature and turned_back >= TURNS else milestone.progress_feature


def pays_wrong_way(term: pb.ShapingTerm, card: TaskCard) -> bool:
    """Whether a term pays for moving away from success; where the card does not say which way that is, none does.

    Args:
        term: valid on the card.
        card: the task's card.

    Raises:
        ShapingError: the card does not have the term's feature.
    """
    if term.form in _SILENT:
        return False
    direction = feature_of(card, term.feature).direction
    if not direction:
        return False
    rises = term.transform.kind != pb.TRANSFORM_KIND_EXP
    pays_for_more = rises == (term.weight > 0)
    if term.form == pb.SHAPING_FORM_PENALTY:  # it takes |weight| times the value, whatever the weight's sign is
        pays_for_more = not rises
    return pays_for_more != (direction == task_pb2.DIRECTION_HIGHER)
