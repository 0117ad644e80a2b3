"""What the tests of the chart rest on: that the cluster is a real one, and that it ends completely."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import obstore
import pytest
from obstore.exceptions import AlreadyExistsError
from obstore.store import S3Store

from tests.e2e import releases
from tests.e2e.pods import SECURITY

pytestmark = pytest.mark.timeout(600)

SCRIPTS = Path(__file__).with_name("cluster")

ACCESS = "access-of-the-tests"
SECRET = "secret-of-the-tests"


@pytest.fixture(scope="module")
def namespace(cluster):
    """A namespace under restricted Pod Security, without any default account's secrets."""
    with cluster.namespace("also-cluster") as name:
        yield name


@pytest.fixture(scope="module")
def prometheus(cluster):
    """Name of the image of Prometheus."""
    return cluster.image("prometheus")


def pod(name, image, command=None, args=(), mounts=None, **more):
    """A pod of one container that may do little; `mounts` are folders that it may write."""
    mounts = mounts or {}
    container = {
        "name": "main",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": list(args),
        "securityContext": SECURITY,
        "volumeMounts": [{"name": volume, "mountPath": path} for volume, (path, _) in mounts.items()],
    }
    if command:
        container["command"] = list(command)
    spec = {
        "containers": [container | more],
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {"fsGroup": 10001},
        "volumes": [{"name": volume} | source for volume, (_, source) in mounts.items()],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


def service(name, port):
    """A Service of the pods that are labelled with its name."""
    spec = {"selector": {"app": name}, "ports": [{"port": port}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def apply(cluster, namespace, *documents, check=True):
    """Create objects."""
    given = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(documents)})
    return cluster.kubectl("apply", "-n", namespace, "-f", "-", given=given, check=check)


def test_the_node_is_ready(kubectl):
    """A kubelet has registered, and has a network for pods."""
    nodes = json.loads(kubectl("get", "nodes", "-o", "json").stdout)["items"]
    conditions = {c["type"]: c["status"] for node in nodes for c in node["status"]["conditions"]}
    assert conditions["Ready"] == "True"


def test_logs_of_a_pod_can_be_read(cluster, kubectl, namespace, prometheus):
    """A container runs as an ordinary user on a root that it cannot write, and what it prints comes back."""
    apply(cluster, namespace, pod("printer", prometheus, args=["--version"]))
    kubectl("wait", "-n", namespace, "--for=jsonpath={.status.phase}=Succeeded", "pod/printer", "--timeout=60s")
    assert "prometheus, version" in kubectl("logs", "-n", namespace, "printer").stdout


def test_a_job_completes(cluster, kubectl, namespace, prometheus):
    """A Job's pod is made, runs, and is counted."""
    template = pod("job", prometheus, args=["--version"])
    spec = {"template": {"metadata": template["metadata"], "spec": template["spec"]}, "backoffLimit": 0}
    apply(cluster, namespace, {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"}, "spec": spec})
    kubectl("wait", "-n", namespace, "--for=condition=Complete", "job/once", "--timeout=60s")


def test_a_privileged_pod_is_refused(cluster, namespace, prometheus):
    """Restricted Pod Security is in force where a namespace asks for it."""
    document = pod("privileged", prometheus, securityContext={"privileged": True})
    refused = apply(cluster, namespace, document, check=False)
    assert refused.returncode != 0
    assert 'violates PodSecurity "restricted:latest"' in refused.stderr


def test_exactly_one_conditional_create_wins(cluster, kubectl, namespace):
    """The S3 server runs in a pod, and an object that is there is not created again."""
    store = pod(
        "store",
        cluster.image("versitygw"),
        args=["--port=:7070", "posix", "/data"],
        mounts={"data": ("/data", {"emptyDir": {}}), "bucket": ("/data/bucket", {"emptyDir": {}})},
        env=[{"name": "ROOT_ACCESS_KEY", "value": ACCESS}, {"name": "ROOT_SECRET_KEY", "value": SECRET}],
        readinessProbe={"tcpSocket": {"port": 7070}, "periodSeconds": 1},
    )
    apply(cluster, namespace, store, service("store", 7070))
    kubectl("wait", "-n", namespace, "--for=condition=Ready", "pod/store", "--timeout=60s")
    with cluster.port(namespace, "svc/store", 7070) as port:
        bucket = S3Store(
            "bucket",
            endpoint=f"http://127.0.0.1:{port}",
            access_key_id=ACCESS,
            secret_access_key=SECRET,
            region="us-east-1",
            client_options={"allow_http": True},
        )
        obstore.put(bucket, "object", b"first", mode="create")
        with pytest.raises(AlreadyExistsError):
            obstore.put(bucket, "object", b"second", mode="create")
        assert bytes(obstore.get(bucket, "object").bytes()) == b"first"


@pytest.fixture(scope="module")
def scrapers(cluster, kubectl, namespace, prometheus):
    """One pod that is scraped through its Service, and two that scrape it; a NetworkPolicy lets one of them do so."""
    settings = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [
            {"job_name": "target", "static_configs": [{"targets": [f"target.{namespace}.svc.cluster.local:9090"]}]}
        ],
    }
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}
    allowed = {"from": [{"podSelector": {"matchLabels": {"app": "friend"}}}]}
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "target"},
        "spec": {"podSelector": {"matchLabels": {"app": "target"}}, "ingress": [allowed]},
    }
    flags = ["--storage.tsdb.path=/data", "--config.file=/settings/prometheus.yml"]
    mounts = {"data": ("/data", {"emptyDir": {}}), "settings": ("/settings", {"configMap": {"name": "settings"}})}
    ready = {"httpGet": {"path": "/-/ready", "port": 9090}, "periodSeconds": 1}
    names = ("target", "friend", "stranger")
    apply(
        cluster,
        namespace,
        policy,
        config | {"data": {"prometheus.yml": json.dumps(settings)}},
        service("target", 9090),
        *(pod(name, prometheus, args=flags, mounts=mounts, readinessProbe=ready) for name in names),
    )
    ready_pods = [f"pod/{name}" for name in names]
    kubectl("wait", "-n", namespace, "--for=condition=Ready", *ready_pods, "--timeout=90s")


def values(cluster, namespace, name, expression):
    """Values that a pod's Prometheus answers a query with."""
    with cluster.port(namespace, f"pod/{name}", 9090) as port:
        return [float(result["value"][1]) for result in releases.query(f"http://127.0.0.1:{port}", expression)]


def test_prometheus_scrapes_a_service_by_its_name(cluster, namespace, scrapers, eventually):
    """DNS resolves a Service, its ClusterIP leads to a pod, and a sample of that pod is stored."""
    assert eventually(lambda: values(cluster, namespace, "friend", "up") == [1])


def test_a_network_policy_keeps_a_stranger_out(cluster, namespace, scrapers, eventually):
    """Whom no NetworkPolicy names has tried as often, and never reached the pod."""
    assert eventually(lambda: values(cluster, namespace, "stranger", "count_over_time(up[5m])") >= [3])
    assert values(cluster, namespace, "stranger", "max_over_time(up[5m])") == [0]


@pytest.mark.parametrize("version", [3, 4])
def test_helm_reaches_the_cluster(helm, version):
    """Both supported major versions of helm can ask it."""
    assert helm("list", "--output=json", version=version).stdout.strip() == "[]"


def test_kueue_admits_a_job_to_its_quota(cluster, kubectl, kueue, namespace, prometheus):
    """A Job that names a queue waits until Kueue has admitted it, and then completes."""
    quota = {"name": "any", "resources": [{"name": "cpu", "nominalQuota": 1}]}
    groups = [{"coveredResources": ["cpu"], "flavors": [quota]}]
    template = pod("queued", prometheus, args=["--version"], resources={"requests": {"cpu": "100m"}})
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "queued", "labels": {"kueue.x-k8s.io/queue-name": "branches"}},
        "spec": {"template": {"spec": template["spec"]}, "backoffLimit": 0},
    }
    apply(
        cluster,
        namespace,
        queueing("ResourceFlavor", "any"),
        queueing("ClusterQueue", "all", {"namespaceSelector": {}, "resourceGroups": groups}),
        queueing("LocalQueue", "branches", {"clusterQueue": "all"}),
        job,
    )
    kubectl("wait", "-n", namespace, "--for=condition=Complete", "job/queued", "--timeout=60s")
    workloads = json.loads(kubectl("get", "-n", namespace, "workloads.kueue.x-k8s.io", "-o", "json").stdout)["items"]
    assert [workload["status"]["admission"]["clusterQueue"] for workload in workloads] == ["all"]


def queueing(kind, name, spec=None):
    """An object of Kueue."""
    document = {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": kind, "metadata": {"name": name}}
    return document | ({"spec": spec} if spec else {})


def test_nothing_outlives_a_cluster(components, started, tmp_path_factory):
    """Processes, mounts, network devices, routes, cgroups and kernel settings end with it; its logs stay."""
    state = tmp_path_factory.mktemp("second")  # a short path: the kubelet makes sockets in it
    with started(state, components) as second:
        assert leftovers(state), "a cluster that runs has something to leave behind"
        assert second.kubectl("get", "--raw", "/readyz").stdout == "ok"
    assert leftovers(state) == ""
    assert [path.name for path in state.iterdir()] == ["log"]
    assert (state / "log" / "kubelet.log").stat().st_size


def test_a_cluster_ends_with_a_killed_session(components, eventually, tmp_path_factory):
    """Whoever has started a cluster may be killed; it ends all the same."""
    state = tmp_path_factory.mktemp("orphan")
    lines = [
        "import importlib.util, os, signal, sys",
        "from pathlib import Path",
        f"source = {str(SCRIPTS.parent / 'conftest.py')!r}",
        "spec = importlib.util.spec_from_file_location('conftest_of_clusters', source)",
        "module = importlib.util.module_from_spec(spec)",
        "sys.modules[spec.name] = module",
        "spec.loader.exec_module(module)",
        f"with module.started(Path({str(state)!r}), Path({str(components)!r})):",
        "    os.kill(os.getpid(), signal.SIGKILL)",
    ]
    killed = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert eventually(lambda: [path.name for path in state.iterdir()] == ["log"])
    assert leftovers(state) == ""


def leftovers(state):
    """What a cluster has on this machine, a line each."""
    listed = subprocess.run([SCRIPTS / "leftovers.sh", state], capture_output=True, text=True)
    assert listed.returncode == 0, listed.stderr
    return listed.stdout
