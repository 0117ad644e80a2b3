"""The JSON object in what a model says, wherever its server and its habits put it.

Models think aloud before they answer, wrap JSON in fences, say "Here it is" or write a draft first. Of everything that
is there the last object with the keys of the answer is taken. How its parts must look is checked afterwards as strictly
as ever, so that a draft that was found by mistake is refused like any other wrong answer.
"""

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from also.llm.question import ReplyError

MOST_OBJECTS = 200
"""Places of a text at most at which an object is looked for."""

SHOWN = 60
"""Characters of a text without an object that an error shows."""

_THINKING_ENDS = ("</think>", "</thinking>", "</reasoning>")


def find_object(text: str, keys: Sequence[str]) -> dict[str, Any]:
    """The last JSON object of a text that has most of these keys, its thinking left out.

    Args:
        text: what a model said.
        keys: keys of the answer; without any every object is as good as another.

    Raises:
        ReplyError: there is none; it says what is there instead.
    """
    wrong, answer = "", without_thinking(text).strip()
    for whole in (text.strip(), answer):  # a mark of thinking may stand inside a text of the answer
        try:
            data = parse_strictly(whole)
        except ReplyError as error:
            wrong = str(error)
            continue
        if isinstance(data, dict):
            return data
        raise ReplyError(f"it is JSON, and no object: it begins with {_begins(whole)}")
    found = list(_objects(answer))
    best = max((_known_keys(each, keys) for each in found), default=0)
    if found and (best or not keys):
        return [each for each in found if _known_keys(each, keys) == best][-1]
    if found:
        raise ReplyError(f"it has JSON without the keys {', '.join(keys)}: it begins with {_begins(answer)}; {wrong}")
    raise ReplyError(f"it is no JSON: {wrong}; it begins with {_begins(answer)}")


def _known_keys(data: dict[str, Any], keys: Sequence[str]) -> int:
    return sum(key in data for key in keys)


def without_thinking(text: str) -> str:
    """What follows a model's thinking; all of a text without any."""
    ends = [text.rfind(mark) + len(mark) for mark in _THINKING_ENDS if mark in text]
    return text[max(ends, default=0) :]


def parse_strictly(text: str) -> Any:
    """Finite JSON without repeated keys that can be encoded again; control characters inside strings may be raw.

    Grammars of constrained decoding write them raw.

    Raises:
        ReplyError: it is not such a text.
    """
    try:
        return _encodable(json.loads(text, cls=_Strict))
    except (ValueError, RecursionError) as error:
        raise ReplyError(" ".join(str(error).split())[:200]) from None


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Objects of a text, in order, those inside others left out; what is no strict JSON is passed over."""
    decoder, start = _Strict(), text.find("{")
    for _ in range(MOST_OBJECTS):
        if start < 0:
            return
        try:
            found, end = decoder.raw_decode(text, start)
            yield _encodable(found)
        except (ValueError, RecursionError):
            end = start + 1
        start = text.find("{", end)


class _Strict(json.JSONDecoder):
    """Numbers are finite, and keys are there once."""

    def __init__(self, **_: Any) -> None:
        super().__init__(
            strict=False, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_with_unique_keys
        )


def _encodable(data: Any) -> Any:
    json.dumps(data, ensure_ascii=False).encode()
    return data


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


def _begins(text: str) -> str:
    return ascii(text[:SHOWN])
