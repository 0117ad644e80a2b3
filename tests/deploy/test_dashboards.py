"""Grafana's dashboards ask only for what there is. `make e2e` asks a real Prometheus for every panel."""

import json
import re
from pathlib import Path

import pytest
import yaml

from also.registry import REGISTRY
from tools.dashboards import expressions, generate

DASHBOARDS = sorted(expressions.DASHBOARDS.glob("*.json"))

OURS = {name for metric in REGISTRY.collect() for name in (metric.name, f"{metric.name}_total")} | {
    f"{metric.name}_{part}"
    for metric in REGISTRY.collect()
    if metric.type == "histogram"
    for part in ("bucket", "sum", "count")
}

OTHERS = {
    "up",  # Prometheus' own: whether a target was scraped
    "ALERTS",  # Prometheus' own: alerts that wait or fire
    "process_resident_memory_bytes",  # of the client library, on Linux
    "vllm:e2e_request_latency_seconds_bucket",  # vLLM 0.32, asked in `make e2e-llm`
    "vllm:kv_cache_usage_perc",
    "vllm:num_requests_running",
    "vllm:num_requests_waiting",
    "vllm:prefix_cache_hits_total",
    "vllm:prefix_cache_queries_total",
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


def test_every_panel_says_which_question_it_answers(dashboard):
    """A title, a question, then what is shown; a unit."""
    for panel in panels(dashboard):
        assert panel["title"]
        assert re.fullmatch(r"[^?]+\? .+\.", panel["description"]), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]


def test_the_documents_have_every_panel_and_its_question(dashboard):
    """docs/dashboards.md lists the panels of each dashboard, in order; one that answers nothing is not there."""
    text = Path("docs/dashboards.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {dashboard['title'].removeprefix('ALSO / ')}\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| ([^|]*) \| (.*) \|$", section.replace("\\|", "¦"), re.MULTILINE)[2:]
    asked = [
        (panel["title"].replace("|", "¦"), panel["description"].partition("?")[0] + "?") for panel in panels(dashboard)
    ]
    assert listed == asked


def test_panels_are_few():
    """A dashboard that shows everything shows nothing: whoever adds a panel takes one away."""
    counts = [len(panels(json.loads(each.read_text(encoding="utf-8")))) for each in DASHBOARDS]
    assert max(counts) <= 16
    assert sum(counts) <= 52


def test_an_interval_is_a_band(dashboard):
    """Its lower end is a line of the panel that is not seen, and its upper end is filled down to it."""
    for panel in panels(dashboard):
        legends = {target.get("legendFormat") for target in panel["targets"]}
        ends = {each["matcher"]["options"]: each["properties"] for each in panel["fieldConfig"]["overrides"]}
        low = [one["value"] for each in ends.values() for one in each if one["id"] == "custom.fillBelowTo"]
        assert {legend for legend in legends if re.search(r"95 % (low|high)", legend or "")} <= set(ends)
        assert set(low) <= legends & set(ends)
        if panel["type"] == "timeseries":
            for properties in ends.values():
                assert {"id": "custom.lineWidth", "value": 0} in properties
    if dashboard["uid"] == "also-campaign":
        assert '"custom.fillBelowTo"' in json.dumps(dashboard)


def test_legends_are_words(dashboard):
    """Every line and bar is named, by text or by labels that its expression keeps."""
    for panel in panels(dashboard):
        for target in panel["targets"] if panel["type"] != "table" else []:
            legend, text = target["legendFormat"], target["expr"]
            assert legend
            kept = {label.strip() for group in re.findall(r"\bby \(([^()]*)\)", text) for label in group.split(",")}
            named = set(re.findall(r"{{(\w+)}}", legend))
            assert named <= kept | ({"pod", "instance"} if not kept else set()), (panel["title"], legend)


# --- Rules of Grafana's dashboard-linter, which is no Go module that can be had here.


def test_the_datasource_is_a_variable(dashboard):
    """The first one, named and labelled as the linter has it (template-datasource-rule)."""
    first = dashboard["templating"]["list"][0]
    assert (first["name"], first["type"], first["query"], first["label"]) == (
        "datasource",
        "datasource",
        "prometheus",
        "Data source",
    )


def test_values_of_variables_follow_the_time(dashboard):
    """template-on-time-change-reload-rule: a campaign that began since is there to be chosen."""
    assert all(each["refresh"] == 2 for each in dashboard["templating"]["list"] if each["type"] == "query")


def test_a_dashboard_cannot_be_edited_in_place(dashboard):
    """uneditable-dashboard: what the chart has provisioned would be lost with the next change."""
    assert dashboard["editable"] is False


def test_rates_heed_the_scrape_interval(dashboard):
    """target-rate-interval-rule: a range shorter than two scrapes has no rate."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            ranges = re.findall(r"\b(?:rate|irate|increase|delta|idelta)\([^\[\]]*\[([^\]]*)\]", target["expr"])
            assert set(ranges) <= {"$__rate_interval"}, target["expr"]


def test_counters_of_others_are_shown_as_rates(dashboard):
    """target-counter-agg-rule. Ours are counts of the journal, or say whose they are, and stand as they are."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            for name in expressions.metrics_of(target["expr"]) - OURS:
                if re.search(r"_(total|sum|count|bucket)$", name):
                    assert re.search(rf"\b(rate|increase)\({re.escape(name)}", target["expr"]), target["expr"]


def test_panels_ask_in_one_way(dashboard):
    """panel-no-targets-rule and target-promql-rule: each has a query, and none is empty."""
    for panel in panels(dashboard):
        assert panel["targets"]
        assert all(target["expr"].strip() for target in panel["targets"])


def test_the_models_of_vllm_can_be_chosen():
    """Several servers, or several models of one, are told apart at the top."""
    document = json.loads((expressions.DASHBOARDS / "services-and-llm.json").read_text(encoding="utf-8"))
    assert "model" in {each["name"] for each in document["templating"]["list"]}
    asked = [target["expr"] for panel in panels(document) for target in panel["targets"] if "vllm:" in target["expr"]]
    assert asked
    assert all('model_name=~"$model"' in expression for expression in asked)


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
