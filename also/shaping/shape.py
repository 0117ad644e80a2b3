"""Which terms are alike but for their numbers."""

from also.v1.shaping_pb2 import ShapingTerm

Shape = tuple[int, int, str, str, int, int, str]
"""Form, target, role, feature, aggregate, transform and gate's feature of a term."""


def shape(term: ShapingTerm) -> Shape:
    """Shape of a term: two of one shape pay the same agents for the same function of the same feature."""
    return (
        term.form,
        term.target,
        term.role,
        term.feature,
        term.aggregate,
        term.transform.kind,
        term.gate.feature,
    )
