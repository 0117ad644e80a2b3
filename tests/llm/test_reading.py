"""What a response must look like to be understood."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from also.llm.extracting import parse_strictly
from also.llm.question import ReplyError
from also.llm.reading import Body, read_body, read_reply, read_usage
from also.v1.llm_pb2 import LlmReply


def body(*contents, finish="stop", **message):
    """A chat completion with these contents."""
    choices = [
        {"index": index, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
        for index, content in enumerate(contents)
    ]
    return json.dumps({"model": "m", "choices": choices, "usage": {"prompt_tokens": 7, "completion_tokens": 3}})


def only_choice(text):
    """The one choice of a body."""
    (choice,) = read_body(text).choices
    return choice


def test_every_choice_has_its_data():
    """Choices keep their order and their index."""
    read = read_body(body('{"a":1}', '{"a":2}'))
    assert [(choice.index, choice.data) for choice in read.choices] == [(0, {"a": 1}), (1, {"a": 2})]
    assert read.model == "m"


def test_one_bad_choice_leaves_the_others():
    """What is wrong is said of that choice alone."""
    good, bad = read_body(body('{"a":1}', "{")).choices
    assert good.data == {"a": 1}
    assert bad.data is None
    assert "no JSON" in bad.error


def test_thinking_is_kept_apart():
    """Reasoning beside the answer is ignored, reasoning before it is cut off."""
    assert only_choice(body('{"a":1}', reasoning_content="Hm {")).data == {"a": 1}
    assert only_choice(body('<think>Is it {"a":2}?</think>\n{"a":1}')).data == {"a": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (body('{"a":1', finish="length"), "cut off"),
        (body('I think {"a":1} is a start, but', finish="length"), "cut off"),
        (body('{"a":1}', finish="content_filter"), "content_filter"),
        (body("Well", finish="tool_calls"), "tool_calls"),
        (body('{"a":1}', refusal="No."), "refused"),
        (body(None), "empty"),
        (body("  \n"), "empty"),
        (body(None, reasoning='{"a":1} or {"a":2}, I wonder'), "taken for thinking"),
        (body(["a"]), "empty"),
        (body("Sure! Here it is."), "begins with 'Sure! Here it is.'"),
        (body("[]"), "no object"),
        (body("{'a':1}"), "no JSON"),
        (body('{"a":NaN}'), "NaN"),
        (body('{"a":-Infinity}'), "-Infinity"),
        (body('{"a":1e999}'), "1e999"),
        (body('{"a":' + "9" * 5000 + "}"), "digits"),
        (body('{"a":1,"a":2}'), "twice"),
        (body('{"a":"\\ud800"}'), "surrogates"),
        (body("[" * 100_000), "recursion"),
        (body('"' + "a" * 500_000 + '"'), "characters"),
        ('{"choices":[{}]}', "no message"),
        ('{"choices":[null]}', "no message"),
    ],
)
def test_a_choice_that_cannot_be_read_says_why(text, said):
    """Cut off, refused, empty, no JSON, not finite, ambiguous: each has its sentence and no data."""
    choice = only_choice(text)
    assert choice.data is None
    assert said in choice.error


ANSWER = '{"findings":[{"a":{"b":1}}]}'
DRAFT = '{"findings":[]}'


@pytest.mark.parametrize(
    "text",
    [
        body(ANSWER),
        body(f"Sure! Here it is:\n{ANSWER}"),
        body(f"```json\n{ANSWER}\n```"),
        body(f"```\n{ANSWER}\n```\nHope this helps {{or not}}!"),
        body(f"<think>Is it {DRAFT}?</think>\n```json\n{ANSWER}\n```"),
        body(f"First {DRAFT} came to my mind.</think>{ANSWER}"),
        body(f"A draft is {DRAFT}, and the answer {ANSWER}"),
        body(f"<|channel|>analysis<|message|>{DRAFT}<|end|><|channel|>final<|message|>{ANSWER}"),
        body(f"{ANSWER}\n{ANSWER}"),
        body(f'By {{"feature": "x"}} I mean a name. {ANSWER} Here {{"a": 1}} was left out.'),
        body([{"type": "text", "text": ANSWER[:9]}, {"type": "text", "text": ANSWER[9:]}]),
        body([{"type": "thinking", "thinking": DRAFT}, {"type": "text", "text": ANSWER}]),
        body(None, reasoning_content=f"Let me see. {DRAFT} is not it.\n{ANSWER}"),
        body("", reasoning=f"```json\n{ANSWER}\n```"),
        body(None, finish="tool_calls", tool_calls=[{"function": {"name": "answer", "arguments": ANSWER}}]),
        body("", finish="tool_calls", tool_calls=[{"function": {"name": "answer", "arguments": json.loads(ANSWER)}}]),
        body(None, finish="function_call", function_call={"name": "answer", "arguments": ANSWER}),
        *(body(ANSWER, finish=finish) for finish in (None, "", "eos", "eos_token", "end_turn", "tool_calls", "length")),
    ],
)
def test_the_object_is_found_wherever_it_stands(text):
    """Fences, prose, thinking, drafts, parts, calls and odd reasons to end: the last object with the answer's keys."""
    (choice,) = read_body(text, ["findings"]).choices
    assert choice.error == ""
    assert choice.data == json.loads(ANSWER)


@pytest.mark.parametrize("content", ['{"findings":[{"mode":"none"},{"mode":"exp', f"Here: {ANSWER[:-1]}", "{" * 500])
def test_a_part_of_a_broken_answer_is_no_answer(content):
    """An object inside one that was cut off has none of the answer's keys."""
    (choice,) = read_body(body(content), ["findings"]).choices
    assert choice.data is None
    assert choice.error


def test_further_calls_for_a_choice_follow_the_first():
    """Their choices go on counting; one that cannot be read says so in its place."""
    raw = LlmReply(body=body('{"a":1}'), more=[body('{"a":2}'), "<html>", body('{"a":3}')])
    read = read_reply(raw, ["a"])
    assert [(choice.index, choice.data) for choice in read.choices] == [
        (0, {"a": 1}),
        (1, {"a": 2}),
        (2, None),
        (3, {"a": 3}),
    ]


@pytest.mark.parametrize("text", ["", "OK", "null", "[]", "{}", '{"choices":[]}', '{"choices":{}}', "<html>", "\ufffd"])
def test_a_response_without_choices_is_refused(text):
    """What is no chat completion has nothing to read."""
    with pytest.raises(ReplyError):
        read_body(text)


def test_raw_control_characters_inside_a_string_are_read():
    """A grammar for strings lets a tab through that JSON wants escaped."""
    assert only_choice(body('{"a":"x\ty"}')).data == {"a": "x\ty"}


def test_usage_is_the_servers_count():
    """Both counts are taken over."""
    assert read_usage(body("{}")) == (7, 3)


@pytest.mark.parametrize("lie", [-1, 1.5, "7", None, True, 2**50])
def test_a_nonsensical_count_is_no_usage(lie):
    """Then tokens are estimated instead."""
    assert read_usage(json.dumps({"usage": {"prompt_tokens": lie, "completion_tokens": 3}})) is None
    assert read_usage(json.dumps({"usage": lie})) is None


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("utf-8", "backslashreplace")))
def test_no_body_raises_anything_else(text):
    """Whatever a server sends is understood or refused."""
    try:
        assert isinstance(read_body(text), Body)
    except ReplyError as error:
        assert str(error)
    read_usage(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_what_is_parsed_can_be_stored(data):
    """Parsed data is finite and can be encoded."""
    try:
        parsed = parse_strictly(json.dumps(data))
    except ReplyError:
        return
    assert json.dumps(parsed, allow_nan=False, ensure_ascii=False).encode()
