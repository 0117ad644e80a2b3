"""How much of the evidence is shown: from everything down to a minimum of a few lines."""

from dataclasses import dataclass

_EVERYTHING = 10**6
_QUARTILES = ("mean", "deviation", "minimum", "lower_quartile", "median", "upper_quartile", "maximum", "count")
_SPAN = ("mean", "median", "maximum", "count")
_COMPARED = ("mean", "mean_last", "mean_successful", "mean_failed", "effect_size")


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A level of detail; every number is a maximum."""

    milestones: int = _EVERYTHING
    """Milestones, those nearest the first missing one."""
    features: int = _EVERYTHING
    """Features, the most telling ones."""
    feature_columns: tuple[str, ...] = _COMPARED
    """Columns of features."""
    agents: int = _EVERYTHING
    """Agents, those that add most and least."""
    agent_means: bool = False
    """Whether each agent's mean of each agent feature is shown."""
    curve: int = _EVERYTHING
    """Points of the curve."""
    terms: int = _EVERYTHING
    """Terms of the incumbent, those with the largest and smallest share."""
    optimisation: bool = True
    """Whether the optimiser's figures are shown."""
    returns: tuple[str, ...] = _QUARTILES
    """Columns of returns."""


LEVELS = (
    Detail(agent_means=True),
    Detail(),
    Detail(features=32, agents=24),
    Detail(features=20, agents=12, curve=6),
    Detail(features=12, agents=6, curve=6, milestones=10),
    Detail(features=8, feature_columns=("mean", "effect_size"), agents=4, curve=3, milestones=6, terms=6),
    Detail(features=4, feature_columns=("mean", "effect_size"), agents=2, curve=3, milestones=4, terms=4),
    Detail(features=0, agents=2, curve=0, milestones=3, terms=2, returns=_SPAN),
    Detail(features=0, agents=0, curve=0, milestones=1, terms=0, optimisation=False, returns=_SPAN),
    Detail(features=0, agents=0, curve=0, milestones=0, terms=0, optimisation=False, returns=()),
)
"""Levels, the fullest first; each shows a part of what the one before shows."""
