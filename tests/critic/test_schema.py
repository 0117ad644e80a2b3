"""What a reply under the schema says becomes a diagnosis, and everything else becomes one clear error."""

import json
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from also import limits
from also.briefing.aliases import Aliases
from also.briefing.evidence import citable_paths, evidence_section
from also.llm.question import Choice, Contradiction, Reply, ReplyError, Room
from also.services.critic.case import read_case
from also.services.critic.choices import choices
from also.services.critic.citations import value_at
from also.services.critic.prompt import render
from also.services.critic.schema import BACKEND, LEVELS, LONGEST_SUMMARY, diagnosis_schema, read
from also.v1 import diagnosis_pb2 as pb
from also.words import one_line

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
KEYWORDS = {
    "object": {"type", "properties", "required", "additionalProperties"},
    "array": {"type", "items", "minItems", "maxItems"},
    "string": {"type", "enum", "maxLength"},
    "integer": {"type", "enum"},
}


def conforming(schema):
    """Replies that follow a schema."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "object":
            return st.fixed_dictionaries({key: conforming(value) for key, value in schema["properties"].items()})
        case "array":
            return st.lists(conforming(schema["items"]), min_size=schema["minItems"], max_size=schema["maxItems"])
        case "string":
            return st.text(max_size=schema["maxLength"])
    raise AssertionError(schema)


def parts(schema):
    """A schema and all schemas inside it."""
    yield schema
    for inner in (*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])):
        yield from parts(inner)


def places(data, path=()):
    """Paths of all values in a reply."""
    yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def replaced(data, path, value):
    """A copy of a reply with another value at a path."""
    if not path:
        return value
    copy = deepcopy(data)
    owner = copy
    for key in path[:-1]:
        owner = owner[key]
    owner[path[-1]] = value
    return copy


def reply(*data):
    """A reply with one choice for each datum."""
    choices = [Choice(index=index, data=item) for index, item in enumerate(data)]
    return Reply(exchange="x", number=0, choices=choices)


def schema_of(request):
    """Schema of a request's full evidence."""
    return render(request, len, Room(evidence_tokens=10**6)).schema


def is_sound(diagnosis, request):
    """Whether a diagnosis keeps all limits, names only what there is, and cites what the evidence says."""
    limits.check(diagnosis)
    assert diagnosis.backend == BACKEND and 1 <= len(diagnosis.findings) <= 6
    severities = [finding.severity for finding in diagnosis.findings]
    assert severities == sorted(severities, reverse=True)
    for finding in diagnosis.findings:
        assert finding.milestone in {"", *(milestone.name for milestone in request.card.milestones)}
        assert finding.feature in {"", *(feature.name for feature in request.card.features)}
        assert finding.agent in {"", *request.card.agents}
        assert finding.term in {"", *(term.name for term in request.incumbent.terms)}
        assert finding.summary == one_line(finding.summary) and len(finding.summary) <= 300
        paths = [citation.item for citation in finding.citations]
        assert paths and len(paths) == len(set(paths))
        assert [citation.value for citation in finding.citations] == [
            value_at(request.evidence[-1], path) for path in paths
        ]
    return True


FINDING = {
    "citations": ["milestones.met_at_food.reached", "agents.agent_1.idle_rate"],
    "summary": "Agents come to food alone, but not together.",
    "mode": "coordination",
    "milestone": "met_at_food",
    "feature": "team_food_distance",
    "agent": "agent_1",
    "term": "approach",
    "remedy": "synchronise",
    "severity": 90,
    "confidence": 70,
}


def answer(*findings):
    """A reply's data with findings that differ from a sound one as given."""
    return {"findings": [FINDING | finding for finding in findings]}


def test_a_sound_reply_becomes_a_diagnosis_under_the_cards_own_names(full):
    """Aliases lead back, and values of citations come from the evidence."""
    request = full("left")
    diagnosis = read(reply(answer({})), request)
    assert diagnosis == pb.Diagnosis(
        phase=pb.LEARNING_PHASE_SPARSE_SIGNAL,
        backend="llm",
        findings=[
            pb.Finding(
                mode=pb.FAILURE_MODE_COORDINATION, severity=0.9, confidence=0.7, remedy=pb.REMEDY_SYNCHRONISE,
                citations=[pb.Citation(item="milestones.met_at_food.reached", value=0.12),
                           pb.Citation(item="agents.left1.idle_rate", value=0.6)],
                milestone="met_at_food", feature="team_food_distance", agent="left1", term="approach",
                summary="Agents come to food alone, but not together.",
            )
        ],
    )  # fmt: skip


@pytest.mark.slow
@given(data=st.data())
def test_every_reply_that_follows_the_schema_is_accepted(full, data):
    """The grammar lets nothing through that is then refused, but for what the evidence denies."""
    request = full("]\n\u202ex")
    found = data.draw(conforming(schema_of(request)))
    try:
        assert is_sound(read(reply(found), request), request)
    except Contradiction as error:
        assert str(error).startswith("it contradicts the evidence: ")


@pytest.mark.slow
@given(data=st.data(), room=st.sampled_from([200, 1000, 4000]))
def test_every_citation_of_shortened_evidence_is_accepted(full, data, room):
    """What a smaller level shows can be read back without knowing the level."""
    request = full()
    found = data.draw(conforming(render(request, len, Room(evidence_tokens=room)).schema))
    for finding in found["findings"]:
        finding |= {"mode": "coordination", "milestone": "met_at_food", "remedy": "guide"}
    assert is_sound(read(reply(found), request), request)


@pytest.mark.slow
@given(found=JSON)
def test_any_json_is_a_diagnosis_or_one_error(full, found):
    """Never anything else."""
    request = full()
    try:
        assert is_sound(read(reply(found), request), request)
    except ReplyError as error:
        assert str(error)


@pytest.mark.slow
@given(data=st.data())
def test_damage_at_any_place_is_a_diagnosis_or_one_error(full, data):
    """A reply that is nearly right is the commonest wrong one."""
    request = full()
    sound = data.draw(conforming(schema_of(request)))
    place = data.draw(st.sampled_from(list(places(sound))))
    found = replaced(sound, place, data.draw(JSON))
    try:
        assert is_sound(read(reply(found), request), request)
    except ReplyError as error:
        assert str(error).isprintable()
        assert len(str(error)) < 4000


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([], ["the reply is a list", "the keys findings"]),
        ("no", ["the reply is 'no'"]),
        (None, ["the reply is null"]),
        ({}, ["no key 'findings'"]),
        (answer({}) | {"phase": "solved"}, ["the reply has the key 'phase'", "allowed: findings"]),
        (answer(), ["findings is a list of 0 items", "1 to 6"]),
        (answer(*[{}] * 7), ["findings is a list of 7 items"]),
        (answer({}, {"mode": "bad"}), ["findings[1].mode is 'bad'", "'coordination'"]),
        (answer({"remedy": ["guide"]}), ["findings[0].remedy is a list", "'guide'"]),
        (answer({"severity": 0.9}), ["findings[0].severity is 0.9", "whole percents", "10, 20"]),
        (answer({"severity": 101}), ["findings[0].severity is 101"]),
        (answer({"severity": True}), ["findings[0].severity is true"]),
        (answer({"confidence": float("nan")}), ["findings[0].confidence is nan"]),
        (answer({"confidence": "0.5"}), ["findings[0].confidence is '0.5'"]),
        (answer({"citations": []}), ["findings[0].citations is a list of 0 items"]),
        (answer({"citations": ["config_hash"]}), ["findings[0].citations[0] is 'config_hash'", "in all"]),
        (answer({"citations": ["milestones.met.reached"]}), ["'milestones.met_at_food.reached'"]),
        (answer({"milestone": "food"}), ["findings[0].milestone is 'food'", "'reached_food'"]),
        (answer({"feature": "x"}), ["findings[0].feature is 'x'"]),
        (answer({"agent": "harmless0"}), ["findings[0].agent is 'harmless0'", "'agent_0', 'agent_1'"]),
        (answer({"term": "other"}), ["findings[0].term is 'other'", "'approach'"]),
        (answer({"summary": 3}), ["findings[0].summary is 3"]),
        (answer({"weight": 3}), ["findings[0] has the key 'weight'"]),
    ],
)  # fmt: skip
def test_an_error_says_where_what_and_what_is_allowed(full, found, words):
    """So that the one repair can mend it."""
    with pytest.raises(ReplyError) as error:
        read(reply(found), full())
    assert [word for word in words if word not in str(error.value)] == []


def test_the_first_choice_that_can_be_read_is_taken(full):
    """One bad choice does not cost the others."""
    request = full()
    choices = [
        Choice(index=0, data=None, error="cut off"), Choice(index=1, data=3), Choice(index=2, data=answer({})),
    ]  # fmt: skip
    assert read(Reply(exchange="x", number=0, choices=choices), request) == read(reply(answer({})), request)
    with pytest.raises(ReplyError, match="cut off; the reply is 3"):
        read(Reply(exchange="x", number=0, choices=choices[:2]), request)
    with pytest.raises(ReplyError, match="no choice"):
        read(Reply(exchange="x", number=0, choices=[]), request)


def test_equal_citations_and_equal_findings_are_merged(full):
    """Saying it twice does not make it truer; the severer of two is kept."""
    twice = {"citations": ["returns.mean", "returns.mean"]}
    words = {"summary": "The same in other words.", "severity": 40}
    (finding,) = read(reply(answer(words, twice)), full()).findings
    assert [citation.item for citation in finding.citations] == ["returns.mean"]
    assert finding.severity == 0.9


def test_findings_are_sorted_by_severity(full):
    """The model's own order breaks ties."""
    found = answer(
        {"milestone": "", "severity": 30},
        {"feature": "", "severity": 80},
        {"milestone": "all_food_eaten", "agent": "", "severity": 80},
    )
    findings = read(reply(found), full()).findings
    assert [finding.severity for finding in findings] == [0.8, 0.8, 0.3]
    assert findings[0].feature == "" and findings[1].agent == ""


def test_one_finding_of_a_mode_and_milestone_stays(full):
    """A small model says the same thing about each feature; the severest is kept."""
    found = answer({"feature": "idle", "severity": 30}, {"severity": 80}, {"agent": "", "severity": 80})
    (finding,) = read(reply(found), full()).findings
    assert (finding.severity, finding.feature) == (0.8, "team_food_distance")


def test_a_change_of_no_term_is_one_of_the_term_that_pays_most(full):
    """What follows need not be named."""
    (finding,) = read(reply(answer({"mode": "shaping_dominates", "remedy": "decay", "term": ""})), full()).findings
    assert finding.term == "approach"


def test_nothing_is_wrong_only_where_nothing_else_is(full):
    """And then nothing is changed."""
    request = full()
    for number, point in enumerate(request.evidence[-1].curve):
        point.mean_return = number / 10  # the return rises
    nothing = {"mode": "none", "remedy": "explore", "severity": 100}
    (alone,) = read(reply(answer(nothing)), request).findings
    assert (alone.mode, alone.remedy, alone.severity) == (pb.FAILURE_MODE_NONE, pb.REMEDY_KEEP, 0)
    (beside,) = read(reply(answer(nothing, {"severity": 10})), request).findings
    assert beside.mode == pb.FAILURE_MODE_COORDINATION
    with pytest.raises(Contradiction, match="mode is 'none', which the evidence rules out; allowed: exploration"):
        read(reply(answer(nothing)), full())


def test_what_the_evidence_denies_is_a_contradiction(full):
    """The repair is told with which numbers; a reply that cannot be read is none."""
    found = reply(answer({"mode": "exploration", "milestone": "reached_food"}))
    with pytest.raises(Contradiction, match="names milestone reached_food as missing, which 97% of the episodes reach"):
        read(found, full())
    with pytest.raises(ReplyError) as error:
        read(reply(3), full())
    assert not isinstance(error.value, Contradiction)


@pytest.mark.slow
def test_a_summary_is_one_visible_line(full, injections):
    """What a model wrote cannot move a cursor, reverse a line or hide."""
    for text in [*injections, "\ud800 lone", "a" * 5000]:
        (finding,) = read(reply(answer({"summary": text})), full()).findings
        assert "\n" not in finding.summary and len(finding.summary) <= LONGEST_SUMMARY
        assert finding.summary.isprintable()
    assert one_line(" a\r\n\tb\u2028c\x1b[31m d\u202e \u200b ") == "a b c[31m d"


def test_a_schema_keeps_to_what_grammars_support(full):
    """Few keywords; every text and list is bounded, every number one of a few."""
    for part in parts(schema_of(full())):
        assert set(part) <= KEYWORDS[part["type"]]
        match part["type"]:
            case "object":
                assert part["required"] == list(part["properties"]) and part["additionalProperties"] is False
            case "array":
                assert 1 <= part["minItems"] <= part["maxItems"] <= 6
            case "string":
                assert part.get("enum") or part["maxLength"] <= LONGEST_SUMMARY
                assert len(part.get("enum", [])) == len(set(part.get("enum", [])))
            case "integer":
                assert part["enum"] == list(LEVELS)


def test_the_schema_names_what_the_request_has(full):
    """Features, milestones, aliases of agents, terms of the incumbent, and nothing."""
    request = full("left")
    properties = schema_of(request)["properties"]["findings"]["items"]["properties"]
    assert properties["milestone"]["enum"] == ["", "reached_food", "met_at_food", "loaded_together", "all_food_eaten"]
    assert properties["feature"]["enum"] == ["", *(feature.name for feature in request.card.features)]
    assert properties["agent"]["enum"] == ["", "agent_0", "agent_1"]
    assert properties["term"]["enum"] == ["", "approach"]
    assert "left" not in json.dumps(properties)
    request.ClearField("incumbent")
    assert schema_of(request)["properties"]["findings"]["items"]["properties"]["term"]["enum"] == [""]


def test_evidence_comes_before_judgement(full):
    """A model writes in this order: what it cites, what it makes of it, then how grave and how sure."""
    properties = list(schema_of(full())["properties"]["findings"]["items"]["properties"])
    assert properties[:3] == ["citations", "summary", "mode"]
    assert properties[-3:] == ["remedy", "severity", "confidence"]


def test_only_what_is_shown_can_be_cited(full):
    """The schema's paths are the section's."""
    request = full()
    aliases = Aliases(request.card)
    evidence = aliases.evidence(request.evidence[-1])
    section = evidence_section(aliases.card, evidence, most_tokens=700, count=len)
    schema = diagnosis_schema(aliases.card, request.incumbent, section.paths, choices(read_case(request)))
    assert tuple(schema["properties"]["findings"]["items"]["properties"]["citations"]["items"]["enum"]) == section.paths
    assert set(section.paths) < set(citable_paths(aliases.card, evidence))
