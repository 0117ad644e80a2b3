"""JSON schema of an LLM's reply, built from what a request offers: whatever follows it is a valid candidate.

    list of K    {LEAD: CANDIDATE, ..., "candidates": [CANDIDATE, ...]}
    choices      CANDIDATE

    CANDIDATE = {"reason", "finding", "keep": {TERM_NAME: CHANGE, ...}, "credit", "add": [TERM, ...]}

The leads of a list are candidates of different kinds (`kinds`), so that a model cannot give one idea several times:
what they add pays agents for their own progress by potentials, pays by other forms, pays the team by potentials. The
rest of the list are plain potentials. No potential pays for another way along a feature than the one that the card
calls nearer to success.

A term is one of several flat objects, one for each form and way of reading. Fields have the names of
`shaping.proto`, with a role's alias as `target`, and without what we set ourselves: name, clip and
episode cap. What is not wanted is null.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from also import enums
from also.briefing.history import NO_FINDING
from also.llm.schemas import NULL, Schema, either, listed, one, record, text
from also.services.generator.llm import levels
from also.services.generator.llm.offer import Offer
from also.services.generator.proposal import candidates_wanted
from also.shaping.aggregates import reads_team
from also.shaping.rules import RULES
from also.v1 import campaign_pb2, diagnosis_pb2, task_pb2
from also.v1 import shaping_pb2 as pb
from also.v1.generator_pb2 import ProposeRequest
from also.v1.task_pb2 import Feature

LONGEST_REASON = 200
"""Characters of a candidate's reason at most."""

AS_IS, DOUBLE, HALF, QUARTER, FADE, DROP = "as_is", "double", "half", "quarter", "fade", "drop"
WIDER, NARROWER = "wider", "narrower"
"""What a candidate may change in a term of the incumbent."""

GATED = (pb.SHAPING_FORM_POTENTIAL, pb.SHAPING_FORM_EVENT)
"""Forms whose terms may have a gate; a synchrony is a condition by itself."""

_AGENT, _TEAM = "agent", "team"
_AGGREGATES = ("min", "mean", "max")  # a normalised sum is the mean, and any and all are thresholds on max and min
_LEVELLED = (pb.SHAPING_FORM_EVENT, pb.SHAPING_FORM_SYNCHRONY)
_OF_NOVELTIES = ("min", "mean")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of candidate: of what sort the terms are that it may add."""

    name: str
    """Its field in a reply."""
    forms: Sequence[pb.ShapingForm]
    """Forms of its terms."""
    of_team: Sequence[bool] = (False, True)
    """Whether its terms may pay the team, or agents and roles."""
    plain: bool = False
    """Whether its terms have no gate and no schedule."""
    whole: bool = False
    """Whether they may be all that the language has, such as a potential that pays for the wrong way."""


_POTENTIALS = (pb.SHAPING_FORM_POTENTIAL,)
POTENTIAL = Kind(name="potential", forms=_POTENTIALS)
OWN_POTENTIAL = Kind(name="own_potential", forms=_POTENTIALS, of_team=(False,))
TEAM_POTENTIAL = Kind(name="team_potential", forms=_POTENTIALS, of_team=(True,))
ANY = Kind(name="candidate", forms=list(levels.WEIGHTS))
"""A candidate of any kind."""

WHOLE = Kind(name="candidate", forms=list(levels.WEIGHTS), whole=True)
"""What can be read, though it is not offered: what makes no sense is told so, and not that it cannot be said."""

MORE = Kind(name="candidates", forms=_POTENTIALS, plain=True)
"""What follows the leads of a list: the same grammar once more would make it twice as large."""

OTHER_FORM = Kind(name="other_form", forms=[form for form in levels.WEIGHTS if form not in _POTENTIALS])


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
    if not wants_list(offered.request):
        return candidate_schema(offered)
    leads = kinds(offered)
    fields = {kind.name: candidate_schema(offered, kind) for kind in leads}
    if rest := candidates_wanted(offered.request) - len(leads):
        fields["candidates"] = listed(candidate_schema(offered, MORE if leads else ANY), least=1, most=rest)
    return record(fields)


def kinds(offered: Offer) -> Sequence[Kind]:
    """Kinds of the candidates that lead a list: none for a single candidate, or where only one kind can be paid."""
    wanted = candidates_wanted(offered.request)
    if wanted == 1 or not wants_list(offered.request) or not offered.most_added:
        return ()
    findings = offered.request.diagnosis.findings
    together = bool(findings) and findings[0].mode == diagnosis_pb2.FAILURE_MODE_COORDINATION
    if wanted == 2:
        wished = [POTENTIAL, OTHER_FORM]
    else:
        wished = (
            [TEAM_POTENTIAL, OTHER_FORM, OWN_POTENTIAL] if together else [OWN_POTENTIAL, OTHER_FORM, TEAM_POTENTIAL]
        )
    possible = [kind for kind in wished if any(True for _ in _all_terms(offered, kind))]
    return possible if len(possible) > 1 else ()


def candidate_schema(offered: Offer, kind: Kind = ANY) -> Schema:
    """Schema of one candidate.

    Args:
        offered: what may be chosen.
        kind: kind of the terms that it may add.
    """
    findings = [NO_FINDING, *range(len(offered.request.diagnosis.findings))]
    fields: Schema = {"reason": text(LONGEST_REASON), "finding": one(findings)}
    if offered.kept:
        fields["keep"] = record({term.name: one(changes(term)) for term in offered.kept})
    if offered.mixes:
        fields["credit"] = either([NULL, one(levels.ALPHAS)])
    if offered.most_added:
        terms = either(list(_all_terms(offered, kind)))
        fields["add"] = listed(terms, least=0 if offered.kept else 1, most=offered.most_added)
    return record(fields)


def changes(term: pb.ShapingTerm) -> Sequence[str]:
    """What may become of a term of the incumbent; its reach may change where no level can get out of reach by that."""
    kind = term.transform.kind
    reaches = kind == pb.TRANSFORM_KIND_EXP or (kind == pb.TRANSFORM_KIND_TANH and term.form not in _LEVELLED)
    return (AS_IS, DOUBLE, HALF, QUARTER, FADE, DROP, *((WIDER, NARROWER) if reaches else ()))


def _all_terms(offered: Offer, kind: Kind) -> Iterator[Schema]:
    """Terms of a kind."""
    for form in offered.forms:
        if form in kind.forms:
            yield from _terms(offered, form, kind)


def _terms(offered: Offer, form: pb.ShapingForm, kind: Kind) -> Iterator[Schema]:
    """Terms of a form, one schema for each way in which they read, and in which they may pay."""
    for reading in _readings(offered, form):
        if not reading.targets or (_TEAM in reading.targets) not in kind.of_team:
            continue
        for direction, features in _by_direction(offered, form, reading.features, kind).items():
            yield _term(offered, form, replace(reading, features=features), direction, kind)


def _by_direction(
    offered: Offer, form: pb.ShapingForm, names: Sequence[str], kind: Kind
) -> dict[task_pb2.Direction, Sequence[str]]:
    """Features by where success lies on them; all together where terms of the form pay for no direction."""
    found: dict[task_pb2.Direction, list[str]] = {}
    for feature in offered.features:
        if feature.name in names:
            unknown = task_pb2.DIRECTION_UNSPECIFIED
            is_cut = form == pb.SHAPING_FORM_POTENTIAL and not kind.whole
            direction = feature.direction if is_cut else unknown
            found.setdefault(direction, []).append(feature.name)
    return dict(found)


def _term(offered: Offer, form: pb.ShapingForm, reading: _Reading, direction: task_pb2.Direction, kind: Kind) -> Schema:
    """A term of a form that reads in one way."""
    fields = {
        "form": one([enums.short_name(pb.ShapingForm.DESCRIPTOR, form)]),
        "target": one(reading.targets),
        "feature": one(reading.features),
    }
    if reading.aggregated:
        fields["aggregate"] = one(_AGGREGATES)
    if form != pb.SHAPING_FORM_NOVELTY:
        fields["transform"] = _transform(form, direction)
        gated = kind.whole or (form in GATED and not kind.plain)
        fields["gate"] = _gate(offered, form, _target_kind(reading)) if gated else NULL
    fields["weight"] = one([weight for weight in levels.WEIGHTS[form] if weight > 0 or not direction])
    fields["schedule"] = NULL if kind.plain else _SCHEDULE
    if form in RULES:
        fields[RULES[form]] = _rule(offered, form, reading)
    return record(fields)


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


def _transform(form: pb.ShapingForm, direction: task_pb2.Direction) -> Schema:
    """Transforms that keep every threshold in reach, and that pay for the way to success where it is known.

    An indicator would only say what a threshold says. `exp` falls along a feature, all others rise.
    """
    rising = [pb.TRANSFORM_KIND_TANH, pb.TRANSFORM_KIND_THRESHOLD, pb.TRANSFORM_KIND_INDICATOR]
    scaled = [pb.TRANSFORM_KIND_EXP, *(rising if form not in _LEVELLED else [])]
    plain = True
    if direction:
        rises = direction == task_pb2.DIRECTION_HIGHER
        scaled = [kind for kind in scaled if (kind != pb.TRANSFORM_KIND_EXP) == rises]
        plain = rises
    variants = [record({"kind": one(["identity"])})] if plain else []
    if names := [enums.short_name(pb.TransformKind.DESCRIPTOR, kind) for kind in scaled]:
        variants.append(record({"kind": one(names), "scale": one(levels.SCALES)}))
    return either(variants)


def _gate(offered: Offer, form: pb.ShapingForm, target: int) -> Schema:
    """No gate, or one that is read as the term is: for the team, or by each agent."""
    team, features = reads_team(form, target), _readable(offered, form, offered.gates)
    scopes = [task_pb2.FEATURE_SCOPE_AGENT, task_pb2.FEATURE_SCOPE_PAIR, task_pb2.FEATURE_SCOPE_TEAM]
    aggregated = scopes[:2] if team else scopes[1:2]
    plain = [scope for scope in scopes if scope not in aggregated]
    condition = {
        "comparison": one(enums.short_names(pb.Comparison.DESCRIPTOR)),
        "level": one(levels.GATE_LEVELS),
    }
    variants: list[Schema] = [NULL]
    if names := _names(features, *plain):
        variants.append(record({"feature": one(names), **condition}))
    if names := _names(features, *aggregated):
        variants.append(record({"feature": one(names), "aggregate": one(_AGGREGATES), **condition}))
    return either(variants)


def _rule(offered: Offer, form: pb.ShapingForm, reading: _Reading) -> Schema:
    match form:
        case pb.SHAPING_FORM_EVENT:
            return record({"threshold": one(levels.THRESHOLDS), "cooldown": one(levels.COOLDOWNS)})
        case pb.SHAPING_FORM_SYNCHRONY:
            return record(
                {
                    "min_agents": one(companies(offered, [role for role in reading.targets if role in offered.roles])),
                    "window": one(levels.WINDOWS),
                    "threshold": one(levels.THRESHOLDS),
                }
            )
        case _:
            bins = {"bins": one(levels.BINS)}
            return record({**bins, "team": one(_OF_NOVELTIES)} if reading.of_team else bins)


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


_SCHEDULE = either(
    [
        NULL,
        record(
            {
                "kind": one(["linear", "exponential"]),
                "end": one(levels.SCHEDULE_ENDS),
                "floor": one(levels.FLOORS),
            }
        ),
    ]
)
