"""A small context makes a prompt shorter before it makes it fail."""

import pytest

from also import keys
from also.llm.fitting import REPAIR_TOKENS, REPLY_TOKENS, SPARE_TOKENS, fitted
from also.llm.question import Answered, Rendered, ReplyError, Unanswered
from also.v1.llm_pb2 import LLM_FAILURE_REASON_UNAVAILABLE, LlmMessage, LlmPrompt
from tools.faulty_llm.dialects import BARE, LLAMA_CPP, SGLANG, VLLM, tokens

RULES, STEP = 300, 50
"""Tokens of what never gives way, and of one trial."""

RESERVED = SPARE_TOKENS + REPAIR_TOKENS
SCHEMA = {
    "type": "object",
    "properties": {"word": {"type": "string", "maxLength": 40}},
    "required": ["word"],
    "additionalProperties": False,
}


def long(count, room):
    """A prompt with as much evidence as there is room for, and 12 trials at most; three characters a token."""
    size = RULES + room.evidence_tokens + STEP * room.most(12)
    return Rendered(messages=[LlmMessage(role="user", content="abc" * size)], schema=SCHEMA)


def read(reply):
    """The word of the first choice that has one."""
    for choice in reply.choices:
        if not choice.error:
            return choice.data["word"]
    raise ReplyError(reply.choices[0].error)


def measure(messages):
    """As the server counts."""
    return sum(tokens(message.content) for message in messages)


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (0, RULES + 2000 + 12 * STEP),
        (10_000, RULES + 2000 + 12 * STEP),
        (3000, 3000 - RESERVED - 500),  # some evidence has gone
        (2044, RULES + 100 + 12 * STEP),  # nearly all of it has gone
        (1700, RULES + 100 + 4 * STEP),  # and most of the history
        (1500, RULES + 100),
        (900, RULES + 100),  # it cannot be shorter
    ],
)
def test_evidence_gives_way_before_the_history(ask_for, context, expected):
    """No more than is needed, as far as that can be told beforehand."""
    endpoint = ask_for(max_tokens=500).endpoint
    rendered, counted = fitted(long, tokens, measure, endpoint, context)
    assert counted == measure(rendered.messages) == expected


def test_room_is_kept_for_a_reply_of_the_usual_size(ask_for):
    """However many tokens a reply may have."""
    endpoint = ask_for(max_tokens=8192).endpoint
    assert fitted(long, tokens, measure, endpoint, 4000)[1] == 4000 - RESERVED - REPLY_TOKENS


@pytest.mark.slow
@pytest.mark.parametrize("dialect", [VLLM, SGLANG, LLAMA_CPP], ids=lambda each: each.name)
def test_a_context_that_is_told_is_kept(llm, asker, ask_for, dialect):
    """By the server's own count, with the first call."""
    llm.dialect, llm.context_tokens = dialect, 3000
    answer = asker.ask(ask_for(), long, read)
    assert isinstance(answer, Answered)
    (request,) = llm.requests
    assert measure_request(request) + request["max_tokens"] <= 3000


@pytest.mark.slow
def test_a_context_that_is_not_told_is_learnt_by_a_refusal(llm, asker, ask_for, store):
    """The shorter prompt is stored beside the first one, and the next question fits at once."""
    llm.dialect, llm.context_tokens = BARE, 2000
    answer = asker.ask(ask_for(model="mine", tries=1), long, read)
    assert isinstance(answer, Answered)
    assert len(llm.requests) == 2
    lengths = [
        store.get_message(keys.llm_prompt("test", answer.use.exchange, shorter=shorter), LlmPrompt).tokens
        for shorter in (False, True)
    ]
    assert lengths[0] > 2000 > lengths[1]
    assert isinstance(asker.ask(ask_for(model="mine", request="c" * 64), long, read), Answered)
    assert len(llm.requests) == 3


@pytest.mark.slow
def test_the_stored_answer_to_a_shorter_prompt_is_found_again(llm, asker, ask_for):
    """Nothing is asked twice."""
    llm.dialect, llm.context_tokens = BARE, 2000
    first = asker.ask(ask_for(model="mine"), long, read)
    again = asker.ask(ask_for(model="mine", calls=0), long, read)
    assert again.value == first.value
    assert len(llm.requests) == 2


@pytest.mark.slow
def test_a_context_that_is_too_small_says_so(llm, asker, ask_for):
    """With both numbers, and what helps."""
    llm.dialect, llm.context_tokens = LLAMA_CPP, 400
    answer = asker.ask(ask_for(), long, read)
    assert isinstance(answer, Unanswered)
    assert answer.failure.reason == LLM_FAILURE_REASON_UNAVAILABLE
    assert "shortest prompt" in answer.failure.detail
    assert "context of 400" in answer.failure.detail


@pytest.mark.slow
def test_a_repair_fits_as_well(llm, asker, ask_for):
    """What was said is shown only as far as there is room, and the roles take turns."""
    llm.dialect, llm.context_tokens = LLAMA_CPP, 3000
    replies = iter(["no JSON, " * 1000, '{"word": "yes"}'])
    llm.says = lambda request: next(replies)
    assert asker.ask(ask_for(max_tokens=2000), long, read).value == "yes"
    first, second = llm.requests
    assert [message["role"] for message in second["messages"]] == ["user", "assistant", "user"]
    assert measure_request(second) + second["max_tokens"] <= 3000
    assert measure_request(second) > measure_request(first)


@pytest.mark.slow
def test_roles_take_turns_after_a_reply_without_a_text(llm, asker, ask_for, render):
    """An empty reply is one of the assistant's all the same."""
    replies = iter(["", '{"word": "yes", "level": 10}'])
    llm.says = lambda request: next(replies)
    assert asker.ask(ask_for(), render, read).value == "yes"
    roles = [message["role"] for message in llm.requests[1]["messages"]]
    assert roles == ["system", "user", "assistant", "user"]


def measure_request(request):
    """Tokens of a request's prompt."""
    return sum(tokens(message["content"]) for message in request["messages"])
