"""Whether data follow a JSON schema of the small kind that is sent to LLMs, and if not, why.

A server may enforce a schema or ignore it, so every reply is checked here. Of several alternatives
(`anyOf`) the one is blamed that fits farthest, because a model that wrote a team's potential wants to
hear what is wrong with that, and not that it is no penalty.
"""

from dataclasses import dataclass, replace
from typing import Any

from also.llm.schemas import Schema

_SHOWN = 40
"""Characters of a wrong text that an error shows."""

_LONGEST_LIST = 400
"""Characters of the allowed values that an error names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """The first thing that is wrong."""

    path: str
    found: str
    allowed: tuple[str, ...]
    passed: int
    """Values that were checked before, and right."""


def fault(schema: Schema, data: Any, path: str = "") -> str:
    """The first thing in data that breaks a schema, in one sentence; empty when they follow it.

    Args:
        schema: made of type, enum, properties, items, anyOf, minItems, maxItems and maxLength; every
            property of an object is required, and no other is allowed.
        data: any JSON data.
        path: path of the data, used in the sentence ("" for a root).
    """
    outcome = _check(schema, data, path)
    if isinstance(outcome, int):
        return ""
    allowed = ", ".join(outcome.allowed)
    if len(allowed) > _LONGEST_LIST:
        allowed = f"{allowed[:_LONGEST_LIST].rpartition(', ')[0]}, ..."
    return f"{outcome.path or 'the reply'} is {outcome.found}; allowed: {allowed}"


def _check(schema: Schema, data: Any, path: str) -> int | _Fault:
    """How many values were checked, or the fault."""
    if "anyOf" in schema:
        return _check_any(schema["anyOf"], data, path)
    if not _is_of_type(schema["type"], data) or ("enum" in schema and data not in schema["enum"]):
        return _Fault(path=path, found=_shown(data), allowed=_values(schema), passed=0)
    match schema["type"]:
        case "object":
            return _check_object(schema["properties"], data, path)
        case "array":
            return _check_array(schema, data, path)
        case "string" if len(data) > schema.get("maxLength", len(data)):
            most = f"at most {schema['maxLength']} characters"
            return _Fault(path=path, found=f"a text of {len(data)} characters", allowed=(most,), passed=0)
        case _:
            return 1


def _check_any(schemas: list[Schema], data: Any, path: str) -> int | _Fault:
    outcomes = [_check(schema, data, path) for schema in schemas]
    faults = [outcome for outcome in outcomes if isinstance(outcome, _Fault)]
    if len(faults) < len(outcomes):
        return next(outcome for outcome in outcomes if isinstance(outcome, int))
    farthest = max(faults, key=lambda item: item.passed)
    equal = [item for item in faults if (item.passed, item.path) == (farthest.passed, farthest.path)]
    allowed = tuple(dict.fromkeys(name for item in equal for name in item.allowed))
    return _Fault(path=farthest.path, found=farthest.found, allowed=allowed, passed=farthest.passed)


def _check_object(properties: dict[str, Schema], data: dict[str, Any], path: str) -> int | _Fault:
    passed = 1
    for name, schema in properties.items():
        where = f"{path}.{name}" if path else name
        if name not in data:
            return _Fault(path=where, found="missing", allowed=_values(schema), passed=passed)
        outcome = _check(schema, data[name], where)
        if isinstance(outcome, _Fault):
            return replace(outcome, passed=passed + outcome.passed)
        passed += outcome
    for name in data:
        if name not in properties:
            found = f"a mapping with {_shown(name)}, which is unknown"
            return _Fault(path=path, found=found, allowed=tuple(properties), passed=passed)
    return passed


def _check_array(schema: Schema, data: list[Any], path: str) -> int | _Fault:
    least, most = schema["minItems"], schema["maxItems"]
    if not least <= len(data) <= most:
        return _Fault(path=path, found=f"a list of {len(data)}", allowed=(f"{least} to {most} items",), passed=0)
    passed = 1
    for index, item in enumerate(data):
        outcome = _check(schema["items"], item, f"{path}[{index}]")
        if isinstance(outcome, _Fault):
            return replace(outcome, passed=passed + outcome.passed)
        passed += outcome
    return passed


def _is_of_type(kind: str, data: Any) -> bool:
    match kind:
        case "null":
            return data is None
        case "integer":
            is_whole = isinstance(data, int) or (isinstance(data, float) and data.is_integer())
            return is_whole and not isinstance(data, bool)
        case _:
            return isinstance(data, {"object": dict, "array": list, "string": str}[kind])


def _values(schema: Schema) -> tuple[str, ...]:
    """What a schema allows, in words."""
    if "anyOf" in schema:
        return tuple(dict.fromkeys(value for option in schema["anyOf"] for value in _values(option)))
    if "enum" in schema:
        return tuple(str(value) for value in schema["enum"])
    return (_TYPES[schema["type"]],)


_TYPES = {
    "null": "null",
    "integer": "a whole number",
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
}


def _shown(data: Any) -> str:
    """Data in a few plain characters."""
    match data:
        case None:
            return "null"
        case bool():
            return str(data).lower()
        case int() if data.bit_length() > 64:
            return "a huge number"
        case int() | float():
            return str(data)
        case str():
            return ascii(data[:_SHOWN])
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return f"a {type(data).__name__}"
