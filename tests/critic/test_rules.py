"""Each failure, planted in otherwise healthy evidence, is the finding that comes first."""

from copy import deepcopy

import pytest

from also.services.critic.citations import value_at
from also.services.critic.rules import diagnose
from also.v1 import diagnosis_pb2 as pb
from also.v1 import shaping_pb2 as shaping
from also.v1.critic_pb2 import STAGE_OUTCOME_HELD, STAGE_OUTCOME_PROMOTED, STAGE_OUTCOME_ROLLED_BACK
from also.v1.verdict_pb2 import OUTCOME_PROMOTED, OUTCOME_REJECTED


@pytest.fixture
def incumbent():
    """A potential and an event on foraging."""
    config = shaping.ShapingConfig()
    config.terms.add(
        name="approach",
        form=shaping.SHAPING_FORM_POTENTIAL,
        target=shaping.TARGET_KIND_TEAM,
        feature="team_food_distance",
        weight=0.5,
        transform=shaping.Transform(kind=shaping.TRANSFORM_KIND_EXP, scale=0.3),
    )
    config.terms.add(
        name="load_bonus",
        form=shaping.SHAPING_FORM_EVENT,
        target=shaping.TARGET_KIND_TEAM,
        feature="joint_loading",
        weight=0.1,
        episode_cap=0.1,
    )
    return config


def activity(name, *, share=0.3, firing=0.4):
    """What a term did."""
    return shaping.TermActivity(term=name, firing_rate=firing, reward_share=share, finite=True)


def first(request):
    """The most severe finding, after a check that no citation of the diagnosis lies."""
    diagnosis = diagnose(request)
    for finding in diagnosis.findings:
        assert finding.citations
        for citation in finding.citations:
            assert value_at(request.evidence[-1], citation.item) == citation.value
    return diagnosis.findings[0]


def test_a_first_milestone_that_one_agent_can_reach_is_exploration(foraging, gather, ask):
    """Nothing is reached: guide each agent along the card's progress feature."""
    finding = first(ask(foraging, gather(foraging, reached=[0.1, 0, 0, 0])))
    assert finding.mode == pb.FAILURE_MODE_EXPLORATION
    assert finding.remedy == pb.REMEDY_GUIDE
    assert (finding.milestone, finding.feature) == ("reached_food", "nearest_food_distance")


def test_a_way_that_turns_back_at_its_milestone_is_no_guide(warehouse, gather, ask):
    """The finding names the milestone's own feature instead."""
    evidence = gather(warehouse, reached=[1, 0.2, 0, 0])
    assert first(ask(warehouse, evidence)).feature == "delivery_distance"
    evidence.milestones[1].turned_back = 0.9
    assert first(ask(warehouse, evidence)).feature == "carrying_request"


def test_the_rarer_a_milestone_the_graver_it_is(foraging, gather, ask):
    """Never is worse than now and then."""
    never = first(ask(foraging, gather(foraging, reached=[0.9, 0, 0, 0])))
    at_times = first(ask(foraging, gather(foraging, reached=[0.9, 0.4, 0, 0])))
    assert never.mode == at_times.mode and never.severity > at_times.severity


def test_a_milestone_reached_alone_but_not_together_is_coordination(foraging, gather, ask):
    """Food is reached, but never by both: make them act together."""
    finding = first(ask(foraging, gather(foraging, reached=[0.97, 0.12, 0, 0])))
    assert finding.mode == pb.FAILURE_MODE_COORDINATION
    assert finding.remedy == pb.REMEDY_SYNCHRONISE
    assert (finding.milestone, finding.feature) == ("met_at_food", "team_food_distance")
    assert "97%" in finding.summary and "12%" in finding.summary


def test_a_joint_milestone_without_one_before_it_asks_for_guidance(foraging, gather, ask):
    """Nobody has shown that it can be reached alone, so synchrony is not the first thing to try."""
    card = deepcopy(foraging)
    del card.milestones[0]
    finding = first(ask(card, gather(card, reached=[0.1, 0, 0])))
    assert (finding.mode, finding.remedy) == (pb.FAILURE_MODE_COORDINATION, pb.REMEDY_GUIDE)


def test_one_food_of_two_again_and_again_is_partial_success(foraging, gather, ask, incumbent):
    """The return stands at half of what is possible, and the last milestone is rare."""
    evidence = gather(
        foraging,
        reached=[1, 0.98, 0.95, 0.05],
        mean=0.5,
        terms=[activity("approach", share=0.7), activity("load_bonus", share=0.1)],
    )
    finding = first(ask(foraging, gather(foraging, mean=0.49), evidence, incumbent=incumbent))
    assert finding.mode == pb.FAILURE_MODE_PARTIAL_SUCCESS
    assert finding.remedy == pb.REMEDY_GUIDE
    assert (finding.milestone, finding.feature, finding.term) == ("all_food_eaten", "food_eaten", "approach")


def test_an_agent_that_adds_nothing_is_a_matter_of_credit(foraging, gather, ask):
    """One agent's idling costs nothing, the other's costs all."""
    evidence = gather(foraging, reached=[1, 0.9, 0.9, 0.6], mean=0.6, contributions=[0.6, 0.01])
    finding = first(ask(foraging, gather(foraging, mean=0.6), evidence))
    assert (finding.mode, finding.remedy) == (pb.FAILURE_MODE_CREDIT_ASSIGNMENT, pb.REMEDY_INDIVIDUALISE)
    assert finding.agent == "agent_1"


def test_an_agent_that_harms_is_a_matter_of_credit(foraging, gather, ask):
    """A negative contribution is no contribution."""
    evidence = gather(foraging, reached=[1, 0.9, 0.9, 0.6], mean=0.6, contributions=[-0.2, 0.4])
    finding = first(ask(foraging, gather(foraging, mean=0.6), evidence))
    assert (finding.mode, finding.agent) == (pb.FAILURE_MODE_CREDIT_ASSIGNMENT, "agent_0")


def test_an_agent_that_stands_still_is_seen_without_any_reward(foraging, gather, ask):
    """Idle rates tell where contributions are all zero."""
    diagnosis = diagnose(ask(foraging, gather(foraging, reached=[0.6, 0, 0, 0], idle_rates=[0.05, 0.98])))
    credit = [finding for finding in diagnosis.findings if finding.mode == pb.FAILURE_MODE_CREDIT_ASSIGNMENT]
    assert [finding.agent for finding in credit] == ["agent_1"]


def test_agents_that_all_stand_still_are_no_matter_of_credit(foraging, gather, ask):
    """None stands out."""
    diagnosis = diagnose(ask(foraging, gather(foraging, idle_rates=[0.95, 0.98])))
    assert pb.FAILURE_MODE_CREDIT_ASSIGNMENT not in [finding.mode for finding in diagnosis.findings]


def test_shaping_that_drowns_the_task_reward_on_a_plateau_dominates(foraging, gather, ask, incumbent):
    """The task could be learnt from its own reward by now."""
    evidence = gather(
        foraging,
        reached=[1, 1, 0.9, 0.6],
        mean=0.6,
        terms=[activity("approach", share=0.3), activity("load_bonus", share=0.65)],
    )
    finding = first(ask(foraging, gather(foraging, mean=0.6), evidence, incumbent=incumbent))
    assert (finding.mode, finding.remedy) == (pb.FAILURE_MODE_SHAPING_DOMINATES, pb.REMEDY_DECAY)
    assert finding.term == "load_bonus"


def test_shaping_may_outweigh_a_reward_that_is_still_rare(foraging, gather, ask, incumbent):
    """The task reward alone could not teach yet."""
    evidence = gather(
        foraging, reached=[1, 0.9, 0.2, 0], mean=0.2, median=0.0, terms=[activity("approach", share=0.99)]
    )
    diagnosis = diagnose(ask(foraging, gather(foraging, mean=0.2), evidence, incumbent=incumbent))
    assert [finding.mode for finding in diagnosis.findings] == [pb.FAILURE_MODE_COORDINATION]


def test_domination_by_potentials_alone_is_less_severe(foraging, gather, ask, incumbent):
    """They cannot change which policies are optimal."""
    history = gather(foraging, mean=0.6)
    terms = [activity("approach", share=0.97), activity("load_bonus", share=0.0)]
    evidence = gather(foraging, reached=[1, 1, 0.9, 0.6], mean=0.6, terms=terms)
    bounded = diagnose(ask(foraging, history, evidence, incumbent=incumbent))
    del incumbent.terms[1]
    harmless = diagnose(ask(foraging, history, evidence, incumbent=incumbent))

    def severity(diagnosis):
        return next(f.severity for f in diagnosis.findings if f.mode == pb.FAILURE_MODE_SHAPING_DOMINATES)

    assert severity(harmless) < severity(bounded)


def test_shaping_may_outweigh_the_task_while_the_return_rises(foraging, gather, ask, incumbent):
    """What works is left alone."""
    evidence = gather(foraging, reached=[1, 1, 0.9, 0.7], mean=0.7, terms=[activity("approach", share=0.99)])
    diagnosis = diagnose(ask(foraging, gather(foraging, mean=0.4), evidence, incumbent=incumbent))
    assert [finding.mode for finding in diagnosis.findings] == [pb.FAILURE_MODE_NONE]


def test_a_term_that_never_fires_is_dead(foraging, gather, ask, incumbent):
    """It is to be removed, whatever the return does."""
    evidence = gather(
        foraging,
        reached=[1, 1, 0.9, 0.7],
        mean=0.7,
        terms=[activity("approach"), activity("load_bonus", share=0, firing=0)],
    )
    finding = first(ask(foraging, gather(foraging, mean=0.4), evidence, incumbent=incumbent))
    assert (finding.mode, finding.remedy, finding.term) == (pb.FAILURE_MODE_DEAD_TERM, pb.REMEDY_REMOVE, "load_bonus")


def test_a_credit_term_is_not_called_dead(foraging, gather, ask, incumbent):
    """It has no reward of its own by design."""
    incumbent.terms[1].Clear()
    incumbent.terms[1].MergeFrom(
        shaping.ShapingTerm(name="mix", form=shaping.SHAPING_FORM_CREDIT, target=shaping.TARGET_KIND_AGENT)
    )
    evidence = gather(
        foraging, reached=[1, 1, 0.9, 0.7], mean=0.7, terms=[activity("approach"), activity("mix", share=0, firing=0)]
    )
    diagnosis = diagnose(ask(foraging, gather(foraging, mean=0.4), evidence, incumbent=incumbent))
    assert [finding.mode for finding in diagnosis.findings] == [pb.FAILURE_MODE_NONE]


def test_a_policy_without_entropy_has_converged_too_early(foraging, gather, ask):
    """It stands still, and no longer tries anything else."""
    evidence = gather(foraging, reached=[1, 0.9, 0.3, 0.1], mean=0.3, median=0.0, entropy=0.01)
    finding = first(ask(foraging, gather(foraging, mean=0.3), evidence))
    assert (finding.mode, finding.remedy) == (pb.FAILURE_MODE_PREMATURE_CONVERGENCE, pb.REMEDY_EXPLORE)


@pytest.mark.parametrize("planted", [{"kl": 0.4}, {"clip_fraction": 0.6}])
def test_a_policy_that_jumps_is_unstable(foraging, gather, ask, incumbent, planted):
    """Large updates while the return falls: weaken the heaviest term."""
    evidence = gather(foraging, reached=[1, 0.9, 0.6, 0.3], mean=0.3, terms=[activity("approach")], **planted)
    finding = first(ask(foraging, gather(foraging, mean=0.6), evidence, incumbent=incumbent))
    assert (finding.mode, finding.remedy) == (pb.FAILURE_MODE_INSTABILITY, pb.REMEDY_RESCALE)
    assert finding.term == "approach"


def test_q_learning_is_not_judged_by_figures_of_ppo(foraging, gather, ask):
    """It has no entropy that could collapse and no KL that could jump, and is found neither still nor unstable."""
    evidence = gather(foraging, reached=[1, 0.9, 0.3, 0.1], mean=0.3, median=0.0, entropy=0.01, kl=0.4)
    evidence.ClearField("optimisation")
    evidence.value_learning.td_error = 0.1
    modes = {found.mode for found in diagnose(ask(foraging, gather(foraging, mean=0.3), evidence)).findings}
    assert not modes & {pb.FAILURE_MODE_PREMATURE_CONVERGENCE, pb.FAILURE_MODE_INSTABILITY}
    assert modes


def test_large_updates_are_welcome_while_the_return_rises(foraging, gather, ask, incumbent):
    """What works is left alone."""
    evidence = gather(foraging, reached=[1, 1, 0.9, 0.7], mean=0.7, terms=[activity("approach")], kl=0.4)
    assert first(ask(foraging, gather(foraging, mean=0.4), evidence, incumbent=incumbent)).mode == pb.FAILURE_MODE_NONE


def test_no_term_is_blamed_for_jumps_without_shaping(foraging, gather, ask):
    """There is nothing to weaken, and the critic says so."""
    diagnosis = diagnose(ask(foraging, gather(foraging, reached=[0.1, 0, 0, 0], kl=0.4)))
    unstable = [finding for finding in diagnosis.findings if finding.mode == pb.FAILURE_MODE_INSTABILITY]
    assert [(finding.remedy, finding.term) for finding in unstable] == [(pb.REMEDY_KEEP, "")]


def test_success_at_the_end_of_the_episode_is_inefficient(foraging, gather, ask):
    """All is reached, but late."""
    evidence = gather(foraging, reached=[1, 1, 1, 0.8], mean=0.8, first_step=45)
    finding = first(ask(foraging, gather(foraging, mean=0.6), evidence))
    assert (finding.mode, finding.milestone) == (pb.FAILURE_MODE_INEFFICIENCY, "all_food_eaten")


def test_nothing_is_wrong_with_a_solved_task(foraging, gather, ask):
    """Not even what would be a finding elsewhere."""
    diagnosis = diagnose(ask(foraging, gather(foraging, reached=[1, 1, 1, 0.97], mean=0.97, entropy=0.01)))
    assert diagnosis.phase == pb.LEARNING_PHASE_SOLVED
    assert [(f.mode, f.remedy) for f in diagnosis.findings] == [(pb.FAILURE_MODE_NONE, pb.REMEDY_KEEP)]


def test_findings_are_sorted_by_severity(foraging, gather, ask, incumbent):
    """Several failures at once, the gravest first."""
    evidence = gather(
        foraging, reached=[1, 0.9, 0.6, 0.1], mean=0.5, entropy=0.01, kl=0.3, contributions=[0.5, 0],
        terms=[activity("approach", share=0.95), activity("load_bonus", firing=0)],
    )  # fmt: skip
    findings = diagnose(ask(foraging, gather(foraging, mean=0.5), evidence, incumbent=incumbent)).findings
    assert len(findings) == 6
    assert [finding.severity for finding in findings] == sorted((f.severity for f in findings), reverse=True)


def test_an_unnamed_task_without_reward_asks_for_exploration(unnamed, gather, ask):
    """No progress feature and no direction: rare states are all there is to reward."""
    finding = first(ask(unnamed, gather(unnamed)))
    assert (finding.mode, finding.remedy) == (pb.FAILURE_MODE_EXPLORATION, pb.REMEDY_EXPLORE)
    assert (finding.milestone, finding.feature) == ("episode_return", "")


def test_an_unnamed_task_is_guided_by_what_tells_success_from_failure(unnamed, gather, ask):
    """The feature with the largest effect size stands in for a progress feature; the return itself explains nothing."""
    evidence = gather(
        unnamed, mean=0.02, median=0.0, effect_sizes={"episode_return": 9, "observation_1": -1.4, "state_0": 0.9}
    )
    finding = first(ask(unnamed, gather(unnamed, mean=0.02), evidence))
    assert (finding.remedy, finding.feature) == (pb.REMEDY_GUIDE, "observation_1")


def test_a_remedy_that_failed_gives_way_to_another(foraging, gather, ask):
    """The same trouble in the next stage is answered differently, and with less confidence."""
    request = ask(foraging, gather(foraging, reached=[0.97, 0.12, 0, 0]))
    before = diagnose(request)
    request.evidence.append(gather(foraging, reached=[0.97, 0.12, 0, 0], stage=1))
    request.past.add(stage=0, diagnosis=before, outcome=STAGE_OUTCOME_HELD)
    trial = request.trials.add(stage=0)
    trial.candidate.finding = 0
    trial.verdict.outcome = OUTCOME_REJECTED
    finding = diagnose(request).findings[0]
    assert (finding.mode, finding.milestone) == (pb.FAILURE_MODE_COORDINATION, "met_at_food")
    assert finding.remedy == pb.REMEDY_GUIDE
    assert finding.confidence < before.findings[0].confidence


def test_a_rejection_beside_a_promotion_is_no_failure(foraging, gather, ask):
    """Losing to a better candidate says little against a remedy."""
    request = ask(foraging, gather(foraging, reached=[0.97, 0.12, 0, 0]))
    before = diagnose(request)
    request.evidence.append(gather(foraging, reached=[0.97, 0.12, 0, 0], stage=1))
    request.past.add(stage=0, diagnosis=before, outcome=STAGE_OUTCOME_PROMOTED)
    for outcome in (OUTCOME_REJECTED, OUTCOME_PROMOTED):
        trial = request.trials.add(stage=0)
        trial.candidate.finding = 0
        trial.verdict.outcome = outcome
    finding = diagnose(request).findings[0]
    assert (finding.remedy, finding.confidence) == (pb.REMEDY_SYNCHRONISE, before.findings[0].confidence)


def test_a_trial_is_matched_with_its_own_stages_diagnosis(foraging, gather, ask):
    """Numbers decide, not places: stages may be missing, or have no diagnosis."""
    stages = [gather(foraging, reached=[0.97, 0.12, 0, 0], stage=number) for number in (0, 4, 5)]
    request = ask(foraging, *stages[:1])
    before = diagnose(request)
    request.evidence.extend(stages[1:])
    request.past.add(stage=0, outcome=STAGE_OUTCOME_HELD)
    request.past.add(stage=4, diagnosis=before, outcome=STAGE_OUTCOME_HELD)
    trial = request.trials.add(stage=0)
    trial.candidate.finding = 0
    trial.verdict.outcome = OUTCOME_REJECTED
    assert diagnose(request).findings[0].remedy == pb.REMEDY_SYNCHRONISE
    request.trials[0].stage = 4
    assert diagnose(request).findings[0].remedy == pb.REMEDY_GUIDE
    request.trials[0].stage = 3
    assert diagnose(request).findings[0].remedy == pb.REMEDY_SYNCHRONISE


def test_a_remedy_whose_promotion_was_undone_has_failed(foraging, gather, ask):
    """It won on branches, and the stages after it took that back."""
    request = ask(foraging, gather(foraging, reached=[0.97, 0.12, 0, 0]))
    before = diagnose(request)
    request.evidence.append(gather(foraging, reached=[0.97, 0.12, 0, 0], stage=1))
    request.past.add(stage=0, diagnosis=before, outcome=STAGE_OUTCOME_ROLLED_BACK)
    trial = request.trials.add(stage=0)
    trial.candidate.finding = 0
    trial.verdict.outcome = OUTCOME_PROMOTED
    assert diagnose(request).findings[0].remedy == pb.REMEDY_GUIDE


def test_a_reward_on_most_env_steps_is_told(foraging, gather, ask):
    """It asks for no change, comes after what holds learning back, and rests on the returns."""
    card = deepcopy(foraging)
    card.reward_density = 0.97
    found = diagnose(ask(card, gather(card))).findings
    assert found[0].mode == pb.FAILURE_MODE_EXPLORATION
    told = next(each for each in found if each.mode == pb.FAILURE_MODE_REWARD_NOT_SPARSE)
    assert told.remedy == pb.REMEDY_KEEP
    assert "random play had one on 97% of its env_steps" in told.summary
    assert [citation.item for citation in told.citations] == ["returns.minimum", "returns.mean", "returns.maximum"]
    card.reward_density = 0.5
    assert all(each.mode != pb.FAILURE_MODE_REWARD_NOT_SPARSE for each in diagnose(ask(card, gather(card))).findings)


def test_negative_returns_are_told_with_their_range(foraging, gather, ask):
    """ "Nothing is wrong" says what is nothing and what is the most."""
    card = deepcopy(foraging)
    card.baseline_return, card.smallest_return, card.largest_return = -100, -90, -10
    evidence = gather(card, mean=-12.0, reached=[1.0] * 4)
    (finding,) = diagnose(ask(card, evidence)).findings
    assert "the mean return is -12, where -100 is nothing and -10 the most" in finding.summary
