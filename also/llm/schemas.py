"""The small kind of JSON schema that is sent to LLMs, made of what xgrammar and OpenAI's strict mode share.

There is no $ref, no pattern and no numeric range, and an object has all of its properties and no other.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Schema = dict[str, Any]
"""A JSON schema, as JSON data."""

NULL: Schema = {"type": "null"}


def text(longest: int) -> Schema:
    """A text of at most so many characters."""
    return {"type": "string", "maxLength": longest}


def one(values: Iterable[str | int]) -> Schema:
    """One of some texts, or of some whole numbers."""
    allowed = list(values)
    return {"type": "string" if isinstance(allowed[0], str) else "integer", "enum": allowed}


def either(schemas: Sequence[Schema]) -> Schema:
    """What follows one of some schemas."""
    return {"anyOf": list(schemas)} if len(schemas) > 1 else schemas[0]


def listed(items: Schema, *, least: int, most: int) -> Schema:
    """A list of so many items."""
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def record(fields: Mapping[str, Schema]) -> Schema:
    """An object with exactly these properties."""
    return {"type": "object", "properties": dict(fields), "required": list(fields), "additionalProperties": False}
