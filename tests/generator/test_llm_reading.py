"""From an LLM's reply to proposals: whatever follows the schema is valid, and whatever does not is refused."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from also import document
from also.llm.conformance import fault
from also.llm.question import Choice, Reply, ReplyError
from also.services.generator.configs import fit_caps
from also.services.generator.llm.offer import offer
from also.services.generator.llm.reading import read
from also.services.generator.llm.schema import candidate_schema, reply_schema
from also.services.generator.proposal import collect
from also.shaping.rules import cap_total, check_config
from also.shaping.sight import bonus_limit
from also.v1 import campaign_pb2
from also.v1 import diagnosis_pb2 as pb
from also.v1 import shaping_pb2 as shaping
from also.v1.llm_pb2 import LlmOrigin
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import OUTCOME_INCONCLUSIVE

CARDS = st.sampled_from(["foraging", "unnamed", "alone", "crowd"])
NO_CHANGE = ("changes nothing", "is there twice", "credit mixes the other terms")
NO_SENSE = (" twice", "one term, or two that differ in more than a number, are allowed", "nearer to success")
"""The only reasons why a candidate that follows the schema is refused."""

POTENTIAL = {
    "form": "potential",
    "target": "team",
    "feature": "team_food_distance",
    "transform": {"kind": "exp", "scale": 30},
    "gate": None,
    "weight": 50,
    "schedule": None,
}
EVENT = {
    "form": "event",
    "target": "team",
    "feature": "adjacent_to_food",
    "aggregate": "max",
    "transform": {"kind": "identity"},
    "gate": {"feature": "food_eaten", "comparison": "at_least", "level": 50},
    "weight": 25,
    "schedule": {"kind": "linear", "end": 200, "floor": 10},
    "event": {"threshold": 75, "cooldown": 5},
}
SYNCHRONY = {
    "form": "synchrony",
    "target": "agent",
    "feature": "loading",
    "transform": {"kind": "identity"},
    "gate": None,
    "weight": 10,
    "schedule": None,
    "synchrony": {"min_agents": 2, "window": 5, "threshold": 50},
}
NOVELTY = {
    "form": "novelty",
    "target": "team",
    "feature": "nearest_food_distance",
    "weight": 100,
    "schedule": None,
    "novelty": {"bins": 16, "team": "min"},
}
PENALTY = {
    "form": "penalty",
    "target": "agent_1",
    "feature": "idle",
    "transform": {"kind": "identity"},
    "gate": None,
    "weight": 2,
    "schedule": None,
}


def candidate(*terms, **fields):
    """A candidate for a request without an incumbent."""
    return {"reason": "Because.", "finding": -1, "credit": None, "add": [*terms], **fields}


def change(load_bonus="as_is", approach_food="as_is", *terms, credit=None):
    """A candidate that changes the incumbent."""
    return candidate(*terms, keep={"load_bonus": load_bonus, "approach_food": approach_food}, credit=credit)


@pytest.fixture
def only(say):
    """The config of the one candidate of a reply, with its caps fitted."""

    def config(request, data):
        [proposal] = read(say({"candidates": [data]}), request)
        return fit_caps(proposal.config, request.card, request.gamma)

    return config


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(data=st.data(), card=CARDS, terms=st.integers(0, 8), mixed=st.booleans(), seed=st.integers(0, 20))
def test_whatever_follows_the_schema_is_a_valid_candidate(
    request, ask, grow, following, say, data, card, terms, mixed, seed
):
    """On any card, beside any incumbent; only what changes nothing is left out."""
    card = request.getfixturevalue(card)
    incumbent = grow(card, terms, seed=seed, mixed=mixed and 0 < terms < 8 and len(card.agents) > 1)
    asked = ask(card, incumbent=incumbent, candidates=4)
    asked.stage_env_steps = data.draw(st.sampled_from([1, 1000, 10**10]))
    schema = reply_schema(offer(asked))
    drawn = data.draw(following(schema))
    assert fault(schema, drawn) == ""
    try:
        proposals = read(say(drawn), asked)
    except ReplyError as error:
        assert all(any(reason in part for reason in (*NO_CHANGE, *NO_SENSE)) for part in str(error).split("; ")), error
        return
    candidates = collect(asked, proposals)
    assert [item.origin for item in candidates] == [item.origin for item in proposals]
    for item in candidates:
        check_config(item.config, card, 0.99)
        assert -1 <= item.finding < 1


def every(schema):
    """All data that follow a schema of objects and choices."""
    if "anyOf" in schema:
        return [data for option in schema["anyOf"] for data in every(option)]
    if "properties" not in schema:
        return schema.get("enum", [None])
    fields = schema["properties"]
    return [dict(zip(fields, data, strict=True)) for data in product(*map(every, fields.values()))]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["potential", "event", "synchrony", "penalty"])
def test_every_transform_reaches_every_threshold(foraging, ask, say, form):
    """A level that a term could never reach would be a wrong candidate, so no such pair is offered."""
    card = TaskCard()
    card.CopyFrom(foraging)
    for feature in card.features:
        feature.ClearField("direction")  # so that no way is the wrong one
    request = ask(card)
    variants = candidate_schema(offer(request))["properties"]["add"]["items"]["anyOf"]
    fields = next(item for item in variants if item["properties"]["form"]["enum"] == [form])["properties"]
    first = {name: every(part)[0] for name, part in fields.items()}
    tied = {name: part for name, part in fields.items() if name in ("transform", form)}
    for data in every({"properties": tied}):
        assert len(read(say({"candidates": [candidate({**first, **data})]}), request)) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(data=st.data(), junk=JSON)
def test_any_json_is_read_or_refused(foraging, ask, grow, following, say, data, junk):
    """Nothing else ever happens, wherever in a reply it stands."""
    asked = ask(foraging, incumbent=grow(foraging, 2, mixed=True))
    drawn = data.draw(following(reply_schema(offer(asked))))
    data.draw(st.sampled_from(list(places(drawn))))(junk)
    for reply in (say(junk), say({"candidates": junk}), say({"candidates": [junk]}), say(drawn)):
        try:
            proposals = read(reply, asked)
        except ReplyError as error:
            assert 0 < len(str(error)) < 5000 and str(error).isprintable()
            continue
        for proposal in proposals:
            check_config(fit_caps(proposal.config, foraging, 0.99), foraging, 0.99)


def places(data):
    """For each value inside JSON data, what puts another one in its place."""
    for key in list(data) if isinstance(data, dict) else range(len(data)):
        yield lambda value, key=key: data.__setitem__(key, value)
        if isinstance(data[key], dict | list):
            yield from places(data[key])


def test_each_form_becomes_a_term_in_the_units_of_the_task(foraging, ask, only):
    """Percents of returns, ranges and stages; names and caps are ours."""
    first = only(ask(foraging), candidate(POTENTIAL, EVENT))
    potential, event = map(document.plain, first.terms)
    assert potential == {
        "name": "potential_team_food_distance",
        "form": "potential",
        "target": "team",
        "feature": "team_food_distance",
        "transform": {"kind": "exp", "scale": 0.3},
        "weight": 0.5,
        "reason": "Because.",
    }
    assert event == {
        "name": "event_adjacent_to_food",
        "form": "event",
        "target": "team",
        "feature": "adjacent_to_food",
        "aggregate": "max",
        "transform": {"kind": "identity"},
        "gate": {"feature": "food_eaten", "comparison": "at_least", "value": 0.9998},
        "weight": 0.03055,
        "episode_cap": 0.1222,
        "schedule": {"kind": "linear", "end": 400_000, "floor": 0.1},
        "event": {"threshold": 0.75, "cooldown": 5},
        "reason": "Because.",
    }
    second = only(ask(foraging), candidate(SYNCHRONY, NOVELTY))
    synchrony, novelty = second.terms
    assert (synchrony.weight, synchrony.target) == (0.01222, shaping.TARGET_KIND_AGENT)
    assert document.plain(synchrony.synchrony) == {"min_agents": 2, "window": 5, "threshold": 0.5}
    assert (novelty.weight, document.plain(novelty.novelty)) == (0.1222, {"bins": 16, "team": "min"})


def test_caps_that_sum_to_too_much_are_scaled_down(foraging, ask, only):
    """Three purses are more than the smallest return is worth from afar; weights keep their shares of them."""
    config = only(ask(foraging), candidate(EVENT, SYNCHRONY, NOVELTY))
    assert cap_total(config) == pytest.approx(0.9 * bonus_limit(foraging, 0.99), rel=1e-3)
    assert [term.weight / term.episode_cap for term in config.terms] == pytest.approx([0.25, 0.1, 1], rel=1e-3)


def test_a_role_comes_back_under_its_own_name(crowd, ask, say):
    """An alias is what the LLM knows; the config names what the card does."""
    potential = {**POTENTIAL, "feature": crowd.features[60].name}
    asked = ask(crowd)
    terms = [{**potential, "target": role} for role in ("role_2", "role_3")]
    [proposal] = read(say({"candidates": [candidate(*terms)]}), asked)
    assert [term.role for term in proposal.config.terms] == ["Role 2", "Role 3"]
    assert {term.target for term in proposal.config.terms} == {shaping.TARGET_KIND_ROLE}


def test_a_penalty_of_one_agent_is_for_that_agent(foraging, ask, only):
    """Its own name is a role."""
    [term] = only(ask(foraging), candidate(PENALTY)).terms
    assert (term.target, term.role, term.weight) == (shaping.TARGET_KIND_ROLE, "agent_1", 0.002444)


@pytest.mark.parametrize(
    ("level", "comparison", "value"), [(100, "at_least", 11.9988), (0, "at_most", 0.0012), (0, "at_least", 0)]
)
def test_the_end_of_a_gates_range_is_reached_in_single_precision(foraging, ask, only, level, comparison, value):
    """A level is eased by a ten-thousandth of the range, and stays inside it."""
    gate = {"feature": "team_food_distance", "comparison": comparison, "level": level}
    [term] = only(ask(foraging), candidate({**POTENTIAL, "gate": gate})).terms
    assert term.gate.value == pytest.approx(value)


def test_terms_of_the_incumbent_become_what_is_said_of_them(foraging, ask, incumbent, only):
    """Kept, doubled, halved, stretched, faded or dropped; the others stay exactly as they are."""
    asked = ask(foraging, incumbent=incumbent)
    approach, bonus = incumbent.terms

    def changed(**changes):
        return {term.name: term for term in only(asked, change(**changes)).terms}

    assert changed(load_bonus="double")["load_bonus"].weight == 2 * bonus.weight
    assert changed(load_bonus="double")["load_bonus"].episode_cap == 2 * bonus.episode_cap
    assert changed(load_bonus="double")["approach_food"] == approach
    assert changed(approach_food="half")["approach_food"].weight == 0.25
    assert changed(approach_food="quarter")["approach_food"].weight == 0.125
    assert changed(approach_food="wider")["approach_food"].transform.scale == 0.6
    assert changed(approach_food="narrower")["approach_food"].transform.scale == 0.15
    fade = shaping.Schedule(kind=shaping.SCHEDULE_KIND_LINEAR, end=200_000)
    assert changed(approach_food="fade")["approach_food"].schedule == fade
    assert list(changed(approach_food="drop")) == ["load_bonus"]
    assert changed(approach_food="drop", load_bonus="drop") == {}


def test_a_default_reach_can_be_changed(foraging, ask, only):
    """An incumbent from a campaign file may leave its scale out."""
    incumbent = shaping.ShapingConfig()
    term = incumbent.terms.add(name="near", form=shaping.SHAPING_FORM_POTENTIAL, target=shaping.TARGET_KIND_TEAM)
    term.feature, term.weight, term.transform.kind = "team_food_distance", 0.5, shaping.TRANSFORM_KIND_EXP
    [changed] = only(ask(foraging, incumbent=incumbent), candidate(keep={"near": "narrower"})).terms
    assert changed.transform.scale == 0.25


def test_a_new_term_gets_a_name_of_its_own(foraging, ask, only):
    """Beside a term of the same name, it is counted."""
    asked = ask(foraging)
    asked.incumbent.CopyFrom(only(asked, candidate(POTENTIAL)))
    [name] = [term.name for term in asked.incumbent.terms]
    gate = {"feature": "food_eaten", "comparison": "at_least", "level": 50}
    config = only(asked, candidate(POTENTIAL, {**POTENTIAL, "weight": 20, "gate": gate}, keep={name: "as_is"}))
    assert [term.name for term in config.terms] == [name, f"{name}_2", f"{name}_3"]
    assert [term.weight for term in config.terms] == [0.5, 0.5, 0.2]


def test_credit_is_mixed_anew_left_alone_or_ended(foraging, ask, incumbent, only):
    """At 100 percent nothing is mixed, so no term is left for it."""
    asked = ask(foraging, incumbent=incumbent)
    mixed = only(asked, change(credit=75))
    assert (mixed.terms[2].form, mixed.terms[2].credit.alpha) == (shaping.SHAPING_FORM_CREDIT, 0.75)
    asked.incumbent.CopyFrom(mixed)
    assert only(asked, change(load_bonus="drop")).terms[1].credit.alpha == 0.75
    assert only(asked, change(credit=25)).terms[2].credit.alpha == 0.25
    assert [term.name for term in only(asked, change(credit=100)).terms] == ["approach_food", "load_bonus"]
    assert not only(asked, change("drop", "drop")).terms
    assert [term.form for term in only(asked, change("drop", "drop", POTENTIAL)).terms] == [
        shaping.SHAPING_FORM_CREDIT,
        shaping.SHAPING_FORM_POTENTIAL,
    ]


def test_a_mix_of_nothing_is_refused(foraging, ask, incumbent, say):
    """The rule says why."""
    with pytest.raises(ReplyError, match="mixes the other terms, and there is none"):
        read(say({"candidates": [change("drop", "drop", credit=50)]}), ask(foraging, incumbent=incumbent))


def test_a_reason_becomes_one_plain_line(foraging, ask, only, injections):
    """Whatever it holds: it is stored, and shown to people."""
    for text in [*injections, "x" * 5000, "\ud800 and \U000e0041"]:
        [term] = only(ask(foraging), candidate(POTENTIAL, reason=text)).terms
        assert len(term.reason) <= 300 and term.reason.isprintable()
    assert only(ask(foraging), candidate(POTENTIAL, reason="two\n\nlines\u202e")).terms[0].reason == "two lines"


def test_a_wrong_candidate_spoils_no_other(foraging, ask, find, say):
    """It is left out, and the others keep their places in the reply."""
    wrong = candidate({**POTENTIAL, "feature": "elsewhere"})
    right = [candidate({**POTENTIAL, "weight": weight}, finding=0) for weight in (20, 50)]
    data = {"candidates": [right[0], wrong, right[1], right[0]]}
    first, second = collect(ask(foraging), read(say(data, number=1), ask(foraging, find(pb.REMEDY_GUIDE))))
    assert first.origin == LlmOrigin(exchange="exchange-1", reply=1, choice=0, item=0)
    assert second.origin == LlmOrigin(exchange="exchange-1", reply=1, choice=0, item=2)
    assert [item.finding for item in (first, second)] == [0, 0]


def test_each_choice_is_a_candidate_where_choices_are_sampled(foraging, ask, say):
    """One that cannot be read spoils no other either."""
    asked = ask(foraging)
    asked.settings.sampling = campaign_pb2.SAMPLING_CHOICES
    reply = say(candidate(POTENTIAL), None, candidate(NOVELTY))
    cut = Choice(index=1, data=None, error="it was cut off")
    reply = Reply(exchange=reply.exchange, number=0, choices=[reply.choices[0], cut, reply.choices[2]])
    assert [(item.origin.choice, item.origin.item) for item in read(reply, asked)] == [(0, 0), (2, 0)]
    with pytest.raises(ReplyError, match="choice 1: it was cut off"):
        read(Reply(exchange="exchange-1", number=0, choices=[cut]), asked)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ([], "candidates: is missing or empty; allowed: a list of candidates"),
        ({"candidates": []}, "candidates: is missing or empty; allowed: a list of candidates"),
        ({"candidates": ["x"]}, r"candidates\[0\] is 'x'; allowed: a mapping"),
        ({"candidates": [candidate()]}, r"candidates\[0\].add is a list of 0; allowed: 1 to 3 items"),
        ({"candidates": [candidate({**POTENTIAL, "weight": 0.5})]}, r"add\[0\].weight is 0.5; allowed: 5, 10, 20, "),
        ({"candidates": [candidate({**POTENTIAL, "form": "gift"})]}, r"form is 'gift'; allowed: potential, event, "),
        ({"candidates": [candidate({**POTENTIAL, "clip": 1})]}, r"add\[0\] is a mapping with 'clip', which is unkn"),
        (
            {"candidates": [candidate({**POTENTIAL, "feature": "a" * 99})]},
            "feature is 'a{40}'; allowed: nearest_food_distance, ",
        ),
        ({"candidates": [{"reason": "No more."}]}, r"candidates\[0\].finding is missing; allowed: -1"),
    ],
)
def test_an_error_says_where_what_and_what_is_allowed(foraging, ask, say, data, error):
    """That is what the LLM is told for its repair."""
    with pytest.raises(ReplyError, match=error):
        read(say(data), ask(foraging))


def test_the_repair_hears_of_no_real_name(crowd, ask, say):
    """Errors of rules are raised under aliases, too."""
    terms = [{**POTENTIAL, "target": "Role 2", "feature": crowd.features[60].name}]
    with pytest.raises(ReplyError, match=r"target is 'Role 2'; allowed: agent, role_1, role_2") as raised:
        read(say({"candidates": [candidate(*terms)]}), ask(crowd))
    assert "Role 1" not in str(raised.value)


def test_what_is_old_is_said_once_and_then_taken_for_an_answer(foraging, ask, say):
    """A repair may bring others; if it does not, the LLM knows no more, and that is no broken reply."""
    asked = ask(foraging)
    asked.stage = 4
    data = {"candidates": [candidate(POTENTIAL), candidate(NOVELTY)]}
    for item in collect(asked, read(say(data), asked)):
        asked.trials.add(stage=3, round=1, candidate=item)
    with pytest.raises(ReplyError, match=r"candidates\[0\] was tried before, in stage 3, round 1; candidates\[1\] was"):
        read(say(data), asked)
    assert read(say(data, number=1), asked) == []
    data["candidates"].append(candidate())
    with pytest.raises(ReplyError):
        read(say(data, number=1), asked)


@pytest.mark.parametrize("stage", [3, 4])
def test_what_an_earlier_stage_could_not_judge_may_be_proposed_again(foraging, ask, say, stage):
    """It has no result yet; in its own stage it would have none again."""
    asked, data = ask(foraging), {"candidates": [candidate(POTENTIAL)]}
    asked.stage = 4
    for item in collect(asked, read(say(data), asked)):
        asked.trials.add(stage=stage, candidate=item).verdict.outcome = OUTCOME_INCONCLUSIVE
    if stage < asked.stage:
        assert len(read(say(data), asked)) == 1
    else:
        with pytest.raises(ReplyError, match="was tried before, in stage 4"):
            read(say(data), asked)


def test_a_candidate_that_changes_nothing_is_refused(foraging, ask, incumbent, say):
    """Not even a weight that is at its largest already, doubled."""
    asked = ask(foraging, incumbent=incumbent)
    for term in asked.incumbent.terms:
        term.weight = 1
    asked.incumbent.terms[1].episode_cap = 0.25
    for data in (change(), change(approach_food="double")):
        with pytest.raises(ReplyError, match="changes nothing"):
            read(say({"candidates": [data]}), asked)


@pytest.mark.slow
def test_texts_that_want_more_stay_inside_the_schema(foraging, ask, say, injections):
    """In any place of a reply they are a wrong value, or a reason."""
    for text in injections:
        for data in (text, {"candidates": text}, {"candidates": [text]}, {text: [candidate(POTENTIAL)]}):
            with pytest.raises(ReplyError):
                read(say(data), ask(foraging))
        for field in ("form", "target", "feature", "weight", "transform", "gate", "schedule"):
            term = {**POTENTIAL, field: text}
            if field == "target" and text in ("team", "agent_1"):
                continue
            with pytest.raises(ReplyError):
                read(say({"candidates": [candidate(term)]}), ask(foraging))


def test_a_very_long_list_is_read_only_so_far(foraging, ask, say):
    """More than a round can use is not looked at."""
    data = {"candidates": [*[candidate()] * 64, candidate(POTENTIAL)]}
    with pytest.raises(ReplyError):
        read(say(data), ask(foraging))
