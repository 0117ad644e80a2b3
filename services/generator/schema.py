"""JSON schema of an LLM's reply, built from what a request offers: whatever follows it is a valid candidate.

    list of K    {"candidates": [CANDIDATE, ...]}
    choices      CANDIDATE

    CANDIDATE = {"reason", "finding", "keep": {TERM_NAME: CHANGE, ...}, "credit", "add": [TERM, ...]}

A term is one of several flat objects, one for each form and way of reading. Fields have the names of
`shaping.proto`, with a role's alias as `target`, and without what we set ourselves: name, clip and
episode cap. Only what xgrammar and OpenAI's strict mode share is used: no $ref, no pattern, no numeric
range; every property is required, and null where it is not wanted.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from also import enums
from also.shaping.rules import RULES, reads_team
from also.v1 import campaign_pb2, task_pb2
from also.v1 import shaping_pb2 as pb
from also.v1.generator_pb2 import ProposeRequest
from also.v1.task_pb2 import Feature
from services.generator import levels
from services.generator.offer import Offer
from services.generator.proposal import NO_FINDING, candidates_wanted

Schema = dict[str, Any]
"""A JSON schema, as JSON data."""

LONGEST_REASON = 200
"""Characters of a candidate's reason at most."""

AS_IS, DOUBLE, HALF, QUARTER, FADE, DROP = "as_is", "double", "half", "quarter", "fade", "drop"
WIDER, NARROWER = "wider", "narrower"
"""What may become of a term of the incumbent."""

_AGENT, _TEAM = "agent", "team"
_AGGREGATES = ("min", "mean", "max")  # a normalised sum is the mean, and any and all are thresholds on max and min
_LEVELLED = (pb.SHAPING_FORM_EVENT, pb.SHAPING_FORM_SYNCHRONY)
_OF_NOVELTIES = ("min", "mean")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One way in which terms of a form read features."""

    targets: Sequence[str]
    features: Sequence[str]
    aggregated: bool = False
    of_team: bool = False


def wants_list(request: ProposeRequest) -> bool:
    """Whether one choice holds a list of candidates, rather than one."""
    return request.settings.sampling != campaign_pb2.SAMPLING_CHOICES


def reply_schema(offered: Offer) -> Schema:
    """Schema of one choice of a reply."""
    candidate = candidate_schema(offered)
    if not wants_list(offered.request):
        return candidate
    return _object({"candidates": _list(candidate, least=1, most=candidates_wanted(offered.request))})


def candidate_schema(offered: Offer) -> Schema:
    """Schema of one candidate."""
    findings = [NO_FINDING, *range(len(offered.request.diagnosis.findings))]
    fields: Schema = {"reason": {"type": "string", "maxLength": LONGEST_REASON}, "finding": _one(findings)}
    if offered.kept:
        fields["keep"] = _object({term.name: _one(changes(term)) for term in offered.kept})
    if offered.mixes:
        fields["credit"] = _any([_NULL, _one(levels.ALPHAS)])
    if offered.most_added:
        terms = _any([term for form in offered.forms for term in _terms(offered, form)])
        fields["add"] = _list(terms, least=0 if offered.kept else 1, most=offered.most_added)
    return _object(fields)


def changes(term: pb.ShapingTerm) -> Sequence[str]:
    """What may become of a term of the incumbent; its reach may change where no level can get out of reach by that."""
    kind = term.transform.kind
    reaches = kind == pb.TRANSFORM_KIND_EXP or (kind == pb.TRANSFORM_KIND_TANH and term.form not in _LEVELLED)
    return (AS_IS, DOUBLE, HALF, QUARTER, FADE, DROP, *((WIDER, NARROWER) if reaches else ()))


def _terms(offered: Offer, form: pb.ShapingForm) -> Iterator[Schema]:
    """Terms of a form, one schema for each way in which they read."""
    for reading in _readings(offered, form):
        if not reading.targets or not reading.features:
            continue
        fields = {
            "form": _one([enums.short_name(pb.ShapingForm.DESCRIPTOR, form)]),
            "target": _one(reading.targets),
            "feature": _one(reading.features),
        }
        if reading.aggregated:
            fields["aggregate"] = _one(_AGGREGATES)
        if form != pb.SHAPING_FORM_NOVELTY:
            fields["transform"] = _transform(form)
            fields["gate"] = _gate(offered, form, _target_kind(reading))
        fields["weight"] = _one(levels.WEIGHTS[form])
        fields["schedule"] = _SCHEDULE
        if form in RULES:
            fields[RULES[form]] = _rule(offered, form, reading)
        yield _object(fields)


def _readings(offered: Offer, form: pb.ShapingForm) -> Iterator[_Reading]:
    features = _readable(offered, form, offered.features)
    own = _names(features, task_pb2.FEATURE_SCOPE_AGENT)
    pairs = _names(features, task_pb2.FEATURE_SCOPE_PAIR)
    of_team = _names(features, task_pb2.FEATURE_SCOPE_TEAM)
    several = offered.agents > 1
    match form:
        case pb.SHAPING_FORM_SYNCHRONY:
            yield _Reading(targets=[_TEAM, _AGENT] if several else [], features=own)
            yield _Reading(targets=companions(offered), features=own)
        case pb.SHAPING_FORM_NOVELTY:
            yield _Reading(targets=[_AGENT, *offered.roles], features=own)
            yield _Reading(targets=[_AGENT, *offered.roles], features=pairs, aggregated=True)
            yield _Reading(targets=[_TEAM] if several else [], features=own, of_team=True)
            yield _Reading(targets=[_TEAM], features=of_team)
        case _:
            yield _Reading(targets=[_AGENT, *offered.roles], features=own)
            yield _Reading(targets=[_AGENT, *offered.roles], features=pairs, aggregated=True)
            yield _Reading(targets=[_TEAM] if several else [], features=[*own, *pairs], aggregated=True)
            yield _Reading(targets=[_TEAM], features=of_team)


def _target_kind(reading: _Reading) -> int:
    return pb.TARGET_KIND_TEAM if _TEAM in reading.targets else pb.TARGET_KIND_AGENT


def _readable(offered: Offer, form: pb.ShapingForm, features: Sequence[Feature]) -> Sequence[Feature]:
    """Features that terms of a form, and their gates, may read."""
    return offered.of_state(features) if form == pb.SHAPING_FORM_POTENTIAL else features


def _names(features: Iterable[Feature], *scopes: int) -> list[str]:
    return [feature.name for feature in features if feature.scope in scopes]


def _transform(form: pb.ShapingForm) -> Schema:
    """Transforms that keep every threshold in reach; an indicator would only say what the threshold says."""
    kinds = [pb.TRANSFORM_KIND_EXP]
    if form not in _LEVELLED:
        kinds += [pb.TRANSFORM_KIND_TANH, pb.TRANSFORM_KIND_THRESHOLD, pb.TRANSFORM_KIND_INDICATOR]
    names = [enums.short_name(pb.TransformKind.DESCRIPTOR, kind) for kind in kinds]
    return _any([_object({"kind": _one(["identity"])}), _object({"kind": _one(names), "scale": _one(levels.SCALES)})])


def _gate(offered: Offer, form: pb.ShapingForm, target: int) -> Schema:
    """No gate, or one that is read as the term is: for the team, or by each agent."""
    team, features = reads_team(form, target), _readable(offered, form, offered.gates)
    scopes = [task_pb2.FEATURE_SCOPE_AGENT, task_pb2.FEATURE_SCOPE_PAIR, task_pb2.FEATURE_SCOPE_TEAM]
    aggregated = scopes[:2] if team else scopes[1:2]
    plain = [scope for scope in scopes if scope not in aggregated]
    condition = {
        "comparison": _one(enums.short_names(pb.Comparison.DESCRIPTOR)),
        "level": _one(levels.GATE_LEVELS),
    }
    variants: list[Schema] = [_NULL]
    if names := _names(features, *plain):
        variants.append(_object({"feature": _one(names), **condition}))
    if names := _names(features, *aggregated):
        variants.append(_object({"feature": _one(names), "aggregate": _one(_AGGREGATES), **condition}))
    return _any(variants)


def _rule(offered: Offer, form: pb.ShapingForm, reading: _Reading) -> Schema:
    match form:
        case pb.SHAPING_FORM_EVENT:
            return _object({"threshold": _one(levels.THRESHOLDS), "cooldown": _one(levels.COOLDOWNS)})
        case pb.SHAPING_FORM_SYNCHRONY:
            return _object(
                {
                    "min_agents": _one(companies(offered, [role for role in reading.targets if role in offered.roles])),
                    "window": _one(levels.WINDOWS),
                    "threshold": _one(levels.THRESHOLDS),
                }
            )
        case _:
            bins = {"bins": _one(levels.BINS)}
            return _object({**bins, "team": _one(_OF_NOVELTIES)} if reading.of_team else bins)


def companies(offered: Offer, roles: Sequence[str]) -> list[int]:
    """How many agents may have to act together: what milestones take, small numbers, and shares of all.

    Args:
        offered: what may be chosen.
        roles: the smallest of these is who counts; everyone where there is none.
    """
    members = min((offered.roles[role] for role in roles), default=offered.agents)
    needed = {milestone.agents_needed for milestone in offered.request.card.milestones}
    return sorted(number for number in {2, 3, 4, members // 2, members, *needed} if 2 <= number <= members)


def companions(offered: Offer) -> list[str]:
    """Roles of several agents."""
    return [role for role, size in offered.roles.items() if size > 1]


def _one(values: Iterable[str | int]) -> Schema:
    """One of some texts, or of some whole numbers."""
    allowed = list(values)
    return {"type": "string" if isinstance(allowed[0], str) else "integer", "enum": allowed}


def _any(schemas: Sequence[Schema]) -> Schema:
    return {"anyOf": list(schemas)} if len(schemas) > 1 else schemas[0]


def _list(items: Schema, *, least: int, most: int) -> Schema:
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def _object(fields: Schema) -> Schema:
    """An object with exactly these properties."""
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


_NULL: Schema = {"type": "null"}
_SCHEDULE = _any(
    [
        _NULL,
        _object(
            {
                "kind": _one(["linear", "exponential"]),
                "end": _one(levels.SCHEDULE_ENDS),
                "floor": _one(levels.FLOORS),
            }
        ),
    ]
)
