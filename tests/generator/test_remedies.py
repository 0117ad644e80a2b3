"""Each remedy's first candidates are what an expert would try."""

import pytest

from also.shaping.rules import derive_invariance
from also.shaping.sight import bonus_limit
from also.v1 import diagnosis_pb2 as pb
from also.v1 import shaping_pb2 as shaping
from also.v1 import task_pb2

POTENTIAL, EVENT, SYNCHRONY = shaping.SHAPING_FORM_POTENTIAL, shaping.SHAPING_FORM_EVENT, shaping.SHAPING_FORM_SYNCHRONY


def terms_by_feature(candidate):
    """Terms of a candidate by their feature."""
    return {term.feature: term for term in candidate.config.terms}


def test_guiding_rewards_approach_along_the_progress_feature_first(foraging, ask, propose, find):
    """Each agent is paid for its own distance, and lower is nearer."""
    finding = find(pb.REMEDY_GUIDE, milestone="reached_food", feature="nearest_food_distance")
    first = propose(ask(foraging, finding))[0]
    (term,) = first.config.terms
    assert (term.form, term.target, term.feature) == (POTENTIAL, shaping.TARGET_KIND_AGENT, "nearest_food_distance")
    assert term.transform.kind == shaping.TRANSFORM_KIND_EXP and term.weight > 0
    assert derive_invariance(first.config) == shaping.INVARIANCE_POLICY_INVARIANT


@pytest.mark.parametrize(("turned", "features"), [(0.4, {"delivery_distance"}), (0.6, {"carrying_request"})])
def test_a_way_that_turns_back_at_its_milestone_is_not_followed(warehouse, ask, propose, find, turned, features):
    """Half of the episodes that reached it decide; then the milestone's own feature, which stays, leads to it."""
    finding = find(pb.REMEDY_GUIDE, milestone="loaded_shelf")
    request = ask(warehouse, finding, candidates=1)
    request.evidence.milestones.add(milestone="loaded_shelf", reached=0.2, turned_back=turned)
    assert set(terms_by_feature(propose(request)[0])) == features


def test_a_round_of_guidance_holds_different_ideas(foraging, ask, propose, find):
    """The approach alone, the ladder to success, and one that pays for arrival."""
    finding = find(pb.REMEDY_GUIDE, milestone="met_at_food", feature="team_food_distance")
    candidates = propose(ask(foraging, finding))
    kinds = [sorted((term.form, term.feature) for term in candidate.config.terms) for candidate in candidates]
    assert len(kinds) == 4 and all(kinds.count(kind) == 1 for kind in kinds)
    assert {"team_food_distance", "food_eaten"} == set(terms_by_feature(candidates[1]))
    assert any(term.form == EVENT for candidate in candidates for term in candidate.config.terms)


def test_one_rung_is_no_ladder(foraging, ask, propose, find):
    """The last milestone has one way, and its potential is not tried again as a ladder."""
    finding = find(pb.REMEDY_GUIDE, milestone="all_food_eaten", feature="food_eaten")
    terms = [term for candidate in propose(ask(foraging, finding, candidates=16)) for term in candidate.config.terms]
    assert terms and not [term.name for term in terms if "ladder" in term.reason]


def test_the_rest_of_a_task_is_felt_from_farther_away(foraging, ask, propose, find, incumbent):
    """Where part is solved, the incumbent's own approach is tried with twice the reach, early in the round."""
    finding = find(
        pb.REMEDY_GUIDE, mode=pb.FAILURE_MODE_PARTIAL_SUCCESS, milestone="all_food_eaten", feature="food_eaten"
    )
    approach, farther, both, _ = propose(ask(foraging, finding, incumbent=incumbent))
    assert terms_by_feature(approach)["team_food_distance"] == incumbent.terms[0]
    for candidate in (farther, both):
        assert terms_by_feature(candidate)["team_food_distance"].transform.scale == 0.6
    assert set(terms_by_feature(both)) - set(terms_by_feature(farther)) == {"food_eaten"}


def test_a_gated_approach_counts_only_after_the_milestone_before(foraging, ask, propose, find):
    """The gate is the earlier milestone's own condition."""
    finding = find(pb.REMEDY_GUIDE, milestone="all_food_eaten", feature="team_food_distance")
    candidates = propose(ask(foraging, finding, candidates=8))
    gates = [term.gate for candidate in candidates for term in candidate.config.terms if term.HasField("gate")]
    assert [(gate.feature, gate.comparison, gate.value) for gate in gates] == [
        ("food_eaten", shaping.COMPARISON_AT_LEAST, 1.0)
    ]


def test_an_action_is_approached_along_the_state_and_paid_by_a_bonus(foraging, ask, propose, find):
    """Loading together is no state: its potential would be a wage for the action, so none is proposed."""
    finding = find(pb.REMEDY_GUIDE, milestone="loaded_together", feature="joint_loading")
    candidates = propose(ask(foraging, finding, candidates=16))
    assert [term.feature for term in candidates[0].config.terms] == ["team_food_distance"]
    approach, deed = candidates[1].config.terms
    assert (approach.form, approach.feature) == (POTENTIAL, "team_food_distance")
    assert (deed.form, deed.feature) == (EVENT, "joint_loading") and 0.5 < deed.event.threshold < 1
    followed = {term.feature for item in candidates for term in item.config.terms if term.form == POTENTIAL}
    assert followed <= {"nearest_food_distance", "team_food_distance", "food_eaten", "field_cleared"}


def test_waste_of_action_is_priced(foraging, ask, propose, find):
    """Idling is better small, and no state: a small penalty takes the place of a potential."""
    finding = find(pb.REMEDY_GUIDE, milestone="reached_food", feature="idle")
    terms = [term for candidate in propose(ask(foraging, finding)) for term in candidate.config.terms]
    assert {term.form for term in terms if term.feature == "idle"} == {shaping.SHAPING_FORM_PENALTY}


def test_synchronising_pulls_the_laggard_and_pays_for_acting_together(foraging, ask, propose, find):
    """Team approach, farthest agent, and a synchrony term are all tried within two rounds."""
    finding = find(pb.REMEDY_SYNCHRONISE, milestone="met_at_food", feature="team_food_distance")
    terms = [term for candidate in propose(ask(foraging, finding, candidates=8)) for term in candidate.config.terms]
    laggards = [term for term in terms if term.aggregate == task_pb2.AGGREGATE_MAX]
    assert [term.feature for term in laggards] == ["nearest_food_distance"]
    (together,) = [term for term in terms if term.form == SYNCHRONY]
    assert (together.feature, together.synchrony.min_agents) == ("adjacent_to_food", 2)


def test_a_joint_event_is_paid_at_the_milestones_own_level(foraging, ask, propose, find):
    """All of the range of a share; and below a level inside the range, never above it."""
    finding = find(pb.REMEDY_SYNCHRONISE, milestone="loaded_together", feature="joint_loading")
    candidates = propose(ask(foraging, finding, candidates=16))
    events = [term for candidate in candidates for term in candidate.config.terms if term.form == EVENT]
    levels = {term.feature: term.event.threshold for term in events}
    assert levels.keys() == {"food_eaten", "joint_loading"}
    assert 0.49 < levels["food_eaten"] < 0.5


def test_an_idle_agent_gets_a_signal_of_its_own(foraging, ask, propose, find, incumbent):
    """The first candidate adds a potential that only that agent receives."""
    finding = find(pb.REMEDY_INDIVIDUALISE, mode=pb.FAILURE_MODE_CREDIT_ASSIGNMENT, agent="agent_1")
    first = propose(ask(foraging, finding, incumbent=incumbent))[0]
    added = first.config.terms[-1]
    assert list(first.config.terms[:2]) == list(incumbent.terms)
    assert (added.target, added.role, added.feature) == (shaping.TARGET_KIND_ROLE, "agent_1", "nearest_food_distance")


def test_a_teams_potential_becomes_each_agents_own(foraging, ask, propose, find):
    """Where the team was paid by its laggard, each agent is paid by itself."""
    incumbent = shaping.ShapingConfig()
    incumbent.terms.add(
        name="laggard",
        form=POTENTIAL,
        target=shaping.TARGET_KIND_TEAM,
        feature="nearest_food_distance",
        aggregate=task_pb2.AGGREGATE_MAX,
        weight=0.5,
    )
    finding = find(pb.REMEDY_INDIVIDUALISE, mode=pb.FAILURE_MODE_CREDIT_ASSIGNMENT, agent="agent_0")
    candidates = propose(ask(foraging, finding, incumbent=incumbent))
    alone = [candidate.config.terms for candidate in candidates if len(candidate.config.terms) == 1]
    assert [(terms[0].name, terms[0].target) for terms in alone] == [("laggard", shaping.TARGET_KIND_AGENT)]


def test_exploring_rewards_rare_values_within_the_purse(foraging, ask, propose, find):
    """Novelty alone, and its cap below what the smallest return is worth from afar."""
    finding = find(pb.REMEDY_EXPLORE, mode=pb.FAILURE_MODE_EXPLORATION)
    for candidate in propose(ask(foraging, finding)):
        assert {term.form for term in candidate.config.terms} == {shaping.SHAPING_FORM_NOVELTY}
        assert sum(term.episode_cap for term in candidate.config.terms) < bonus_limit(foraging, 0.99)


def test_decay_is_fitted_to_the_length_of_a_stage(foraging, ask, propose, find, incumbent):
    """The named term fades to nothing within one stage; the others stay."""
    finding = find(pb.REMEDY_DECAY, mode=pb.FAILURE_MODE_SHAPING_DOMINATES, term="load_bonus")
    first = propose(ask(foraging, finding, incumbent=incumbent))[0]
    approach, bonus = first.config.terms
    assert approach == incumbent.terms[0]
    assert bonus.schedule == shaping.Schedule(kind=shaping.SCHEDULE_KIND_LINEAR, end=200_000)


def test_a_stage_longer_than_a_schedule_can_be_is_cut(foraging, ask, propose, find, incumbent):
    """env_steps of a stage may reach 1e10, a schedule's end 1e9."""
    request = ask(foraging, find(pb.REMEDY_DECAY, term="load_bonus"), incumbent=incumbent)
    request.stage_env_steps = 10**10
    assert propose(request)[0].config.terms[1].schedule.end == 10**9


def test_a_dead_term_is_removed_or_replaced_by_a_potential(foraging, ask, propose, find, incumbent):
    """First without it, then with an approach along its feature instead, where that is one of the state."""
    for feature, features in (("food_eaten", {"food_eaten"}), ("joint_loading", set())):
        incumbent.terms[1].feature = feature
        finding = find(pb.REMEDY_REMOVE, mode=pb.FAILURE_MODE_DEAD_TERM, term="load_bonus", feature=feature)
        first, *others = propose(ask(foraging, finding, incumbent=incumbent))
        assert [term.name for term in first.config.terms] == ["approach_food"]
        assert {name for item in others for name in terms_by_feature(item)} - {"team_food_distance"} == features


def test_removing_the_last_paying_term_removes_the_credit_mix(foraging, ask, propose, find, incumbent):
    """A mix of nothing is not a valid config."""
    incumbent.terms[1].CopyFrom(
        shaping.ShapingTerm(name="mix", form=shaping.SHAPING_FORM_CREDIT, target=shaping.TARGET_KIND_AGENT)
    )
    finding = find(pb.REMEDY_REMOVE, term="approach_food", feature="team_food_distance")
    first = propose(ask(foraging, finding, incumbent=incumbent))[0]
    assert not first.config.terms


def test_a_jumping_policy_is_only_ever_calmed(foraging, ask, propose, find, incumbent):
    """No candidate makes a term stronger."""
    finding = find(pb.REMEDY_RESCALE, mode=pb.FAILURE_MODE_INSTABILITY, term="approach_food")
    candidates = propose(ask(foraging, finding, incumbent=incumbent, candidates=16))
    assert candidates
    for candidate in candidates:
        for term, before in zip(candidate.config.terms, incumbent.terms, strict=True):
            assert term.weight <= before.weight


def test_additions_to_the_incumbent_fit_under_the_cap_together(foraging, ask, propose, find, incumbent):
    """The incumbent's own cap shrinks where a bonus is added beside it."""
    incumbent.terms[1].episode_cap = 0.25
    finding = find(pb.REMEDY_GUIDE, milestone="met_at_food", feature="team_food_distance")
    caps = [
        sum(term.episode_cap for term in candidate.config.terms)
        for candidate in propose(ask(foraging, finding, incumbent=incumbent, candidates=16))
    ]
    assert max(caps) > 0.25 and all(cap < bonus_limit(foraging, 0.99) for cap in caps)


def test_a_term_of_a_shape_that_is_there_replaces_it(foraging, ask, propose, find, incumbent):
    """Two potentials on one feature would only be one with another weight."""
    incumbent.terms[0].weight = 0.2
    finding = find(pb.REMEDY_GUIDE, milestone="met_at_food", feature="team_food_distance")
    first = propose(ask(foraging, finding, incumbent=incumbent))[0]
    assert [term.name for term in first.config.terms] == ["approach_food", "load_bonus"]
    assert first.config.terms[0].weight == 0.5


def test_an_unknown_direction_is_read_from_successful_episodes(unnamed, ask, propose, find):
    """Where success goes with small values, small values are rewarded."""
    finding = find(pb.REMEDY_GUIDE, milestone="episode_return", feature="observation_1")
    first = propose(ask(unnamed, finding, effect_sizes={"observation_1": -1.2}))[0]
    assert first.config.terms[0].transform.kind == shaping.TRANSFORM_KIND_EXP


def test_without_any_direction_both_ends_are_tried(unnamed, ask, propose, find):
    """Validation decides what nothing else says."""
    finding = find(pb.REMEDY_GUIDE, milestone="episode_return", feature="state_0")
    candidates = propose(ask(unnamed, finding, candidates=6))
    kinds = {term.transform.kind for c in candidates for term in c.config.terms if term.feature == "state_0"}
    assert kinds == {shaping.TRANSFORM_KIND_UNSPECIFIED, shaping.TRANSFORM_KIND_EXP}


def test_guidance_without_a_way_falls_back_on_exploration(unnamed, ask, propose, find):
    """No progress feature, no effect size: rare states are what is left."""
    candidates = propose(ask(unnamed, find(pb.REMEDY_GUIDE, milestone="episode_return")))
    assert candidates[0].config.terms[0].form == shaping.SHAPING_FORM_NOVELTY


def test_every_term_says_why_in_a_sentence(foraging, ask, propose, find):
    """Reasons end up before people."""
    finding = find(pb.REMEDY_SYNCHRONISE, milestone="met_at_food", feature="team_food_distance")
    for candidate in propose(ask(foraging, finding, candidates=16)):
        assert all(term.reason.endswith(".") and " " in term.reason for term in candidate.config.terms)
