"""From a candidate as an LLM writes it to a shaping config: the incumbent, changed, with terms added.

The candidate follows `schema.candidate_schema`, so nothing here can be missing or unknown. Percents
become numbers of the task: weights in units of its reward, levels of a gate in the feature's unit,
schedules in env_steps. Names and caps are ours.
"""

from typing import Any

from also import document, enums, returns
from also.limits import fill_defaults
from also.services.generator.configs import faded, free_name, scaled, stretched
from also.services.generator.llm import schema
from also.services.generator.llm.offer import Offer
from also.services.generator.terms import credit, purse, schedule_end, tidy
from also.shaping.rules import feature_of, is_capped
from also.v1 import shaping_pb2 as pb
from also.v1.generator_pb2 import ProposeRequest
from also.v1.task_pb2 import TaskCard
from also.words import one_line

FADED_AT = 100
"""End of the schedule that lets a kept term fade, as a percent of a stage."""

_MARGIN = 0.0001
"""Share of a range by which a gate's level is eased, so that features in single precision reach it."""


def edited(offered: Offer, candidate: dict[str, Any]) -> pb.ShapingConfig:
    """The config that a candidate describes, under aliases.

    Args:
        offered: what could be chosen.
        candidate: one that follows the schema of it.
    """
    config = pb.ShapingConfig()
    for term in offered.request.incumbent.terms:
        change = candidate["keep"][term.name] if term.form != pb.SHAPING_FORM_CREDIT else schema.AS_IS
        config.terms.extend(_changed(offered, term, change))
    reason = one_line(candidate["reason"])
    for given in candidate.get("add", []):
        term = _term(offered, given)
        term.name = free_name(term.name, {present.name for present in config.terms})
        term.reason = reason
        config.terms.append(term)
    _mix(config, candidate.get("credit"), reason)
    return config


def _changed(offered: Offer, term: pb.ShapingTerm, change: str) -> list[pb.ShapingTerm]:
    """A term of the incumbent after a change; nothing when it is dropped."""
    alone, names = pb.ShapingConfig(terms=[term]), [term.name]
    match change:
        case schema.DROP:
            return []
        case schema.DOUBLE:
            alone = scaled(alone, names, 2.0)
        case schema.HALF:
            alone = scaled(alone, names, 0.5)
        case schema.QUARTER:
            alone = scaled(alone, names, 0.25)
        case schema.WIDER | schema.NARROWER:
            fill_defaults(alone.terms[0].transform)
            alone = stretched(alone, names, 2.0 if change == schema.WIDER else 0.5)
        case schema.FADE:
            schedule = pb.Schedule(kind=pb.SCHEDULE_KIND_LINEAR, end=_env_steps(offered, FADED_AT))
            alone = faded(alone, names, schedule)
    return list(alone.terms)


def _term(offered: Offer, given: dict[str, Any]) -> pb.ShapingTerm:
    """A term of `shaping.proto`, of one in the reply's language."""
    card = offered.request.card
    data = {field: value for field, value in given.items() if value is not None}
    data["name"] = f"{given['form']}_{given['feature']}"[:48]
    if given["target"] in offered.roles:
        data |= {"target": "role", "role": given["target"]}
    for field, share in _SHARES.items():
        if share in data.get(field, ()):
            data[field] = {**data[field], share: data[field][share] / 100}
    if "gate" in data:
        data["gate"] = _gate(card, data["gate"])
    if "schedule" in data:
        data["schedule"]["end"] = _env_steps(offered, given["schedule"]["end"])
    form = enums.number(pb.ShapingForm.DESCRIPTOR, given["form"])
    data["weight"] = tidy(given["weight"] / 100 * full_weight(offered.request, form))
    if is_capped(form):
        data["episode_cap"] = purse(card, offered.request.gamma)
    return document.read(pb.ShapingTerm, data)


_SHARES = {"transform": "scale", "schedule": "floor", "event": "threshold", "synchrony": "threshold"}
"""For each field of a term with a percent in it, which of its own fields that is."""


def full_weight(request: ProposeRequest, form: int) -> float:
    """What a weight of 100 % is, units of task reward."""
    if is_capped(form):
        return purse(request.card, request.gamma)
    return min(1.0, returns.span(request.card))


def _gate(card: TaskCard, given: dict[str, Any]) -> dict[str, Any]:
    """A gate whose level is in its feature's unit."""
    feature = feature_of(card, given["feature"])
    low, high = feature.minimum, feature.maximum
    eased = given["level"] / 100 + (_MARGIN if given["comparison"] == "at_most" else -_MARGIN)
    value = float(f"{low + eased * (high - low):.9g}")
    rest = {field: item for field, item in given.items() if field != "level"}
    return {**rest, "value": max(low, min(high, value))}


def _env_steps(offered: Offer, percent: float) -> int:
    """A share of a stage as a schedule's end."""
    return schedule_end(int(offered.request.stage_env_steps * percent // 100))


def _mix(config: pb.ShapingConfig, alpha: float | None, reason: str) -> None:
    """Mix credit anew in place; None leaves it as it is, and at 100 % there is nothing to mix."""
    paying = [term for term in config.terms if term.form != pb.SHAPING_FORM_CREDIT]
    mixers = [term for term in config.terms if term.form == pb.SHAPING_FORM_CREDIT]
    if alpha == 100 or (alpha is None and not paying):
        del config.terms[:]
        config.terms.extend(paying)
    elif alpha is not None and mixers:
        mixers[0].credit.alpha = alpha / 100
    elif alpha is not None:
        mixer = credit(alpha / 100, reason=reason)
        mixer.name = free_name(mixer.name, {term.name for term in paying})
        config.terms.append(mixer)
