"""Short names of protobuf enum values: `potential` for `SHAPING_FORM_POTENTIAL`.

Files, records and prompts use the short name; reasons are shown to people in CamelCase, as in
`Held: NothingToChange`.
"""

import re
from typing import Any

from google.protobuf.descriptor import EnumDescriptor

from also.errors import DocumentError


def prefix(enum: EnumDescriptor) -> str:
    """The prefix that all values of an enum share, e.g. "SHAPING_FORM_"."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", enum.name).upper() + "_"


def short_name(enum: EnumDescriptor, number: int) -> str:
    """Short lower-case name of a value, e.g. "potential"."""
    return str(enum.values_by_number[number].name).removeprefix(prefix(enum)).lower()


def short_names(enum: EnumDescriptor) -> list[str]:
    """Short names of all values that may be set, in order of number."""
    return [short_name(enum, number) for number in sorted(enum.values_by_number) if number != 0]


def number(enum: EnumDescriptor, name: str, where: str = "") -> int:
    """Number of a short (or full) name.

    Raises:
        DocumentError: the enum has no such value.
    """
    for text in (name, prefix(enum) + name.upper()):
        value = enum.values_by_name.get(text)
        if value is not None and value.number != 0:
            return int(value.number)
    place = f"{where} " if where else ""
    raise DocumentError(f"{place}{name!r} is not allowed; allowed: {', '.join(short_names(enum))}")


def camel(enum: Any, value: int) -> str:
    """CamelCase name of a value, as reasons are shown, e.g. "NothingToChange".

    Args:
        enum: the enum's wrapper class, e.g. `journal_pb2.HoldReason`.
        value: number of the value.
    """
    return short_name(enum.DESCRIPTOR, value).title().replace("_", "")
