"""What a shaping config may say on a task: every rule that is not a limit in `shaping.proto`.

A config is data that a person or a model wrote. `check_config` either accepts it whole or raises
one `ShapingError` that names the term, the value and what is allowed; nothing in a config is
ever ignored. What it accepts is safe to train on: its features exist, its values are finite, its
potentials are functions of the state, and its rewards that are not potentials stay, in every episode
and for every agent, below the smallest positive return of the task as the learner discounts it
(`also.shaping.sight`), so that no certain success within its sight is given up for them.
"""

import math
from collections.abc import Sequence
from copy import deepcopy
from typing import NoReturn

from also import enums, limits
from also.errors import DocumentError, ShapingError
from also.shaping.aggregates import aggregate_range, allowed_aggregates, reads_team
from also.shaping.sight import bonus_limit, sight
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2

RULES = {
    pb.SHAPING_FORM_EVENT: "event",
    pb.SHAPING_FORM_SYNCHRONY: "synchrony",
    pb.SHAPING_FORM_NOVELTY: "novelty",
    pb.SHAPING_FORM_CREDIT: "credit",
}
"""Field of `ShapingTerm` that holds a form's rule, for the forms that have one."""

_UNUSED = {
    pb.SHAPING_FORM_POTENTIAL: ("episode_cap",),
    pb.SHAPING_FORM_EVENT: (),
    pb.SHAPING_FORM_SYNCHRONY: ("aggregate",),
    pb.SHAPING_FORM_NOVELTY: ("transform",),
    pb.SHAPING_FORM_PENALTY: (),
    pb.SHAPING_FORM_CREDIT: (
        "feature",
        "aggregate",
        "transform",
        "gate",
        "weight",
        "clip",
        "episode_cap",
        "schedule",
    ),
}
"""Fields that a form has no use for; they must be left out (or at their default)."""


def complete(config: pb.ShapingConfig) -> pb.ShapingConfig:
    """A copy with every default spelt out and the rule of each term's form present."""
    full = deepcopy(config)
    for term in full.terms:
        if term.form in RULES and term.WhichOneof("rule") is None:
            getattr(term, RULES[term.form]).SetInParent()
    limits.fill_defaults(full)
    return full


def check_config(config: pb.ShapingConfig, card: task_pb2.TaskCard, gamma: float) -> None:
    """Accept a config for a task, with or without its defaults filled.

    Args:
        config: the config.
        card: the task's card.
        gamma: the learner's discount, in [0, 1].

    Raises:
        ShapingError: the first rule that it breaks.
    """
    check_fit(config, card)
    for term in config.terms:
        if term.form == pb.SHAPING_FORM_POTENTIAL:
            _check_potential(term, card)
    _check_caps(config, card, gamma)


def check_fit(config: pb.ShapingConfig, card: task_pb2.TaskCard) -> None:
    """Accept a config as one of a task, whatever it promises: what its potentials tell of, and its caps, may be wrong.

    An incumbent that an earlier ALSO promoted passes this. Nothing is trained under it before `check_config`.

    Raises:
        ShapingError: the first rule that it breaks.
    """
    terms = complete(config).terms
    _check_limits(config)
    for index, term in enumerate(terms):
        if any(term.name == other.name for other in terms[:index]):
            raise ShapingError(f"term {term.name!r} is there twice; names are unique in a config")
        _check_form(term)
        _check_target(term, card)
        if term.form != pb.SHAPING_FORM_CREDIT:
            _check_value(term, card)
            _check_schedule(term)
    _check_credit(terms)


def derive_invariance(config: pb.ShapingConfig) -> pb.Invariance:
    """What a valid config does to the ranking of policies.

    Potentials alone leave it unchanged (Ng 1999); so does a fixed mix of them over agents, which
    is a potential of each agent. Anything else is bounded by its caps. A valid config's potentials
    are functions of the state: `check_config` refuses others.
    """
    neutral = (pb.SHAPING_FORM_POTENTIAL, pb.SHAPING_FORM_CREDIT)
    if all(term.form in neutral for term in config.terms):
        return pb.INVARIANCE_POLICY_INVARIANT
    return pb.INVARIANCE_BOUNDED


def cap_total(config: pb.ShapingConfig) -> float:
    """Largest sum of |shaping reward| that is not a potential, per episode and agent, units of task reward."""
    return math.fsum(term.episode_cap for term in complete(config).terms if is_capped(term.form))


def is_capped(form: int) -> bool:
    """Whether terms of a form spend an episode cap."""
    return form not in (pb.SHAPING_FORM_POTENTIAL, pb.SHAPING_FORM_CREDIT)


def role_agents(card: task_pb2.TaskCard, role: str) -> tuple[int, ...]:
    """Indices of a role's agents; an agent's own name is a role too. Empty when there is no such role."""
    for known in card.roles:
        if known.name == role:
            return tuple(known.agents)
    return tuple(index for index, agent in enumerate(card.agents) if agent == role)


def feature_of(card: task_pb2.TaskCard, name: str) -> task_pb2.Feature:
    """A feature of the card.

    Raises:
        ShapingError: the card has none of this name.
    """
    for feature in card.features:
        if feature.name == name:
            return feature
    raise ShapingError(f"feature {name!r} is not on the card; allowed: {', '.join(f.name for f in card.features)}")


def tells_of_state(feature: task_pb2.Feature) -> bool:
    """Whether a feature is a function of the state alone, so that a potential may read it."""
    return feature.tells_of == task_pb2.TELLS_OF_STATE


def _check_limits(config: pb.ShapingConfig) -> None:
    for index, term in enumerate(config.terms):
        try:
            limits.check(term)
        except DocumentError as error:
            raise ShapingError(f"term {term.name or index!r}: {error}") from None
    try:
        limits.check(config)
    except DocumentError as error:
        raise ShapingError(str(error)) from None


def _check_form(term: pb.ShapingTerm) -> None:
    rule, own = term.WhichOneof("rule"), RULES.get(term.form)
    form = enums.short_name(pb.ShapingForm.DESCRIPTOR, term.form)
    if rule is not None and rule != own:
        _refuse(term, f"rule {rule!r} does not belong to form {form}; allowed: {own or 'none'}")
    left_out = complete(pb.ShapingConfig(terms=[pb.ShapingTerm(form=term.form)])).terms[0]
    for name in _UNUSED[term.form]:
        if getattr(term, name) != getattr(left_out, name):
            _refuse(term, f"{name} has no effect in form {form}; leave it out")


def _check_target(term: pb.ShapingTerm, card: task_pb2.TaskCard) -> None:
    if term.target == pb.TARGET_KIND_ROLE:
        if not role_agents(card, term.role):
            roles = dict.fromkeys([*(role.name for role in card.roles), *card.agents])
            _refuse(term, f"role {term.role!r} is not on the card; allowed: {', '.join(roles)}")
    elif term.role:
        _refuse(term, f"role {term.role!r} goes with target role only; leave it out")
    if term.form == pb.SHAPING_FORM_CREDIT and term.target == pb.TARGET_KIND_TEAM:
        _refuse(term, "target team has no effect in form credit; allowed: agent, role")
    if term.form == pb.SHAPING_FORM_SYNCHRONY:
        members = len(role_agents(card, term.role)) if term.role else len(card.agents)
        if term.synchrony.min_agents > members:
            _refuse(term, f"min_agents {term.synchrony.min_agents} is more than its {members} agents")


def _check_value(term: pb.ShapingTerm, card: task_pb2.TaskCard) -> None:
    if term.weight == 0:
        _refuse(term, "weight 0 has no effect; allowed: [-1, 1] without 0")
    if not term.feature:
        _refuse(term, f"feature is missing; allowed: {', '.join(feature.name for feature in card.features)}")
    feature = _check_reading(term, card, term.feature, term.aggregate, "")
    if term.form == pb.SHAPING_FORM_SYNCHRONY and feature.scope != task_pb2.FEATURE_SCOPE_AGENT:
        scope = enums.short_name(task_pb2.FeatureScope.DESCRIPTOR, feature.scope)
        _refuse(term, f"feature {feature.name!r} has scope {scope}; synchrony needs one of scope agent")
    if term.novelty.team:
        _check_novelty_of_team(term, feature)
    _check_transform(term)
    if term.HasField("gate"):
        _check_gate(term, card)


def _check_reading(
    term: pb.ShapingTerm, card: task_pb2.TaskCard, name: str, aggregate: int, where: str
) -> task_pb2.Feature:
    try:
        feature = feature_of(card, name)
    except ShapingError as error:
        _refuse(term, f"{where}{error}")
    if feature.scope == task_pb2.FEATURE_SCOPE_PAIR and len(card.agents) < 2:
        _refuse(term, f"{where}feature {name!r} is of pairs, and the task has one agent")
    allowed = allowed_aggregates(term.form, term.target, feature.scope)
    if aggregate not in allowed:
        scope = enums.short_name(task_pb2.FeatureScope.DESCRIPTOR, feature.scope)
        target = enums.short_name(pb.TargetKind.DESCRIPTOR, term.target)
        found = f"aggregate {_aggregate_name(aggregate)}" if aggregate else "no aggregate"
        names = ", ".join(_aggregate_name(number) for number in allowed)
        _refuse(term, f"{where}{found} for feature {name!r} of scope {scope}, target {target}; allowed: {names}")
    return feature


def _aggregate_name(number: int) -> str:
    return enums.short_name(task_pb2.Aggregate.DESCRIPTOR, number) if number else "none (leave it out)"


def _check_novelty_of_team(term: pb.ShapingTerm, feature: task_pb2.Feature) -> None:
    if term.target != pb.TARGET_KIND_TEAM or feature.scope == task_pb2.FEATURE_SCOPE_TEAM:
        _refuse(term, "novelty.team goes with target team and a feature of agents or pairs only; leave it out")
    if term.novelty.team not in (task_pb2.AGGREGATE_MIN, task_pb2.AGGREGATE_MEAN):
        _refuse(term, f"novelty.team {_aggregate_name(term.novelty.team)} is not allowed; allowed: min, mean")


def _check_transform(term: pb.ShapingTerm) -> None:
    transform = term.transform
    if transform.kind in (pb.TRANSFORM_KIND_UNSPECIFIED, pb.TRANSFORM_KIND_IDENTITY):
        if transform.HasField("scale") and transform.scale != _default_scale():
            _refuse(term, f"transform.scale {transform.scale:g} has no effect with transform identity; leave it out")
        return
    reach = _reach(transform)
    needed = {pb.SHAPING_FORM_EVENT: term.event.threshold, pb.SHAPING_FORM_SYNCHRONY: term.synchrony.threshold}
    threshold = needed.get(term.form, 0.0)
    if reach == 0 or threshold > reach:
        kind = enums.short_name(pb.TransformKind.DESCRIPTOR, transform.kind)
        _refuse(
            term,
            f"transform {kind} with scale {transform.scale:g} reaches only {reach:g}, "
            f"which must be above 0 and at least the threshold ({threshold:g})",
        )


def _default_scale() -> float:
    transform = pb.Transform()
    limits.fill_defaults(transform)
    return transform.scale


def _reach(transform: pb.Transform) -> float:
    """Largest value of a transform over u in [0, 1]."""
    match transform.kind:
        case pb.TRANSFORM_KIND_TANH:
            return math.tanh(1 / transform.scale)
        case pb.TRANSFORM_KIND_THRESHOLD:
            return 1 - transform.scale
        case _:
            return 1.0


def _check_gate(term: pb.ShapingTerm, card: task_pb2.TaskCard) -> None:
    gate = term.gate
    feature = _check_reading(term, card, gate.feature, gate.aggregate, "gate: ")
    low, high = aggregate_range(card, feature, gate.aggregate, team=reads_team(term.form, term.target))
    if not low <= gate.value <= high:
        _refuse(term, f"gate.value {gate.value:g} is outside the range of {gate.feature!r}, [{low:g}, {high:g}]")


def _check_schedule(term: pb.ShapingTerm) -> None:
    schedule = term.schedule
    if schedule.kind in (pb.SCHEDULE_KIND_UNSPECIFIED, pb.SCHEDULE_KIND_CONSTANT):
        for name in ("begin", "end", "floor"):
            if getattr(schedule, name):
                _refuse(term, f"schedule.{name} {getattr(schedule, name):g} has no effect in a constant schedule")
    elif schedule.end <= schedule.begin:
        _refuse(term, f"schedule.end {schedule.end} is not greater than schedule.begin {schedule.begin}")
    elif schedule.floor == 1:
        _refuse(term, "schedule.floor 1 is no decay; allowed: [0, 1)")


def _check_credit(terms: Sequence[pb.ShapingTerm]) -> None:
    mixers = [term for term in terms if term.form == pb.SHAPING_FORM_CREDIT]
    if len(mixers) > 1:
        _refuse(mixers[1], "a second term of form credit; at most one is allowed")
    if mixers and len(terms) == 1:
        _refuse(mixers[0], "form credit mixes the other terms, and there is none")


def _check_potential(term: pb.ShapingTerm, card: task_pb2.TaskCard) -> None:
    read = [("", term.feature)] + ([("gate: ", term.gate.feature)] if term.HasField("gate") else [])
    for where, name in read:
        told = feature_of(card, name).tells_of
        if told != task_pb2.TELLS_OF_STATE:
            of = enums.short_name(task_pb2.TellsOf.DESCRIPTOR, told) if told else "something unknown"
            known = ", ".join(each.name for each in card.features if tells_of_state(each))
            _refuse(
                term,
                f"{where}feature {name!r} tells of {of}; a potential reads features that tell of state only, "
                f"allowed: {known or 'none of this card'}",
            )


def _check_caps(config: pb.ShapingConfig, card: task_pb2.TaskCard, gamma: float) -> None:
    capped = [term.name for term in config.terms if is_capped(term.form)]
    total, limit = cap_total(config), bonus_limit(card, gamma)
    if capped and not total < limit:
        raise ShapingError(
            f"the episode_caps of {', '.join(map(repr, capped))} sum to {total:g}; allowed: less than {limit:.4g}, "
            f"what the task's smallest return, {card.smallest_return:g}, is worth at the end of the next "
            f"{sight(card, gamma)} env_steps to a learner with gamma {gamma:g}"
        )


def _refuse(term: pb.ShapingTerm, text: str) -> NoReturn:
    raise ShapingError(f"term {term.name!r}: {text}")
