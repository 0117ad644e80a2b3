"""A whole campaign with all real processes and an LLM that keeps to its schemas and makes no sense."""

import json
import subprocess
import sys

import pytest

from also import keys
from also.campaign.fold import event_of, fold
from also.campaign.replay import differences
from also.shaping.rules import check_config
from also.store import open_store
from also.v1.journal_pb2 import Diagnosed, Held, HoldReason, Proposed
from also.v1.llm_pb2 import LlmPrompt, LlmReply

pytestmark = pytest.mark.slow


@pytest.fixture
def events(nonsense, journal_of):
    """Events of the campaign."""
    return [event_of(record) for record in journal_of(nonsense.folder)]


@pytest.fixture
def store(nonsense):
    """Its object store."""
    return open_store(str(nonsense.folder / "store"), create=False)


@pytest.fixture
def also(nonsense, real_environment):
    """Runs `also` on the campaign's store, with nobody at the LLM's address; gives standard output."""

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "also", *arguments],
            env={**real_environment(nonsense.folder), "ALSO_LLM_API_KEY": ""},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout

    return run


def test_the_campaign_comes_to_its_end(events, nonsense, journal_of):
    """Nonsense costs rounds and nothing else: every stage is decided, and every decision can be derived again."""
    state = fold(journal_of(nonsense.folder))
    assert state.finished is not None
    assert all(stage.decision is not None for stage in state.stages)
    assert list(differences(journal_of(nonsense.folder))) == []


def test_every_answer_came_from_the_llm(events):
    """No stage was held for want of an answer, and every diagnosis and proposal says what it cost."""
    holds = [event.reason for event in events if isinstance(event, Held)]
    assert HoldReason.HOLD_REASON_LLM_REPLY_INVALID not in holds
    answers = [event for event in events if isinstance(event, Diagnosed | Proposed)]
    assert answers
    assert all(event.llm.model == "nonsense" and event.llm.calls >= 1 for event in answers)


def test_every_candidate_is_valid(events, nonsense, journal_of):
    """What reaches the validator keeps every rule of shaping, whatever the LLM says."""
    card = fold(journal_of(nonsense.folder)).card
    candidates = [each for event in events if isinstance(event, Proposed) for each in event.candidates]
    assert candidates
    for candidate in candidates:
        check_config(candidate.config, card, 0.99)


def test_every_prompt_and_raw_reply_is_in_the_store(events, store):
    """Under the exchange that the record names."""
    for event in events:
        if isinstance(event, Diagnosed | Proposed):
            assert store.get_message(keys.llm_prompt("tiny", event.llm.exchange), LlmPrompt).messages
            assert store.get_message(keys.llm_reply("tiny", event.llm.exchange, 0), LlmReply).body


def test_the_minds_answer_again_from_what_is_stored(also, nonsense_llm, events):
    """`also replay --minds` asks nobody."""
    before = len(nonsense_llm.requests)
    printed = also("replay", "tiny", "--minds")
    answers = sum(isinstance(event, Diagnosed | Proposed) for event in events)
    assert f"agrees: {answers} answers of critic and generator, each given again" in printed
    assert len(nonsense_llm.requests) == before


def test_the_table_tells_what_the_llm_cost(also):
    """Model, calls and tokens."""
    assert "nonsense: " in also("status", "tiny")


def test_preferences_are_pairs_of_replies_to_one_prompt(also, nonsense, tmp_path):
    """Each pair has the chat that was asked, and two replies of which validation preferred one."""
    also("export", "tiny", "--preferences", str(tmp_path / "pairs.jsonl"))
    for line in (tmp_path / "pairs.jsonl").read_text(encoding="utf-8").splitlines():
        pair = json.loads(line)
        assert [message["role"] for message in pair["prompt"]] == ["system", "user"]
        (chosen,), (rejected,) = pair["chosen"], pair["rejected"]
        assert chosen != rejected
        assert len(json.loads(chosen["content"])["candidates"]) == 1


def test_the_api_key_is_nowhere(nonsense, nonsense_llm, canary):
    """The server was sent it; no object, log or output has it."""
    assert nonsense_llm.authorizations == {f"Bearer {canary}"}
    assert canary not in nonsense.printed
    for path in nonsense.folder.rglob("*"):
        assert not path.is_file() or canary.encode() not in path.read_bytes(), path
