"""The schema of an LLM's reply: built from the card, bounded in every place, and small."""

import json

import pytest

from also.services.generator.llm.choices import choices_section
from also.services.generator.llm.offer import MOST_FEATURES, MOST_ROLES, offer
from also.services.generator.llm.schema import candidate_schema, reply_schema
from also.shaping.rules import role_agents
from also.v1 import campaign_pb2
from also.v1 import diagnosis_pb2 as pb
from also.v1.generator_pb2 import ProposeRequest
from also.v1.task_pb2 import DIRECTION_HIGHER, TELLS_OF_ACTION, Role, TaskCard

KEYWORDS = {
    "type", "enum", "anyOf", "items", "minItems", "maxItems", "maxLength", "properties", "required",
    "additionalProperties",
}  # fmt: skip
"""What xgrammar and strict modes share, and all that is used."""


def parts(schema):
    """A schema and all schemas inside it."""
    yield schema
    for inner in (*schema.get("anyOf", ()), *schema.get("properties", {}).values()):
        yield from parts(inner)
    if "items" in schema:
        yield from parts(schema["items"])


def terms(schema):
    """Schemas of the terms that a candidate may add, by what tells them apart."""
    return schema["properties"]["add"]["items"]["anyOf"]


def values(schema, field):
    """Everything that a field of added terms may be."""
    fields = [term["properties"][field] for term in terms(schema) if field in term["properties"]]
    return {value for part in fields for value in part.get("enum", ())}


@pytest.fixture(params=["foraging", "unnamed", "alone", "crowd"])
def card(request) -> TaskCard:
    """Any card."""
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("count", [0, 1, 5, 8])
def test_everything_is_bounded_and_inside_what_grammars_support(card, ask, grow, count):
    """Objects are closed, texts and lists have a length, and numbers are whole: others would take 17 digits."""
    for part in parts(reply_schema(offer(ask(card, incumbent=grow(card, count))))):
        assert part.keys() <= KEYWORDS
        if "anyOf" in part:
            assert len(part) == 1 and len(part["anyOf"]) > 1
            continue
        assert part["type"] in ("object", "array", "string", "integer", "null")
        if part["type"] == "object":
            assert part["required"] == list(part["properties"]) and part["additionalProperties"] is False
        if part["type"] == "array":
            assert 0 <= part["minItems"] <= part["maxItems"] and part["maxItems"] >= 1
        if part["type"] == "string":
            assert part.get("maxLength") or part["enum"]
        if part["type"] == "integer":
            assert part["enum"] and all(type(value) is int for value in part["enum"])
        if "enum" in part:
            assert len(set(part["enum"])) == len(part["enum"])


def test_the_schema_stays_small_on_any_card(card, ask, grow):
    """Below 40 kB, and below the 1,000 values at which strict modes end."""
    schema = reply_schema(offer(ask(card, incumbent=grow(card, 2))))
    assert len(json.dumps(schema, separators=(",", ":"))) < 40_000
    assert sum(len(part.get("enum", ())) for part in parts(schema)) < 1000


def forms_and_targets(candidate):
    """What the terms of a candidate's schema are."""
    added = candidate["properties"]["add"]["items"]
    found = added.get("anyOf", [added])
    forms = {value for term in found for value in term["properties"]["form"]["enum"]}
    return forms, {value for term in found for value in term["properties"]["target"]["enum"]}


def test_a_list_holds_as_many_candidates_as_are_asked_for(foraging, ask):
    """Those of different kinds that lead it, and the rest."""
    for wanted, leads in ((1, 0), (2, 2), (3, 3), (5, 3)):
        fields = dict(reply_schema(offer(ask(foraging, candidates=wanted)))["properties"])
        rest = fields.pop("candidates", {"minItems": 0, "maxItems": 0})
        assert len(fields) == leads
        assert rest["maxItems"] == wanted - leads


def test_the_leads_of_a_list_cannot_be_of_one_kind(foraging, ask):
    """Potentials for agents, other forms, potentials for the team: no two can be the same."""
    fields = reply_schema(offer(ask(foraging)))["properties"]
    own, other, team = (forms_and_targets(fields[name]) for name in ("own_potential", "other_form", "team_potential"))
    assert own[0] == team[0] == {"potential"}
    assert "team" not in own[1] and team[1] == {"team"}
    assert other[0] == {"event", "synchrony", "novelty", "penalty"}


def test_what_takes_several_is_answered_by_the_team_first(foraging, ask, find):
    """The order of a list is an order of preference, and the first of it may enter without a race."""
    for mode, first in (
        (pb.FAILURE_MODE_COORDINATION, "team_potential"),
        (pb.FAILURE_MODE_EXPLORATION, "own_potential"),
    ):
        schema = reply_schema(offer(ask(foraging, find(pb.REMEDY_GUIDE, mode=mode))))
        assert schema["required"][0] == first


def test_one_kind_leads_no_list(foraging, ask):
    """Where no feature tells of the state there is no potential, and all candidates stand in one list."""
    card = TaskCard()
    card.CopyFrom(foraging)
    for feature in card.features:
        feature.tells_of = TELLS_OF_ACTION
    assert reply_schema(offer(ask(card)))["required"] == ["candidates"]


def test_a_choice_is_one_candidate_of_any_kind(foraging, ask):
    """Several samples of one schema."""
    request = ask(foraging)
    request.settings.sampling = campaign_pb2.SAMPLING_CHOICES
    assert reply_schema(offer(request)) == candidate_schema(offer(request))


def test_potentials_pay_for_the_cards_own_way_only(foraging, unnamed, ask):
    """Where it says which way is nearer: no exp where higher is, no negative weight."""
    higher = {feature.name for feature in foraging.features if feature.direction == DIRECTION_HIGHER}
    for term in terms(candidate_schema(offer(ask(foraging)))):
        fields = term["properties"]
        if fields["form"]["enum"] != ["potential"]:
            continue
        variants = fields["transform"].get("anyOf", [fields["transform"]])
        kinds_ = {kind for variant in variants for kind in variant["properties"]["kind"]["enum"]}
        assert min(fields["weight"]["enum"]) > 0
        if set(fields["feature"]["enum"]) & higher:
            assert set(fields["feature"]["enum"]) <= higher
            assert kinds_ == {"identity", "tanh", "threshold", "indicator"}
        else:
            assert kinds_ == {"exp"}
    assert min(values(candidate_schema(offer(ask(unnamed))), "weight")) < 0


def test_a_candidate_thinks_before_it_chooses(foraging, ask, incumbent):
    """A model writes properties in the schema's order."""
    schema = candidate_schema(offer(ask(foraging, incumbent=incumbent)))
    assert list(schema["properties"]) == ["reason", "finding", "keep", "credit", "add"]
    assert all(list(term["properties"])[:3] == ["form", "target", "feature"] for term in terms(schema))


def test_only_findings_of_the_diagnosis_can_be_answered(foraging, ask, find):
    """Or none, which is -1."""
    request = ask(foraging, find(pb.REMEDY_GUIDE), find(pb.REMEDY_EXPLORE))
    assert candidate_schema(offer(request))["properties"]["finding"]["enum"] == [-1, 0, 1]


def test_every_form_target_and_feature_of_the_card_is_offered(foraging, ask):
    """As many ways to say it as there are ways to read it."""
    schema = candidate_schema(offer(ask(foraging)))
    assert values(schema, "form") == {"potential", "event", "synchrony", "novelty", "penalty"}
    assert values(schema, "target") == {"agent", "team", "agent_0", "agent_1"}
    assert values(schema, "feature") == {feature.name for feature in foraging.features}
    assert values(schema, "aggregate") == {"min", "mean", "max"}


def test_no_name_of_an_agent_or_role_is_in_a_schema(crowd, ask, injections):
    """They are a user's free text; aliases stand for them."""
    card = TaskCard()
    card.CopyFrom(crowd)
    for index, text in enumerate(injections[:32]):
        card.agents[index] = f"{text[:40]} {index}"
        card.roles[index].name = f"{index} {text[:40]}"
    for name in ("agent", "team", "potential"):
        card.roles.append(Role(name=name, agents=[3, 5]))
    assert reply_schema(offer(ask(card))) == reply_schema(offer(ask(crowd)))


def test_each_group_of_agents_is_offered_once(foraging, ask):
    """A role of everyone is target `agent`, a role of one agent is that agent, and an empty role is nobody."""
    card = TaskCard()
    card.CopyFrom(foraging)
    card.agents[:] = ["left", "middle", "right"]
    groups = {"all": [0, 1, 2], "nobody": [], "first": [0], "wings": [0, 2], "outer": [2, 0]}
    card.roles.extend(Role(name=name, agents=members) for name, members in groups.items())
    offered = offer(ask(card))
    assert offered.roles == {"role_2": 1, "role_3": 2, "agent_1": 1, "agent_2": 1}
    assert [set(role_agents(offered.request.card, role)) for role in offered.roles] == [{0}, {0, 2}, {1}, {2}]


def test_no_more_agents_must_act_together_than_there_are(foraging, ask):
    """Everyone for the team, and for roles those of the smallest; what milestones take is among them."""
    card = TaskCard()
    card.CopyFrom(foraging)
    card.agents[:] = [f"agent_{index}" for index in range(9)]
    card.milestones[0].agents_needed, card.milestones[1].agents_needed = 7, 12
    card.roles.extend(Role(name=f"role_{size}", agents=range(size)) for size in (1, 5, 3))
    synchronies = [term for term in terms(candidate_schema(offer(ask(card)))) if "synchrony" in term["properties"]]
    assert [
        (term["properties"]["target"]["enum"], term["properties"]["synchrony"]["properties"]["min_agents"]["enum"])
        for term in synchronies
    ] == [(["team", "agent"], [2, 3, 4, 7, 9]), (["role_1", "role_2"], [2, 3])]


def test_on_a_large_card_what_matters_is_offered(crowd, ask, find):
    """Milestones' features, then those that findings name, then those that tell success from failure."""
    finding = find(pb.REMEDY_EXPLORE, feature=crowd.features[7].name, agent=crowd.agents[50])
    effects = {crowd.features[4].name: 0.1, crowd.features[5].name: -2.0}
    request = ask(crowd, finding, effect_sizes=effects)
    del request.card.milestones[5:]
    offered = offer(request)
    names = {feature.name for feature in offered.features}
    of_milestones = {name for item in request.card.milestones for name in (item.feature, item.progress_feature)}
    assert names >= of_milestones | {finding.feature, *effects} and len(names) == MOST_FEATURES
    assert "agent_50" in offered.roles and len(offered.roles) == MOST_ROLES


def test_a_team_of_one_has_nobody_to_act_with(alone, ask):
    """No pairs, no synchrony, no credit, and no choice between agent and team."""
    schema = candidate_schema(offer(ask(alone)))
    assert "credit" not in schema["properties"]
    assert "synchrony" not in values(schema, "form") and "partner_distance" not in values(schema, "feature")
    assert values(schema, "target") == {"agent", "team"} and not values(schema, "aggregate")


def test_without_a_purse_only_potentials_are_offered(foraging, ask):
    """Every other form would pay more than the least success."""
    card = TaskCard()
    card.CopyFrom(foraging)
    card.smallest_return = 0
    assert values(candidate_schema(offer(ask(card))), "form") == {"potential"}


def test_without_an_incumbent_something_must_be_added(foraging, ask):
    """There is nothing to keep or to change."""
    schema = candidate_schema(offer(ask(foraging)))
    assert "keep" not in schema["properties"]
    assert schema["properties"]["add"]["minItems"] == 1


@pytest.mark.parametrize(
    ("count", "mixed", "most", "mixes"),
    [(0, False, 3, True), (4, False, 3, True), (5, True, 2, True), (6, False, 1, True), (7, False, 1, False),
     (7, True, 0, True), (8, False, 0, False)],
)  # fmt: skip
def test_no_more_can_be_added_than_a_config_has_places(foraging, ask, grow, count, mixed, most, mixes):
    """At most 8 terms, credit among them, even where nothing is dropped."""
    fields = candidate_schema(offer(ask(foraging, incumbent=grow(foraging, count, mixed=mixed))))["properties"]
    assert fields.get("add", {}).get("maxItems", 0) == most
    assert ("credit" in fields) == mixes


def test_each_term_of_the_incumbent_is_kept_changed_or_dropped(foraging, ask, incumbent):
    """By its name, so that none can be named twice; a reach can be changed where there is one."""
    keep = candidate_schema(offer(ask(foraging, incumbent=incumbent)))["properties"]["keep"]["properties"]
    assert keep["load_bonus"]["enum"] == ["as_is", "double", "half", "quarter", "fade", "drop"]
    assert keep["approach_food"]["enum"] == [
        *("as_is", "double", "half", "quarter", "fade", "drop"),
        *("wider", "narrower"),
    ]


def test_equal_requests_have_equal_schemas(crowd, ask, grow):
    """The schema is a part of the stored prompt."""
    request = ask(crowd, incumbent=grow(crowd, 3))
    copy = ProposeRequest.FromString(request.SerializeToString())
    assert json.dumps(reply_schema(offer(request))) == json.dumps(reply_schema(offer(copy)))


def test_a_learner_with_one_reward_is_offered_no_credit(foraging, ask):
    """Neither in the schema nor among the choices."""
    request = ask(foraging)
    request.one_reward = True
    assert "credit" not in candidate_schema(offer(request))["properties"]
    assert "nothing can be mixed here" in choices_section(offer(request))
