"""Messages as plain data: the one mapping between protobuf and JSON or YAML that ALSO uses.

Campaign files, journal records, manifests and `--json` output all go through here. Compared with
protobuf's own JSON mapping, enums are short lower-case names (`potential`, not
`SHAPING_FORM_POTENTIAL`), 64-bit integers are numbers, fields keep their names from the `.proto`
file, and what is wrong is said with its path and with what is allowed.
"""

import hashlib
import json
import math
from typing import Any, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from also import enums
from also.errors import DocumentError
from also.limits import descriptor, is_map

M = TypeVar("M", bound=Message)

_INTEGERS = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
}


def plain(message: Message) -> dict[str, Any]:
    """A message as JSON data: fields that are set, in the order of the `.proto` file; -0.0 is written as 0."""
    data: dict[str, Any] = {}
    for field in descriptor(message).fields:
        value = getattr(message, field.name)
        if is_map(field):
            if value:
                data[field.name] = {key: _plain_value(_map_value(field), value[key]) for key in sorted(value)}
        elif field.is_repeated:
            if len(value):
                data[field.name] = [_plain_value(field, item) for item in value]
        elif field.has_presence:
            if message.HasField(field.name):
                data[field.name] = _plain_value(field, value)
        elif value != field.default_value:
            data[field.name] = _plain_value(field, value)
    return data


def read(kind: type[M], data: Any, where: str = "") -> M:
    """A message from JSON data. Ranges are not checked here: see `also.limits.check`.

    Args:
        kind: class of the message.
        data: what a JSON or YAML parser returned.
        where: path of the data, used in errors ("" for a root).

    Raises:
        DocumentError: an unknown key, a wrong type, or an unknown enum name.
    """
    message = kind()
    _fill(message, data, where)
    return message


def canonical(message: Message) -> bytes:
    """The one byte string of a message: sorted keys, no spaces, numbers in shortest form.

    Raises:
        ValueError: a number is not finite; JSON has no such numbers.
    """
    return json.dumps(plain(message), sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(message: Message) -> str:
    """sha256 of the canonical bytes, hex."""
    return hashlib.sha256(canonical(message)).hexdigest()


def parse_json(kind: type[M], content: bytes, where: str) -> M:
    """A message from JSON bytes.

    Args:
        kind: class of the message.
        content: the bytes.
        where: what they are, used in errors, e.g. a key of the object store.

    Raises:
        DocumentError: the bytes are not JSON, or not such a message.
    """
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{where} is not JSON: {error}") from None
    try:
        return read(kind, data)
    except DocumentError as error:
        raise DocumentError(f"{where}: {error}") from None


def _plain_value(field: FieldDescriptor, value: Any) -> Any:
    if field.message_type is not None:
        return plain(value)
    if field.enum_type is not None:
        return enums.short_name(field.enum_type, value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def _map_value(field: FieldDescriptor) -> FieldDescriptor:
    assert field.message_type is not None
    return field.message_type.fields_by_name["value"]


def _fill(message: Message, data: Any, where: str) -> None:
    if not isinstance(data, dict):
        raise DocumentError(f"{where or message.DESCRIPTOR.name} is {_kind(data)}; a mapping is expected")
    fields = descriptor(message).fields_by_name
    for key, value in data.items():
        path = f"{where}.{key}" if where else str(key)
        if key not in fields:
            raise DocumentError(f"unknown key {path!r}; allowed here: {', '.join(fields)}")
        _set(message, fields[key], value, path)


def _set(message: Message, field: FieldDescriptor, value: Any, path: str) -> None:
    target = getattr(message, field.name)
    if value is None:
        raise DocumentError(f"{path} is empty; leave the key out, or give it a value")
    if field.containing_oneof is not None:
        _refuse_second_of_oneof(message, field, path)
    if is_map(field):
        if not isinstance(value, dict):
            raise DocumentError(f"{path} is {_kind(value)}; a mapping is expected")
        for key, item in value.items():
            if not isinstance(key, str):
                raise DocumentError(f"{path} has the key {key!r}; a text is expected")
            _fill_scalar_map(target, key, item, f"{path}.{key}")
    elif field.is_repeated:
        if not isinstance(value, list):
            raise DocumentError(f"{path} is {_kind(value)}; a list is expected")
        for index, item in enumerate(value):
            if field.message_type is not None:
                _fill(target.add(), item, f"{path}[{index}]")
            else:
                target.append(_scalar(field, item, f"{path}[{index}]"))
    elif field.message_type is not None:
        target.SetInParent()
        _fill(target, value, path)
    else:
        setattr(message, field.name, _scalar(field, value, path))


def _refuse_second_of_oneof(message: Message, field: FieldDescriptor, path: str) -> None:
    oneof = field.containing_oneof
    assert oneof is not None
    other = message.WhichOneof(oneof.name)
    if other is not None and other != field.name:
        raise DocumentError(f"{path} cannot be set together with {other!r}")


def _fill_scalar_map(target: Any, key: str, item: Any, path: str) -> None:
    """Campaign files write a map's scalars plainly; records write them as messages."""
    if isinstance(item, dict):
        _fill(target[key], item, path)
    elif isinstance(item, bool):
        target[key].flag = item
    elif isinstance(item, int | float):
        target[key].number = _finite(item, path)
    elif isinstance(item, str):
        target[key].text = item
    else:
        raise DocumentError(f"{path} is {_kind(item)}; a number, a text or a truth value is expected")


def _scalar(field: FieldDescriptor, value: Any, path: str) -> Any:
    if field.enum_type is not None:
        if not isinstance(value, str):
            names = ", ".join(enums.short_names(field.enum_type))
            raise DocumentError(f"{path} is {_kind(value)}; one of these is expected: {names}")
        return enums.number(field.enum_type, value, path)
    if field.type == FieldDescriptor.TYPE_STRING:
        if not isinstance(value, str):
            raise DocumentError(f"{path} is {_kind(value)}; a text is expected")
        return value
    if field.type == FieldDescriptor.TYPE_BOOL:
        if not isinstance(value, bool):
            raise DocumentError(f"{path} is {_kind(value)}; true or false is expected")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DocumentError(f"{path} is {_kind(value)}; a number is expected")
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return _finite(value, path)
    return _integer(field, value, path)


def _finite(value: float, path: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise DocumentError(f"{path} {value} is not a finite number")
    return number


def _integer(field: FieldDescriptor, value: float, path: str) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise DocumentError(f"{path} {value} is not a whole number")
    low, high = _INTEGERS[field.type]
    if not low <= value <= high:
        raise DocumentError(f"{path} {value} is outside [{low}, {high}]")
    return int(value)


def _kind(value: Any) -> str:
    match value:
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case bool():
            return f"the truth value {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {value[:60]!r}"
        case None:
            return "empty"
        case _:
            return f"a {type(value).__name__}"
