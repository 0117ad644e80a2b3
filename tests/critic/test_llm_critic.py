"""The critic with a scripted model: what it may say, what it is told when it contradicts, and who answers then."""

import json

import pytest

from also.llm.asker import Asker
from also.services.critic import rules
from also.services.critic.service import INSTEAD, diagnose
from also.settings import Settings
from also.v1 import diagnosis_pb2 as pb
from also.v1.campaign_pb2 import CRITIC_BACKEND_LLM
from also.v1.llm_pb2 import LLM_FAILURE_REASON_CONTRADICTED, LLM_FALLBACK_HOLD, LlmAllowance
from tools.faulty_llm.server import serving

SOUND = {
    "citations": ["milestones.met_at_food.reached"],
    "summary": "They do not meet.",
    "mode": "coordination",
    "milestone": "met_at_food",
    "feature": "team_food_distance",
    "agent": "",
    "term": "",
    "remedy": "guide",
    "severity": 90,
    "confidence": 80,
}
NOTHING = SOUND | {"mode": "none", "milestone": "", "feature": "", "remedy": "keep"}
LATE = SOUND | {"mode": "inefficiency", "milestone": "all_food_eaten"}


@pytest.fixture
def llm():
    """A server of a scripted model."""
    with serving() as server:
        yield server


@pytest.fixture
def asked(llm, ask, tmp_path):
    """Asks the critic about stages' evidence; the model says these findings, one reply each."""

    def build(card, *evidence, says=(), fallback=0):
        replies = iter([json.dumps({"findings": [finding]}) for finding in says])
        llm.says = lambda request: next(replies)
        request = ask(card, *evidence)
        request.settings.backend = CRITIC_BACKEND_LLM
        request.settings.llm.url = llm.url
        if fallback:
            request.settings.llm.fallback = fallback
        request.allowance.CopyFrom(LlmAllowance(calls=9, tokens=10**6))
        return request, diagnose(request, Asker(Settings(store=str(tmp_path / "store")), first_pause_seconds=0.0))

    return build


@pytest.fixture
def stuck(foraging, gather):
    """A team that has learnt nothing so far."""
    return foraging, gather(foraging, reached=[0.97, 0.12, 0, 0])


@pytest.mark.slow
def test_a_sound_answer_is_the_models_own_under_the_phase_that_follows(asked, stuck):
    """The phase is no part of the reply."""
    _, response = asked(*stuck, says=[SOUND])
    assert response.diagnosis.backend == "llm"
    assert response.diagnosis.phase == pb.LEARNING_PHASE_NO_SIGNAL
    assert response.llm.calls == 1


@pytest.mark.slow
def test_a_contradiction_is_named_once_and_can_be_mended(asked, stuck, llm):
    """The second request says with which numbers."""
    _, response = asked(*stuck, says=[SOUND | {"milestone": "reached_food", "mode": "exploration"}, SOUND])
    assert response.diagnosis.backend == "llm"
    assert response.llm.repaired
    told = llm.requests[1]["messages"][-1]["content"]
    assert "names milestone reached_food as missing, which 97% of the episodes reach" in told


@pytest.mark.slow
@pytest.mark.parametrize("lazy", [NOTHING, LATE, SOUND | {"remedy": "keep"}, SOUND | {"remedy": "remove"}])
def test_the_rules_answer_for_a_model_that_contradicts_twice(asked, stuck, lazy):
    """And are named so; what the model cost is told all the same."""
    request, response = asked(*stuck, says=[lazy, lazy])
    due = rules.diagnose(request)
    due.backend = "rules, after LlmContradicted"
    assert response.diagnosis == due
    assert due.backend == INSTEAD
    assert (response.llm.calls, response.llm.invalid) == (2, 2)


@pytest.mark.slow
def test_a_stage_may_hold_instead(asked, stuck):
    """Where `fallback` says so."""
    _, response = asked(*stuck, says=[NOTHING, NOTHING], fallback=LLM_FALLBACK_HOLD)
    assert response.failure.reason == LLM_FAILURE_REASON_CONTRADICTED
    assert "mode is 'none', which the evidence rules out" in response.failure.detail


def test_nobody_is_asked_about_a_task_that_is_solved(asked, foraging, gather, llm):
    """There is nothing to find."""
    _, response = asked(foraging, gather(foraging, reached=[1, 1, 1, 1], mean=0.97))
    assert response.diagnosis.phase == pb.LEARNING_PHASE_SOLVED
    assert response.diagnosis.findings[0].mode == pb.FAILURE_MODE_NONE
    assert not response.HasField("llm")
    assert not llm.requests
