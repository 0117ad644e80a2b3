"""The repository's Python sources as syntax trees."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = ("also", "tools", "benchmarks", "examples", "tests")


def parse(*folders):
    """Syntax trees of our own modules below folders, by path; generated code is left out."""
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    own = [path for path in paths if (ROOT / "also/v1") not in path.parents]
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in own}


@pytest.fixture(scope="session")
def root():
    """Root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def modules():
    """Every module that is ours."""
    return parse(*FOLDERS)


@pytest.fixture(scope="session")
def sources(modules):
    """Every module that is ours and no test."""
    return {path: tree for path, tree in modules.items() if not path.startswith("tests/")}


@pytest.fixture(scope="session")
def test_modules(modules):
    """Every module with tests."""
    return {path: tree for path, tree in modules.items() if path.startswith("tests/") and "/test_" in path}
