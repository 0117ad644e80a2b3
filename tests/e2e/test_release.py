"""What an installed release is worth besides its campaign: rights, isolation, its own test, and data that stay."""

import json
import re
from pathlib import Path

import pytest

from tests.e2e.releases import CHART, query
from tools.loopback import read_url

pytestmark = pytest.mark.timeout(900)

RIGHTS = Path(__file__).with_name("rights.txt")
"""What each ServiceAccount may do in its namespace."""

CONNECT = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor

def reached(target):
    host, _, port = target.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
    except OSError:
        return False
    return True

targets = sys.argv[1:]
with ThreadPoolExecutor(len(targets)) as pool:
    print(*(target for target, open_ in zip(targets, pool.map(reached, targets)) if open_))
"""
"""Prints which of its arguments, host:port each, can be connected to; all are tried at once."""

TARGETS = {
    "trainer": "also-trainer:50051",
    "critic": "also-critic:50051",
    "generator": "also-generator:50051",
    "validator": "also-validator:50051",
    "trainer's metrics": "also-trainer:9100",
    "store": "also-store:7070",
    "prometheus": "also-prometheus:9090",
    "API server": "kubernetes.default:443",
}

REACHED = {
    "trainer": {"store"},
    "critic": {"store"},
    "generator": {"store"},
    "validator": {"trainer", "store", "prometheus", "API server"},
    "campaign": {"trainer", "critic", "generator", "validator", "store"},
    "branch": {"store"},
    "stranger": {"API server"},
}
"""What each pod can connect to. A stranger is no pod of the release: the policies hold nothing back that it does."""


SMALL = {
    "id": "small",
    "file": {
        "task": {"name": "foraging", "layout": "8x8-2p-2f-coop"},
        "learner": {"environments": 4},
        "evaluation": {"episodes": 4, "report_episodes": 4},
        "stages": {"count": 1, "env_steps": 200, "patience": 0},
        "validation": {"proof": "confirmed", "share": 1, "search_env_steps": 200, "confirm_env_steps": 200},
    },
}
"""A campaign that takes next to nothing, so that what is tested is not disturbed."""


@pytest.fixture(scope="module")
def release(release_in, tmp_path_factory):
    """A release whose campaign is soon over; its pods stay."""
    release = release_in("also-release", campaign=SMALL)
    release.install(tmp_path_factory.mktemp("release"))
    release.wait_until_ready()
    return release


@pytest.mark.parametrize("version", [3, 4])
def test_the_release_tests_itself_with_both_helms(release, version):
    """`helm test` asks every part, and says so in a line for each."""
    release.version, before = version, release.version
    done = release.helm("test", release.name, "--timeout=5m", seconds=330)
    release.version = before
    assert "Succeeded" in done.stdout
    names = ("trainer", "critic", "generator", "validator", "store", "prometheus", "campaign")
    assert re.findall(r"(ok|failed) +(\w+):", done.stderr) == [("ok", name) for name in names]


def test_accounts_may_do_what_is_written_down_and_no_more(release, cluster):
    """Rights beyond those of any account, as `kubectl auth can-i --list` tells them, are those of rights.txt."""

    def rights(account):
        user = f"--as=system:serviceaccount:{release.namespace}:{account}"
        said = release.kubectl("auth", "can-i", "--list", "--no-headers", user).stdout
        return {" ".join(line.split()) for line in said.splitlines()}

    anybody = rights("nobody-at-all")
    accounts = sorted(account["metadata"]["name"] for account in release.objects("serviceaccounts"))
    listed = [
        f"{account}: {right}" for account in accounts for right in sorted(rights(account) - anybody) or ["nothing"]
    ]
    assert listed == RIGHTS.read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def guests(release, cluster):
    """A pod that is labelled as a branch, and one of nobody's."""
    (model,) = release.pods("campaign")
    names = {}
    for name, component in {"guest-branch": "branch", "guest-stranger": "stranger"}.items():
        labels = model["metadata"]["labels"] | {"app.kubernetes.io/component": component}
        spec = {key: model["spec"][key] for key in ("securityContext", "serviceAccountName", "enableServiceLinks")}
        (main,) = model["spec"]["containers"]
        container = {key: main[key] for key in ("name", "image", "imagePullPolicy", "securityContext")}
        container["command"] = ["python", "-c", "import signal; signal.pause()"]
        spec |= {"containers": [container], "automountServiceAccountToken": False, "terminationGracePeriodSeconds": 0}
        metadata = {"name": name, "labels": labels if component == "branch" else {"app": "stranger"}}
        document = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        cluster.kubectl("apply", f"--namespace={release.namespace}", "--filename=-", given=json.dumps(document))
        names[component] = f"pod/{name}"
    release.kubectl("wait", "--for=condition=Ready", *names.values(), "--timeout=60s")
    yield names
    release.kubectl("delete", *names.values())


@pytest.mark.parametrize("component", REACHED)
def test_a_pod_reaches_what_it_needs_and_nothing_else(release, guests, component):
    """The policies let each component connect to those that it talks to; everybody else is refused."""
    pod = guests.get(component, f"deployment/{release.name}-{component}")
    told = release.kubectl("exec", pod, "--", "python", "-c", CONNECT, *TARGETS.values(), seconds=60).stdout.split()
    assert {name for name, target in TARGETS.items() if target in told} == REACHED[component]


def test_prometheus_scrapes_every_service_once(release, eventually):
    """Each of the release's pods with metrics is one target, which is up."""

    def targets():
        with release.prometheus() as url:
            return sorted((each["metric"]["component"], each["value"][1]) for each in query(url, "up"))

    expected = [(name, "1") for name in ("campaign", "critic", "generator", "trainer", "validator")]
    assert eventually(lambda: [each for each in targets() if each[0] != "branch"] == expected), targets()


def test_the_embedded_prometheus_has_the_rules(release, eventually):
    """It has loaded the alerts, and evaluates each without an error."""

    def rules():
        with release.prometheus() as url:
            groups = json.loads(read_url(f"{url}/api/v1/rules"))["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    assert eventually(lambda: rules() and {rule["health"] for rule in rules()} == {"ok"}), rules()


def test_the_store_is_taken_up_again_by_the_other_helm(release_in, eventually, tmp_path_factory):
    """What helm 3 uninstalls, but for the data, helm 4 installs again: the same credentials open the same objects."""
    idle = {name: {"replicas": 0} for name in ("trainer", "critic", "generator", "validator")}
    release = release_in("also-kept", campaign={"enabled": False}, prometheus={"embedded": {"enabled": False}}, **idle)
    folder = tmp_path_factory.mktemp("kept")
    release.install(folder, "--wait")
    with release.access() as before, release.store() as store:
        store.create("probe/kept", b"what was there")
    release.helm("uninstall", release.name, "--wait")

    def left():
        found = release.objects("statefulsets,pods,secrets,pvc", f"app.kubernetes.io/instance={release.name}")
        return sorted(item["kind"] for item in found)

    assert eventually(lambda: left() == ["PersistentVolumeClaim", "Secret"]), left()
    release.version = 4
    release.install(folder, "--wait")
    with release.access() as after, release.store() as store:
        assert store.get("probe/kept") == b"what was there"
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    assert [before[key] for key in keys] == [after[key] for key in keys]
    release.install(folder, "--wait")  # an upgrade keeps them too
    with release.access() as upgraded:
        assert [upgraded[key] for key in keys] == [after[key] for key in keys]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("campaign.file.stages.count=0", "stages.count 0 is outside"),
        ("campaign.file.task.layout=8x8-2p", "8x8-2p"),
        ("campaign.file.learner.environments=8", "learner.environments: 4 stored, 8 given"),
    ],
)
def test_an_upgrade_to_a_campaign_that_cannot_be_is_refused(release, change, said):
    """By the check that comes first, which says why; the release stays what it was."""
    before = release.objects("deployments", f"app.kubernetes.io/instance={release.name}")
    done = release.helm("upgrade", release.name, str(CHART), "--reuse-values", f"--set={change}", check=False)
    assert done.returncode != 0
    logged = release.kubectl("logs", "job/also-check", check=False).stdout
    assert said in logged, (logged, done.stdout, done.stderr)
    after = release.objects("deployments", f"app.kubernetes.io/instance={release.name}")
    versions = [[each["metadata"]["generation"] for each in found] for found in (before, after)]
    assert versions[0] == versions[1]
