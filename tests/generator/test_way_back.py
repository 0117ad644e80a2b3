"""The way back: once the task pays, what the incumbent has is what is questioned first."""

import pytest

from also.services.generator.expert.remedies import way_back
from also.services.generator.proposal import tried_under
from also.shaping.identity import config_hash
from also.shaping.rules import check_config, complete
from also.v1 import diagnosis_pb2 as pb
from also.v1 import shaping_pb2 as shaping
from also.v1 import verdict_pb2 as verdicts


def weights(config):
    """Weights of a config's terms, by name."""
    return {term.name: round(term.weight, 9) for term in config.terms}


@pytest.fixture
def finding(find):
    """Something is to be changed."""
    return find(pb.REMEDY_SYNCHRONISE, milestone="met_at_food", feature="team_food_distance")


def paying(request):
    """The request after a stage that was paid."""
    request.evidence.returns.mean = 0.2
    return request


def test_the_incumbent_is_weakened_taken_away_and_left_without_each_term(incumbent):
    """In this order; what is kept of a term is as it was."""
    back = list(way_back(incumbent))
    assert [weights(config) for config in back] == [
        {"approach_food": 0.125, "load_bonus": 0.025},
        {},
        {"load_bonus": 0.1},
        {"approach_food": 0.5},
    ]
    assert list(back[2].terms) == [incumbent.terms[1]]
    assert list(back[3].terms) == [incumbent.terms[0]]


def test_the_way_back_of_a_single_term_does_not_take_it_away_twice(incumbent):
    """Without its only term it is taken away already; without terms there is no way back."""
    single = shaping.ShapingConfig(terms=incumbent.terms[:1])
    assert [weights(config) for config in way_back(single)] == [
        {"approach_food": 0.125},
        {},
    ]
    assert list(way_back(shaping.ShapingConfig())) == []


def test_a_config_whose_defaults_are_filled_in_can_be_weakened(foraging, incumbent):
    """A campaign's own shaping has them: the cap of a potential says nothing, and stays as it is."""
    full = complete(incumbent)
    for config in way_back(full):
        check_config(config, foraging, 0.99)
    assert weights(next(iter(way_back(full)))) == {"approach_food": 0.125, "load_bonus": 0.025}


def test_the_way_back_comes_first_once_the_task_pays(foraging, ask, propose, finding, incumbent):
    """Before everything that answers a finding, which it does not; what follows it does."""
    candidates = propose(paying(ask(foraging, finding, incumbent=incumbent, candidates=16)))
    back = [config_hash(config) for config in way_back(incumbent)]
    assert [each.config_hash for each in candidates[:4]] == back
    assert {each.finding for each in candidates[:4]} == {-1}
    assert {each.finding for each in candidates[4:]} == {0}


def test_while_the_task_is_silent_nothing_is_taken_away(foraging, ask, propose, finding, incumbent):
    """What has not led to a reward yet is added to."""
    silent = propose(ask(foraging, finding, incumbent=incumbent))
    assert all(len(each.config.terms) > len(incumbent.terms) for each in silent)
    unshaped = propose(paying(ask(foraging, finding)))
    assert unshaped == propose(ask(foraging, finding))


def test_nothing_is_taken_away_where_nothing_is_to_be_changed(foraging, ask, propose, find, incumbent):
    """A finding that says keep is the last word."""
    keep = find(pb.REMEDY_KEEP, mode=pb.FAILURE_MODE_NONE)
    assert propose(paying(ask(foraging, keep, incumbent=incumbent))) == []


def tried(request, config, *, stage, outcome, reason=verdicts.VERDICT_REASON_RACE_LOST):
    """Say of a config that it was tried in a stage."""
    trial = request.trials.add(stage=stage)
    trial.candidate.config.CopyFrom(config)
    trial.candidate.config_hash = config_hash(config)
    trial.verdict.outcome, trial.verdict.reason = outcome, reason
    return trial


@pytest.mark.parametrize(
    ("stage", "outcome", "again"),
    [
        (2, verdicts.OUTCOME_REJECTED, False),
        (2, verdicts.OUTCOME_INCONCLUSIVE, True),
        (1, verdicts.OUTCOME_REJECTED, True),
        (0, verdicts.OUTCOME_REJECTED, True),
    ],
)
def test_what_was_tried_under_this_incumbent_is_not_proposed_again(
    foraging, ask, propose, finding, incumbent, stage, outcome, again
):
    """What lost beside an earlier incumbent may win now, and what has no result may get one."""
    request = paying(ask(foraging, finding, incumbent=incumbent, stage=3, candidates=8))
    tried(request, incumbent, stage=1, outcome=verdicts.OUTCOME_PROMOTED_PROVISIONALLY)
    plain = propose(request)[4].config  # the first that does not only take away
    tried(request, plain, stage=stage, outcome=outcome)
    assert (propose(request)[4].config == plain) is again
    assert len(tried_under(request)) == (not again)


@pytest.mark.parametrize(("stage", "again"), [(2, True), (3, False)])
def test_what_came_too_early_is_proposed_again_in_another_stage(
    foraging, ask, propose, finding, incumbent, stage, again
):
    """In its own stage it would come as early."""
    request = paying(ask(foraging, finding, incumbent=incumbent, stage=3, candidates=8))
    plain = propose(request)[4].config
    early = verdicts.VERDICT_REASON_TOO_EARLY
    tried(request, plain, stage=stage, outcome=verdicts.OUTCOME_INCONCLUSIVE, reason=early)
    assert (propose(request)[4].config == plain) is again


@pytest.mark.parametrize(("stage", "again"), [(2, True), (3, False)])
def test_what_takes_away_is_proposed_again_in_another_stage(foraging, ask, propose, finding, incumbent, stage, again):
    """Shaping that was needed then may not be needed any more."""
    request = paying(ask(foraging, finding, incumbent=incumbent, stage=3))
    tried(request, shaping.ShapingConfig(), stage=stage, outcome=verdicts.OUTCOME_REJECTED)
    assert (propose(request)[1].config == shaping.ShapingConfig()) is again
