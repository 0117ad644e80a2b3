"""Where two messages differ, path by path."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from also import document


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place at which two messages of a kind differ."""

    path: str
    """Path of the field, e.g. "stages.count"."""
    first: Any
    """Value in the first message; None where it has none."""
    second: Any
    """Value in the second message; None where it has none."""


def differences(first: Message, second: Message) -> list[Difference]:
    """All places at which two messages differ, in order of their paths."""
    ours, theirs = leaves(first), leaves(second)
    return [
        Difference(path=path, first=ours.get(path), second=theirs.get(path))
        for path in sorted(ours.keys() | theirs.keys())
        if ours.get(path) != theirs.get(path)
    ]


def leaves(message: Message, item: str = "[{}]") -> dict[str, Any]:
    """Every value of a message by its path, as in `Difference`.

    Args:
        message: the message.
        item: what a list's path is followed by, of the number of an item.
    """
    return dict(_leaves(document.plain(message), "", item))


def _leaves(data: Any, where: str, item: str) -> Iterator[tuple[str, Any]]:
    items: Iterable[tuple[str, Any]]
    match data:
        case dict():
            items = ((f"{where}.{key}" if where else key, value) for key, value in data.items())
        case list():
            items = ((where + item.format(index), value) for index, value in enumerate(data))
        case _:
            yield where, data
            return
    for path, value in items:
        yield from _leaves(value, path, item)
