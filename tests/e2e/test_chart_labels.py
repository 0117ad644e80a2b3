"""Labels, annotations, registries and pull Secrets of the chart, in the forms that other charts have. No cluster."""

import json
import re
from collections.abc import Iterator

import pytest
import yaml

from tests.e2e.chart_values import VALUES
from tests.e2e.rendering import Document, Helm, container, found, jobs, of_kind, pods

pytestmark = pytest.mark.timeout(300)

MONITORING = "--api-versions=monitoring.coreos.com/v1"

SELECTED = ("app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component")


@pytest.fixture(scope="module")
def helm(tmp_path_factory) -> Helm:
    """Both helms."""
    return found(tmp_path_factory.mktemp("helm"), "marl")


@pytest.fixture(scope="module")
def usual(helm) -> list[Document]:
    """The objects of values that a parent chart, or somebody who has other charts, would give."""
    return helm.objects(VALUES["as-everywhere"], MONITORING)


def described(documents: list[Document]) -> Iterator[tuple[str, dict[str, dict[str, str]]]]:
    """Metadata of every object, Job and pod, with a name for it."""
    for document in [*documents, *jobs(documents)]:
        yield f"{document['kind']} {document['metadata'].get('name')}", document["metadata"]
    for owner, pod in pods(documents):
        yield f"pod of {owner}", pod["metadata"]


def test_everything_has_the_common_labels_and_annotations(usual) -> None:
    """Objects, Jobs and pods alike, beside what each has for itself."""
    for name, metadata in described(usual):
        assert metadata["labels"]["example.org/cost-centre"] == "42", name
        assert metadata["annotations"]["example.org/contact"] == "team@example.org", name
    secret = of_kind(usual, "Secret")["also-learner-store"]
    assert secret["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_objects_name_the_chart_and_pods_do_not(usual) -> None:
    """A new version of the chart alone starts no pod anew."""
    for document in usual:
        if document["kind"] != "Pod":
            assert re.fullmatch(r"also-\d+\.\d+\.\d+\S*", document["metadata"]["labels"]["helm.sh/chart"])
    for owner, pod in pods(usual):
        assert "helm.sh/chart" not in pod["metadata"]["labels"], owner


def test_the_name_in_labels_is_the_overridden_one(usual) -> None:
    """Every label, selector, policy and scrape configuration has it, so that what selects still finds its pods."""
    text = json.dumps(usual)
    assert re.findall(r'app.kubernetes.io/name[\\": =]+also', text) == []
    settings = yaml.safe_load(of_kind(usual, "ConfigMap")["also-learner-prometheus"]["data"]["prometheus.yml"])
    (selector,) = settings["scrape_configs"][0]["kubernetes_sd_configs"][0]["selectors"]
    assert selector["label"] == "app.kubernetes.io/name=learner,app.kubernetes.io/instance=also"
    (monitor,) = of_kind(usual, "PodMonitor").values()
    assert monitor["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"] == "learner"


def test_selectors_hold_the_selecting_labels_alone(usual) -> None:
    """A common label that changes later leaves Deployments as they are: their selectors may never change."""
    for name, document in of_kind(usual, "Deployment").items():
        assert set(document["spec"]["selector"]["matchLabels"]) == set(SELECTED), name
    for policy in of_kind(usual, "NetworkPolicy").values():
        assert set(policy["spec"]["podSelector"]["matchLabels"]) <= set(SELECTED)


@pytest.mark.parametrize("name", ["x", "l" * 63, "l" * 100])
def test_a_name_of_any_length_is_a_label(helm, name) -> None:
    """The API server takes no more than 63 characters."""
    documents = helm.objects({"nameOverride": name})
    (label,) = {metadata["labels"]["app.kubernetes.io/name"] for _, metadata in described(documents)}
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,61}[a-z0-9]|[a-z0-9]", label)
    assert label == name or len(name) > 63


def test_a_global_registry_is_that_of_every_image(usual) -> None:
    """A mirror has all of them, ours and those of others."""
    images = {pod["spec"]["containers"][0]["image"] for _, pod in pods(usual)}
    assert all(image.startswith("mirror.example/") for image in images)
    assert any(image.startswith("mirror.example/versity/versitygw:") for image in images)


@pytest.mark.parametrize("own", [{}, {"image": {"registry": "ours.example"}}])
def test_a_registry_of_the_charts_own_holds_where_there_is_no_global_one(helm, own) -> None:
    """Nothing global is set by the chart itself."""
    image = container(helm.objects(own), "trainer")["image"]
    assert image.startswith("ours.example/" if own else "docker.io/")


def test_pull_secrets_come_in_both_forms(usual) -> None:
    """Names and objects with a name, global and the chart's own, each once."""
    for owner, pod in pods(usual):
        assert pod["spec"]["imagePullSecrets"] == [{"name": "mirror"}, {"name": "team"}, {"name": "more"}], owner


def test_pods_name_their_scheduler_and_take_variables_from_maps(helm) -> None:
    """A component's own scheduler is its own; sources of variables are joined, and reach every container."""
    values = VALUES["pods"] | {"critic": {"envFrom": [{"configMapRef": {"name": "minds"}}]}}
    by_owner = dict(pods(helm.objects(values)))
    assert by_owner["also-trainer"]["spec"]["schedulerName"] == "volcano"
    assert "schedulerName" not in by_owner["also-critic"]["spec"]
    sources = {owner: pod["spec"]["containers"][0]["envFrom"] for owner, pod in by_owner.items()}
    common = [{"secretRef": {"name": "proxies"}}, {"prefix": "TEAM_", "configMapRef": {"name": "team"}}]
    assert sources["branch"] == sources["also-store"] == common
    assert sources["also-critic"] == [*common, {"configMapRef": {"name": "minds"}}]
