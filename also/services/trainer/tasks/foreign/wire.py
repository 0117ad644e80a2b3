"""The wire between a worker and a task's own interpreter: values as JSON, and arrays as bytes behind it.

Both ends load this file, and the other interpreter needs NumPy and Python 3.8 or later for it, and nothing else.
An object that cannot be sent stays where it is, and its number is sent.
"""

from __future__ import annotations

import collections.abc
import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

_LENGTHS = struct.Struct("!II")


def send(stream: Any, value: Any, spaces: bool = False) -> None:
    """Write a value: plain data, dicts with any keys, tuples, arrays; where `spaces`, spaces of any package too.

    Raises:
        TypeError: it holds something else.
    """
    buffers: list[bytes] = []
    plain = json.dumps(_plain(value, buffers, spaces)).encode()
    body = b"".join(buffers)
    stream.write(_LENGTHS.pack(len(plain), len(body)) + plain + body)
    stream.flush()


def receive(stream: Any, rebuild: Callable[[str, list[Any]], Any]) -> Any:
    """Read a value.

    Args:
        stream: where from.
        rebuild: makes what is wanted of a held object's (number, module, class), or of a space's parts.

    Raises:
        EOFError: nothing more will come.
    """
    head = stream.read(_LENGTHS.size)
    if len(head) < _LENGTHS.size:
        raise EOFError
    plain, body = _LENGTHS.unpack(head)
    content = stream.read(plain + body)
    if len(content) < plain + body:
        raise EOFError
    return _value(json.loads(content[:plain]), memoryview(content)[plain:], rebuild)


class Held:
    """An object that stays where it is; its number is sent."""

    def __init__(self, number: int, value: Any) -> None:
        """Name an object by a number."""
        self.number, self.kind = number, (type(value).__module__, type(value).__qualname__)


def _plain(value: Any, buffers: list[bytes], spaces: bool) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Held):
        return {"held": [value.number, *value.kind]}
    if isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "__array__"):
        array = np.asarray(value)
        if array.dtype.hasobject:
            raise TypeError(f"an array of Python objects cannot be carried over: {value!r:.80}")
        buffers.append(array.tobytes())
        return {"array": [array.dtype.str, array.shape]}
    if isinstance(value, (bool, int, float, str)):
        return _plain(next(kind for kind in (bool, int, float, str) if isinstance(value, kind))(value), buffers, spaces)
    if spaces and not isinstance(value, (dict, list, tuple)):
        found = _space(value)
        if found is not None:
            return {"space": [found[0], *(_plain(part, buffers, True) for part in found[1:])]}
    if isinstance(value, collections.abc.Mapping):
        return {"dict": [[_plain(key, buffers, False), _plain(part, buffers, spaces)] for key, part in value.items()]}
    if isinstance(value, collections.abc.Collection) and not isinstance(value, (bytes, bytearray)):
        kind = "tuple" if isinstance(value, tuple) else "set" if isinstance(value, (set, frozenset)) else "list"
        return {kind: [_plain(part, buffers, spaces) for part in value]}
    raise TypeError(f"a {type(value).__module__}.{type(value).__qualname__} cannot be carried over: {value!r:.80}")


def _value(plain: Any, body: memoryview, rebuild: Callable[[str, list[Any]], Any]) -> Any:
    """The value of plain data; arrays are taken from the body in order, so it is followed depth first."""
    offset = 0

    def build(each: Any) -> Any:
        nonlocal offset
        if not isinstance(each, dict):
            return each
        ((kind, given),) = each.items()
        if kind == "array":
            dtype, shape = np.dtype(given[0]), tuple(given[1])
            count = int(np.prod(shape, dtype=np.int64))
            array = np.frombuffer(body, dtype, count, offset).reshape(shape).copy()
            offset += count * dtype.itemsize
            return array[()] if array.ndim == 0 else array
        if kind == "dict":
            return {build(key): build(part) for key, part in given}
        if kind in ("list", "tuple", "set"):
            return {"list": list, "tuple": tuple, "set": set}[kind]([build(part) for part in given])
        return rebuild(kind, [build(part) for part in given])

    return build(plain)


def _space(space: Any) -> tuple[Any, ...] | None:
    """Name and parts of a space, told by what it has, whatever package it is of; None for what is no space."""
    parts = getattr(space, "spaces", None)
    if isinstance(parts, collections.abc.Mapping):
        return "Dict", dict(parts)
    if isinstance(parts, (list, tuple)):
        return "Tuple", list(parts)
    if hasattr(space, "low") and hasattr(space, "high"):
        dtype = np.dtype(getattr(space, "dtype", None) or np.float32)
        shape = getattr(space, "shape", None)
        low, high = np.asarray(space.low, dtype), np.asarray(space.high, dtype)
        if shape is not None:
            low, high = np.broadcast_to(low, shape), np.broadcast_to(high, shape)
        return "Box", low, high, dtype.str
    if hasattr(space, "nvec"):
        return "MultiDiscrete", np.asarray(space.nvec)
    if hasattr(space, "n"):
        shape = getattr(space, "shape", None)
        if shape:
            return "MultiBinary", list(shape)
        return "Discrete", int(space.n), int(getattr(space, "start", 0))
    return None
