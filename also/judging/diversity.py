"""How much the candidates of one situation differ: by the shapes of their terms, not by their numbers.

Two terms are of one shape when form, receivers, feature, aggregate, kind of transform, gate's feature and kind of
schedule are the same. The distance of two configs is the share of the shapes of both that only one of them has
(Jaccard 1901): 0 where only numbers differ, 1 where no shape is shared.
"""

from collections.abc import Sequence
from itertools import combinations

from also.shaping.identity import canonical
from also.shaping.shape import Shape, shape
from also.v1.shaping_pb2 import ShapingConfig, ShapingTerm

ScheduledShape = tuple[*Shape, int]
"""Shape of a term, and kind of its schedule."""


def shapes(config: ShapingConfig) -> frozenset[ScheduledShape]:
    """Shapes of a config's terms; what has no effect makes no difference."""
    return frozenset(scheduled_shape(term) for term in canonical(config).config.terms)


def distance(first: ShapingConfig, second: ShapingConfig) -> float:
    """Distance of two configs. In [0, 1]."""
    one, other = shapes(first), shapes(second)
    return len(one ^ other) / len(one | other) if one | other else 0.0


def diversity(configs: Sequence[ShapingConfig]) -> float | None:
    """Mean distance of two configs, over all pairs; None where there is no pair."""
    distances = [distance(first, second) for first, second in combinations(configs, 2)]
    return sum(distances) / len(distances) if distances else None


def scheduled_shape(term: ShapingTerm) -> ScheduledShape:
    """Shape of a term of a canonical config."""
    return (*shape(term), term.schedule.kind)
