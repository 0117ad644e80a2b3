"""Shaping configs as text: a table with every effective field, or a term in a few words. Reasons are never shown."""

from also import enums
from also.briefing.table import NOTHING, name, number, table
from also.shaping.rules import RULES, complete, is_capped
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2

NO_SHAPING = "no shaping"
"""Shown for a config without terms."""

_COLUMNS = (
    "name", "form", "target", "feature", "aggregate", "transform", "gate", "weight", "clip", "episode_cap",
    "schedule", "rule",
)  # fmt: skip


def config_lines(config: pb.ShapingConfig) -> str:
    """A config as a table with one term a line, every default spelt out; roles by the names in the config.

    Args:
        config: one whose roles are aliases (`also.briefing.aliases`).
    """
    terms = complete(config).terms
    return table(_COLUMNS, [_cells(term) for term in terms]) if terms else NO_SHAPING


def term_in_short(term: pb.ShapingTerm) -> str:
    """A term in a few words, e.g. "0.5 potential of exp(-food_distance/0.3) for agent"."""
    full = complete(pb.ShapingConfig(terms=[term])).terms[0]
    form = enums.short_name(pb.ShapingForm.DESCRIPTOR, full.form)
    if full.form == pb.SHAPING_FORM_CREDIT:
        return f"{form} with {_rule(full)} for {_target(full)}"
    aggregate = _aggregate(full.aggregate)
    read = name(full.feature) if aggregate == NOTHING else f"{aggregate} {name(full.feature)}"
    function = signal(full.transform, read, number(full.transform.scale))
    parts = [f"{number(full.weight)} {form} of {function} for {_target(full)}"]
    if full.HasField("gate"):
        parts.append(f"where {_gate(full.gate)}")
    if full.schedule.kind not in _CONSTANT:
        parts.append(_schedule(full.schedule))
    return ", ".join(parts)


_CONSTANT = (pb.SCHEDULE_KIND_UNSPECIFIED, pb.SCHEDULE_KIND_CONSTANT)


def _cells(term: pb.ShapingTerm) -> list[str]:
    """Cells of a completed term; "-" where its form has no use for a field."""
    mixes = term.form == pb.SHAPING_FORM_CREDIT
    return [
        name(term.name),
        enums.short_name(pb.ShapingForm.DESCRIPTOR, term.form),
        _target(term),
        name(term.feature),
        _aggregate(term.aggregate),
        NOTHING if mixes or term.form == pb.SHAPING_FORM_NOVELTY else _transform(term.transform),
        _gate(term.gate) if term.HasField("gate") else NOTHING,
        NOTHING if mixes else number(term.weight),
        NOTHING if mixes else number(term.clip),
        number(term.episode_cap) if is_capped(term.form) else NOTHING,
        NOTHING if mixes else _schedule(term.schedule),
        _rule(term) or NOTHING,
    ]


def _target(term: pb.ShapingTerm) -> str:
    kind = enums.short_name(pb.TargetKind.DESCRIPTOR, term.target)
    return f"{kind} {name(term.role)}" if term.target == pb.TARGET_KIND_ROLE else kind


def _aggregate(aggregate: int) -> str:
    return enums.short_name(task_pb2.Aggregate.DESCRIPTOR, aggregate) if aggregate else NOTHING


def _transform(transform: pb.Transform) -> str:
    if transform.kind in (pb.TRANSFORM_KIND_UNSPECIFIED, pb.TRANSFORM_KIND_IDENTITY):
        return "identity"
    return f"{enums.short_name(pb.TransformKind.DESCRIPTOR, transform.kind)} {number(transform.scale)}"


def signal(transform: pb.Transform, read: str, scale: str) -> str:
    """What a term is a function of.

    Args:
        transform: how it is made of what is read.
        read: what is read, in words.
        scale: the transform's scale, a share of the feature's range, in words.
    """
    match transform.kind:
        case pb.TRANSFORM_KIND_EXP:
            return f"exp(-{read}/{scale})"
        case pb.TRANSFORM_KIND_TANH:
            return f"tanh({read}/{scale})"
        case pb.TRANSFORM_KIND_THRESHOLD:
            return f"max({read} - {scale}, 0)"
        case pb.TRANSFORM_KIND_INDICATOR:
            return f"({read} >= {scale})"
        case _:
            return read


def _gate(gate: pb.Gate) -> str:
    sign = ">=" if gate.comparison == pb.COMPARISON_AT_LEAST else "<="
    aggregate = "" if gate.aggregate == task_pb2.AGGREGATE_UNSPECIFIED else f"{_aggregate(gate.aggregate)} "
    return f"{aggregate}{name(gate.feature)} {sign} {number(gate.value)}"


def _schedule(schedule: pb.Schedule) -> str:
    if schedule.kind in _CONSTANT:
        return "constant"
    kind = enums.short_name(pb.ScheduleKind.DESCRIPTOR, schedule.kind)
    return f"{kind} {schedule.begin} to {schedule.end} floor {number(schedule.floor)}"


def _rule(term: pb.ShapingTerm) -> str:
    """Numbers of a completed term's rule, e.g. "min_agents 2 window 3 threshold 0.5"; "" for a form without one."""
    if term.form not in RULES:
        return ""
    rule = getattr(term, RULES[term.form])
    parts = []
    for field, value in rule.ListFields():
        shown = _aggregate(value) if field.enum_type is not None else number(value)
        parts.append(f"{field.name} {shown}")
    return " ".join(parts)
