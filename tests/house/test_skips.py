"""A test that is skipped because something is missing fails in continuous integration."""

from pathlib import Path

import pytest

ROOT_CONFTEST = Path(__file__).parent.parent / "conftest.py"

SKIPPING = """
import pytest

def test_needs_something():
    pytest.skip("needs a cluster")
"""

SKIPPING_MODULE = """
import pytest

pytest.importorskip("a_package_that_nobody_has")

def test_never_reached():
    pass
"""


WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "beside"])
"""Tests one after another, and beside each other in two processes, as `make test` runs them."""


@pytest.fixture
def folder(pytester, monkeypatch):
    """An empty test folder with the repository's conftest."""
    source = ROOT_CONFTEST.read_text().replace('pytest_plugins = ["pytester"]', "")
    pytester.makeconftest(source)
    monkeypatch.delenv("CI", raising=False)
    return pytester


@pytest.mark.parametrize("source", [SKIPPING, SKIPPING_MODULE], ids=["test", "module"])
def test_a_skip_is_a_skip_at_home(folder, source):
    """Without CI, a missing component skips."""
    folder.makepyfile(source)
    folder.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(skipped=1)


@pytest.mark.slow
@WORKERS
def test_a_skipped_test_fails_in_ci(folder, monkeypatch, workers):
    """With CI=true, a skipped test fails and says why it was skipped."""
    monkeypatch.setenv("CI", "true")
    folder.makepyfile(SKIPPING)
    result = folder.runpytest_inprocess("-p", "no:cacheprovider", *workers)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*CI=true forbids*needs a cluster*"])


@pytest.mark.slow
@WORKERS
def test_a_skipped_module_fails_in_ci(folder, monkeypatch, workers):
    """With CI=true, a module that skips itself fails."""
    monkeypatch.setenv("CI", "true")
    folder.makepyfile(SKIPPING_MODULE)
    result = folder.runpytest_inprocess("-p", "no:cacheprovider", *workers)
    assert set(result.parseoutcomes()) == {"errors"}  # one of each process
    result.stdout.fnmatch_lines(["*CI=true forbids*a_package_that_nobody_has*"])


@pytest.mark.slow
def test_an_expected_failure_is_no_skip(folder, monkeypatch):
    """An xfail stays one with CI=true."""
    monkeypatch.setenv("CI", "true")
    folder.makepyfile("import pytest\n\n@pytest.mark.xfail\ndef test_known():\n    assert False\n")
    folder.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(xfailed=1)
