"""What can be done to a shaping config: add and remove terms, scale them, let them fade.

Every function returns a new config. Adding a term whose shape (`also.shaping.shape`) is there already replaces it, for
two of them would only be one with another weight.
"""

from collections.abc import Collection, Iterable
from copy import deepcopy

from also.services.generator.terms import tidy
from also.shaping.rules import cap_total, complete, feature_of, is_capped
from also.shaping.shape import shape
from also.shaping.sight import bonus_limit
from also.v1 import shaping_pb2 as pb
from also.v1.task_pb2 import AGGREGATE_UNSPECIFIED, FEATURE_SCOPE_AGENT, TaskCard

FULL_PURSE = 0.9
"""Share of `bonus_limit` that all caps of a config together may reach."""


def add(config: pb.ShapingConfig, terms: Iterable[pb.ShapingTerm]) -> pb.ShapingConfig:
    """The config with terms added, each in place of the one of its shape where there is one."""
    changed = deepcopy(config)
    for term in terms:
        twin = next((present for present in changed.terms if shape(present) == shape(term)), None)
        if twin is not None:
            name = twin.name
            twin.CopyFrom(term)
            twin.name = name
        else:
            new = changed.terms.add()
            new.CopyFrom(term)
            new.name = free_name(term.name, {present.name for present in changed.terms[:-1]})
    return changed


def without(config: pb.ShapingConfig, names: Collection[str]) -> pb.ShapingConfig:
    """The config without some of its terms, and without a credit term that is left with nothing to mix."""
    left = [term for term in config.terms if term.name not in names]
    if all(term.form == pb.SHAPING_FORM_CREDIT for term in left):
        left = []
    return pb.ShapingConfig(terms=left)


def scaled(config: pb.ShapingConfig, names: Collection[str], factor: float) -> pb.ShapingConfig:
    """The config with the weights (and caps) of some terms multiplied, each at most 1."""
    changed = deepcopy(config)
    for term in _paying(changed, names):
        term.weight = tidy(max(-1.0, min(1.0, term.weight * factor)))
        if term.HasField("episode_cap") and is_capped(term.form):  # filled in at its default, it says nothing elsewhere
            term.episode_cap = tidy(min(1.0, term.episode_cap * factor))
    return changed


def stretched(config: pb.ShapingConfig, names: Collection[str], factor: float) -> pb.ShapingConfig:
    """The config with the reach (the scale of the transform) of some terms multiplied, each at most 1."""
    changed = deepcopy(config)
    for term in _paying(changed, names):
        if term.transform.HasField("scale"):
            term.transform.scale = tidy(min(1.0, term.transform.scale * factor))
    return changed


def faded(config: pb.ShapingConfig, names: Collection[str], schedule: pb.Schedule) -> pb.ShapingConfig:
    """The config with a schedule given to some terms."""
    changed = deepcopy(config)
    for term in _paying(changed, names):
        term.schedule.CopyFrom(schedule)
    return changed


def personal(config: pb.ShapingConfig, card: TaskCard) -> pb.ShapingConfig:
    """The config with each agent paid by its own value where the team was paid by an aggregate of agents' values."""
    changed = deepcopy(config)
    for term in _paying(changed, [term.name for term in config.terms]):
        of_agents = feature_of(card, term.feature).scope == FEATURE_SCOPE_AGENT
        if of_agents and term.target == pb.TARGET_KIND_TEAM and not term.HasField("gate"):
            term.target = pb.TARGET_KIND_AGENT
            term.aggregate = AGGREGATE_UNSPECIFIED
            if term.form == pb.SHAPING_FORM_NOVELTY:
                term.novelty.ClearField("team")
    return changed


def fit_caps(config: pb.ShapingConfig, card: TaskCard, gamma: float) -> pb.ShapingConfig:
    """The config with its caps scaled down together, where their sum is not clearly below what is allowed.

    Args:
        config: the config.
        card: the task's card.
        gamma: the learner's discount, in [0, 1].
    """
    allowed, total = FULL_PURSE * bonus_limit(card, gamma), cap_total(config)
    if total <= allowed or allowed <= 0:
        return config
    capped = [term.name for term in config.terms if is_capped(term.form)]
    spelt_out = deepcopy(config)
    for term, full in zip(spelt_out.terms, complete(config).terms, strict=True):
        if is_capped(term.form):
            term.episode_cap = full.episode_cap
    return scaled(spelt_out, capped, allowed / total)


def free_name(name: str, taken: Collection[str]) -> str:
    """A name for a new term: the one given, or with the first number behind it that makes it unique.

    Args:
        name: of at most 48 characters.
        taken: names that are there already.
    """
    number = 2
    free = name
    while free in taken:
        free = f"{name[:45]}_{number}"
        number += 1
    return free


def _paying(config: pb.ShapingConfig, names: Collection[str]) -> list[pb.ShapingTerm]:
    return [term for term in config.terms if term.name in names and term.form != pb.SHAPING_FORM_CREDIT]
