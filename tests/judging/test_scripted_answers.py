"""Two moments of real campaigns, and what small models were seen to say of them: first wrong, then mended.

A model of 1.5B called both well or kept everything, until it was told what follows from the numbers and offered only
what can be true. Its answers are played again here, against the recorded evidence.
"""

import json

import pytest

from also.campaign import requests
from also.judging import backends, moments, recorded
from also.llm.asker import Asker
from also.services.critic.service import INSTEAD, diagnose
from also.settings import Settings
from also.v1.diagnosis_pb2 import FailureMode, Remedy
from also.v1.llm_pb2 import LlmEndpoint
from tools.faulty_llm.server import serving

pytestmark = pytest.mark.slow

NOTHING = {
    "citations": ["returns.mean"],
    "summary": "The team has solved the task.",
    "mode": "none",
    "milestone": "",
    "feature": "",
    "agent": "",
    "term": "",
    "remedy": "keep",
    "severity": 10,
    "confidence": 90,
}
SEEKING = NOTHING | {
    "citations": ["milestones.reached_food.reached"],
    "summary": "Most episodes never come near the food.",
    "mode": "exploration",
    "milestone": "reached_food",
    "feature": "nearest_food_distance",
    "remedy": "guide",
    "severity": 80,
}
KEPT = NOTHING | {"mode": "coordination", "milestone": "met_at_food", "severity": 50}
MEETING = KEPT | {
    "citations": ["milestones.met_at_food.reached", "milestones.reached_food.reached"],
    "summary": "Each comes to food, and they do not meet there.",
    "feature": "team_food_distance",
    "remedy": "guide",
    "severity": 90,
}


@pytest.fixture
def told(tmp_path):
    """What the critic makes of a recorded situation when a model gives these findings, one reply each."""

    def asked(situation, *findings):
        (moment,) = recorded.situations([situation])
        with serving() as server:
            replies = iter([json.dumps({"findings": [finding]}) for finding in findings])
            server.says = lambda request: next(replies)
            backend = backends.llm(LlmEndpoint(url=server.url))
            state = moments.before_diagnosis(moment, backend.critic, backend.generator)
            request = requests.diagnose("test", state, state.stage_under_way)
            request.settings.llm.fallback = 1
            response = diagnose(request, Asker(Settings(store=str(tmp_path / "store")), first_pause_seconds=0.0))
            return moment.situation.planted, response, server.requests

    return asked


@pytest.mark.parametrize(
    ("situation", "first", "mended"),
    [("exploration-19x19", NOTHING, SEEKING), ("coordination-own-food-3p", KEPT, MEETING)],
)
def test_what_was_wrong_is_told_and_mended(told, situation, first, mended):
    """The second reply names the planted failure and an accepted remedy, and is the model's own."""
    planted, response, asked = told(situation, first, mended)
    (finding,) = response.diagnosis.findings
    assert response.diagnosis.backend == "llm"
    assert response.llm.repaired
    assert (finding.mode, finding.milestone) == (planted.mode, planted.milestone)
    assert finding.remedy in planted.accepted_remedies
    assert "cannot be used" in asked[1]["messages"][-1]["content"]


@pytest.mark.parametrize(("situation", "lazy"), [("exploration-19x19", NOTHING), ("coordination-own-food-3p", KEPT)])
def test_what_stays_wrong_is_not_believed(told, situation, lazy):
    """Said twice, it gives way to the rules, which find the planted failure."""
    planted, response, _ = told(situation, lazy, lazy)
    assert response.diagnosis.backend == INSTEAD
    assert response.diagnosis.findings[0].mode == planted.mode
    assert response.diagnosis.findings[0].mode != FailureMode.FAILURE_MODE_NONE
    assert response.diagnosis.findings[0].remedy != Remedy.REMEDY_KEEP


def test_a_small_model_is_led_to_the_answer_before_it_is_asked(told):
    """The milestone that is missing stands before the question, and what asks for nothing comes last, or not at all."""
    for situation, milestone in (("exploration-19x19", "reached_food"), ("coordination-own-food-3p", "met_at_food")):
        _, _, asked = told(situation, SEEKING if milestone == "reached_food" else MEETING)
        text = asked[0]["messages"][-1]["content"]
        assert f"The first milestone with reached below 0.5 is {milestone}" in text
        finding = asked[0]["response_format"]["json_schema"]["schema"]["properties"]["findings"]["items"]
        assert "none" not in finding["properties"]["mode"]["enum"]
        assert (
            finding["properties"]["remedy"]["enum"][-1] == "keep"
            or "keep" not in finding["properties"]["remedy"]["enum"]
        )
