"""What pip installs for a service: `requirements.py SERVICE [EXTRA ...]`, beside pyproject.toml and constraints.txt.

Writes requirements.txt: the project's dependencies with those of the extra that is called like the service, and of
further ones; and versions.txt: the versions of constraints.txt. PyTorch, and the numpy that it was built with, are a
base image's own where it has them: then PyTorch is not asked for at all (what a distribution's package of it declares
to need is often not what it was built with), and the version of each is held.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

KEPT = ("torch", "numpy")
"""Packages that stay as the base has them, if it has the first."""


def named(requirement: str) -> str:
    """Normal form of the name that a requirement begins with."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0]).lower()


def expanded(project: dict[str, Any], extra: str) -> Iterator[str]:
    """Requirements of an extra, with those of the extras that it names in turn."""
    for requirement in project["optional-dependencies"].get(extra, []):
        if named(requirement) == project["name"]:
            for each in requirement.partition("[")[2].rstrip("]").split(","):
                yield from expanded(project, each.strip())
        else:
            yield requirement


def brought() -> dict[str, str]:
    """Versions of what stays as the base has it; empty where it has no PyTorch."""
    try:
        return {name: version(name) for name in KEPT}
    except PackageNotFoundError:
        return {}


def main(service: str, *extras: str) -> None:
    """Write both files, or end with one line about an extra that there is not."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    for extra in extras:
        if extra not in project["optional-dependencies"]:
            known = ", ".join(sorted(project["optional-dependencies"]))
            sys.exit(f"error: EXTRAS has {extra!r}, which is no extra; the extras are {known}")
    tested = Path("constraints.txt").read_text(encoding="utf-8").splitlines()
    held = brought()
    needed = [*project["dependencies"], *(each for extra in (service, *extras) for each in expanded(project, extra))]
    if held:
        print("The base has", ", ".join(f"{name} {found}" for name, found in held.items()))
        needed = [requirement for requirement in needed if named(requirement) != KEPT[0]]
    versions = [line for line in tested if named(line) not in held] + [f"{name}=={held[name]}" for name in held]
    Path("requirements.txt").write_text("\n".join([*needed, ""]), encoding="utf-8")
    Path("versions.txt").write_text("\n".join([*versions, ""]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], *sys.argv[2:])
