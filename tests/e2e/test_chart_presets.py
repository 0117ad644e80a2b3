"""The chart's presets for clouds: complete but for what only the user knows, and no wider than needed. No cluster."""

import re

import pytest
import yaml

from tests.e2e.rendering import Helm, environment, found, lets_out, of_kind, pods
from tools.chart_values import PRESETS

pytestmark = pytest.mark.timeout(300)

CLOUDS = {
    "eks": {"objectStore": {"external": {"uri": "s3://bucket/also", "region": "eu-central-1"}}},
    "gke": {"objectStore": {"external": {"uri": "gs://bucket/also"}}},
    "aks": {
        "objectStore": {"external": {"uri": "abfss://container@account.dfs.core.windows.net/also"}},
        "pods": {"serviceAccountAnnotations": {"azure.workload.identity/client-id": "an-id"}},
    },
}
"""What a user adds to each."""

NEEDED = {
    "eks": [("169.254.170.23", 80), ("fd00:ec2::23", 80)],
    "gke": [("169.254.169.254", 80), ("169.254.169.252", 987), ("169.254.169.252", 988)],
    "aks": [],
}
"""Where each cloud's client asks for its token on the node."""

USERS = ("trainer", "critic", "generator", "validator", "campaign", "branch", "test")
"""Components that use the store."""


@pytest.fixture(scope="module")
def helm(tmp_path_factory) -> Helm:
    """Both helms."""
    return found(tmp_path_factory.mktemp("helm"), "also")


@pytest.fixture(params=CLOUDS)
def cloud(request) -> str:
    """Each cloud."""
    return str(request.param)


def preset(cloud: str) -> str:
    """Argument that names a preset."""
    return f"--values={PRESETS / f'{cloud}.yaml'}"


def test_a_preset_reaches_its_token_and_store_and_no_other_metadata(helm, cloud) -> None:
    """What gives a token is open to the store's users alone; the metadata of other clouds is not."""
    documents = helm.objects(CLOUDS[cloud], preset(cloud))
    hosts = {host for each in NEEDED.values() for host in each} | {("169.254.169.254", 80)}
    for component in USERS:
        assert lets_out(documents, component, "203.0.113.1", 443)
        for host in hosts:
            assert lets_out(documents, component, *host) == (host in NEEDED[cloud]), (component, host)
    assert not any(lets_out(documents, "prometheus", *host) for host in hosts)


def test_no_secret_holds_a_key_of_the_store(helm, cloud) -> None:
    """Neither an object nor a variable: identity is the pod's own."""
    documents = helm.objects(CLOUDS[cloud], preset(cloud))
    assert of_kind(documents, "Secret") == {}
    assert not any("SECRET" in name or "KEY" in name for name in environment(documents, "trainer"))


@pytest.mark.parametrize("version", [3, 4])
def test_a_preset_without_a_bucket_is_refused(helm, cloud, version) -> None:
    """Nobody gets a store of the release's own instead of the cloud's, for having forgotten to name it."""
    done = helm.run(version, "template", {}, preset(cloud))
    assert done.returncode != 0
    assert "/objectStore/external/uri" in done.stderr


def test_a_preset_names_every_account_that_needs_a_right(helm, cloud) -> None:
    """The commands in its first lines are for the accounts that the chart makes; on GKE for all of the namespace."""
    documents = helm.objects(CLOUDS[cloud], preset(cloud))
    text = (PRESETS / f"{cloud}.yaml").read_text(encoding="utf-8")
    named = re.search(r"for account in ([^;]*);", text)
    accounts = {pod["spec"]["serviceAccountName"] for _, pod in pods(documents)} - {"also-prometheus"}
    assert accounts <= set(of_kind(documents, "ServiceAccount"))
    if cloud == "gke":
        assert text.count("/namespace/also") == 1
    else:
        assert named
        assert set(named[1].split()) == accounts


def test_azure_is_told_which_pods_have_an_identity(helm) -> None:
    """Its webhook looks at pods' labels and their accounts' annotations."""
    documents = helm.objects(CLOUDS["aks"], preset("aks"))
    for owner, pod in pods(documents):
        assert pod["metadata"]["labels"]["azure.workload.identity/use"] == "true", owner
    for account in of_kind(documents, "ServiceAccount").values():
        assert account["metadata"]["annotations"]["azure.workload.identity/client-id"] == "an-id"


def test_a_preset_says_in_its_first_lines_how_it_is_used() -> None:
    """Every one, with its own name in the command."""
    for path in PRESETS.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("# Values for ")
        assert f"--values deploy/helm/also/presets/{path.name}" in text
        assert isinstance(yaml.safe_load(text), dict)
