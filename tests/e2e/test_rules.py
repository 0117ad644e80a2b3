"""Every expression is one that Prometheus reads, and every alert fires when it should and not else: by promtool."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.e2e import commands
from tools.dashboards import expressions

UNIT_TESTS = Path(__file__).with_name("rules.test.yaml")


@pytest.fixture(scope="module")
def promtool():
    """Runs promtool, and gives what it says."""
    command = commands.path("promtool")

    def run(*arguments):
        done = subprocess.run([command, *map(str, arguments)], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("path", sorted(expressions.RULES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_rules_can_be_read(promtool, path):
    """promtool finds every rule, and nothing to complain about."""
    rules = [rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]
    assert f"SUCCESS: {len(rules)} rules found" in promtool("check", "rules", "--lint-fatal", path)


def test_every_expression_of_a_dashboard_can_be_parsed(promtool, tmp_path):
    """As a recording rule, with Grafana's variables filled in."""
    found = expressions.everywhere()
    rules = [
        {"record": f"expression_{number}", "expr": expressions.filled(each.text, campaign="quick")}
        for number, each in enumerate(found)
    ]
    assert all("$" not in rule["expr"] for rule in rules)
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
    assert f"SUCCESS: {len(found)} rules found" in promtool("check", "rules", tmp_path / "rules.yaml")


def test_each_alert_fires_when_it_should_and_not_else(promtool):
    """promtool's unit tests, which have cases of both kinds for each alert."""
    said = promtool("test", "rules", UNIT_TESTS)
    assert "SUCCESS" in said
    cases = [case for test in yaml.safe_load(UNIT_TESTS.read_text())["tests"] for case in test["alert_rule_test"]]
    fires = {case["alertname"] for case in cases if case["exp_alerts"]}
    silent = {case["alertname"] for case in cases if not case["exp_alerts"]}
    alerts = {each.place for path in expressions.RULES.glob("*.yaml") for each in expressions.of_rules(path)}
    assert fires == silent == alerts
