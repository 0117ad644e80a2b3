"""Commands that the tests run: those that `cluster/build_components.sh` has built, else the machine's own."""

import os
import shutil
from pathlib import Path

import pytest


def cache() -> Path | None:
    """The folder that was built; None where ALSO_E2E_CACHE names none."""
    named = os.environ.get("ALSO_E2E_CACHE")
    return Path(named) if named else None


def path(name: str) -> str:
    """Path of a command, e.g. `kubectl` or `helm3`; the test is skipped where there is none."""
    folder = cache()
    built = folder and folder / "bin" / name
    found = str(built) if built and built.exists() else shutil.which(name) or shutil.which(name.rstrip("34"))
    if not found:
        pytest.skip(f"there is no {name} on the path, and none in ALSO_E2E_CACHE: `make e2e` builds one")
    return found
