"""HTTP headers that a person gives as text: a line each, `Name: value`, such as a tenant's or a proxy's token.

They are secrets as often as not, so an error names a line by its number and its header, and never tells a value.
"""

import re

from also.errors import SettingError

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
"""A header's name, RFC 9110."""

_VALUE = re.compile(r"[\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?")
"""A header's value: printable ASCII, which every server reads alike."""

_OURS = frozenset(("accept", "accept-encoding", "connection", "content-length", "host", "te", "transfer-encoding"))
"""Headers that belong to the connection or to what is asked."""


def read(text: str, *, where: str) -> dict[str, str]:
    """Headers by name, in their order; lines without anything, and those that begin with `#`, are left out.

    Args:
        text: the lines.
        where: name of the variable or file that they are from, for errors.

    Raises:
        SettingError: a line is no header, or one that cannot be given, or a name is there twice.
    """
    headers: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, colon, value = (part.strip() for part in line.partition(":"))
        place = f"line {number} of {where}"
        if not colon or not _NAME.fullmatch(name):
            raise SettingError(f"{place} is no HTTP header; `Name: value` is expected")
        if not _VALUE.fullmatch(value):
            raise SettingError(f"{place} gives header {name} no value of printable ASCII; `{name}: value` is expected")
        if name.lower() in _OURS:
            raise SettingError(f"{place} gives header {name}, which is set by itself; leave it out")
        if name.lower() in map(str.lower, headers):
            raise SettingError(f"{place} gives header {name} a second time; once is allowed")
        headers[name] = value
    return headers
