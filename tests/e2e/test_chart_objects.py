"""What the chart renders, for many values, is what a real API server accepts under restricted Pod Security.

Nothing of it runs here: test_release.py and test_campaign.py install it.
"""

import json
import re
import subprocess

import pytest

from tests.e2e.chart_values import VALUES
from tests.e2e.openapi import write_schemas
from tests.e2e.releases import CHART
from tests.e2e.rendering import HELMS, found, jobs, of_kind, parsed, pods

pytestmark = pytest.mark.timeout(600)

NAMESPACE = "also-chart"
OPERATORS = "PodMonitor,PrometheusRule"
"""Kinds that only a cluster with a Prometheus operator knows."""


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """The objects that the chart renders of values, by their name."""
    helm = found(tmp_path_factory.mktemp("helm"), NAMESPACE)
    return lambda name: helm.objects(VALUES[name], "--api-versions=monitoring.coreos.com/v1")


@pytest.fixture(scope="module")
def schemas(kubectl, tmp_path_factory):
    """Where kubeconform finds the schemas of the cluster's kinds."""
    read = lambda group: kubectl("get", "--raw", f"/openapi/v3/{group}").stdout  # noqa: E731
    return write_schemas(read, tmp_path_factory.mktemp("schemas"))


@pytest.fixture(scope="module")
def namespace(cluster):
    """A namespace under restricted Pod Security."""
    with cluster.namespace(NAMESPACE) as name:
        yield name


@pytest.mark.parametrize("name", VALUES)
def test_objects_keep_the_schemas_of_the_cluster(rendered, components, schemas, name):
    """kubeconform finds neither an unknown key nor a wrong type, in Jobs that are made later either."""
    documents = rendered(name)
    named = [job | {"metadata": job["metadata"] | {"name": "job"}} for job in jobs(documents)]
    done = subprocess.run(
        [components / "bin/kubeconform", "-strict", "-summary", f"-skip={OPERATORS}", f"-schema-location={schemas}"],
        input="\n---\n".join(map(json.dumps, [*documents, *named])),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    judged = [each for each in [*documents, *named] if each["kind"] not in OPERATORS.split(",")]
    assert f"Valid: {len(judged)}," in done.stdout


def test_a_misspelt_key_does_not_pass(components, schemas):
    """The schemas are strict, deep inside an object too."""
    claim = {"metadata": {"name": "x"}, "spec": {"accessMode": ["ReadWriteOnce"]}}
    done = subprocess.run(
        [components / "bin/kubeconform", "-strict", f"-schema-location={schemas}"],
        input=json.dumps({"apiVersion": "v1", "kind": "PersistentVolumeClaim"} | claim),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "accessMode" in done.stdout


@pytest.mark.parametrize("name", VALUES)
def test_the_api_server_accepts_every_object_and_pod(rendered, cluster, namespace, name):
    """A server's dry run takes all objects, and every pod of theirs, in a namespace under restricted Pod Security."""
    documents = [each for each in rendered(name) if each["kind"] not in OPERATORS.split(",")]
    accounts = [each for each in documents if each["kind"] == "ServiceAccount"]
    apply(cluster, accounts)  # a pod is refused while its account is not there
    named = [
        {"apiVersion": "v1", "kind": "Pod"} | pod | {"metadata": pod["metadata"] | {"name": f"pod-{number}"}}
        for number, (_, pod) in enumerate(pods(documents))
    ]
    named = [pod | {"spec": {key: pod["spec"][key] for key in pod["spec"] if "ClassName" not in key}} for pod in named]
    templates = [job | {"metadata": job["metadata"] | {"name": "job"}} for job in jobs(documents)]
    apply(cluster, [*documents, *named, *templates], "--dry-run=server")
    cluster.kubectl("delete", "serviceaccounts", f"--namespace={namespace}", "--all")


@pytest.mark.parametrize("version", HELMS)
def test_a_long_name_is_kept_by_the_release_that_has_it(cluster, namespace, version):
    """A release that was installed when long names were only cut off finds its objects; one that is new gets a hash."""
    there, new = (
        "a-release-whose-name-is-as-long-as-one-may-be-in-helm",
        "a-release-whose-name-is-as-long-as-one-may-be-now",
    )
    older = f"{there}-also"[:46].rstrip("-")
    annotations = {"meta.helm.sh/release-name": there, "meta.helm.sh/release-namespace": namespace}
    labels = {"app.kubernetes.io/managed-by": "Helm"}
    metadata = {"name": f"{older}-job-template", "labels": labels, "annotations": annotations}
    given = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    cluster.kubectl("apply", f"--namespace={namespace}", "--filename=-", given=given)
    place = [str(CHART), f"--namespace={namespace}", "--dry-run=server", "--kube-version=1.34.0"]
    names = {
        release: set(of_kind(parsed(cluster.helm("template", release, *place, version=version).stdout), "Service"))
        for release in (there, new)
    }
    cluster.kubectl("delete", "configmap", f"{older}-job-template", f"--namespace={namespace}")
    assert f"{older}-trainer" in names[there]
    assert not names[there] & names[new]
    assert all(re.fullmatch(r"a-release-whose-name-is-as-long-as-on-[0-9a-f]{8}-[a-z-]+", name) for name in names[new])


def apply(cluster, documents, *arguments):
    """Apply objects; a warning is an error."""
    given = json.dumps({"apiVersion": "v1", "kind": "List", "items": documents})
    command = ["apply", "--server-side", "--force-conflicts", "--warnings-as-errors", *arguments, "--filename=-"]
    return cluster.kubectl(*command, f"--namespace={NAMESPACE}", given=given)
