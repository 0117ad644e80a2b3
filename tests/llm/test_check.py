"""Whether an endpoint can be used is said before a campaign begins, by a question of the campaign's own kind."""

import socket
from dataclasses import replace

import pytest

from also.errors import EndpointError
from also.llm.question import Contradiction, ReplyError
from also.v1.llm_pb2 import LlmMessage
from tools.faulty_llm.dialects import BARE, CONTEXT_TOKENS, LLAMA_CPP, OLLAMA, SGLANG, VLLM
from tools.faulty_llm.response import MODEL


def read(reply):
    """The data of its choices."""
    found = [choice.data for choice in reply.choices if not choice.error]
    if not found:
        raise ReplyError("; ".join(choice.error for choice in reply.choices))
    return found


@pytest.fixture
def check(asker, ask_for, render):
    """Checks an endpoint by a question."""

    def checked(*, by=read, **given):
        return asker.check(ask_for(**given), render, by)

    return checked


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dialect", "context"),
    [(VLLM, CONTEXT_TOKENS), (SGLANG, CONTEXT_TOKENS), (LLAMA_CPP, CONTEXT_TOKENS), (OLLAMA, 0)],
    ids=lambda each: getattr(each, "name", ""),
)
def test_a_usable_endpoint_names_its_model(llm, check, dialect, context):
    """The only model is found, with its context where the server tells it."""
    llm.dialect = dialect
    found = check()
    assert (found.model, found.context_tokens, list(found.notes)) == (MODEL, context, [])


@pytest.mark.slow
def test_a_named_model_needs_no_list_of_models(llm, check):
    """A proxy may have completions alone."""
    llm.dialect = BARE
    assert check(model="mine").model == "mine"
    with pytest.raises(EndpointError, match="404"):
        check(request="c" * 64)


def test_another_model_is_refused_with_those_there_are(check):
    """The error names both."""
    with pytest.raises(EndpointError, match=f"'other' but: {MODEL}"):
        check(model="other")


def test_nobody_there_is_refused(check):
    """A wrong port is one clear error."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(EndpointError, match=f"127.0.0.1:{port}/v1 cannot be used: no connection"):
        check(url=f"http://127.0.0.1:{port}/v1")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["status_4xx", "status_5xx"])
def test_a_server_that_refuses_a_schema_is_refused(llm, check, kind):
    """A key or a schema that it does not take shows here, not in the first stage."""
    llm.fault_of = lambda call: kind
    with pytest.raises(EndpointError, match="HTTP status"):
        check()


@pytest.mark.slow
def test_the_real_question_is_asked(llm, check, render):
    """With its own schema, as many choices, and as many tokens of a reply."""
    check(choices=3, max_tokens=700)
    (request,) = llm.requests
    assert (request["n"], request["max_tokens"]) == (3, 700)
    assert request["response_format"]["json_schema"]["schema"] == render(None, None).schema


@pytest.mark.slow
def test_a_reply_that_cannot_be_read_is_no_usable_endpoint(llm, check):
    """What came is in the error."""
    llm.says = lambda request: "I would rather talk about the weather."
    with pytest.raises(EndpointError, match="I would rather talk"):
        check()
    assert len(llm.requests) == 2


@pytest.mark.slow
def test_a_reply_outside_the_schema_is_no_usable_endpoint(llm, check):
    """A server that ignores the schema shows here, unless the mind can use the reply all the same."""

    def strictly(reply):
        raise ReplyError("of no use")

    llm.says = lambda request: '{"word": 7}'
    with pytest.raises(EndpointError, match="word is 7"):
        check(by=strictly)
    assert check(request="c" * 64).model == MODEL


@pytest.mark.slow
def test_what_the_made_up_question_denies_is_good_enough(check):
    """A contradiction was read."""

    def denied(reply):
        raise Contradiction("the evidence says otherwise")

    assert check(by=denied).model == MODEL


@pytest.mark.slow
def test_one_choice_a_call_is_said(llm, check):
    """Each candidate is a call then."""
    for number, dialect in enumerate((LLAMA_CPP, OLLAMA)):
        llm.dialect = dialect
        (note,) = check(choices=3, request=f"{number:064d}").notes
        assert "one choice a call" in note


@pytest.mark.slow
def test_a_prompt_that_was_cut_off_is_said(llm, asker, ask_for, render):
    """Ollama reads what its context holds, and answers all the same."""

    def long(count, room):
        return replace(render(count, room), messages=[LlmMessage(role="user", content="Which word? " * 500)])

    llm.dialect, llm.context_tokens = OLLAMA, 40
    (note,) = asker.check(ask_for(), long, read).notes
    assert "larger context" in note


@pytest.mark.slow
def test_nothing_is_stored(check, store):
    """A campaign that has not begun leaves nothing."""
    check()
    assert list(store.find("campaigns/")) == []
