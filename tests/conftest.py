"""What all tests share: hypothesis profiles, ordinary floats, and skips that fail in continuous integration."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

pytest_plugins = ["pytester"]

TINY = """
task: {name: foraging, layout: 5x5-2p-1f-coop}
seed: 3
learner: {environments: 8, rollout: 10, hidden: 8, layers: 1, epochs: 1, minibatches: 1}
evaluation: {episodes: 8, report_episodes: 8, branch_points: 1}
stages: {count: 2, env_steps: 400, patience: 0}
generator: {candidates: 2}
validation:
  {proof: confirmed, share: 1, rounds: 1, search_seeds: 1, search_env_steps: 80, confirm_env_steps: 80,
   parallel_groups: 1, minimum_gain: 0}
"""

FULL = hypothesis.settings(
    deadline=None,  # timings are never asserted: the machine may be busy
    derandomize=True,  # equal sources, equal examples
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile("full", FULL)
hypothesis.settings.register_profile("quick", FULL, max_examples=20)  # for `make check`
hypothesis.settings.load_profile("full")


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of its own for each process that tests: what was kept before decides nothing."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def tiny_campaign() -> str:
    """The file of a campaign with branches that real processes run in seconds."""
    return TINY


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[..., list[dict[str, Any]]]:
    """What the log was told in this process: the fields of each line, with its event; those of some events only if any
    are named."""
    caplog.set_level(logging.INFO, "also")

    def told(*events: str) -> list[dict[str, Any]]:
        found = [{"event": record.event, **record.told} for record in caplog.records if hasattr(record, "told")]
        return [line for line in found if not events or line["event"] in events]

    return told


@pytest.fixture(scope="module", autouse=True)
def ordinary_floats():
    """A trainer that ran in this process has made torch flush tiny floats to 0; each module begins without that."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)


def fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    """With CI=true, turn a skip into a failure: there, everything that a test needs must be installed."""
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI=true forbids: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Judge the report of a test."""
    report = yield
    fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Judge the report of a module that may skip itself."""
    report = yield
    fail_if_skipped(report)
    return report
