"""How tests are written here."""

import ast
import re

import pytest


def functions_of(tree):
    """Every test function of a module."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


@pytest.mark.slow
def test_the_name_of_a_test_is_a_fact(test_modules):
    """A name says what holds, in at least three words, and its docstring says it in a sentence."""
    for path, tree in test_modules.items():
        for test in functions_of(tree):
            text = ast.get_docstring(test) or ""
            assert len(test.name.split("_")) >= 4, f"{path}: {test.name} is no sentence"
            assert re.match(r"(?s).+\.$", text), f"{path}: {test.name} has no sentence as its docstring"


def test_no_name_is_used_twice_in_a_module(test_modules):
    """A test that hides another one would never run."""
    for path, tree in test_modules.items():
        names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        assert len(names) == len(set(names)), path


def test_nothing_is_mocked(root, test_modules):
    """Real collaborators: no mock library, no patched attribute; the environment may be set."""
    for path in test_modules:
        text = (root / path).read_text(encoding="utf-8")
        assert not re.search(r"^(import|from) (unittest\.)?mock|monkeypatch\.setattr|\bmocker\.", text, re.MULTILINE), (
            path
        )


def test_timings_are_never_asserted(root, test_modules):
    """A busy machine fails no test."""
    for path in test_modules:
        text = (root / path).read_text(encoding="utf-8")
        assert not re.search(r"assert .*(perf_counter|monotonic|elapsed|seconds) *[<>]", text), path


def test_no_test_folder_is_a_package(root):
    """Modules with equal names live side by side (pytest's importlib mode)."""
    assert list((root / "tests").rglob("__init__.py")) == []
