"""What answers are worth."""

import pytest

from also.judging import scoring
from also.judging.backends import llm, random, rules
from also.v1.diagnosis_pb2 import Diagnosis, FailureMode, Remedy
from also.v1.llm_pb2 import LlmEndpoint, LlmFailure, LlmFailureReason, LlmUse
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.situation_pb2 import Answer, Planted
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import Candidate, Verdict, VerdictReason

SPENT = Verdict(reason=VerdictReason.VERDICT_REASON_BUDGET_SPENT)
DEAD = Verdict(reason=VerdictReason.VERDICT_REASON_DEAD_TERM)
INVALID = LlmFailure(reason=LlmFailureReason.LLM_FAILURE_REASON_REPLY_INVALID)
DOWN = LlmFailure(reason=LlmFailureReason.LLM_FAILURE_REASON_UNAVAILABLE)


@pytest.fixture
def nothing_wrong():
    """A run with which nothing is wrong."""
    return Planted(
        mode=FailureMode.FAILURE_MODE_NONE, accepted_remedies=[Remedy.REMEDY_KEEP], how="By leaving it alone."
    )


def case(answer, planted, **given):
    """An answer, and what it is held against."""
    known = {"heard": Diagnosis(), "incumbent": ShapingConfig(), "card": TaskCard(), **given}
    return scoring.Case(answer=answer, planted=planted, **known)


def cases(answers, planted):
    """Answers about a situation each, and what they are held against."""
    named = [Answer(situation=f"s{number}") for number in range(len(answers))]
    for name, answer in zip(named, answers, strict=True):
        name.MergeFrom(answer)
    return [case(answer, plant) for answer, plant in zip(named, planted, strict=True)]


def asked(*, failure=None, seconds=1.0, **use):
    """One question to an LLM."""
    return scoring.Asked(seconds=seconds, use=LlmUse(**use), failure=failure)


@pytest.mark.parametrize(
    ("mode", "planted_first", "accepted_first"),
    [("COORDINATION", 1, 1), ("EXPLORATION", 0, 1), ("INSTABILITY", 0, 0)],
)
def test_the_first_finding_is_compared(diagnosis, coordination, mode, planted_first, accepted_first):
    """With the planted mode, and with those that an expert may name."""
    answer = Answer(diagnosis=diagnosis((mode, "GUIDE", {}), ("DEAD_TERM", "REMOVE", {})))
    agreement = scoring.score_agreement(cases([answer], [coordination]))
    assert (agreement.planted_first, agreement.accepted_first) == (planted_first, accepted_first)


def test_a_later_finding_counts_as_found_somewhere(diagnosis, coordination):
    """But not as the first."""
    answer = Answer(diagnosis=diagnosis(("DEAD_TERM", "REMOVE", {}), ("COORDINATION", "SYNCHRONISE", {})))
    agreement = scoring.score_agreement(cases([answer], [coordination]))
    assert (agreement.planted_first, agreement.planted_anywhere, agreement.remedy) == (0, 1, 0)


def test_a_place_is_named_by_a_finding_of_the_planted_mode(diagnosis, coordination):
    """The right milestone under another mode, or another milestone, is not enough."""
    right = Answer(diagnosis=diagnosis(("COORDINATION", "GUIDE", {"milestone": "met_at_food"})))
    elsewhere = Answer(diagnosis=diagnosis(("COORDINATION", "GUIDE", {"milestone": "all_food_eaten"})))
    other = Answer(diagnosis=diagnosis(("EXPLORATION", "GUIDE", {"milestone": "met_at_food"})))
    assert scoring.score_agreement(cases([right, elsewhere, other], [coordination] * 3)).place == pytest.approx(1 / 3)


def test_places_are_asked_only_where_one_was_planted(diagnosis, nothing_wrong):
    """Without any, there is no share."""
    agreement = scoring.score_agreement(cases([Answer(diagnosis=diagnosis())], [nothing_wrong]))
    assert not agreement.HasField("place")


def test_no_findings_say_that_nothing_is_wrong(diagnosis, nothing_wrong, coordination):
    """Right where nothing was planted, wrong elsewhere."""
    answers = [Answer(diagnosis=diagnosis()), Answer(diagnosis=diagnosis())]
    agreement = scoring.score_agreement(cases(answers, [nothing_wrong, coordination]))
    assert (agreement.planted_first, agreement.planted_anywhere, agreement.remedy) == (0.5, 0.5, 0.5)


def test_samples_of_one_situation_count_once(diagnosis, coordination, nothing_wrong):
    """With their mean: two of three are right there, and the other situation was asked about once."""
    right, wrong = diagnosis(("COORDINATION", "GUIDE", {})), diagnosis(("INSTABILITY", "KEEP", {}))
    first = [
        Answer(situation="first", sample=number, diagnosis=each) for number, each in enumerate((right, right, wrong))
    ]
    second = Answer(situation="second", diagnosis=diagnosis())
    agreement = scoring.score_agreement([*(case(each, coordination) for each in first), case(second, nothing_wrong)])
    assert agreement.planted_first == pytest.approx((2 / 3 + 1) / 2)
    assert (agreement.situations, agreement.placed) == (2, 1)


def test_modes_are_scored_each_for_itself(diagnosis, coordination, nothing_wrong):
    """By what was planted, in the order of the modes' numbers."""
    answered = cases([Answer(diagnosis=diagnosis())] * 3, [coordination, nothing_wrong, nothing_wrong])
    none, planted = scoring.judge(rules(), answered).modes
    assert (none.mode, none.situations, none.agreement.planted_first) == (nothing_wrong.mode, 2, 1)
    assert (planted.mode, planted.situations, planted.agreement.planted_first) == (coordination.mode, 1, 0)


def test_no_diagnosis_agrees_with_nothing(nothing_wrong):
    """Silence is no diagnosis that nothing is wrong."""
    agreement = scoring.score_agreement(cases([Answer(diagnosis_failure=INVALID)], [nothing_wrong]))
    assert (agreement.planted_first, agreement.accepted_first, agreement.planted_anywhere, agreement.remedy) == (
        0,
        0,
        0,
        0,
    )


def test_validity_is_counted_before_and_after_the_repair():
    """Three replies came: one was usable, one after its repair, one not at all; a dead server says nothing of it."""
    scores = scoring.score_mind(
        [
            asked(calls=1),
            asked(calls=2, invalid=1, repaired=True),
            asked(calls=2, invalid=2, failure=INVALID),
            asked(calls=4, failure=DOWN),
        ]
    )
    assert (scores.asked, scores.answered, scores.unreplied) == (4, 2, 1)
    assert scores.valid_at_first == pytest.approx(1 / 3)
    assert scores.valid == pytest.approx(2 / 3)
    assert scores.calls == pytest.approx(9 / 4)


def test_costs_are_means_and_time_is_a_median():
    """One slow answer among three moves no median."""
    scores = scoring.score_mind(
        [
            asked(seconds=1, prompt_tokens=1000, completion_tokens=10),
            asked(seconds=2, prompt_tokens=2000, completion_tokens=20),
            asked(seconds=99, prompt_tokens=3000, completion_tokens=60),
        ]
    )
    assert (scores.prompt_tokens, scores.completion_tokens, scores.seconds) == (2000, 30, 2)


def test_a_mind_without_an_llm_has_no_validity_and_no_cost():
    """There is nothing to share; nor is there anything of a mind that was never asked."""
    scores = scoring.score_mind([scoring.Asked(seconds=0.5, use=None, failure=None)])
    assert (scores.answered, scores.seconds) == (1, 0.5)
    assert not any(scores.HasField(name) for name in ("valid_at_first", "valid", "calls", "prompt_tokens"))
    assert not scoring.score_mind([]).HasField("seconds")


def test_candidates_are_counted_where_they_were_asked_for(coordination):
    """Four were wanted twice, three given, two of them pass; what was not screened is left out of the share."""
    answers = [
        Answer(proposal_asked=True, candidates=[Candidate(), Candidate()], verdicts=[SPENT, DEAD]),
        Answer(proposal_asked=True, candidates=[Candidate()], verdicts=[]),
        Answer(),
    ]
    scores = scoring.score_candidates(cases(answers, [coordination] * 3), wanted=4)
    assert (scores.given, scores.wanted, scores.screened, scores.passed) == (3, 8, 2, 0.5)


def test_no_candidates_have_no_share_and_no_diversity(coordination):
    """Absent, rather than a zero that looks like a result."""
    scores = scoring.score_candidates(cases([Answer(proposal_asked=True)], [coordination]), wanted=4)
    assert not scores.HasField("passed")
    assert not scores.HasField("diversity")


def test_a_backend_without_a_critic_is_not_asked_to_agree(diagnosis, coordination):
    """Random configs come from no diagnosis."""
    answered = cases([Answer(diagnosis=diagnosis())], [coordination])
    judgement = scoring.judge(random(), answered)
    assert not judgement.HasField("agreement")
    assert not judgement.HasField("critic")
    assert scoring.judge(rules(), answered).HasField("agreement")


def test_the_model_is_the_one_that_answered(diagnosis, coordination):
    """As the server names it."""
    answer = Answer(diagnosis=diagnosis(), diagnosis_llm=LlmUse(model="tiny", calls=1))
    backend = llm(LlmEndpoint(url="http://127.0.0.1:9/v1"))
    assert scoring.judge(backend, cases([answer], [coordination])).model == "tiny"
