"""What scripted models answer: "perfect" says what was planted and does what its remedy asks, "contrary" the opposite.

A script knows the situation, and answers in the words of the schema that comes with the question, as any model has to.
So the perfect one shows how much of the scale can be reached at all: what is not offered, or is refused as a
contradiction, it cannot say either.

Of each property it has *wishes*, best first; the first one that the schema offers is taken. Of several alternatives the
one is taken that grants the most important wish, which stands first, and then the next.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from also import enums
from also.judging.backends import Script
from also.v1 import diagnosis_pb2 as dp
from also.v1 import task_pb2
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.situation_pb2 import Planted
from also.v1.task_pb2 import TaskCard

Schema = Mapping[str, Any]
"""A JSON schema, as JSON data."""

Wishes = Mapping[str, Sequence[Any]]
"""What a property should be, best first, by the property's name; the most important property first."""

MOST_FEATURES = 3
"""Features that a script follows at most."""

_LEFT_OUT = ("gate", "schedule", "credit")
"""Properties that a script never uses where it need not."""

_MODES = enums.short_names(dp.FailureMode.DESCRIPTOR)
_REMEDIES = enums.short_names(dp.Remedy.DESCRIPTOR)
_TERMS = {dp.REMEDY_DECAY: ("fade",), dp.REMEDY_REMOVE: ("drop",), dp.REMEDY_RESCALE: ("half", "quarter", "double")}
"""What becomes of a term of the incumbent, by the remedy that changes one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a script knows of a situation."""

    planted: Planted
    """What was planted."""
    card: TaskCard
    """The task's card, under its own names."""
    incumbent: ShapingConfig
    """The config that the stage was trained under."""
    heard: dp.Diagnosis
    """The diagnosis that the generator gets."""


def reply(script: Script, known: Known, schema: Schema) -> Any:
    """The JSON data that a script answers a question with.

    Args:
        script: what it does.
        known: the situation.
        schema: schema of the answer: a diagnosis', a list of candidates', or that of one candidate.
    """
    properties = schema["properties"]
    if "findings" in properties:
        wishes = _finding(known) if script == "perfect" else _other_finding(known, properties["findings"]["items"])
        return {"findings": [fill(properties["findings"]["items"], wishes)]}
    if "reason" in properties:
        return next(_candidates(script, known, schema))
    answer: dict[str, Any] = {}
    for number, (name, each) in enumerate(properties.items()):  # leads of a list, each another idea, and what follows
        several = each["type"] == "array"
        ideas = _candidates(script, known, each["items"] if several else each)
        chosen = list(islice(ideas, number, number + (each["maxItems"] if several else 1)))
        answer[name] = chosen if several else chosen[0]
    return answer


def fill(schema: Schema, wishes: Wishes, name: str = "") -> Any:
    """Data that follow a schema and grant what it allows of some wishes.

    Args:
        schema: of the small kind that is sent to LLMs.
        wishes: what is wanted.
        name: the property that the schema is of.
    """
    return _filled(schema, wishes, name)[0]


def _filled(schema: Schema, wishes: Wishes, name: str) -> tuple[Any, int]:
    """The data, and the weight of the wishes that they grant: each weighs more than all behind it together."""
    if "anyOf" in schema:
        if name in _LEFT_OUT:
            return None, 0
        options = [_filled(each, wishes, name) for each in schema["anyOf"]]
        return max(options, key=lambda option: (option[1], option[0] is None))
    match schema["type"]:
        case "object":
            filled = {key: _filled(each, wishes, key) for key, each in schema["properties"].items()}
            return {key: data for key, (data, _) in filled.items()}, sum(granted for _, granted in filled.values())
        case "array":
            data, granted = _filled(schema["items"], wishes, name)
            return [data] * max(schema["minItems"], int(granted > 0)), granted
        case "null":
            return None, 0
    for wish in wishes.get(name, ()):
        if wish in schema.get("enum", (wish,)):
            return wish, 2 ** (len(wishes) - list(wishes).index(name))
    return schema.get("enum", ("By the script.",))[0], 0


def _finding(known: Known) -> Wishes:
    """The planted failure, an accepted remedy, and what it is about."""
    planted = known.planted
    return {
        "mode": [_MODES[mode - 1] for mode in (planted.mode, *planted.accepted_modes)],
        "remedy": [_REMEDIES[remedy - 1] for remedy in planted.accepted_remedies],
        "milestone": [planted.milestone],
        "term": [planted.term],
        "agent": [_alias(planted.agent, known.card)],
        "severity": [90],
        "confidence": [90],
    }


def _other_finding(known: Known, schema: Schema) -> Wishes:
    """Neither the failure nor a remedy that an expert may name: that nothing is wrong, where that is offered."""
    right, offered = _finding(known), schema["properties"]
    wrong = {name: [value for value in offered[name]["enum"] if value not in right[name]] for name in right}
    return {**wrong, "mode": wrong["mode"][::-1], "remedy": wrong["remedy"][::-1], "severity": [90]}


def _candidates(script: Script, known: Known, schema: Schema) -> Iterator[Any]:
    """Candidates without end: the perfect model's differ, the contrary one repeats itself."""
    change = _change(known) if script == "perfect" else {}
    finding = next(iter(known.heard.findings), None)
    remedy = finding.remedy if finding is not None and script == "perfect" else dp.REMEDY_GUIDE
    terms: list[dict[str, Sequence[Any]]] = [{}] if script == "perfect" and any(change.values()) else []
    terms += list(_terms(script, remedy, known)) or [{}]
    while True:
        for term in terms:
            wishes = {**dict.fromkeys((each.name for each in known.incumbent.terms), ("as_is",)), **change, **term}
            candidate = fill(schema, {**wishes, "finding": [0]})
            if not term and "add" in candidate and any(change.values()):
                candidate["add"] = []
            if script == "contrary":
                _turn_round(candidate, term)
            yield candidate


def _turn_round(candidate: Any, term: Mapping[str, Sequence[Any]]) -> None:
    """Let a candidate pay for the way back, in place, which no schema offers for potentials."""
    for added in candidate.get("add", ()):
        if term and added["feature"] in term["feature"] and added.get("transform"):
            added["transform"]["kind"] = term["kind"][0]


def _change(known: Known) -> dict[str, Sequence[Any]]:
    """What becomes of the incumbent's terms by the remedy of the heard diagnosis' first finding."""
    first = known.heard.findings[0] if known.heard.findings else dp.Finding()
    named = [term.name for term in known.incumbent.terms if not first.term or term.name == first.term]
    return dict.fromkeys(named, _TERMS[first.remedy]) if first.remedy in _TERMS else {}


def _terms(script: Script, remedy: int, known: Known) -> Iterator[dict[str, Sequence[Any]]]:
    """Wishes for new terms that do what a remedy asks, or that pay for the way back."""
    features = _features(known)
    first = known.heard.findings[0] if known.heard.findings else dp.Finding()
    form = "novelty" if remedy == dp.REMEDY_EXPLORE else "potential"
    targets = ["agent", "team"]
    if remedy == dp.REMEDY_INDIVIDUALISE:
        targets = [_alias(first.agent, known.card) or "agent"]
    for weight, scale, feature, target in product((50, 20, 100, 10, 25), (30, 10, 80), features, targets):
        of_team = feature.scope == task_pb2.FEATURE_SCOPE_TEAM
        if of_team != (target == "team") and (of_team or remedy == dp.REMEDY_SYNCHRONISE):
            continue
        nearer = feature.direction == task_pb2.DIRECTION_LOWER
        kinds = ["exp"] if nearer == (script == "perfect") else ["identity"]
        aggregates = ["max"] if nearer else ["min"]  # whoever lags behind
        yield {
            "form": [form],
            "feature": [feature.name],
            "target": [target],
            "kind": kinds,
            "aggregate": aggregates,
            "scale": [scale],
            "weight": [weight],
            "bins": [8],
        }


def _features(known: Known) -> list[task_pb2.Feature]:
    """Features of state with a direction, those first that lead to the missing milestone and to those behind it."""
    cards = {feature.name: feature for feature in known.card.features}
    names = [milestone.name for milestone in known.card.milestones]
    first = known.heard.findings[0] if known.heard.findings else dp.Finding()
    begin = names.index(first.milestone) if first.milestone in names else 0
    ahead = [each.progress_feature for each in known.card.milestones[begin:]]
    rest = sorted(cards, key=lambda name: cards[name].maximum - cards[name].minimum <= 1)  # a distance before a flag
    followed = [cards[name] for name in dict.fromkeys([first.feature, *ahead, *rest]) if name in cards]
    return [each for each in followed if each.direction and each.tells_of == task_pb2.TELLS_OF_STATE][:MOST_FEATURES]


def _alias(agent: str, card: TaskCard) -> str:
    """What minds are told that an agent is called; empty for none."""
    return f"agent_{list(card.agents).index(agent)}" if agent else ""
