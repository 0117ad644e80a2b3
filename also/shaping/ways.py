"""Which way along its feature a term pays, and whether that is the way to success that the card names."""

from also.shaping.rules import feature_of
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2
from also.v1.task_pb2 import TaskCard

_SILENT = (pb.SHAPING_FORM_NOVELTY, pb.SHAPING_FORM_CREDIT)
"""Forms that pay for no direction along a feature."""


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
