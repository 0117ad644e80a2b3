"""From a question to its answer, over real HTTP."""

import json
import socket

import pytest

from also import keys, metrics
from also.llm.breaker import FAILURES
from also.llm.question import Answered, ReplyError, Unanswered
from also.v1.llm_pb2 import (
    LLM_FAILURE_REASON_BUDGET_SPENT,
    LLM_FAILURE_REASON_REPLY_INVALID,
    LLM_FAILURE_REASON_UNAVAILABLE,
    LlmPrompt,
    LlmReply,
)
from tools.faulty_llm.response import CACHED_TOKENS, MODEL


def read(reply):
    """The data of every choice that has some."""
    found = [choice.data for choice in reply.choices if not choice.error]
    if not found or not all(isinstance(data, dict) and set(data) == {"word", "level"} for data in found):
        raise ReplyError("; ".join(choice.error for choice in reply.choices) or "'word' and 'level' are needed")
    return found


def faults(*kinds):
    """A schedule: these kinds for the first calls, none after them."""
    return lambda call: kinds[call] if call < len(kinds) else ""


@pytest.mark.slow
def test_an_answer_says_what_it_has_cost(llm, asker, ask_for, render):
    """One call, the server's count of tokens, the price of both; cached ones cost as others where no price is set."""
    answer = asker.ask(ask_for(prompt_price=2.0, completion_price=10.0), render, read)
    assert isinstance(answer, Answered)
    assert answer.value[0]["level"] in (10, 50, 100)
    use = answer.use
    assert (use.calls, use.invalid, use.repaired, use.model) == (1, 0, False, MODEL)
    assert (use.prompt_tokens, use.cached_tokens) == (1000, CACHED_TOKENS)
    assert use.cost == pytest.approx((1000 * 2 + use.completion_tokens * 10) / 1e6)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.1])
def test_cached_prompt_tokens_have_a_price_of_their_own(asker, ask_for, render, share):
    """Servers that sell tokens charge less for what they have read before, or nothing."""
    use = asker.ask(ask_for(prompt_price=2.0, cached_price_share=share), render, read).use
    assert use.cost == pytest.approx(((1000 - CACHED_TOKENS) * 2 + CACHED_TOKENS * 2 * share) / 1e6)


@pytest.mark.slow
def test_a_time_out_names_the_setting_that_lengthens_it(llm, asker, ask_for, render):
    """Whoever serves a large model on a small machine learns what to change."""
    llm.fault_of = lambda call: "hang"
    answer = asker.ask(ask_for(seconds=0.2, tries=1), render, read)
    assert isinstance(answer, Unanswered)
    assert "no answer within 0.2 s; the endpoint's setting `seconds` allows more" in answer.failure.detail


@pytest.mark.slow
def test_a_call_that_fails_is_told_once_and_whether_it_is_tried_again(llm, asker, ask_for, render, told):
    """With the subject of the question; an answer that is found stored tells nothing."""
    llm.fault_of = faults("status_5xx", "connection_reset")
    subject = {"campaign": "test", "stage": 2, "round": 0, "mind": "critic"}
    asker.ask(ask_for(), render, read)
    lines = told()
    assert [line["event"] for line in lines] == ["LlmCallFailed"] * 2
    assert all(line.items() >= subject.items() and line["retried"] is True for line in lines)
    assert "HTTP status 5" in lines[0]["error"]
    asker.ask(ask_for(), render, read)
    assert told() == lines


@pytest.mark.slow
def test_a_question_without_an_answer_is_told_once(llm, asker, ask_for, render, told):
    """The last call is not tried again, and the reason has its name."""
    llm.fault_of = lambda call: "status_5xx"
    asker.ask(ask_for(tries=2), render, read)
    assert [(line["event"], line.get("retried")) for line in told()] == [
        ("LlmCallFailed", True),
        ("LlmCallFailed", False),
        ("LlmUnanswered", None),
    ]
    assert told()[-1]["error"] == "Unavailable"


def test_prompt_and_raw_reply_are_stored(asker, ask_for, render, store):
    """Under the exchange's id, with everything that was asked and the very body that came."""
    use = asker.ask(ask_for(), render, read).use
    prompt = store.get_message(keys.llm_prompt("test", use.exchange), LlmPrompt)
    reply = store.get_message(keys.llm_reply("test", use.exchange, 0), LlmReply)
    assert [message.content for message in prompt.messages] == ["Be brief.", "Which word?"]
    assert (prompt.mind, prompt.stage, prompt.prompt_sha256, prompt.counted) == ("critic", 2, "b" * 64, True)
    assert json.loads(reply.body)["model"] == MODEL


def test_the_prompt_is_stored_before_the_first_call(llm, asker, ask_for, render, store):
    """A question that got no answer has its prompt all the same."""
    llm.fault_of = lambda call: "status_4xx"
    use = asker.ask(ask_for(), render, read).use
    assert store.exists(keys.llm_prompt("test", use.exchange))
    assert not store.exists(keys.llm_reply("test", use.exchange, 0))


def test_a_reply_is_stored_before_it_is_read(asker, ask_for, render, store):
    """Reading may die; the reply is there and is not paid again."""

    class Died(BaseException):
        pass

    def die(reply):
        assert store.exists(keys.llm_reply("test", reply.exchange, 0))
        raise Died

    with pytest.raises(Died):
        asker.ask(ask_for(), render, die)


def test_the_same_question_is_never_paid_twice(llm, asker, ask_for, render):
    """Asked again, even without a server, it has the same answer and the same cost."""
    question = ask_for()
    first = asker.ask(question, render, read)
    llm.fault_of = lambda call: "status_5xx"
    again = asker.ask(question, render, read)
    assert (again.value, again.use) == (first.value, first.use)
    assert len(llm.requests) == 1


@pytest.mark.slow
def test_another_question_is_another_exchange(llm, asker, ask_for, render):
    """Its own prompt, its own reply."""
    first = asker.ask(ask_for(), render, read)
    other = asker.ask(ask_for(request="c" * 64), render, read)
    assert first.use.exchange != other.use.exchange
    assert len(llm.requests) == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["status_5xx", "connection_reset", "false_encoding"])
def test_a_failed_call_is_repeated(llm, asker, ask_for, render, kind):
    """Another try may help, and every try counts as a call."""
    llm.fault_of = faults(kind, kind)
    answer = asker.ask(ask_for(), render, read)
    assert isinstance(answer, Answered)
    assert answer.use.calls == 3


def test_a_refused_request_is_not_repeated(llm, asker, ask_for, render):
    """Asking again what the server will not do is of no use."""
    llm.fault_of = lambda call: "status_4xx"
    answer = asker.ask(ask_for(), render, read)
    assert isinstance(answer, Unanswered)
    assert answer.failure.reason == LLM_FAILURE_REASON_UNAVAILABLE
    assert "HTTP status 4" in answer.failure.detail
    assert len(llm.requests) == 1


@pytest.mark.slow
def test_an_unusable_reply_is_repaired_once(llm, asker, ask_for, render):
    """The second call is told what was wrong with the first reply."""
    llm.fault_of = faults("cut_json")
    answer = asker.ask(ask_for(), render, read)
    assert isinstance(answer, Answered)
    assert (answer.use.calls, answer.use.invalid, answer.use.repaired) == (2, 1, True)
    *before, said, told = llm.requests[1]["messages"]
    assert before == llm.requests[0]["messages"]
    assert said["role"] == "assistant"
    assert "cannot be used" in told["content"]
    assert "it is no JSON" in told["content"]


@pytest.mark.slow
def test_there_is_no_second_repair(llm, asker, ask_for, render):
    """Two unusable replies are no answer, whatever tries are left."""
    llm.fault_of = lambda call: "cut_json"
    answer = asker.ask(ask_for(tries=10), render, read)
    assert isinstance(answer, Unanswered)
    assert answer.failure.reason == LLM_FAILURE_REASON_REPLY_INVALID
    assert answer.use.calls == 2


@pytest.mark.slow
def test_repetitions_and_repair_share_the_tries(llm, asker, ask_for, render):
    """Two failures and an unusable reply use up three tries."""
    llm.fault_of = faults("status_5xx", "status_5xx", "cut_json")
    answer = asker.ask(ask_for(tries=3), render, read)
    assert isinstance(answer, Unanswered)
    assert len(llm.requests) == 3


@pytest.mark.slow
def test_what_was_unusable_is_not_paid_again(llm, asker, ask_for, render):
    """After a crash both replies are read again, and nothing is asked."""
    llm.fault_of = lambda call: "cut_json"
    first = asker.ask(ask_for(), render, read)
    again = asker.ask(ask_for(), render, read)
    assert (again.failure, again.use) == (first.failure, first.use)
    assert len(llm.requests) == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["hang", "slow_drip"])
def test_the_deadline_holds_for_a_call_as_a_whole(llm, asker, ask_for, render, kind):
    """A server that never ends its response is given up."""
    llm.fault_of = lambda call: kind
    answer = asker.ask(ask_for(seconds=0.3, tries=2), render, read)
    assert isinstance(answer, Unanswered)
    assert answer.failure.reason == LLM_FAILURE_REASON_UNAVAILABLE
    assert "within 0.3 s" in answer.failure.detail
    assert answer.use.calls == 2


def test_nobody_listening_is_unavailable(asker, ask_for, render):
    """A closed port is said in one line."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    answer = asker.ask(ask_for(url=f"http://127.0.0.1:{port}/v1", tries=2), render, read)
    assert isinstance(answer, Unanswered)
    assert "no connection" in answer.failure.detail


@pytest.mark.slow
def test_a_broken_endpoint_is_left_alone(asker, ask_for, render, llm):
    """After failures in a row the next question fails at once."""
    llm.fault_of = lambda call: "status_5xx"
    asker.ask(ask_for(tries=FAILURES), render, read)
    answer = asker.ask(ask_for(request="c" * 64), render, read)
    assert isinstance(answer, Unanswered)
    assert "left alone" in answer.failure.detail
    assert len(llm.requests) == FAILURES


@pytest.mark.slow
def test_no_call_is_made_without_an_allowance_for_it(llm, asker, ask_for, render):
    """Neither calls nor tokens are overspent."""
    for question in (ask_for(calls=0), ask_for(request="c" * 64, tokens=400)):
        answer = asker.ask(question, render, read)
        assert isinstance(answer, Unanswered)
        assert answer.failure.reason == LLM_FAILURE_REASON_BUDGET_SPENT
    assert llm.requests == []


def test_a_stored_answer_needs_no_allowance(asker, ask_for, render):
    """What is paid is paid."""
    first = asker.ask(ask_for(), render, read)
    assert asker.ask(ask_for(calls=0, tokens=0), render, read).value == first.value


@pytest.mark.slow
def test_a_count_that_cannot_be_right_spends_no_budget(llm, asker, ask_for, render):
    """More prompt tokens than bytes, or more completion tokens than were asked for, are estimated instead."""
    llm.fault_of = lambda call: "false_usage"
    for number in range(12):
        use = asker.ask(ask_for(request=f"{number:064d}"), render, read).use
        assert 0 < use.prompt_tokens < 100
        assert 0 < use.completion_tokens <= 500


def test_choices_are_asked_for_in_one_call(llm, asker, ask_for, render):
    """Four samples of one prompt."""
    answer = asker.ask(ask_for(choices=4), render, read)
    assert len(answer.value) == 4
    assert llm.requests[0]["n"] == 4


@pytest.mark.slow
def test_the_request_asks_for_the_schema(llm, asker, ask_for, render):
    """With a name, strictly, and with the settings of the endpoint."""
    asker.ask(ask_for(temperature=0.2, thinking="THINKING_OFF", reasoning_effort="low"), render, read)
    (request,) = llm.requests
    assert request["response_format"]["type"] == "json_schema"
    assert request["response_format"]["json_schema"]["strict"] is True
    assert (request["temperature"], request["max_tokens"], request["model"]) == (0.2, 500, MODEL)
    assert request["chat_template_kwargs"] == {"enable_thinking": False, "thinking": False}
    assert request["reasoning_effort"] == "low"


@pytest.mark.slow
def test_equal_questions_have_equal_seeds(llm, asker, ask_for, render, store):
    """A sampling seed follows from the question and the number of the call."""
    asker.ask(ask_for(), render, read)
    seed = llm.requests[0]["seed"]
    for key in store.find(keys.exchanges("test")):
        store.delete(key)
    asker.ask(ask_for(), render, read)
    assert llm.requests[1]["seed"] == seed


@pytest.mark.slow
def test_the_api_key_goes_to_the_server_and_nowhere_else(llm, asker, ask_for, render, store):
    """It is in the header, and in no stored object."""
    llm.fault_of = faults("status_5xx", "cut_json")
    asker.ask(ask_for(), render, read)
    assert llm.authorizations == {"Bearer canary-4711"}
    stored = [store.get(key) for key in store.find(keys.exchanges("test"))]
    assert len(stored) == 3
    assert not any(b"canary-4711" in content for content in stored)


def counted(metric, *labels):
    """Value of a counter of this process."""
    return metric.labels("test", "critic", *labels)._value.get()


@pytest.mark.slow
def test_metrics_tell_what_happened(llm, asker, ask_for, render):
    """Calls by outcome, tokens by kind, unusable and repaired replies, questions without an answer."""
    watched = [
        (metrics.LLM_CALLS, "answered"),
        (metrics.LLM_CALLS, "failed"),
        (metrics.LLM_TOKENS, "prompt"),
        (metrics.LLM_CACHED,),
        (metrics.LLM_INVALID,),
        (metrics.LLM_REPAIRED,),
        (metrics.LLM_UNANSWERED, "Unavailable"),
    ]
    before = [counted(*each) for each in watched]
    llm.fault_of = faults("status_5xx", "cut_json", "", "status_4xx")
    asker.ask(ask_for(), render, read)
    asker.ask(ask_for(request="c" * 64), render, read)
    assert [counted(*each) - was for each, was in zip(watched, before, strict=True)] == [
        2,
        2,
        2000,
        2 * CACHED_TOKENS,
        1,
        1,
        1,
    ]
