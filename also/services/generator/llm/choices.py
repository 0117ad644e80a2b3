"""What may be chosen, in words: the levels and names that the schema is made of.

A grammar lets through only what the schema allows, but a model does not see the grammar. What it cannot
guess it has to be told, or it is forced away from what it meant.
"""

from collections.abc import Iterator, Sequence

from also import enums
from also.briefing.table import number
from also.services.generator.configs import FULL_PURSE
from also.services.generator.llm import levels
from also.services.generator.llm.edits import full_weight
from also.services.generator.llm.offer import Offer
from also.services.generator.llm.schema import changes, companies, companions
from also.shaping.sight import bonus_limit
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2
from also.words import counted


def levels_section() -> str:
    """Every number of the reply's language, the same on every task."""
    weights = (
        f"  - {enums.short_name(pb.ShapingForm.DESCRIPTOR, form)}: {_listed(values)}"
        for form, values in levels.WEIGHTS.items()
    )
    ends, floors = _listed(levels.SCHEDULE_ENDS), _listed(levels.FLOORS)
    lines = [
        "- weight, percent of the largest return for a potential, of the term's episode_cap for other forms:",
        *weights,
        f"- scale of a transform, percent of the feature's range: {_listed(levels.SCALES)}",
        f"- threshold of an event or a synchrony, percent, with which v is compared: {_listed(levels.THRESHOLDS)}",
        f"- level of a gate, percent of the range of what it reads: {_listed(levels.GATE_LEVELS)}",
        f"- end of a schedule, percent of a stage: {ends}; its floor, percent of the weight: {floors}",
        f"- credit: {_listed(levels.ALPHAS)}",
        f"- cooldown: {_listed(levels.COOLDOWNS)}; window: {_listed(levels.WINDOWS)}; bins: {_listed(levels.BINS)}",
    ]
    return "\n".join(lines)


def choices_section(offered: Offer) -> str:
    """What may be chosen for one request, under aliases."""
    return "\n".join(_choices(offered))


def _choices(offered: Offer) -> Iterator[str]:
    request = offered.request
    limit = FULL_PURSE * bonus_limit(request.card, request.gamma)
    roles = [f"{role} ({counted(size, 'agent')})" for role, size in offered.roles.items()]
    yield f"- target: {_listed(['agent', 'team', *roles])}"
    for scope in task_pb2.FeatureScope.values()[1:]:
        names = [feature.name for feature in offered.features if feature.scope == scope]
        yield f"- features of scope {enums.short_name(task_pb2.FeatureScope.DESCRIPTOR, scope)}: {_listed(names)}"
    yield f"- features of a gate: {_listed([feature.name for feature in offered.gates])}"
    followed = [feature.name for feature in offered.of_state(offered.features)]
    yield f"- features that tell of state, which alone a potential and its gate may read: {_listed(followed)}"
    if offered.agents > 1:
        yield f"- min_agents of a synchrony: {_listed(companies(offered, []))}"
    if companions(offered):
        yield f"- min_agents of a synchrony of a role: {_listed(companies(offered, companions(offered)))}"
    largest, cap = (full_weight(request, form) for form in (pb.SHAPING_FORM_POTENTIAL, pb.SHAPING_FORM_EVENT))
    yield f"- weight 100 of a potential: {number(largest)} units of task reward"
    yield (
        f"- weight 100 of other forms, and their episode_cap: {number(cap)}; caps that sum to more than "
        f"{number(limit)} are scaled down together"
    )
    yield f"- end 100 of a schedule: {offered.request.stage_env_steps} env_steps, one stage"
    if offered.kept:
        yield f"- keep: {'; '.join(f'{term.name} ({_listed(changes(term))})' for term in offered.kept)}"
    if not offered.mixes:
        yield "- credit: nothing can be mixed here; leave it out"
    most = offered.most_added
    yield f"- add: {f'{0 if offered.kept else 1} to {most} terms' if most else 'no place is left; leave it out'}"


def _listed(values: Sequence[str | int]) -> str:
    return ", ".join(map(str, values)) or "none"
