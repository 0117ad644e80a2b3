"""Whole campaigns with all real processes and models that answer from a file: good, talkative, lazy and contrary ones.

What a journal then holds is stated for each. Of what contradicts its own evidence nothing may have reached a decision,
however sure the model was.
"""

from dataclasses import dataclass

import pytest

from also.campaign.fold import event_of, fold
from also.campaign.replay import differences
from also.services.generator.llm.sense import senseless
from also.shaping.identity import config_hash
from also.v1 import diagnosis_pb2 as pb
from also.v1.journal_pb2 import Diagnosed, Held, HoldReason, JournalRecord, Proposed
from tools.denied import denied
from tools.faulty_llm.dialects import LLAMA_CPP, OLLAMA, VLLM
from tools.faulty_llm.scripted import play
from tools.faulty_llm.server import serving

pytestmark = pytest.mark.slow

WIDE = ("--set=task.layout=10x10-2p-1f-coop", "--set=generator.candidates=3", "--set=reference.enabled=false",
        "--set=reference.one_shot=false")  # fmt: skip
"""A field on which nothing is learnt in so few env_steps."""

FALLEN_BACK = "rules, after LlmContradicted"

SCRIPTS = {"good": VLLM, "chatty": OLLAMA, "calling": LLAMA_CPP, "lazy": VLLM, "contrary": VLLM}
"""Each script, and the kind of server that plays it."""


@dataclass(frozen=True, kw_only=True)
class Played:
    """A campaign under one script."""

    records: list[JournalRecord]
    requests: list[dict]

    def of(self, kind):
        """Its events of a kind."""
        return [event for record in self.records if isinstance(event := event_of(record), kind)]


@pytest.fixture(scope="module")
def played(real_run, journal_of, tmp_path_factory):
    """The campaign under each script."""
    found = {}
    for name, dialect in SCRIPTS.items():
        folder = tmp_path_factory.mktemp(name)
        with serving() as server:
            server.dialect = dialect
            play(server, name)
            given = [f"--set={mind}.llm.url={server.url}" for mind in ("critic", "generator")]
            with real_run(folder, *WIDE, *given) as command:
                _, said = command.communicate(timeout=280)
            assert command.returncode == 0, said
            found[name] = Played(records=journal_of(folder), requests=server.requests)
    return found


@pytest.fixture(params=list(SCRIPTS))
def campaign(request, played):
    """Each campaign."""
    return played[request.param]


def test_nothing_that_the_evidence_denies_reaches_a_decision(campaign):
    """The share of contradictory diagnoses is 0, and every decision can be derived again."""
    assert campaign.of(Diagnosed)
    assert denied(campaign.records, "tiny") == []
    assert list(differences(campaign.records)) == []
    assert fold(campaign.records).finished is not None


def test_no_candidate_pays_for_moving_away_from_success(campaign):
    """Neither the model's own nor those that stand in for them."""
    card = fold(campaign.records).card
    for proposed in campaign.of(Proposed):
        for candidate in proposed.candidates:
            assert list(senseless(candidate.config, type(candidate.config)(), card)) == []


def test_no_stage_stands_still_for_want_of_an_answer(campaign):
    """Every stage was promoted, or held by measurement, or because a model knew no more than it had said before."""
    faultless = {
        HoldReason.HOLD_REASON_NOTHING_TO_CHANGE,
        HoldReason.HOLD_REASON_NOTHING_PROMOTED,
        HoldReason.HOLD_REASON_NO_CANDIDATES,
    }
    assert {event.reason for event in campaign.of(Held)} <= faultless


def test_a_good_model_is_heard(played):
    """Its own diagnosis and its own three candidates, each of another kind."""
    campaign = played["good"]
    assert {event.diagnosis.backend for event in campaign.of(Diagnosed)} == {"llm"}
    assert not any(event.llm.invalid for event in campaign.of(Diagnosed))
    first = campaign.of(Proposed)[0]
    assert [candidate.origin.item for candidate in first.candidates] == [0, 1, 2]
    assert len({candidate.config.terms[-1].form for candidate in first.candidates}) == 2


@pytest.mark.parametrize("name", ["chatty", "calling"])
def test_how_an_answer_is_wrapped_changes_nothing(played, name):
    """The same diagnoses and the same configs, whatever stands around them and whatever the server is."""
    good, other = played["good"], played[name]
    assert [event.diagnosis for event in other.of(Diagnosed)] == [event.diagnosis for event in good.of(Diagnosed)]
    assert _configs(other) == _configs(good)
    assert [event.llm.invalid for event in other.of(Proposed)] == [event.llm.invalid for event in good.of(Proposed)]


def test_a_lazy_model_is_not_taken_at_its_word(played):
    """A team without a return is not called solved, no cause is answered with keep, and one idea is tried once."""
    campaign = played["lazy"]
    for event in campaign.of(Diagnosed):
        assert event.diagnosis.phase != pb.LEARNING_PHASE_SOLVED
        assert event.diagnosis.backend == FALLEN_BACK
        assert event.llm.invalid == 2
    proposals = campaign.of(Proposed)
    assert proposals
    for configs in _configs(campaign):
        assert len(set(configs)) == len(configs)


def test_a_contrary_model_is_told_why_and_then_replaced(played):
    """The numbers that deny it are in the repair; the rules answer under their own name, and their candidates have no
    origin."""
    campaign = played["contrary"]
    assert {event.diagnosis.backend for event in campaign.of(Diagnosed)} == {FALLEN_BACK}
    repairs = [
        each["messages"][-1]["content"] for each in campaign.requests if each["messages"][-2]["role"] == "assistant"
    ]
    assert any("no episode succeeds" in text or "which the evidence rules out" in text for text in repairs)
    assert any("pays for higher values" in text for text in repairs)
    for proposed in campaign.of(Proposed):
        assert proposed.llm.invalid >= 1
        assert not any(candidate.HasField("origin") for candidate in proposed.candidates)


def _configs(campaign):
    """Hashes of each proposal's configs, in order."""
    return [[config_hash(each.config) for each in event.candidates] for event in campaign.of(Proposed)]
