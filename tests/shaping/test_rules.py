"""What a config may say: one clear error for everything that it may not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from also import document
from also.errors import ShapingError
from also.shaping import rules
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2

GAMMA = 0.9

EVENT = {"form": "event", "feature": "holds", "weight": 0.1}
POTENTIAL = {"form": "potential", "feature": "distance", "weight": -0.1}
SYNCHRONY = {"form": "synchrony", "feature": "holds", "weight": 0.1}
NOVELTY = {"form": "novelty", "feature": "distance", "weight": 0.1}
CREDIT = {"form": "credit"}

BROKEN = {
    "weight above the limit": ([EVENT | {"weight": 3.2}], "term 'term_0': weight 3.2 is outside [-1, 1]"),
    "weight 0": ([EVENT | {"weight": 0}], "weight 0 has no effect; allowed: [-1, 1] without 0"),
    "no form": ([{"feature": "holds", "weight": 0.1}], "term 'term_0': form is missing"),
    "no name": ([EVENT | {"name": ""}], "term 0: name is missing"),
    "a malformed name": ([EVENT | {"name": "Go!"}], "name 'Go!' does not match"),
    "a name twice": ([EVENT | {"name": "a"}, POTENTIAL | {"name": "a"}], "term 'a' is there twice; names are unique"),
    "nine terms": ([POTENTIAL] * 9, "terms has 9 items; at most 8 are allowed"),
    "an unknown feature": (
        [EVENT | {"feature": "speed"}],
        "term 'term_0': feature 'speed' is not on the card; allowed: distance, holds, gap, loaded",
    ),
    "no feature": ([{"form": "event", "weight": 0.1}], "feature is missing; allowed: distance, holds, gap, loaded"),
    "another form's rule": (
        [EVENT | {"synchrony": {"window": 2}}],
        "rule 'synchrony' does not belong to form event; allowed: event",
    ),
    "a rule where there is none": (
        [POTENTIAL | {"event": {}}],
        "rule 'event' does not belong to form potential; allowed: none",
    ),
    "a rule out of range": ([EVENT | {"event": {"threshold": 1.5}}], "event.threshold 1.5 is outside (0, 1]"),
    "a cap on a potential": (
        [POTENTIAL | {"episode_cap": 0.2}],
        "episode_cap has no effect in form potential; leave it out",
    ),
    "a cap that is too large": (
        [EVENT | {"episode_cap": 0.3}, SYNCHRONY | {"episode_cap": 0.2}],
        "sum to 0.5; allowed: less than 0.5, what the task's smallest return, 0.5, is worth at the end of the next 1",
    ),
    "an unknown role": (
        [EVENT | {"target": "role", "role": "pilots"}],
        "role 'pilots' is not on the card; allowed: carriers, ann, bob, cy",
    ),
    "no role": ([EVENT | {"target": "role"}], "role '' is not on the card; allowed: carriers, ann, bob, cy"),
    "a role of another target": ([EVENT | {"role": "carriers"}], "role 'carriers' goes with target role only"),
    "a team without an aggregate": (
        [EVENT | {"target": "team"}],
        "no aggregate for feature 'holds' of scope agent, target team; allowed: min, mean, max, sum, any, all",
    ),
    "pairs for a team without an aggregate": (
        [POTENTIAL | {"target": "team", "feature": "gap"}],
        "no aggregate for feature 'gap' of scope pair, target team; allowed: min, mean, max, sum, any, all",
    ),
    "an aggregate of one value": (
        [EVENT | {"aggregate": "max"}],
        "aggregate max for feature 'holds' of scope agent, target agent; allowed: none (leave it out)",
    ),
    "an aggregate of a team feature": (
        [POTENTIAL | {"target": "team", "feature": "loaded", "aggregate": "mean"}],
        "aggregate mean for feature 'loaded' of scope team, target team; allowed: none (leave it out)",
    ),
    "a gate on an unknown feature": (
        [EVENT | {"gate": {"feature": "speed", "comparison": "at_least", "value": 1}}],
        "gate: feature 'speed' is not on the card; allowed: distance, holds, gap, loaded",
    ),
    "a gate without a comparison": ([EVENT | {"gate": {"feature": "loaded"}}], "gate.comparison is missing"),
    "a gate outside the feature's range": (
        [EVENT | {"gate": {"feature": "gap", "comparison": "at_most", "value": 9}}],
        "gate.value 9 is outside the range of 'gap', [-2, 8]",
    ),
    "a gate outside a sum's range": (
        [
            POTENTIAL
            | {"target": "team", "aggregate": "min"}
            | {"gate": {"feature": "holds", "aggregate": "sum", "comparison": "at_least", "value": 4}}
        ],
        "gate.value 4 is outside the range of 'holds', [0, 3]",
    ),
    "a gate outside the range of a sum over others": (
        [EVENT | {"gate": {"feature": "gap", "aggregate": "sum", "comparison": "at_least", "value": 17}}],
        "gate.value 17 is outside the range of 'gap', [-4, 16]",
    ),
    "a gate outside a truth value's range": (
        [EVENT | {"gate": {"feature": "gap", "aggregate": "any", "comparison": "at_least", "value": 2}}],
        "gate.value 2 is outside the range of 'gap', [0, 1]",
    ),
    "a gate for a team without an aggregate": (
        [
            POTENTIAL
            | {"target": "team", "aggregate": "min"}
            | {"gate": {"feature": "holds", "comparison": "at_least", "value": 1}}
        ],
        "gate: no aggregate for feature 'holds' of scope agent, target team",
    ),
    "a schedule that ends before it begins": (
        [EVENT | {"schedule": {"kind": "linear", "begin": 10, "end": 10}}],
        "schedule.end 10 is not greater than schedule.begin 10",
    ),
    "a constant schedule with an end": (
        [EVENT | {"schedule": {"end": 10}}],
        "schedule.end 10 has no effect in a constant schedule",
    ),
    "a decay to 1": ([EVENT | {"schedule": {"kind": "linear", "end": 9, "floor": 1}}], "schedule.floor 1 is no decay"),
    "a scale of the identity": (
        [POTENTIAL | {"transform": {"kind": "identity", "scale": 0.2}}],
        "transform.scale 0.2 has no effect with transform identity; leave it out",
    ),
    "a threshold that is never reached": (
        [EVENT | {"transform": {"kind": "threshold", "scale": 0.6}}],
        "transform threshold with scale 0.6 reaches only 0.4, which must be above 0 and at least the threshold (0.5)",
    ),
    "a potential that is always 0": (
        [POTENTIAL | {"transform": {"kind": "threshold", "scale": 1}}],
        "transform threshold with scale 1 reaches only 0",
    ),
    "a synchrony of pairs": (
        [SYNCHRONY | {"feature": "gap"}],
        "feature 'gap' has scope pair; synchrony needs one of scope agent",
    ),
    "an aggregate of a synchrony": (
        [SYNCHRONY | {"aggregate": "any"}],
        "aggregate has no effect in form synchrony; leave it out",
    ),
    "a synchrony of too many": (
        [SYNCHRONY | {"synchrony": {"min_agents": 4}}],
        "min_agents 4 is more than its 3 agents",
    ),
    "a synchrony of too many for its role": (
        [SYNCHRONY | {"target": "role", "role": "carriers", "synchrony": {"min_agents": 3}}],
        "min_agents 3 is more than its 2 agents",
    ),
    "a transform of a novelty": (
        [NOVELTY | {"transform": {"kind": "tanh"}}],
        "transform has no effect in form novelty; leave it out",
    ),
    "a team's novelty for agents": (
        [NOVELTY | {"novelty": {"team": "min"}}],
        "novelty.team goes with target team and a feature of agents or pairs only; leave it out",
    ),
    "a team's novelty by maximum": (
        [NOVELTY | {"target": "team", "novelty": {"team": "max"}}],
        "novelty.team max is not allowed; allowed: min, mean",
    ),
    "a potential of an action": (
        [POTENTIAL | {"feature": "pushed"}],
        "feature 'pushed' tells of action; a potential reads features that tell of state only, allowed: distance, ",
    ),
    "a potential of what nobody tells": (
        [POTENTIAL | {"target": "team", "feature": "unsaid"}],
        "feature 'unsaid' tells of something unknown; a potential reads features that tell of state only",
    ),
    "a potential behind a gate of an action": (
        [POTENTIAL | {"gate": {"feature": "pushed", "comparison": "at_least", "value": 1}}],
        "gate: feature 'pushed' tells of action; a potential reads features that tell of state only",
    ),
    "credit alone": ([CREDIT], "form credit mixes the other terms, and there is none"),
    "credit twice": ([POTENTIAL, CREDIT, CREDIT], "term 'term_2': a second term of form credit"),
    "credit with a feature": ([POTENTIAL, CREDIT | {"feature": "holds"}], "feature has no effect in form credit"),
    "credit with a weight": ([POTENTIAL, CREDIT | {"weight": 0.5}], "weight has no effect in form credit"),
    "credit with a schedule": (
        [POTENTIAL, CREDIT | {"schedule": {"kind": "linear", "end": 9}}],
        "schedule has no effect in form credit",
    ),
    "credit for the team": (
        [POTENTIAL, CREDIT | {"target": "team"}],
        "target team has no effect in form credit; allowed: agent, role",
    ),
}


@pytest.mark.parametrize(("terms", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_rule_is_named_with_its_value_and_what_is_allowed(terms, message, card, config):
    """Each rule raises one ShapingError that says what, with which value, and what is allowed."""
    with pytest.raises(ShapingError) as error:
        rules.check_config(config(*terms), card, GAMMA)
    assert message in str(error.value)


def test_a_pair_feature_needs_two_agents(card, config):
    """One agent has no other to read."""
    alone = task_pb2.TaskCard()
    alone.CopyFrom(card)
    del alone.agents[1:], alone.roles[:]
    with pytest.raises(ShapingError, match="feature 'gap' is of pairs, and the task has one agent"):
        rules.check_config(config(POTENTIAL | {"feature": "gap"}), alone, GAMMA)


def test_a_number_that_is_not_finite_is_refused(card, config):
    """NaN passes no range check by chance."""
    broken = config(POTENTIAL)
    broken.terms[0].weight = float("nan")
    with pytest.raises(ShapingError, match="term 'term_0': weight nan is not a finite number"):
        rules.check_config(broken, card, GAMMA)


def test_no_cap_is_small_enough_without_a_smallest_return(card, config):
    """A card that does not know its smallest return admits potentials only."""
    unknown = task_pb2.TaskCard()
    unknown.CopyFrom(card)
    unknown.smallest_return = 0
    rules.check_config(config(POTENTIAL), unknown, GAMMA)
    with pytest.raises(ShapingError, match="allowed: less than 0, what the task's smallest return, 0, is worth"):
        rules.check_config(config(EVENT), unknown, GAMMA)


def test_a_bonus_may_read_any_feature(card, config):
    """What is no function of the state is paid by forms that have a cap."""
    for form in (EVENT, SYNCHRONY, NOVELTY, EVENT | {"form": "penalty"}):
        rules.check_config(config(form | {"feature": "pushed"}), card, GAMMA)


@pytest.mark.slow
@settings(max_examples=50)
@given(data=st.data())
def test_spelling_out_defaults_changes_nothing(data, card, valid_configs):
    """A completed config is as valid as the config, completing it again changes nothing, and the original stays."""
    config = data.draw(valid_configs())
    before = document.canonical(config)
    full = rules.complete(config)
    rules.check_config(full, card, GAMMA)
    assert rules.complete(full) == full
    assert document.canonical(config) == before


def test_complete_makes_the_rule_of_a_form(config):
    """A term of a form that has a rule has it, with its defaults."""
    event, potential = rules.complete(config(EVENT, POTENTIAL)).terms
    assert (event.event.threshold, event.event.cooldown, event.episode_cap, event.clip) == (0.5, 1, 0.05, 1)
    assert potential.WhichOneof("rule") is None


def test_only_potentials_and_their_mix_are_policy_invariant(config):
    """Invariance is derived from the forms alone."""
    assert rules.derive_invariance(config()) == pb.INVARIANCE_POLICY_INVARIANT
    assert rules.derive_invariance(config(POTENTIAL, CREDIT)) == pb.INVARIANCE_POLICY_INVARIANT
    for term in (EVENT, SYNCHRONY, NOVELTY, EVENT | {"form": "penalty"}):
        assert rules.derive_invariance(config(POTENTIAL, term)) == pb.INVARIANCE_BOUNDED


def test_cap_total_counts_what_is_capped(config):
    """Potentials and credit have no cap; a cap left out is its default."""
    assert rules.cap_total(config(POTENTIAL, EVENT, SYNCHRONY | {"episode_cap": 0.2}, CREDIT)) == 0.25


def test_an_agents_name_is_a_role(card, config):
    """Each agent can be addressed alone."""
    rules.check_config(config(EVENT | {"target": "role", "role": "bob"}), card, GAMMA)
    assert rules.role_agents(card, "bob") == (1,)
    assert rules.role_agents(card, "carriers") == (0, 2)
    assert rules.role_agents(card, "nobody") == ()
