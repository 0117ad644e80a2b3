"""Grafana's dashboards ask only for what there is. `make e2e-llm` asks a real Prometheus for every panel."""

import json
import re
from pathlib import Path

import pytest

from also import metrics

FOLDER = Path(__file__).resolve().parents[2] / "deploy/helm/also/dashboards"
DASHBOARDS = sorted(FOLDER.glob("*.json"))

OURS = {name for metric in metrics.REGISTRY.collect() for name in (metric.name, f"{metric.name}_total")} | {
    f"{metric.name}_{part}"
    for metric in metrics.REGISTRY.collect()
    if metric.type == "histogram"
    for part in ("bucket", "sum", "count")
}


@pytest.fixture(params=DASHBOARDS, ids=lambda path: path.stem)
def dashboard(request):
    """Each dashboard."""
    return json.loads(request.param.read_text(encoding="utf-8"))


def panels(dashboard):
    """Panels that show something."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions(dashboard):
    """Every PromQL expression of a dashboard."""
    return [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]


def test_every_metric_of_ours_is_declared(dashboard):
    """A name that begins with also_ or grpc_ is one of `also/metrics.py`."""
    used = {name for text in expressions(dashboard) for name in re.findall(r"\b(?:also|grpc_server)_\w+", text)}
    assert used
    assert used <= OURS


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


def test_dashboards_have_their_own_names():
    """A stable uid and a title each."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in DASHBOARDS]
    assert found
    assert len({each["uid"] for each in found}) == len({each["title"] for each in found}) == len(found)
