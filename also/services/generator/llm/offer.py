"""What a request lets an LLM choose from: features and roles of its card, and what may become of its incumbent.

A card may have 64 features and 64 roles. A schema names each of them once for every kind of term, so only
those are offered that most likely matter.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from also.briefing.aliases import Aliases
from also.limits import most_items
from also.services.generator.llm import levels
from also.services.generator.terms import purse
from also.shaping.rules import role_agents, tells_of_state
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2
from also.v1.generator_pb2 import ProposeRequest
from also.v1.task_pb2 import Feature

MOST_FEATURES = 20
"""Features that a term may read at most; a card has up to 64."""

MOST_GATES = 8
"""Features that a gate may read at most."""

MOST_ROLES = 8
"""Roles that a term may be for at most."""

MOST_TERMS = most_items(pb.ShapingConfig, "terms")
"""Terms of a config at most."""

MOST_ADDED = 3
"""Terms that a candidate may add at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What may be chosen for one request, under aliases."""

    request: ProposeRequest
    """The request; card, incumbent, evidence and diagnosis under aliases, trials as they came."""
    aliases: Aliases
    """Aliases of its card."""
    features: Sequence[Feature]
    """Features that terms may read, in the card's order."""
    gates: Sequence[Feature]
    """Features that gates may read, in the card's order."""
    roles: dict[str, int]
    """Roles that terms may be for, each with the number of its agents."""

    @property
    def agents(self) -> int:
        """A, the number of agents."""
        return len(self.request.card.agents)

    @property
    def kept(self) -> list[pb.ShapingTerm]:
        """The incumbent's terms that pay: each of them is kept, changed or dropped."""
        return [term for term in self.request.incumbent.terms if term.form != pb.SHAPING_FORM_CREDIT]

    @property
    def mixer(self) -> pb.ShapingTerm | None:
        """The incumbent's credit term; None where it has none."""
        return next((term for term in self.request.incumbent.terms if term.form == pb.SHAPING_FORM_CREDIT), None)

    @property
    def mixes(self) -> bool:
        """Whether a candidate may say how credit is mixed.

        That takes several agents, each with a reward of its own, and a place that is left for it.
        """
        if self.request.one_reward:
            return False
        return self.mixer is not None or (self.agents > 1 and len(self.kept) < MOST_TERMS - 1)

    @property
    def most_added(self) -> int:
        """Terms that a candidate may add at most, so that it has at most 8 even when it drops none."""
        return min(MOST_ADDED, MOST_TERMS - len(self.kept) - self.mixes) if self.forms else 0

    @property
    def forms(self) -> Sequence[pb.ShapingForm]:
        """Forms that can be paid: potentials where a feature tells of the state, others where there is a purse."""
        paid = purse(self.request.card, self.request.gamma) > 0
        followed = bool(self.of_state(self.features))
        return [form for form in levels.WEIGHTS if (followed if form == pb.SHAPING_FORM_POTENTIAL else paid)]

    def of_state(self, features: Sequence[Feature]) -> list[Feature]:
        """Those of some features that a potential may read."""
        return [feature for feature in features if tells_of_state(feature)]


def offer(request: ProposeRequest) -> Offer:
    """What an LLM may choose from.

    Args:
        request: as it came, with the card's own names.
    """
    aliases = Aliases(request.card)
    aliased = deepcopy(request)
    aliased.card.CopyFrom(aliases.card)
    aliased.incumbent.CopyFrom(aliases.config(request.incumbent))
    aliased.evidence.CopyFrom(aliases.evidence(request.evidence))
    aliased.diagnosis.CopyFrom(aliases.diagnosis(request.diagnosis))
    ranked = _ranked_features(aliased)
    return Offer(
        request=aliased,
        aliases=aliases,
        features=_in_order(aliased, ranked[:MOST_FEATURES]),
        gates=_in_order(aliased, ranked[:MOST_GATES]),
        roles=_roles(aliased, aliases),
    )


def _ranked_features(request: ProposeRequest) -> list[str]:
    """Names of readable features: milestones' first, then findings', then those that tell success from failure."""
    card = request.card
    effects = {item.feature: abs(item.effect_size) for item in request.evidence.features}
    of_milestones = [name for item in card.milestones for name in (item.progress_feature, item.feature)]
    named = [*of_milestones, *(finding.feature for finding in request.diagnosis.findings)]
    telling = sorted((feature.name for feature in card.features), key=lambda name: -effects.get(name, 0.0))
    readable = {
        feature.name
        for feature in card.features
        if feature.scope != task_pb2.FEATURE_SCOPE_PAIR or len(card.agents) > 1
    }
    return [name for name in dict.fromkeys([*named, *telling]) if name in readable]


def _in_order(request: ProposeRequest, names: Sequence[str]) -> list[Feature]:
    return [feature for feature in request.card.features if feature.name in names]


def _roles(request: ProposeRequest, aliases: Aliases) -> dict[str, int]:
    """Roles of distinct groups of agents, those that findings name first; the whole team is target `agent` already."""
    card = request.card
    named = [finding.agent for finding in request.diagnosis.findings if finding.agent]
    sizes: dict[str, int] = {}
    groups: set[frozenset[int]] = {frozenset(range(len(card.agents)))}
    for role in dict.fromkeys([*named, *aliases.roles]):
        group = frozenset(role_agents(card, role))
        if role in aliases.roles and group and group not in groups and len(sizes) < MOST_ROLES:
            groups.add(group)
            sizes[role] = len(group)
    return sizes
