"""What minds are asked at a recorded moment."""

import pytest

from also.campaign import requests
from also.judging import moments
from also.judging.backends import random, rules
from also.judging.scoring import is_accepted
from also.services.critic import rules as expert
from also.services.generator.expert import rules as proposer
from also.v1.diagnosis_pb2 import Diagnosis, LearningPhase
from also.v1.generator_pb2 import ProposeRequest

RULES = rules()


def diagnose_request(each, backend=RULES):
    """What the critic is asked."""
    state = moments.before_diagnosis(each, backend.critic, backend.generator)
    return requests.diagnose(each.campaign_id, state, state.stage_under_way)


def propose_request(each, diagnosis, backend=RULES) -> ProposeRequest:
    """What the generator is asked."""
    state = moments.before_proposal(each, diagnosis, RULES.critic, backend.generator)
    return requests.propose(each.campaign_id, state, state.stage_under_way)


@pytest.mark.slow
def test_a_request_names_the_backend_that_is_judged(situation):
    """Whatever minds the campaign had."""
    each = situation("exploration-17x17")
    nothing = Diagnosis(phase=LearningPhase.LEARNING_PHASE_NO_SIGNAL)
    assert diagnose_request(each).settings == RULES.critic
    assert propose_request(each, nothing, random()).settings == random().generator


def test_the_critic_sees_what_earlier_stages_tried(situation):
    """Their evidence, diagnoses, outcomes and trials; nothing of the stage that it is asked about but its evidence."""
    request = diagnose_request(situation("coordination-unguided-3p-later"))
    assert [evidence.stage for evidence in request.evidence] == [0, 1]
    assert [past.stage for past in request.past] == [0]
    assert {trial.stage for trial in request.trials} == {0}
    assert {trial.round for trial in request.trials} == {0, 1}


def test_the_generator_sees_the_trials_of_the_round_before(situation):
    """They are what it refines."""
    each = situation("partial-success-promoted")
    request = propose_request(each, expert.diagnose(diagnose_request(each)))
    assert (request.stage, request.round) == (1, 1)
    assert {(trial.stage, trial.round) for trial in request.trials} >= {(0, 0), (1, 0)}


def test_trials_answer_the_recorded_diagnosis_only(situation):
    """Where another diagnosis stands in its place, the stage's trials answer none of its findings."""
    each = situation("partial-success-promoted")
    of_the_rules = expert.diagnose(diagnose_request(each))
    own = propose_request(each, of_the_rules)
    other = propose_request(each, Diagnosis(phase=of_the_rules.phase, backend="llm"))
    assert {trial.candidate.finding for trial in own.trials if trial.stage == 1} != {-1}
    assert {trial.candidate.finding for trial in other.trials if trial.stage == 1} == {-1}
    assert [trial for trial in own.trials if trial.stage == 0] == [trial for trial in other.trials if trial.stage == 0]


@pytest.mark.slow
def test_the_rules_can_be_asked_everything(situations):
    """Every request keeps its limits' meaning: the expert system answers it."""
    for each in situations:
        diagnosis = expert.diagnose(diagnose_request(each))
        assert diagnosis.findings
        proposer.proposals(propose_request(each, diagnosis))


def test_the_rules_find_most_of_what_was_planted(situations):
    """A floor below what was measured when the situations were recorded: they are no riddles, and no gifts."""
    first = [expert.diagnose(diagnose_request(each)).findings[0] for each in situations]
    agree = [is_accepted(found, each.situation.planted) for found, each in zip(first, situations, strict=True)]
    assert 0.6 * len(situations) <= sum(agree) < len(situations)


def test_the_screen_is_asked_about_the_recorded_checkpoint(situation):
    """The request is the campaign's own, with candidates of the judged backend, and what was tried before."""
    each = situation("exploration-17x17")
    diagnosis = expert.diagnose(diagnose_request(each))
    state = moments.before_proposal(each, diagnosis, RULES.critic, RULES.generator)
    proposed = moments.with_round(state, [])
    request = requests.validate(each.campaign_id, proposed, proposed.stage_under_way)
    assert (request.stage, request.round) == (0, 1)
    assert request.checkpoint_id == state.stage_under_way.trained.checkpoint_id
    assert set(request.tried_hashes) == {trial.candidate.config_hash for trial in state.trials}
