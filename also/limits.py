"""Defaults and ranges of every message, read from the options beside the fields in `proto/`.

A field's default and range are written once, in its `.proto` file. `fill_defaults` completes a
message that a person wrote; `check` refuses one that breaks a limit, with the path of the field,
its value and what is allowed. Services check every request with the same function.
"""

import math
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, TypeVar, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from also import enums
from also.errors import DocumentError
from also.v1 import limits_pb2

M = TypeVar("M", bound=Message)


def fill_defaults(message: Message) -> None:
    """Set every optional field that was left out to its default, in place, at all depths.

    Singular sub-messages that are all settings (`...Settings`) are created where absent, so that a
    filled campaign spells out everything it depends on.
    """
    for field in descriptor(message).fields:
        limits = field_limits(field)
        if is_map(field):
            continue
        if field.message_type is not None:
            if not field.is_repeated and field.message_type.name.endswith("Settings"):
                getattr(message, field.name).SetInParent()
            for _, child in children(message, field):
                fill_defaults(child)
        elif field.has_presence and not message.HasField(field.name):
            if limits.HasField("default"):
                setattr(message, field.name, _as_field_type(field, limits.default))
            elif limits.HasField("default_text"):
                setattr(message, field.name, _text_default(field, limits.default_text))


def filled(message: M) -> M:
    """A copy with every default filled in, see `fill_defaults`."""
    copy = deepcopy(message)
    fill_defaults(copy)
    return copy


def check(message: Message, where: str = "") -> None:
    """Check every limit of a message, at all depths.

    Args:
        message: any message of `also.v1`.
        where: path of the message, used in the error ("" for a root).

    Raises:
        DocumentError: a field is missing, out of range, too long, malformed or not finite.
    """
    for field in descriptor(message).fields:
        path = f"{where}.{field.name}" if where else field.name
        limits = field_limits(field)
        _check_presence(message, field, limits, path)
        if field.is_repeated and limits.max_items and len(getattr(message, field.name)) > limits.max_items:
            count = len(getattr(message, field.name))
            raise DocumentError(f"{path} has {count} items; at most {limits.max_items} are allowed")
        if field.message_type is not None and not is_map(field):
            for suffix, child in children(message, field):
                check(child, path + suffix)
        elif is_map(field):
            for key, value in getattr(message, field.name).items():
                if isinstance(value, Message):
                    check(value, f"{path}.{key}")
        else:
            for suffix, value in _scalars(message, field):
                _check_scalar(field, value, limits, path + suffix)


def descriptor(message: Message | type[Message]) -> Descriptor:
    """A message's descriptor; protobuf's stubs allow two unrelated classes here, of which one is meant."""
    return cast(Descriptor, message.DESCRIPTOR)


def field_limits(field: FieldDescriptor) -> limits_pb2.Limits:
    """Limits written beside a field; an empty message where there are none."""
    extension = cast(Any, limits_pb2.limits)
    return cast(limits_pb2.Limits, field.GetOptions().Extensions[extension])


def most_items(kind: type[Message], name: str) -> int:
    """Most items of a repeated field; 0 is no limit."""
    return field_limits(descriptor(kind).fields_by_name[name]).max_items


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is a map."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def children(message: Message, field: FieldDescriptor) -> Iterator[tuple[str, Message]]:
    """Sub-messages that are present in a field, each with the suffix of its path."""
    if field.is_repeated:
        for index, child in enumerate(getattr(message, field.name)):
            yield f"[{index}]", child
    elif message.HasField(field.name):
        yield "", getattr(message, field.name)


def _scalars(message: Message, field: FieldDescriptor) -> Iterator[tuple[str, Any]]:
    if field.is_repeated:
        for index, value in enumerate(getattr(message, field.name)):
            yield f"[{index}]", value
    elif not field.has_presence or message.HasField(field.name):
        yield "", getattr(message, field.name)


def _check_presence(message: Message, field: FieldDescriptor, limits: limits_pb2.Limits, path: str) -> None:
    if not limits.required:
        return
    if field.has_presence:
        missing = not message.HasField(field.name)
    else:
        value = getattr(message, field.name)
        missing = len(value) == 0 if field.is_repeated or isinstance(value, str) else value == 0
    if missing:
        raise DocumentError(f"{path} is missing; it must be set")


def _check_scalar(field: FieldDescriptor, value: Any, limits: limits_pb2.Limits, path: str) -> None:
    if isinstance(value, str):
        if limits.max_length and len(value) > limits.max_length:
            raise DocumentError(f"{path} has {len(value)} characters; at most {limits.max_length} are allowed")
        if limits.pattern and value and not re.fullmatch(limits.pattern, value):
            raise DocumentError(f"{path} {value[:80]!r} does not match {limits.pattern}")
        return
    if isinstance(value, float) and not math.isfinite(value):
        raise DocumentError(f"{path} {value} is not a finite number")
    if field.enum_type is not None:
        if value not in field.enum_type.values_by_number or (value == 0 and field.has_presence):
            allowed = ", ".join(enums.short_names(field.enum_type))
            raise DocumentError(f"{path} {value} is not a value of {field.enum_type.name}; allowed: {allowed}")
        return
    too_low = (limits.HasField("min") and value < limits.min) or (limits.HasField("above") and value <= limits.above)
    too_high = (limits.HasField("max") and value > limits.max) or (limits.HasField("below") and value >= limits.below)
    if too_low or too_high:
        raise DocumentError(f"{path} {value} is outside {interval(limits)}")


def interval(limits: limits_pb2.Limits) -> str:
    """The range that limits allow, in mathematical notation, e.g. "(0, 1]"."""
    low, high = "(-inf", "inf)"
    if limits.HasField("min"):
        low = f"[{_digits(limits.min)}"
    elif limits.HasField("above"):
        low = f"({_digits(limits.above)}"
    if limits.HasField("max"):
        high = f"{_digits(limits.max)}]"
    elif limits.HasField("below"):
        high = f"{_digits(limits.below)})"
    return f"{low}, {high}"


def _digits(number: float) -> str:
    """A bound, exactly and without a needless ".0"."""
    return str(int(number)) if number.is_integer() else repr(number)


def _as_field_type(field: FieldDescriptor, number: float) -> float | int | bool:
    if field.type == FieldDescriptor.TYPE_BOOL:
        return bool(number)
    if field.type in (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT):
        return number
    return int(number)


def _text_default(field: FieldDescriptor, text: str) -> str | int:
    if field.enum_type is None:
        return text
    return enums.number(field.enum_type, text)
