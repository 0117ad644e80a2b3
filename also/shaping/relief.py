"""Whether a shaping config only takes away from another one: fewer terms, or weaker ones, and nothing new."""

from copy import deepcopy

from also.shaping.rules import complete
from also.v1.shaping_pb2 import ShapingConfig, ShapingTerm


def is_relief(config: ShapingConfig, incumbent: ShapingConfig) -> bool:
    """Whether every term of a config is one of the incumbent's, with a weight and a cap that are no larger."""
    theirs, ours = complete(incumbent).terms, complete(config).terms
    same = len(ours) == len(theirs) and all(any(_like(term, other) == term for other in theirs) for term in ours)
    return len(kept(config, incumbent)) == len(ours) and not same


def kept(config: ShapingConfig, incumbent: ShapingConfig) -> list[str]:
    """Names of a config's terms that are the incumbent's, each with a weight and a cap that are no larger."""
    theirs = complete(incumbent).terms
    return [term.name for term in complete(config).terms if any(_weakens(term, other) for other in theirs)]


def is_weaker(config: ShapingConfig, incumbent: ShapingConfig) -> bool:
    """Whether a config only takes away from the incumbent, and keeps each of its terms."""
    return len(config.terms) == len(incumbent.terms) and is_relief(config, incumbent)


def _weakens(term: ShapingTerm, other: ShapingTerm) -> bool:
    """Whether a term is another one at no larger weight, of the same sign, and under no larger cap."""
    alike = deepcopy(term)
    alike.weight = other.weight
    if term.HasField("episode_cap") and term.episode_cap <= other.episode_cap:
        alike.episode_cap = other.episode_cap
    return _like(alike, other) == alike and 0 <= term.weight * other.weight <= other.weight**2


def _like(term: ShapingTerm, other: ShapingTerm) -> ShapingTerm:
    """Another term under a term's name and reason, which have no effect."""
    renamed = deepcopy(other)
    renamed.name, renamed.reason = term.name, term.reason
    return renamed
