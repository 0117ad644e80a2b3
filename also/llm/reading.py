"""From the raw body of a chat completion to its choices: what is not exactly as it should be is an error.

Servers differ in where they put an answer: as text, in parts, as arguments of a tool call, beside the thinking or
inside it. All of these are read, and then trusted in nothing. The JSON must be finite, without repeated keys and
encodable; a choice that was cut off, refused, or has no answer, says so instead of its data.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from also.llm.extracting import find_object, parse_strictly, without_thinking
from also.llm.question import Choice, ReplyError
from also.v1.llm_pb2 import LlmReply

MOST_CHARACTERS = 400_000
"""Characters of a choice at most; a longer one is refused unread."""

_MOST_TOKENS = 2**40
"""Token counts above this are taken for nonsense."""

_CUT = ("length", "max_tokens", "model_length")
"""How servers say that a choice was cut off."""

_FILTERED = ("content_filter", "safety", "refusal")
"""How they say that it was held back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a body says."""

    model: str
    """Model, as the server names it; empty where it does not."""
    choices: Sequence[Choice]
    """Choices, in order; at least one."""
    texts: Sequence[str]
    """Text of each choice, its thinking left out; empty where there is none."""


def read_body(text: str, keys: Sequence[str] = ()) -> Body:
    """The choices of a chat completion.

    Args:
        text: the body.
        keys: keys that the JSON object of an answer has.

    Raises:
        ReplyError: it is no chat completion, or has no choice.
    """
    try:
        data = parse_strictly(text)
    except ReplyError as error:
        raise ReplyError(f"the response of the server is no JSON: {error}") from None
    given = data.get("choices") if isinstance(data, dict) else None
    if not isinstance(given, list) or not given:
        raise ReplyError("the response of the server has no choices")
    read = [_read_choice(index, choice, keys) for index, choice in enumerate(given)]
    model = data.get("model")
    return Body(
        model=model[:200] if isinstance(model, str) and model.isprintable() else "",
        choices=[choice for choice, _ in read],
        texts=[content for _, content in read],
    )


def read_reply(raw: LlmReply, keys: Sequence[str]) -> Body | ReplyError:
    """The choices of a stored reply, those of further calls after those of the first.

    Args:
        raw: the reply.
        keys: keys that the JSON object of an answer has.

    Returns:
        Its choices; the error of the first call where that cannot be read.
    """
    try:
        body = read_body(raw.body, keys)
    except ReplyError as error:
        return error
    choices, texts = list(body.choices), list(body.texts)
    for further in raw.more:
        try:
            one = read_body(further, keys)
        except ReplyError as error:
            choices.append(Choice(index=len(choices), data=None, error=str(error)))
            texts.append("")
            continue
        choices.append(replace(one.choices[0], index=len(choices)))
        texts.append(one.texts[0])
    return Body(model=body.model, choices=choices, texts=texts)


def answer_keys(schema: str) -> list[str]:
    """Keys of the object that a prompt's schema asks for.

    Args:
        schema: as JSON text.
    """
    return list(json.loads(schema).get("required", ()))


def read_usage(text: str) -> tuple[int, int] | None:
    """Prompt and completion tokens of a chat completion; None where it does not say, or says nonsense."""
    try:
        data = parse_strictly(text)
    except ReplyError:
        return None
    usage = data.get("usage") if isinstance(data, dict) else None
    if not isinstance(usage, dict):
        return None
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    return (prompt, completion) if _is_count(prompt) and _is_count(completion) else None


def _is_count(given: Any) -> TypeGuard[int]:
    return type(given) is int and 0 <= given < _MOST_TOKENS


def _read_choice(index: int, given: Any, keys: Sequence[str]) -> tuple[Choice, str]:
    """One choice, and its text."""
    message = given.get("message") if isinstance(given, dict) else None
    if not isinstance(message, dict):
        return Choice(index=index, data=None, error="it has no message"), ""
    said = [text for text in _said(message) if text.strip()]
    thought = _text(message.get("reasoning")) or _text(message.get("reasoning_content"))
    shown = without_thinking(said[0]) if said else ""
    try:
        data = _answer(said, thought, keys, given.get("finish_reason"), message.get("refusal"))
    except ReplyError as wrong:
        return Choice(index=index, data=None, error=str(wrong)), shown
    return Choice(index=index, data=data), shown


def _answer(said: Sequence[str], thought: str, keys: Sequence[str], finish: Any, refusal: Any) -> dict[str, Any]:
    """The object of a choice.

    Args:
        said: texts that it may be in, the likeliest first.
        thought: what a server keeps apart as thinking.
        keys: keys that it has.
        finish: why the choice ended, as the server says.
        refusal: that the model refuses, as the server says.

    Raises:
        ReplyError: there is none.
    """
    if isinstance(refusal, str) and refusal:
        raise ReplyError("the model refused to answer")
    if finish in _FILTERED:
        raise ReplyError(f"the server held it back, for the reason {finish!r}")
    if sum(map(len, said)) + len(thought) > MOST_CHARACTERS:
        raise ReplyError(f"it has {max(map(len, (*said, thought)))} characters; at most {MOST_CHARACTERS} are allowed")
    wrongs = []
    cut = finish in _CUT
    for text in said or [thought]:
        if (cut or not said) and not text.rstrip("` \n\t").endswith("}"):
            continue  # what stands in the middle is a draft
        try:
            return find_object(text, keys)
        except ReplyError as wrong:
            wrongs.append(str(wrong))
    if cut:
        raise ReplyError("it was cut off at the largest number of tokens; answer shorter")
    if not said and thought:
        raise ReplyError("all of it was taken for thinking, and no answer is left")
    ended = "" if finish in ("stop", None) else f"; it ended for the reason {str(finish)[:40]!r}"
    raise ReplyError(f"{wrongs[0] if wrongs else 'it is empty'}{ended}")


def _said(message: dict[str, Any]) -> Iterator[str]:
    """Where an answer may be: in the text, in its parts, in the arguments of a call."""
    yield _text(message.get("content"))
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else []:
        yield _arguments(call.get("function") if isinstance(call, dict) else None)
    yield _arguments(message.get("function_call"))


def _text(content: Any) -> str:
    """Text of a content: itself, or its parts of text together."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


def _arguments(function: Any) -> str:
    """Arguments of a call, as JSON text."""
    arguments = function.get("arguments") if isinstance(function, dict) else None
    return json.dumps(arguments) if isinstance(arguments, dict) else _text(arguments)
