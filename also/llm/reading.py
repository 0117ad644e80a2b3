"""From the raw body of a chat completion to its choices: what is not exactly as it should be is an error.

A reply is trusted in nothing. Its JSON must be finite, without repeated keys and encodable; a choice that
was cut off, refused, or that thinks aloud where it should answer, says so instead of its data.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from also.llm.question import Choice, ReplyError

MOST_CHARACTERS = 400_000
"""Characters of a choice at most; a longer one is refused unread."""

_MOST_TOKENS = 2**40
"""Token counts above this are taken for nonsense."""

_THINKING_ENDS = "</think>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a body says."""

    model: str
    """Model, as the server names it; empty where it does not."""
    choices: Sequence[Choice]
    """Choices, in order; at least one."""
    texts: Sequence[str]
    """Text of each choice, its thinking left out; empty where there is none."""


def read_body(text: str) -> Body:
    """The choices of a chat completion.

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
    read = [_read_choice(index, choice) for index, choice in enumerate(given)]
    model = data.get("model")
    return Body(
        model=model[:200] if isinstance(model, str) and model.isprintable() else "",
        choices=[choice for choice, _ in read],
        texts=[content for _, content in read],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of a chat completion."""

    prompt: int
    """Tokens of the prompt."""
    completion: int
    """Tokens of all choices, thinking included."""
    cached: int = 0
    """Those of the prompt that the server took from its prefix cache; 0 where it does not say."""


def read_usage(text: str) -> Usage | None:
    """Tokens of a chat completion; None where it does not say, or says nonsense."""
    try:
        data = parse_strictly(text)
    except ReplyError:
        return None
    usage = data.get("usage") if isinstance(data, dict) else None
    if not isinstance(usage, dict):
        return None
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if not _is_count(prompt) or not _is_count(completion):
        return None
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    return Usage(prompt=prompt, completion=completion, cached=min(cached, prompt) if _is_count(cached) else 0)


def _is_count(given: Any) -> TypeGuard[int]:
    return type(given) is int and 0 <= given < _MOST_TOKENS


def parse_strictly(text: str) -> Any:
    """Data from JSON text whose numbers are finite, whose keys are unique and whose strings can be encoded.

    Control characters inside strings are let through: grammars of constrained decoding write them raw.

    Raises:
        ReplyError: it is not such a text.
    """
    try:
        data = json.loads(
            text,
            strict=False,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_with_unique_keys,
        )
        json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise ReplyError(" ".join(str(error).split())[:200]) from None
    return data


def _read_choice(index: int, given: Any) -> tuple[Choice, str]:
    """One choice, and its text."""
    message = given.get("message") if isinstance(given, dict) else None
    if not isinstance(message, dict):
        return Choice(index=index, data=None, error="it has no message"), ""
    refusal, content = message.get("refusal"), message.get("content")
    text = _without_thinking(content) if isinstance(content, str) else ""
    error, data = "", None
    finish = given.get("finish_reason")
    if isinstance(refusal, str) and refusal:
        error = "the model refused to answer"
    elif finish == "length":
        error = "it was cut off at the largest number of tokens; answer shorter"
    elif finish != "stop":
        error = f"it ended for the reason {str(finish)[:40]!r}; 'stop' is allowed"
    elif not isinstance(content, str) or not text.strip():
        thought = message.get("reasoning") or message.get("reasoning_content")
        error = "all of it was taken for thinking, and no answer is left" if thought else "it is empty"
    elif len(text) > MOST_CHARACTERS:
        error = f"it has {len(text)} characters; at most {MOST_CHARACTERS} are allowed"
    else:
        try:
            data = parse_strictly(text)
        except ReplyError as wrong:
            error = f"it is no JSON: {wrong}"
    return Choice(index=index, data=data, error=error), text


def _without_thinking(content: str) -> str:
    """What follows a model's thinking, where a server left it in the answer."""
    if content.lstrip().startswith("<think>") and _THINKING_ENDS in content:
        return content.split(_THINKING_ENDS, 1)[1]
    return content


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is not a finite number")
    return number


def _with_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {twice[:60]!r} is there twice")
    return data
