"""Each alert says how bad it is, what has happened, and where it is written what to do. `make e2e` makes them fire."""

import re
from pathlib import Path

import pytest
import yaml

from tools.dashboards.expressions import RULES

RUNBOOK = Path(__file__).parents[2] / "docs" / "operations.md"

ALERTS = [
    rule
    for path in sorted(RULES.glob("*.yaml"))
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]


@pytest.fixture(params=ALERTS, ids=lambda rule: rule["alert"])
def alert(request):
    """Each alert."""
    return request.param


def test_the_alerts_are_these():
    """Whoever removes one, or adds one, says so here."""
    assert sorted(rule["alert"] for rule in ALERTS) == [
        "AlsoBranchGroupsFailing",
        "AlsoBudgetNear",
        "AlsoCampaignStuck",
        "AlsoLlmFailing",
        "AlsoPrometheusAway",
        "AlsoServiceDown",
        "AlsoValidatorHeldOnMetrics",
    ]


def test_an_alert_says_how_bad_it_is_and_what_has_happened(alert):
    """A severity that routes can match, a summary in a line, a description in sentences."""
    assert alert["labels"]["severity"] in {"info", "warning", "critical"}
    assert alert["annotations"]["summary"].endswith(".")
    assert "\n" not in alert["annotations"]["summary"]
    assert "{{ $labels.namespace }}" in re.sub(r"\s+", " ", alert["annotations"]["description"])


def test_the_runbook_has_a_section_for_each_alert(alert):
    """The address ends with the heading's anchor, as GitHub makes it."""
    path, anchor = alert["annotations"]["runbook"].split("#")
    assert path == "docs/operations.md"
    assert anchor == alert["alert"].lower()
    assert f"### {alert['alert']}\n" in RUNBOOK.read_text(encoding="utf-8")


def test_an_alert_names_the_campaigns_namespace(alert):
    """Two releases in two namespaces may run campaigns of one id."""
    groupings = re.findall(r"\b(?:by|on) \(([^()]*)\)", alert["expr"])
    assert groupings
    assert all("namespace" in grouping for grouping in groupings)
