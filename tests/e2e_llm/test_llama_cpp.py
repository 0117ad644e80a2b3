"""What our code rests on in llama.cpp's server, asked by our own client: counts, contexts, choices, replies, errors."""

import json
import os

import httpx2
import pytest

from also.limits import filled
from also.llm.asker import Asker
from also.llm.question import Answered, Question, Rendered, ReplyError, Unanswered
from also.llm.server import Server
from also.settings import Settings
from also.v1.llm_pb2 import LlmAllowance, LlmEndpoint, LlmMessage

pytestmark = pytest.mark.timeout(4 * 3600 if os.environ.get("ALSO_E2E_MODEL") else 600)

SCHEMA = {
    "type": "object",
    "properties": {
        "word": {"type": "string", "enum": ["agent", "food", "team"]},  # texts of random bytes end in HTTP status 500
        "level": {"type": "integer", "enum": [10, 50, 100]},
    },
    "required": ["word", "level"],
    "additionalProperties": False,
}
MESSAGES = [
    LlmMessage(role="system", content="Be brief."),
    LlmMessage(role="user", content="Give a word of your choice, and a level."),
]


@pytest.fixture
def endpoint(llama_cpp_server):
    """The server as an endpoint; a model with weights may take its time."""
    return filled(LlmEndpoint(url=llama_cpp_server.url, max_tokens=400, seconds=1800.0))


@pytest.fixture
def ask(endpoint, tmp_path):
    """Asks a question of so many choices and gives the data of those that can be read."""
    asker = Asker(Settings(store=str(tmp_path / "store")))

    def asked(content=MESSAGES[-1].content, *, choices=1, calls=20):
        question = Question(
            mind="generator",
            campaign_id="test",
            stage=0,
            round=0,
            request_sha256=f"{abs(hash((content, choices))):064x}",
            prompt_sha256="b" * 64,
            endpoint=endpoint,
            allowance=LlmAllowance(calls=calls, tokens=10**7),
            choices=choices,
        )

        def render(count, room):
            text = content + " 0" * (10 * room.evidence_tokens if "evidence" in content else 0)
            return Rendered(messages=[MESSAGES[0], LlmMessage(role="user", content=text)], schema=SCHEMA)

        def read(reply):
            found = [choice.data for choice in reply.choices if not choice.error]
            if not found:
                raise ReplyError(reply.choices[0].error)
            return found

        return asker.ask(question, render, read)

    return asked


def test_the_context_of_a_slot_is_told(endpoint, llama_cpp_server):
    """Not the context that the model was trained with."""
    served = Server(endpoint, "").model()
    assert (served.name, served.context_tokens) == ("tiny", llama_cpp_server.context_tokens)


def test_messages_are_counted_as_they_are_billed(endpoint):
    """By its template and its tokenizer."""
    server = Server(endpoint, "")
    counted = server.count_prompt(MESSAGES, model="tiny")
    sampled = server.complete(
        MESSAGES, SCHEMA, model="tiny", choices=1, max_tokens=400, seed=1, seconds=endpoint.seconds
    )
    assert json.loads(sampled.body)["usage"]["prompt_tokens"] == pytest.approx(counted, abs=2)
    assert server.count_tokens("Why is the team not learning now?", model="tiny") > 5


def test_replies_follow_the_schema(ask, llama_cpp_server):
    """Every choice that ended has the keys and the levels."""
    answer = ask(choices=llama_cpp_server.choices)
    assert isinstance(answer, Answered)
    for data in answer.value:
        assert set(data) == {"word", "level"}
        assert data["level"] in (10, 50, 100)


def test_more_choices_than_slots_come_one_by_one(ask, llama_cpp_server):
    """It refuses them in one call; the refusal is paid as a call and nothing else."""
    answer = ask(choices=llama_cpp_server.choices + 1)
    assert isinstance(answer, Answered)
    assert answer.use.calls == llama_cpp_server.choices + 2


def test_a_prompt_beyond_the_context_is_made_shorter(ask, llama_cpp_server):
    """The evidence gives way, by the server's own count."""
    answer = ask("Give a word and a level by the evidence:")
    assert isinstance(answer, Answered)
    assert answer.use.calls == 1
    assert 500 < answer.use.prompt_tokens < llama_cpp_server.context_tokens


def test_a_prompt_that_cannot_be_short_enough_is_said(ask, llama_cpp_server):
    """With the context, before anything is sent."""
    answer = ask("0 " * 2 * llama_cpp_server.context_tokens)
    assert isinstance(answer, Unanswered)
    assert f"context of {llama_cpp_server.context_tokens}" in answer.failure.detail


def test_what_it_refuses_is_worded_as_we_read_it(llama_cpp_server):
    """The refusal of a long prompt names the context, that of many choices the limit."""
    with httpx2.Client(base_url=llama_cpp_server.root, timeout=600, trust_env=False) as client:
        long = {"messages": [{"role": "user", "content": "0 " * 2 * llama_cpp_server.context_tokens}], "max_tokens": 5}
        error = client.post("/v1/chat/completions", json=long).json()["error"]
        assert str(llama_cpp_server.context_tokens) in error["message"]
        assert "context" in error["message"]
        many = {"messages": [{"role": "user", "content": "0"}], "max_tokens": 5, "n": llama_cpp_server.choices + 1}
        assert client.post("/v1/chat/completions", json=many).status_code == 400
