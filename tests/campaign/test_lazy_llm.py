"""A whole campaign with all real processes and a model that finds nothing wrong with a team that learns nothing."""

import json

import pytest

from also.campaign.fold import event_of
from also.campaign.replay import differences
from also.v1.diagnosis_pb2 import LEARNING_PHASE_SOLVED, FailureMode
from also.v1.journal_pb2 import Diagnosed, Proposed
from tools.faulty_llm.server import serving

pytestmark = pytest.mark.slow

SOLVED = {
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


def lazy(request):
    """The critic's reply; the generator's own is left to the server."""
    schema = request["response_format"]["json_schema"]["schema"]
    return json.dumps({"findings": [SOLVED]}) if "findings" in schema["properties"] else None


def test_a_team_without_a_return_is_not_called_solved(real_run, journal_of, tmp_path):
    """The phase is what the numbers say, the rules stand in by name, and the generator is asked."""
    with serving() as server:
        server.says = lazy
        given = [f"--set={mind}.llm.url={server.url}" for mind in ("critic", "generator")]
        with real_run(tmp_path, *given) as command:
            _, said = command.communicate(timeout=280)
    assert command.returncode == 0, said
    records = journal_of(tmp_path)
    events = [event_of(record) for record in records]
    diagnoses = [event.diagnosis for event in events if isinstance(event, Diagnosed)]
    assert diagnoses
    for diagnosis in diagnoses:
        assert diagnosis.phase != LEARNING_PHASE_SOLVED
        nothing = diagnosis.findings[0].mode == FailureMode.FAILURE_MODE_NONE
        assert diagnosis.backend == ("llm" if nothing else "rules, after LlmContradicted")
    assert any(isinstance(event, Proposed) for event in events)
    assert list(differences(records)) == []
