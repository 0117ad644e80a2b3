"""Packages that a local service needs: extras, which `pip install also-marl` alone leaves out."""

import re
from importlib.metadata import PackageNotFoundError, requires, version

DISTRIBUTION = "also-marl"
"""What people install."""

_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)[^;]*;\s*extra\s*==\s*['\"](?P<extra>[\w-]+)['\"]\s*")


def missing(extra: str) -> list[str]:
    """Packages of an extra that are not installed, in alphabetical order; none where ALSO runs from its sources alone.

    Args:
        extra: name of an extra of `pyproject.toml` that names packages, no other extra.
    """
    try:
        needed = [_REQUIREMENT.fullmatch(each) for each in requires(DISTRIBUTION) or []]
    except PackageNotFoundError:
        return []
    return sorted(each["name"] for each in needed if each and each["extra"] == extra and not _is_here(each["name"]))


def _is_here(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
