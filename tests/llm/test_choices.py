"""Several choices of one prompt, from servers that give them, refuse them, or leave them out."""

import logging

import pytest

from also import keys
from also.llm.question import Answered, ReplyError, Unanswered
from also.v1.llm_pb2 import LlmReply
from tools.faulty_llm.dialects import LLAMA_CPP, OLLAMA, SGLANG, VLLM

pytestmark = pytest.mark.slow


def read(reply):
    """The data of its choices, in order."""
    found = [choice.data for choice in reply.choices if not choice.error]
    if not found:
        raise ReplyError(reply.choices[0].error)
    return found


@pytest.mark.parametrize(
    ("dialect", "calls", "counts"),
    [(VLLM, 1, [4]), (SGLANG, 1, [4]), (LLAMA_CPP, 5, [4, None, None, None, None]), (OLLAMA, 4, [4, None, None, None])],
    ids=lambda each: getattr(each, "name", ""),
)
def test_every_server_comes_to_as_many_choices(llm, asker, ask_for, render, dialect, calls, counts):
    """In one call where it can, else one by one; that it refused is no try."""
    llm.dialect = dialect
    answer = asker.ask(ask_for(choices=4, tries=1), render, read)
    assert len(answer.value) == 4
    assert answer.use.calls == calls
    assert [request.get("n") for request in llm.requests] == counts
    assert len({request["seed"] for request in llm.requests[-4:]}) == len(llm.requests[-4:])


def test_that_a_server_gives_one_is_found_out_and_said_once(llm, asker, ask_for, render, caplog):
    """The second question asks one by one from the beginning."""
    llm.dialect = LLAMA_CPP
    with caplog.at_level(logging.WARNING):
        asker.ask(ask_for(choices=3), render, read)
        asker.ask(ask_for(choices=3, request="c" * 64), render, read)
    assert [request.get("n") for request in llm.requests] == [3] + 6 * [None]
    assert len([record for record in caplog.records if "one by one" in record.message]) == 1


def test_choices_one_by_one_are_one_stored_reply(llm, asker, ask_for, render, store):
    """Asked again, all of them are there, and nothing is asked."""
    llm.dialect = OLLAMA
    first = asker.ask(ask_for(choices=3), render, read)
    stored = store.get_message(keys.llm_reply("test", first.use.exchange, 0), LlmReply)
    assert len(stored.more) == 2
    again = asker.ask(ask_for(choices=3, calls=0), render, read)
    assert (again.value, again.use) == (first.value, first.use)


def test_a_call_that_fails_on_the_way_leaves_what_there_is(llm, asker, ask_for, render):
    """Two of four choices are an answer."""
    llm.dialect = OLLAMA
    llm.fault_of = lambda call: "status_5xx" if call == 2 else ""
    answer = asker.ask(ask_for(choices=4), render, read)
    assert isinstance(answer, Answered)
    assert len(answer.value) == 2
    assert answer.use.calls == 3


def test_one_by_one_stays_inside_the_allowance(llm, asker, ask_for, render):
    """As many as it pays for."""
    llm.dialect = OLLAMA
    answer = asker.ask(ask_for(choices=4, calls=2), render, read)
    assert len(answer.value) == 2
    assert len(llm.requests) == 2


def test_what_is_refused_one_by_one_too_is_no_answer(llm, asker, ask_for, render):
    """The server says no to something else."""
    llm.fault_of = lambda call: "status_4xx"
    answer = asker.ask(ask_for(choices=4), render, read)
    assert isinstance(answer, Unanswered)
    assert len(llm.requests) <= 2


def test_nothing_more_is_asked_for_where_the_first_cannot_be_read(llm, asker, ask_for, render):
    """It is repaired instead: two calls, and no answer."""
    llm.dialect = OLLAMA
    llm.says = lambda request: "I cannot."
    answer = asker.ask(ask_for(choices=4), render, read)
    assert isinstance(answer, Unanswered)
    assert len(llm.requests) == 2
