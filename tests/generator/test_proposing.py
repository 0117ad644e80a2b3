"""What every round of candidates keeps to, whichever findings it answers."""

import pytest

from also.errors import DocumentError, ShapingError
from also.services.generator.expert import rules
from also.shaping.identity import config_hash
from also.v1 import campaign_pb2
from also.v1 import diagnosis_pb2 as pb
from also.v1 import shaping_pb2 as shaping


def test_candidates_are_numbered_in_their_round(foraging, ask, propose, find):
    """Names are unique in a stage, and hashes are those of the configs."""
    finding = find(pb.REMEDY_GUIDE, milestone="met_at_food", feature="team_food_distance")
    candidates = propose(ask(foraging, finding, round_=2))
    assert [candidate.name for candidate in candidates] == ["r2-c0", "r2-c1", "r2-c2", "r2-c3"]
    assert [candidate.config_hash for candidate in candidates] == [config_hash(c.config) for c in candidates]


def test_the_default_number_of_candidates_is_the_contracts(foraging, ask, propose, find):
    """Settings that say nothing mean four."""
    request = ask(foraging, find(pb.REMEDY_EXPLORE))
    request.ClearField("settings")
    assert len(propose(request)) == 4


def test_the_graver_finding_leads_and_the_other_gets_its_turn(foraging, ask, propose, find):
    """Both are answered within one round."""
    grave = find(pb.REMEDY_GUIDE, milestone="met_at_food", feature="team_food_distance")
    slight = find(pb.REMEDY_EXPLORE, mode=pb.FAILURE_MODE_PREMATURE_CONVERGENCE)
    slight.severity = 0.6
    answered = [candidate.finding for candidate in propose(ask(foraging, grave, slight))]
    assert answered[0] == 0 and 1 in answered


def test_a_repeated_config_takes_no_place_in_the_ranking(foraging, ask, find):
    """What a remedy yields twice would push the finding behind the others."""
    finding = find(pb.REMEDY_SYNCHRONISE, milestone="met_at_food", feature="team_food_distance")
    hashes = [config_hash(proposal.config) for proposal in rules.proposals(ask(foraging, finding))]
    assert len(hashes) == len(set(hashes)) > 8


def test_nothing_is_proposed_when_no_change_is_asked_for(foraging, ask, propose, find):
    """A finding that says keep has no candidates."""
    assert propose(ask(foraging, find(pb.REMEDY_KEEP, mode=pb.FAILURE_MODE_NONE))) == []


def test_without_findings_every_milestone_is_guided_to(foraging, ask, propose):
    """Nobody has said what is missing, so no candidate answers a finding."""
    candidates = propose(ask(foraging, candidates=16))
    assert {candidate.finding for candidate in candidates} == {-1}
    features = {term.feature for candidate in candidates for term in candidate.config.terms}
    assert {milestone.progress_feature for milestone in foraging.milestones} <= features


def test_without_findings_a_solved_task_is_left_alone(foraging, ask, propose):
    """The phase alone says that there is nothing to gain."""
    assert propose(ask(foraging, phase=pb.LEARNING_PHASE_SOLVED)) == []


def test_fewer_candidates_than_asked_for_come_when_no_more_exist(foraging, ask, propose, find, incumbent):
    """Removing one term of two has few variants."""
    request = ask(foraging, find(pb.REMEDY_REMOVE, term="load_bonus"), incumbent=incumbent, candidates=16)
    assert len(propose(request)) == 2


@pytest.mark.parametrize("field", ["milestone", "feature", "agent", "term"])
def test_a_diagnosis_of_another_task_is_refused(foraging, ask, propose, find, field):
    """The error names the finding's field, the value and what is allowed."""
    finding = find(pb.REMEDY_GUIDE, **{field: "elsewhere"})
    with pytest.raises(DocumentError, match=rf"findings\[0\]\.{field} 'elsewhere' is unknown; allowed: "):
        propose(ask(foraging, finding))


def test_an_incumbent_of_another_task_is_refused(unnamed, ask, propose, find, incumbent):
    """Its features are not on the card."""
    with pytest.raises(ShapingError, match="team_food_distance"):
        propose(ask(unnamed, find(pb.REMEDY_EXPLORE), incumbent=incumbent))


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["random", "mutate", "rules"])
def test_no_credit_is_proposed_to_a_learner_with_one_reward(foraging, incumbent, ask, propose, find, backend):
    """Mixing credit over agents has no effect there, and such a candidate would only be refused."""
    finding = find(pb.REMEDY_INDIVIDUALISE, mode=pb.FAILURE_MODE_CREDIT_ASSIGNMENT, agent="agent_0")
    for seed in range(20):
        request = ask(foraging, finding, incumbent=incumbent, candidates=8, seed=seed)
        request.settings.backend = campaign_pb2.GeneratorBackend.Value(f"GENERATOR_BACKEND_{backend.upper()}")
        request.one_reward = True
        for candidate in propose(request):
            assert all(term.form != shaping.SHAPING_FORM_CREDIT for term in candidate.config.terms)
