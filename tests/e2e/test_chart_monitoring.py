"""What the chart makes for a Prometheus operator and for a Grafana beside it. No cluster."""

import json

import pytest
import yaml

from tests.e2e.chart_values import VALUES
from tests.e2e.rendering import HELMS, Document, Helm, found, of_kind
from tools.chart_values import CHART

pytestmark = pytest.mark.timeout(300)

MONITORING = "--api-versions=monitoring.coreos.com/v1"

GRAFANA = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app.kubernetes.io/name": "grafana"}}}


@pytest.fixture(scope="module")
def helm(tmp_path_factory) -> Helm:
    """Both helms."""
    return found(tmp_path_factory.mktemp("helm"), "marl")


def let_in(documents: list[Document]) -> list[tuple[int, Document]]:
    """Peers that the release's own Prometheus answers, with the port."""
    policy = of_kind(documents, "NetworkPolicy")["also-prometheus"]
    rules = policy["spec"]["ingress"]
    return [(port["port"], peer) for rule in rules for port in rule["ports"] for peer in rule.get("from", [{}])]


def test_a_pod_monitor_relabels_as_it_is_told(helm) -> None:
    """Targets after the chart's own labels, so that these can be changed too; samples only where it is said."""
    own = VALUES["monitoring"] | {"vllm": {"enabled": True, "model": "m"}}
    (monitor,) = of_kind(helm.objects(own, MONITORING), "PodMonitor").values()
    ours, vllm = monitor["spec"]["podMetricsEndpoints"]
    for endpoint in (ours, vllm):
        assert endpoint["relabelings"][-1] == {"targetLabel": "cluster", "replacement": "west"}
        assert endpoint["relabelings"][-2]["targetLabel"] == "release"
        assert [each["regex"] for each in endpoint["metricRelabelings"]] == ["python_.*"]
    plain = helm.objects({"monitoring": {"podMonitor": {"enabled": True}}}, MONITORING)
    (monitor,) = of_kind(plain, "PodMonitor").values()
    assert "metricRelabelings" not in monitor["spec"]["podMetricsEndpoints"][0]


def test_grafana_is_told_of_the_releases_own_prometheus(helm) -> None:
    """By the address of its Service and the path that it answers under; two releases are two sources."""
    path = {"prometheus": {"embedded": {"args": ["--web.external-url=https://example.org/metrics/"]}}}
    documents = helm.objects(VALUES["monitoring"] | path)
    document = of_kind(documents, "ConfigMap")["also-datasource"]
    assert document["metadata"]["labels"]["grafana_datasource"] == "1"
    (text,) = document["data"].values()
    (source,) = yaml.safe_load(text)["datasources"]
    assert source["url"] == "http://also-prometheus.marl.svc:9090/metrics"
    assert (source["type"], source["name"]) == ("prometheus", "ALSO marl/also")
    services = of_kind(documents, "Service")
    assert services["also-prometheus"]["spec"]["ports"][0]["port"] == 9090
    other = of_kind(helm.objects(VALUES["monitoring"], release="second"), "ConfigMap")["second-also-datasource"]
    (text,) = other["data"].values()
    assert yaml.safe_load(text)["datasources"][0]["uid"] != source["uid"]


def test_grafana_beside_reaches_the_prometheus_that_it_is_told_of(helm) -> None:
    """Its pods of any namespace may ask it; without the datasource, or where nobody is named, they may not."""
    assert (9090, GRAFANA) in let_in(helm.objects({"monitoring": {"datasource": {"enabled": True}}}))
    assert GRAFANA not in [peer for _, peer in let_in(helm.objects({}))]
    nobody = {"monitoring": {"datasource": {"enabled": True}}, "networkPolicy": {"grafanaFrom": []}}
    assert let_in(helm.objects(nobody)) == let_in(helm.objects({}))


def test_a_prometheus_without_a_datasource_has_none(helm) -> None:
    """Nothing of Grafana's is made unless it is asked for."""
    assert "grafana" not in json.dumps(helm.objects({}))


def alerts(documents: list[Document]) -> dict[str, Document]:
    """Alerts of the release's own Prometheus by name; the operator's are the same."""
    files = of_kind(documents, "ConfigMap")["also-prometheus"]["data"]
    loaded = yaml.safe_load(next(text for name, text in files.items() if name.endswith(".rules.yaml")))
    for each in of_kind(documents, "PrometheusRule").values():
        assert each["spec"] == loaded
    return {rule["alert"]: rule for group in loaded["groups"] for rule in group["rules"]}


def test_alerts_are_what_the_file_says_unless_values_change_them(helm) -> None:
    """Nothing is added by itself: no address is known where people would read the runbook."""
    (group,) = yaml.safe_load((CHART / "rules" / "also.yaml").read_text(encoding="utf-8"))["groups"]
    assert list(alerts(helm.objects({})).values()) == group["rules"]


def test_each_alert_can_be_changed_by_its_name(helm) -> None:
    """Left out, told apart by severity and labels, given more time; the others have the labels of all."""
    changed = alerts(helm.objects(VALUES["monitoring"], MONITORING))
    assert "AlsoBudgetNear" not in changed
    assert changed["AlsoServiceDown"]["labels"] == {"severity": "page", "team": "platform"}
    assert changed["AlsoServiceDown"]["for"] == "15m"
    assert changed["AlsoLlmFailing"]["labels"] == {"severity": "warning", "team": "marl"}


def test_an_alert_leads_to_its_part_of_the_runbook(helm) -> None:
    """The address that is told, with the anchor of the alert's heading."""
    for name, alert in alerts(helm.objects(VALUES["monitoring"])).items():
        address = f"https://git.example/also/docs/operations.md#{name.lower()}"
        assert alert["annotations"]["runbook_url"] == address
        assert address.endswith(alert["annotations"]["runbook"])


# --- Without a cluster.


@pytest.mark.parametrize("version", HELMS)
def test_what_is_rendered_offline_says_what_it_could_not_know(helm, version) -> None:
    """Comments name what was made at random or left out, and what to set; where nothing was, there are none."""
    text = helm.render(version, VALUES["monitoring"])
    assert "name it in objectStore.embedded.existingSecret" in text
    assert "--api-versions=monitoring.coreos.com/v1" in text
    told = helm.render(version, VALUES["monitoring"] | VALUES["volumes"], MONITORING)
    assert "Made at random" not in told
    assert "were left out" not in told
