"""What is said of candidates without training."""

from collections.abc import Callable

import pytest

from also import reasons
from also.services.trainer.tasks.opening import describe
from also.services.validator import screen
from also.shaping.identity import config_hash
from also.v1.campaign_pb2 import ALGORITHM_QMIX, LearnerSettings
from also.v1.shaping_pb2 import Invariance, ShapingConfig, ShapingForm, TargetKind, TermActivity
from also.v1.task_pb2 import TaskCard
from also.v1.trainer_pb2 import ShapingProbe
from also.v1.verdict_pb2 import Candidate, Outcome, Verdict

MakeConfig = Callable[..., ShapingConfig]
MakeCandidate = Callable[..., Candidate]
LEARNER = LearnerSettings(gamma=0.99)


@pytest.fixture
def card(make_campaign) -> TaskCard:
    """Card of the small campaign's task."""
    return describe(make_campaign().task)


def active(**changes: object) -> TermActivity:
    """A term that works as it should."""
    return TermActivity(**{"term": "approach", "firing_rate": 0.3, "largest_reward": 0.1, "finite": True} | changes)


def named(verdict: Verdict) -> str:
    return reasons.verdict(verdict.reason) if verdict.reason else ""


def test_credit_is_refused_for_a_learner_with_one_reward_of_the_team(
    make_candidate: MakeCandidate, card: TaskCard
) -> None:
    """It would keep what the team is paid, and so have no effect."""
    candidate = make_candidate(0)
    candidate.config.terms.add(name="shared", form=ShapingForm.SHAPING_FORM_CREDIT, target=TargetKind.TARGET_KIND_AGENT)
    for learner, name in ((LEARNER, ""), (LearnerSettings(gamma=0.99, algorithm=ALGORITHM_QMIX), "InvalidConfig")):
        (verdict,) = screen.check([candidate], card=card, learner=learner, incumbent=ShapingConfig(), tried=[])
        assert named(verdict) == name
    assert "term 'shared': form credit keeps the sum over agents" in verdict.detail


def test_sound_new_candidate_passes(make_candidate: MakeCandidate, card: TaskCard) -> None:
    """No reason, and its invariance derived."""
    (verdict,) = screen.check([make_candidate(0)], card=card, learner=LEARNER, incumbent=ShapingConfig(), tried=[])
    assert (verdict.candidate, named(verdict), verdict.outcome) == ("r0-c0", "", Outcome.OUTCOME_UNSPECIFIED)
    assert verdict.invariance == Invariance.INVARIANCE_POLICY_INVARIANT


def test_broken_rule_is_an_invalid_config(make_candidate: MakeCandidate, card: TaskCard) -> None:
    """The verdict says which rule."""
    candidate = make_candidate(0, feature="teleporters")
    (verdict,) = screen.check([candidate], card=card, learner=LEARNER, incumbent=ShapingConfig(), tried=[])
    assert (named(verdict), verdict.outcome) == ("InvalidConfig", Outcome.OUTCOME_REJECTED)
    assert "teleporters" in verdict.detail


def test_duplicates_of_anything_known_are_out(
    make_candidate: MakeCandidate, make_config: MakeConfig, card: TaskCard
) -> None:
    """Equal by effect: names and reasons do not make a config new."""
    again = make_config(0.375, name="renamed", reason="another text")
    candidates = [
        make_candidate(0),
        make_candidate(1),
        make_candidate(2),
        Candidate(name="r0-c3", config=again, config_hash=config_hash(again)),
    ]
    tried = [candidates[1].config_hash]
    verdicts = screen.check(candidates, card=card, learner=LEARNER, incumbent=candidates[0].config, tried=tried)
    assert [named(verdict) for verdict in verdicts] == ["Duplicate", "Duplicate", "", "Duplicate"]
    assert [verdict.detail for verdict in verdicts] == [
        "It equals the incumbent.",
        "It equals a config that was tried before.",
        "",
        "It equals candidate r0-c2.",
    ]


@pytest.mark.parametrize(
    ("changes", "varies", "reason"),
    [
        ({}, True, ""),
        ({"firing_rate": 0.0}, False, "DeadTerm"),
        ({"firing_rate": 0.0, "finite": False}, True, "NonFinite"),
        ({"cut_rate": 0.96}, True, "SaturatedTerm"),
        ({"cut_rate": 0.95}, True, ""),
        ({"firing_rate": 1.0}, False, "SaturatedTerm"),
    ],
)
def test_rollouts_show_terms_that_say_nothing(
    make_config: MakeConfig, changes: dict[str, object], varies: bool, reason: str
) -> None:
    """Dead, saturated and infinite terms are told apart, the graver reason first."""
    verdict = screen.judge_probe(
        Verdict(candidate="r0-c0"),
        make_config(),
        ShapingProbe(terms=[active(**changes)], varies=varies),
        ShapingConfig(),
    )
    assert named(verdict) == reason
    assert verdict.terms[0].term == "approach"
    assert bool(verdict.detail) == bool(reason)


def test_credit_term_is_not_dead(make_config: MakeConfig) -> None:
    """It pays nothing of its own, and is not expected to."""
    config = make_config()
    config.terms.add(name="mix", form="SHAPING_FORM_CREDIT")
    probe = ShapingProbe(terms=[active(), TermActivity(term="mix", finite=True)], varies=True)
    assert named(screen.judge_probe(Verdict(), config, probe, ShapingConfig())) == ""


def test_removal_of_all_shaping_passes() -> None:
    """A config without terms never varies, and is a candidate all the same."""
    assert named(screen.judge_probe(Verdict(), ShapingConfig(), ShapingProbe(), ShapingConfig())) == ""


@pytest.mark.parametrize(
    ("changes", "varies", "reason"),
    [
        ({"firing_rate": 0.0}, True, ""),
        ({"cut_rate": 0.96}, True, ""),
        ({"firing_rate": 1.0}, False, ""),
        ({"firing_rate": 0.0, "finite": False}, True, "NonFinite"),
    ],
)
def test_a_term_that_is_kept_is_not_held_against_a_candidate(
    make_config: MakeConfig, changes: dict[str, object], varies: bool, reason: str
) -> None:
    """Control has that term, too: only what is not finite puts a candidate out for it."""
    incumbent = make_config()
    incumbent.terms.add(name="second", form="SHAPING_FORM_EVENT", feature="food_eaten", weight=0.1)
    probe = ShapingProbe(terms=[active(**changes)], varies=varies)
    assert named(screen.judge_probe(Verdict(), make_config(), probe, incumbent)) == reason


@pytest.mark.parametrize("kept", [True, False])
def test_a_new_dead_term_is_held_against_a_candidate_beside_kept_ones(make_config: MakeConfig, kept: bool) -> None:
    """Whether the term beside it is kept or new; a stronger one is no longer the incumbent's, as a weaker one is."""
    incumbent = make_config() if kept else make_config(weight=0.25)
    config = make_config()
    config.terms.add(name="second", form="SHAPING_FORM_EVENT", feature="food_eaten", weight=0.1)
    probe = ShapingProbe(terms=[active(), active(term="second", firing_rate=0.0)], varies=True)
    verdict = screen.judge_probe(Verdict(), config, probe, incumbent)
    assert (named(verdict), "'second'" in verdict.detail) == ("DeadTerm", True)
    silent = ShapingProbe(terms=[active(firing_rate=0.0)], varies=True)
    assert named(screen.judge_probe(Verdict(), make_config(weight=0.75), silent, make_config())) == "DeadTerm"
    assert named(screen.judge_probe(Verdict(), make_config(weight=0.25), silent, make_config())) == ""
