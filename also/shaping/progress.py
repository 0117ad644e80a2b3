"""Which feature leads to a milestone.

The card names a progress feature. It misleads where it turns back when the milestone is reached: a cook that has put
its onion into the pot carries none, and is far from a pot with one. A potential along it takes away what led there,
and a team that is paid nothing else learns to stop short of the milestone. Evidence says where that was seen.
"""

from also.v1.evidence_pb2 import Evidence
from also.v1.task_pb2 import Milestone

TURNS = 0.5
"""Share of the episodes that reached a milestone from which its progress feature counts as one that turns back."""


def way_to(milestone: Milestone, evidence: Evidence) -> str:
    """Feature along which a milestone is approached: the milestone's own where its progress feature turns back.

    Args:
        milestone: of the task's card.
        evidence: of a stage.

    Returns:
        Its name; empty where none is known.
    """
    seen = {each.milestone: each.turned_back for each in evidence.milestones}
    turns = bool(milestone.progress_feature) and seen.get(milestone.name, 0.0) >= TURNS
    return milestone.feature if turns else milestone.progress_feature
