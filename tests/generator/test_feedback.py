"""Later rounds learn from what earlier ones came to."""

import pytest

from also.shaping.shape import shape
from also.v1 import diagnosis_pb2 as pb
from also.v1 import shaping_pb2 as shaping
from also.v1 import verdict_pb2 as verdicts


@pytest.fixture
def finding(find):
    """A finding with many answers."""
    return find(pb.REMEDY_SYNCHRONISE, milestone="met_at_food", feature="team_food_distance")


def judge(request, candidate, *, stage=0, round_=0, reason=verdicts.VERDICT_REASON_BELOW_CONTROL, gain=0.0):
    """Add a trial of a candidate to a request."""
    promoted = reason == verdicts.VERDICT_REASON_GAIN_CONFIRMED
    trial = request.trials.add(stage=stage, round=round_, candidate=candidate)
    trial.verdict.candidate = candidate.name
    trial.verdict.outcome = verdicts.OUTCOME_PROMOTED if promoted else verdicts.OUTCOME_REJECTED
    trial.verdict.reason = reason
    trial.verdict.test.measure = "return"
    trial.verdict.test.mean_gain = gain
    return trial


@pytest.mark.slow
def test_no_config_is_ever_proposed_twice(foraging, ask, propose, finding):
    """Round after round brings new configs until there are none."""
    request = ask(foraging, finding, candidates=8)
    hashes = []
    for round_ in range(12):
        request.round = round_
        for candidate in propose(request):
            hashes.append(candidate.config_hash)
            judge(request, candidate, round_=round_)
    assert len(hashes) == len(set(hashes)) > 16
    assert propose(request) == []


def test_what_came_close_is_varied_first(foraging, ask, propose, finding):
    """The best gain's new terms come again, stronger and weaker, for the same finding."""
    request = ask(foraging, finding, round_=1)
    first, second, *_ = propose(ask(foraging, finding))
    judge(request, first, reason=verdicts.VERDICT_REASON_LOST_SEARCH, gain=0.01)
    judge(request, second, reason=verdicts.VERDICT_REASON_NOT_SIGNIFICANT, gain=0.05)
    stronger, weaker, *_ = propose(request)
    for factor, candidate in ((2, stronger), (0.5, weaker)):
        assert [term.weight for term in candidate.config.terms] == [
            pytest.approx(factor * term.weight) for term in second.config.terms
        ]
        assert candidate.finding == 0


def test_a_gain_in_return_outweighs_one_in_milestones(foraging, ask, propose, finding):
    """Milestones count only where no return tells arms apart."""
    request = ask(foraging, finding, round_=1)
    first, second, *_ = propose(ask(foraging, finding))
    judge(request, first, gain=0.4).verdict.test.measure = "milestone_score"
    judge(request, second, gain=0.05)
    names = {term.name for term in second.config.terms}
    assert {term.name for term in propose(request)[0].config.terms} == names


def test_what_lost_to_control_is_not_varied(foraging, ask, propose, finding):
    """A negative gain is no reason to come back."""
    request = ask(foraging, finding, round_=1)
    for candidate in propose(ask(foraging, finding)):
        judge(request, candidate, gain=-0.02)
    fresh = propose(ask(foraging, finding, candidates=8))[4:]
    assert [candidate.config for candidate in propose(request)] == [candidate.config for candidate in fresh]


def test_a_gain_over_an_older_incumbent_is_forgotten(foraging, ask, propose, finding):
    """Since a promotion, control is another."""
    request = ask(foraging, finding, stage=1)
    earlier, winner, later, *_ = propose(ask(foraging, finding))
    judge(request, earlier, gain=0.05)
    judge(request, winner, gain=0.2, reason=verdicts.VERDICT_REASON_GAIN_CONFIRMED)
    judge(request, later, gain=0.05)
    assert {candidate.finding for candidate in propose(request)} == {0}


def test_what_came_close_is_not_varied_where_nothing_is_wrong(foraging, ask, propose, find, finding):
    """A finding that says keep is the last word."""
    request = ask(foraging, find(pb.REMEDY_KEEP, mode=pb.FAILURE_MODE_NONE), stage=1)
    judge(request, propose(ask(foraging, finding))[0], gain=0.05)
    assert propose(request) == []


def test_a_variant_of_an_earlier_stages_trial_answers_no_finding_of_this_one(foraging, ask, propose, finding):
    """Indices of another diagnosis mean nothing here."""
    request = ask(foraging, finding, stage=1)
    judge(request, propose(ask(foraging, finding))[0], gain=0.05)
    assert propose(request)[0].finding == -1


def pays_together(candidate):
    """Whether a candidate has a synchrony term."""
    return any(term.form == shaping.SHAPING_FORM_SYNCHRONY for term in candidate.config.terms)


def test_a_dead_shape_is_not_proposed_again_in_its_stage(foraging, ask, propose, finding):
    """The rollouts that it was dead on are the same; in another stage it may be tried with other numbers."""
    dead = next(each for each in propose(ask(foraging, finding, candidates=16)) if pays_together(each))
    together = dead.config.terms[1]
    assert together.form == shaping.SHAPING_FORM_SYNCHRONY
    for stage, allowed in ((0, False), (1, True)):
        request = ask(foraging, finding, stage=stage, round_=1, candidates=16)
        trial = judge(request, dead, reason=verdicts.VERDICT_REASON_DEAD_TERM)
        trial.verdict.terms.add(term=dead.config.terms[0].name, firing_rate=0.7, finite=True)
        trial.verdict.terms.add(term=together.name, firing_rate=0.0, finite=True)
        shapes = {shape(term) for candidate in propose(request) for term in candidate.config.terms}
        assert (shape(together) in shapes) is allowed
        assert shape(dead.config.terms[0]) in shapes


def test_the_incumbents_own_terms_are_never_blamed(foraging, ask, propose, finding, incumbent):
    """A verdict without figures blames what the candidate added."""
    request = ask(foraging, finding, incumbent=incumbent, round_=1)
    candidate = propose(ask(foraging, finding, incumbent=incumbent))[1]
    judge(request, candidate, reason=verdicts.VERDICT_REASON_SATURATED_TERM)
    assert propose(request)
