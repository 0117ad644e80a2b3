"""What a model may say follows from the numbers: the phase is told, and what cannot be true is not offered."""

import pytest

from also.services.critic import rules
from also.services.critic.case import read_case
from also.services.critic.choices import choices
from also.services.critic.contradictions import contradictions
from also.services.critic.facts import facts
from also.v1 import diagnosis_pb2 as pb
from also.v1.shaping_pb2 import ShapingConfig, TermActivity

RISING = [0.01 * index for index in range(12)]


@pytest.fixture
def case_of(foraging, gather, ask):
    """The case of one stage, as the arguments plant it; `fires` gives the incumbent a term that fires so often."""

    def build(fires: float | None = None, share: float = 0.6, **planted):
        terms = [] if fires is None else [TermActivity(term="approach", firing_rate=fires, reward_share=share)]
        incumbent = ShapingConfig()
        if terms:
            incumbent.terms.add(name="approach", form=1, target=3, feature="team_food_distance", weight=0.5)
        return read_case(ask(foraging, gather(foraging, terms=terms, **planted), incumbent=incumbent))

    return build


def test_nothing_of_terms_is_offered_without_an_incumbent(case_of):
    """There is nothing to remove, rescale or fade, and no term that could be dead."""
    offered = choices(case_of(reached=[0.97, 0.1, 0, 0]))
    assert offered.phase == pb.LEARNING_PHASE_NO_SIGNAL
    assert {"dead_term", "shaping_dominates"}.isdisjoint(offered.mode_names)
    assert {"remove", "rescale", "decay"}.isdisjoint(offered.remedy_names)
    assert {"dead_term", "shaping_dominates"} < set(choices(case_of(fires=0.5)).mode_names)


def test_where_nothing_is_learnt_something_is_wrong(case_of):
    """A team without a return is not well, whatever is planted; neither is one with a finding of the rules."""
    for planted in ({}, {"fires": 0.5}, {"reached": [0.97, 0.1, 0, 0]}):
        assert "none" not in choices(case_of(**planted)).mode_names
    assert "none" not in choices(case_of(reached=[1, 0.6, 0.3, 0], mean=0.3, median=0.3)).mode_names


def test_where_the_return_rises_nothing_may_be_wrong_and_comes_last(case_of):
    """Small models take what comes first."""
    offered = choices(case_of(reached=[1, 0.6, 0.3, 0.1], mean=0.3, curve=RISING))
    assert offered.mode_names[-1] == "none"
    assert offered.remedy_names[-1] == "keep"
    assert offered.phase == pb.LEARNING_PHASE_IMPROVING


@pytest.mark.parametrize(
    ("planted", "finding", "said"),
    [
        ({"reached": [0.97, 0.1, 0, 0]}, {"mode": 2, "milestone": "reached_food"}, "which 97% of the episodes reach"),
        ({"reached": [0.97, 0.1, 0, 0]}, {"mode": 2, "milestone": "met_at_food"}, "takes 2: coordination"),
        ({"reached": [0.3, 0, 0, 0]}, {"mode": 3, "milestone": "reached_food"}, "reaches reached_food alone"),
        ({"fires": 0.5}, {"mode": 6, "term": "approach", "remedy": 7}, "fires on 50% of the env_steps"),
        ({"fires": 0.5}, {"mode": 6, "remedy": 7}, "dead_term names no term"),
        ({"fires": 0.5, "share": 0.2}, {"mode": 5, "term": "approach", "remedy": 6}, "have 20% of the reward"),
        ({"entropy": 0.8}, {"mode": 7}, "entropy is 80% of the largest"),
        ({"kl": 0.01, "clip_fraction": 0.1}, {"mode": 8}, "a kl of 0.01 and 10% of the samples"),
        ({"mean": 0.2, "reached": [1, 0.4, 0.4, 0]}, {"mode": 10}, "no episode succeeds"),
        ({}, {"mode": 3, "remedy": 1}, "coordination holds learning back, and its remedy is keep"),
        (
            {"mean": 0.3, "contributions": [0.3, 0.0], "idle_rates": [0.1, 0.9]},
            {"mode": 4, "agent": "agent_0"},
            "names the agent that adds most",
        ),
    ],
)
def test_what_numbers_deny_is_named_with_them(case_of, planted: dict, finding: dict, said: str):
    """Each once, and alone."""
    (found,) = contradictions(pb.Finding(**{"remedy": pb.REMEDY_GUIDE, **finding}), case_of(**planted))
    assert said in found


@pytest.mark.parametrize(
    ("planted", "finding"),
    [
        ({"reached": [0.97, 0.1, 0, 0]}, {"mode": 3, "milestone": "met_at_food"}),
        ({"reached": [0.6, 0.1, 0, 0]}, {"mode": 2, "milestone": "reached_food"}),
        ({}, {"mode": 2}),
        ({"fires": 0.0005}, {"mode": 6, "term": "approach", "remedy": 7}),
        ({"fires": 0.9, "share": 0.7}, {"mode": 5, "term": "approach", "remedy": 6}),
        ({"entropy": 0.1}, {"mode": 7}),
        ({"kl": 0.3}, {"mode": 8, "remedy": 1}),
        ({"mean": 0.9, "reached": [1, 1, 1, 0.9]}, {"mode": 10}),
        ({"mean": 0.3, "contributions": [0.3, 0.0]}, {"mode": 4, "agent": "agent_1"}),
    ],
)
def test_what_an_expert_may_say_is_no_contradiction(case_of, planted: dict, finding: dict):
    """The bounds leave room for judgement."""
    assert not list(contradictions(pb.Finding(**{"remedy": pb.REMEDY_GUIDE, **finding}), case_of(**planted)))


def test_the_rules_never_contradict_the_evidence(foraging, gather, ask):
    """What they find is what a model may say."""
    for reached in ([0, 0, 0, 0], [0.97, 0.12, 0, 0], [1, 0.9, 0.6, 0.1], [1, 1, 1, 0.95]):
        for entropy in (0.01, 0.6):
            for mean in (0.0, 0.02, 0.4):
                request = ask(foraging, gather(foraging, reached=reached, mean=mean, entropy=entropy, kl=0.2))
                case = read_case(request)
                offered = choices(case)
                for finding in rules.diagnose(request).findings:
                    assert finding.mode in offered.modes and finding.remedy in offered.remedies
                    assert not list(contradictions(finding, case))


def test_facts_say_where_the_team_stands(foraging, gather, ask):
    """Phase, shares, the first missing milestone with its agents, and what the terms come to."""
    terms = [TermActivity(term=name, firing_rate=0.1 * n, reward_share=0.3 * n) for n, name in enumerate("ab", 1)]
    incumbent = ShapingConfig()
    for name in "ab":
        incumbent.terms.add(name=name, form=1, target=3, feature="team_food_distance", weight=0.5)
    request = ask(foraging, gather(foraging, reached=[0.97, 0.12, 0, 0], mean=0.02, terms=terms), incumbent=incumbent)
    assert (
        facts(request, read_case(request))
        == """\
- The phase is sparse_signal.
- As shares of the task's largest return, the mean return is 0.02 [0, 0.04]; along the curve it changed by 0, from \
the first third to the last.
- The first milestone with reached below 0.5 is met_at_food: 0.12, and it takes 2 agents; before it comes \
reached_food: 0.97.
- It is approached along team_food_distance.
- The reward_shares of all terms sum to 0.9; the term that fires least is a, with a firing_rate of 0.1."""
    )
