"""Grafana's dashboards ask only for what there is. `make e2e` asks a real Prometheus for every panel."""

import json
import re
from pathlib import Path

import pytest
import yaml

from also import metrics
from tools.dashboards import expressions, generate

DASHBOARDS = sorted(expressions.DASHBOARDS.glob("*.json"))

OURS = {name for metric in metrics.REGISTRY.collect() for name in (metric.name, f"{metric.name}_total")} | {
    f"{metric.name}_{part}"
    for metric in metrics.REGISTRY.collect()
    if metric.type == "histogram"
    for part in ("bucket", "sum", "count")
}

OTHERS = {
    "up",  # Prometheus' own: whether a target was scraped
    "ALERTS",  # Prometheus' own: alerts that wait or fire
    "process_cpu_seconds_total",  # of the client library, on Linux
    "process_resident_memory_bytes",
    "vllm:e2e_request_latency_seconds_bucket",  # vLLM 0.32, asked in `make e2e-llm`
    "vllm:generation_tokens_total",
    "vllm:kv_cache_usage_perc",
    "vllm:num_requests_running",
    "vllm:num_requests_waiting",
    "vllm:prefix_cache_hits_total",
    "vllm:prefix_cache_queries_total",
    "vllm:prompt_tokens_total",
    "vllm:request_success_total",
    "vllm:time_to_first_token_seconds_bucket",
}
"""Metrics that are not ours."""


@pytest.fixture(params=DASHBOARDS, ids=lambda path: path.stem)
def path(request):
    """File of each dashboard."""
    return request.param


@pytest.fixture
def dashboard(path):
    """Each dashboard."""
    return json.loads(path.read_text(encoding="utf-8"))


def panels(dashboard):
    """Panels that show something."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def test_every_metric_exists():
    """Whatever a panel, variable, annotation or rule reads is ours, as `also/metrics.py` declares it, or is listed."""
    read = {name for each in expressions.everywhere() for name in expressions.metrics_of(each.text)}
    assert read - OURS == OTHERS


def test_every_label_of_our_metrics_exists():
    """A matcher or grouping names only labels that we or Prometheus give; Grafana shows nothing for a wrong one."""
    given = {"namespace", "release", "pod", "instance", "job", "le", "model_name", "finished_reason", "alertname"}
    declared = set(re.findall(r"`(\w+)`", Path("docs/metrics.md").read_text(encoding="utf-8")))
    for each in expressions.everywhere():
        named = set(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', each.text))
        groups = re.findall(r"\b(?:by|on|group_left)\s*\(([^()]*)\)", each.text)
        named |= {label.strip() for group in groups for label in group.split(",") if label.strip()}
        assert named <= given | declared, each


def test_the_names_of_an_expression_are_found():
    """Functions, labels, strings, durations and operators are no metrics."""
    text = (
        'sum by (a, le) (rate(x_total{b=~"y{z}",c!="d"}[5m])) / on (e) group_left (f) max(1 - u:v offset 1h) > bool 2 '
        "and on () (w or vector(1))"
    )
    assert expressions.metrics_of(text) == {"x_total", "u:v", "w"}
    assert expressions.selectors_of(text) == ['x_total{b=~"y{z}",c!="d"}', "u:v", "w"]


def test_dashboards_are_generated():
    """The files are what `python -m tools.dashboards.generate` writes, and no other one lies beside them."""
    assert generate.stale() == []
    assert set(DASHBOARDS) == set(generate.documents())


def test_every_panel_says_what_it_shows(dashboard):
    """A title, a sentence, a unit."""
    for panel in panels(dashboard):
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]


def test_panels_share_no_id_and_no_place(dashboard):
    """Ids are unique, and no panel covers another."""
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    taken = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + column, place["y"] + line) for column in range(place["w"]) for line in range(place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_query_goes_to_the_chosen_datasource(dashboard):
    """A dashboard can be pointed at any Prometheus."""
    for panel in panels(dashboard):
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])
    asking = [each for each in dashboard["templating"]["list"] if each["type"] == "query"]
    for each in [*asking, *dashboard["annotations"]["list"]]:
        assert each["datasource"]["uid"] == "${datasource}"


def test_every_variable_that_is_used_is_there(path, dashboard):
    """`$campaign` and the others are declared, and Grafana's own are known."""
    declared = {each["name"] for each in dashboard["templating"]["list"]}
    used = {name for each in expressions.of_dashboard(path) for name in re.findall(r"\$(\w+)", each.text)}
    assert used - {"__rate_interval", "__interval"} <= declared
    assert {"datasource", "namespace", "release", "campaign"} <= declared


def test_dashboards_have_their_own_names():
    """A stable uid and a title each."""
    found = [json.loads(each.read_text(encoding="utf-8")) for each in DASHBOARDS]
    assert len(found) == 4
    assert len({each["uid"] for each in found}) == len({each["title"] for each in found}) == len(found)


def test_every_link_leads_to_a_dashboard(dashboard):
    """Each dashboard leads to all others, and no address is of one that is not there."""
    uids = {json.loads(each.read_text(encoding="utf-8"))["uid"] for each in DASHBOARDS}
    assert {link["url"] for link in dashboard["links"]} == {f"/d/{uid}" for uid in uids - {dashboard["uid"]}}
    assert set(re.findall(r"/d/([\w-]+)", json.dumps(dashboard))) <= uids


def test_promotions_holds_and_rollbacks_are_annotated():
    """The dashboards of campaigns mark each kind of decision in its own colour."""
    for name in ("campaigns", "campaign", "validation"):
        document = json.loads((expressions.DASHBOARDS / f"{name}.json").read_text(encoding="utf-8"))
        marks = document["annotations"]["list"]
        assert [mark["name"] for mark in marks] == ["promoted", "held", "rolled back"]
        assert len({mark["iconColor"] for mark in marks}) == 3


def test_what_may_be_empty_is_named_with_its_reason():
    """Each entry has its reason and matches something that is read; none is kept for nothing."""
    read = {name for each in expressions.everywhere() for name in expressions.metrics_of(each.text)}
    for names, reason in expressions.LACKING.values():
        assert reason
        for pattern in names.split("|") if "(" not in names else [names]:
            assert any(re.match(pattern, name) for name in read), pattern


def test_files_are_small_enough_for_a_config_map():
    """A ConfigMap holds 1 MiB; Helm's release, with everything, about as much when it is compressed."""
    assert all(each.stat().st_size < 200_000 for each in DASHBOARDS)


def test_the_rules_are_plain_yaml():
    """Prometheus and the operator read the same groups."""
    for each in sorted(expressions.RULES.glob("*.yaml")):
        assert set(yaml.safe_load(each.read_text(encoding="utf-8"))) == {"groups"}
