"""The chart in a matrix of what people call things and where they run it: what it renders is valid, or it says why not.

No cluster runs: helm renders, and kubeconform judges by the documents of the API server's release.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence

import pytest
import yaml

from tests.e2e import commands
from tests.e2e.openapi import write_schemas
from tests.e2e.rendering import (
    HELMS,
    Document,
    Helm,
    container,
    environment,
    found,
    jobs,
    lets_out,
    of_kind,
    parsed,
    pods,
)
from tools.chart_values import CHART

pytestmark = pytest.mark.timeout(600)

NAMESPACE = "1234"
"""A namespace that YAML reads as a number."""

MONITORING = "--api-versions=monitoring.coreos.com/v1"

EVERYTHING = {
    "vllm": {"enabled": True, "model": "organisation/model", "generator": {"model": "organisation/large"}},
    "prometheus": {"embedded": {"persistence": {"enabled": True}}},
    "monitoring": {
        "podMonitor": {"enabled": True},
        "prometheusRule": {"enabled": True},
        "dashboards": {"enabled": True},
    },
}
"""Values with every object of the chart."""

LONG = "a-release-whose-name-is-as-long-as-one-may-be-in-helm"

RELEASES = ("also", "x", "1st", "a.b", "1.2", "007", "1e3", "0x1f", "true", "null", "on", "4th.of-july", LONG)
"""Names that helm takes for a release."""

LOOKALIKES = ("007", "1e3", "0x1f", "true", "null", "1.5", "12345678901234567890", "0b1", "2026-11-29", "no")
"""Names that YAML reads as something else than a text, where they stand without quotation marks."""


@pytest.fixture(scope="module")
def helm(tmp_path_factory) -> Helm:
    """Both helms; the tests are skipped where there is none."""
    return found(tmp_path_factory.mktemp("helm"), NAMESPACE)


@pytest.fixture(scope="module")
def conform(tmp_path_factory) -> Callable[[str], None]:
    """Requires that objects keep the schemas of the API server's release; those of an operator have none."""
    program = commands.path("kubeconform")
    kept = commands.cache()
    if kept is None or not (kept / "openapi").exists():
        pytest.skip("ALSO_E2E_CACHE names no folder with the API's documents: `make e2e` makes one")
    read = lambda group: (kept / f"openapi/v3/{group.replace('/', '__')}_openapi.json").read_text("utf-8")  # noqa: E731
    location = write_schemas(read, tmp_path_factory.mktemp("schemas"))

    def conform(rendered: str) -> None:
        documents = parsed(rendered)
        judged = [each for each in documents if "monitoring.coreos.com" not in each["apiVersion"]]
        templates = [each["data"]["job.yaml"] for each in documents if "job.yaml" in each.get("data", {})]
        named = [text.replace("metadata:\n", "metadata:\n  name: job\n", 1) for text in templates]
        done = subprocess.run(
            [program, "-strict", "-summary", "-skip=PodMonitor,PrometheusRule", f"-schema-location={location}"],
            input="\n---\n".join([rendered, *named]),  # as helm wrote it: others read some texts as numbers
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[:4000]
        assert f"Valid: {len(judged) + len(named)}," in done.stdout

    return conform


@pytest.fixture(scope="module")
def everything(helm) -> Callable[[str], str]:
    """All objects of a release by its name, rendered once."""
    known: dict[str, str] = {}

    def render(release: str) -> str:
        if release not in known:
            known[release] = helm.render(3, EVERYTHING, MONITORING, release=release)
        return known[release]

    return render


def texts(node: object) -> Iterator[tuple[str, object]]:
    """Every value of a map of labels, annotations and selectors, with its key."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("labels", "annotations", "matchLabels", "nodeSelector") and isinstance(value, dict):
                yield from value.items()
            else:
                yield from texts(value)
    elif isinstance(node, list):
        for each in node:
            yield from texts(each)


# --- Names.


@pytest.mark.parametrize("release", RELEASES)
def test_every_name_of_a_release_renders_rightly(everything, conform, release) -> None:
    """Objects are valid, Services have names that the API server takes, and every label is a text of 63 characters."""
    conform(everything(release))
    documents = parsed(everything(release))
    for document in documents:
        name = document["metadata"]["name"]
        assert isinstance(name, str)
        assert document["metadata"]["namespace"] == NAMESPACE
        assert document["metadata"]["labels"]["app.kubernetes.io/instance"] == release
        if document["kind"] == "Service":
            assert re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", name)
        elif document["kind"] != "ConfigMap":
            assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name)
    for key, value in texts([*documents, *jobs(documents)]):
        assert isinstance(value, str), (key, value)
    settings = yaml.safe_load(
        next(each["data"]["prometheus.yml"] for each in documents if "prometheus.yml" in str(each))
    )
    (found,) = settings["scrape_configs"][0]["kubernetes_sd_configs"]
    assert found["namespaces"]["names"] == [NAMESPACE]


def test_no_two_releases_of_a_namespace_share_a_name(everything) -> None:
    """Also where the first 46 characters are the same, or a name is changed to what another one is."""
    releases = [LONG, LONG[:-1] + "x", "1st", "also-1st", "also-1st-also", "a.b", "a-b", "a-b-also", "1e3", "also-1e3"]
    taken: dict[tuple[str, str], str] = {}
    for release in releases:
        for document in parsed(everything(release)):
            key = (document["kind"], document["metadata"]["name"])
            if {release, taken.get(key, release)} == {"a-b", "a-b-also"}:
                continue  # as Helm's own charts have it: helm refuses the second one, and names the first
            assert taken.setdefault(key, release) == release, key


@pytest.mark.parametrize("name", ["also", "x", "an-ordinary-name", "a" * 46])
def test_names_that_were_right_are_kept(everything, helm, name) -> None:
    """An upgrade finds its objects: what needed no change is what it was."""
    documents = helm.objects({"fullnameOverride": name})
    assert {f"{name}-trainer", f"{name}-store"} <= set(of_kind(documents, "Service"))


@pytest.mark.parametrize("name", LOOKALIKES)
def test_names_that_yaml_reads_otherwise_stay_texts(helm, conform, name) -> None:
    """Secrets, claims, classes, queues, keys, labels, models and a campaign's id may be called so."""
    identifier = re.sub("[^a-z0-9-]", "-", name)
    values = {
        "fullnameOverride": name,
        "image": {"tag": name, "repository": f"registry.example/{name}"},
        "pods": {
            "imagePullSecrets": [name],
            "priorityClassName": name,
            "runtimeClassName": name,
            "podLabels": {"example.org/team": name},
            "nodeSelector": {"example.org/pool": name},
            "extraEnv": [{"name": "TEAM", "value": name}],
        },
        "campaign": {"id": identifier, "file": {"task": {"name": "m:make", "arguments": {"variant": name}}}},
        "jobs": {
            "kueue": {"queueName": name, "priorityClass": name},
            "labels": {"example.org/cost": name},
            "annotations": {"example.org/note": name},
        },
        "objectStore": {
            "external": {
                "uri": "s3://bucket/also",
                "region": name,
                "existingSecret": name,
                "accessKeyIdKey": name,
                "secretAccessKeyKey": name,
                "env": [{"name": "MORE", "value": name}],
            }
        },
        "llm": {"model": name, "existingSecret": name, "existingSecretKey": name},
        "vllm": {
            "enabled": True,
            "model": name,
            "servedModelName": name,
            "reasoningParser": name,
            "huggingFaceSecret": name,
            "cache": {"existingClaim": name},
        },
        "prometheus": {
            "external": {
                "url": "http://prometheus:9090",
                "existingSecret": name,
                "existingSecretKey": name,
                "headersKey": name,
            }
        },
        "monitoring": {"dashboards": {"enabled": True, "labels": {"folder": name}, "annotations": {"folder": name}}},
    }
    text = helm.render(3, values)
    conform(text)
    documents = parsed(text)
    for key, value in texts([*documents, *jobs(documents)]):
        assert isinstance(value, str), (key, value)
    file = next(each["data"] for each in documents if f"{identifier}.yaml" in each.get("data", {}))[
        f"{identifier}.yaml"
    ]
    assert yaml.safe_load(file)["task"]["arguments"] == {"variant": name}
    assert f"--served-model-name={name}" in next(
        pod["spec"]["containers"][0]["args"] for owner, pod in pods(documents) if owner.endswith("-vllm")
    )


# --- Values that contradict each other.

REFUSED = {
    "objectStore: {external: {uri: 's3://b/p', endpoint: 'http://minio:9000'}}": "objectStore.external.allowHttp",
    "objectStore: {external: {uri: 'gs://b/p', endpoint: 'https://minio:9000'}}": "objectStore.external.uri",
    "objectStore: {embedded: {posixArgs: [--quiet, --nometa]}}": "objectStore.embedded.posixArgs",
    "trainer: {shmSize: 5Gi}": "trainer.resources.limits.memory",
    "jobs: {shmSize: 5000Mi}": "jobs.resources.limits.memory",
    "critic: {resources: {requests: {memory: 2Gi}}}": "critic.resources.requests",
    "jobs: {resources: {requests: {cpu: 3}, limits: {cpu: 2500m}}}": "jobs.resources.requests",
    "objectStore: {embedded: {resources: {requests: {ephemeral-storage: 3G}}}}": "objectStore.embedded.resources",
    "trainer: {extraVolumes: [{name: v, emptyDir: {medium: Memory, sizeLimit: 4G}}]}": "trainer.resources",
    "prometheus: {external: {url: 'http://p', headersKey: headers}}": "prometheus.external.existingSecret",
    "prometheus: {external: {url: 'http://p', replicaLabels: [a-b]}}": "/prometheus/external/replicaLabels/0",
    "image: {tag: 1.10}": "/image/tag",
    "campaign: {id: 7}": "/campaign/id",
    "pods: {podLabels: {team: 7}}": "/pods/podLabels/team",
    "pods: {extraEnv: [{name: X, value: true}]}": "/pods/extraEnv/0/value",
}
"""Values that are refused, with what the error names."""


@pytest.mark.parametrize("version", HELMS)
@pytest.mark.parametrize("values", REFUSED)
def test_what_contradicts_is_refused_by_name(helm, values, version) -> None:
    """One error names the value; nothing is rendered."""
    done = helm.run(version, "template", values, MONITORING)
    assert done.returncode != 0
    assert REFUSED[values] in done.stderr
    assert done.stdout == ""


def amount(quantity: object) -> float:
    """A quantity of Kubernetes as a number."""
    number, unit = re.fullmatch(r"([0-9.]+(?:e[-+]?\d+)?)(\w*)", str(quantity)).groups()
    powers = {
        "": 1,
        "m": 1e-3,
        "k": 1e3,
        "M": 1e6,
        "G": 1e9,
        "T": 1e12,
        "Ki": 2**10,
        "Mi": 2**20,
        "Gi": 2**30,
        "Ti": 2**40,
    }
    return float(number) * powers[unit]


TEMPORARY = {
    "defaults": {},
    "nothing-kept": {
        "vllm": {"enabled": True, "model": "m", "cache": {"enabled": False}, "generator": {"cache": {"size": "1Ti"}}},
        "objectStore": {"embedded": {"persistence": {"enabled": False}}},
    },
    "large": {
        "prometheus": {"embedded": {"persistence": {"size": "50Gi"}, "retentionSize": "40GB"}},
        "pods": {"tmpSize": "4Gi"},
        "trainer": {"tmpSize": 21474836480},
        "jobs": {"extraVolumes": [{"name": "v", "emptyDir": {"sizeLimit": "1.5Ti"}}]},
    },
    "own-limits": {
        "objectStore": {
            "embedded": {"persistence": {"enabled": False}, "resources": {"limits": {"ephemeral-storage": "30Gi"}}}
        },
        "critic": {"resources": {"limits": {"ephemeral-storage": None}}},
    },
}
"""Values with volumes that end with their pods."""


@pytest.mark.parametrize("name", TEMPORARY)
def test_a_limit_of_disk_holds_what_the_volumes_may(helm, conform, name) -> None:
    """No pod can be evicted for filling a volume that it was given; a limit that suffices is left alone."""
    text = helm.render(3, TEMPORARY[name])
    conform(text)
    documents = parsed(text)
    seen = {}
    for owner, pod in pods(documents):
        (only,) = pod["spec"]["containers"]
        limit = only["resources"]["limits"].get("ephemeral-storage")
        sizes = [
            amount(each["emptyDir"]["sizeLimit"])
            for each in pod["spec"]["volumes"]
            if each.get("emptyDir", {}).get("medium") != "Memory" and "sizeLimit" in each.get("emptyDir", {})
        ]
        seen[owner] = limit
        assert limit is None or sum(sizes) <= amount(limit), owner
    if name == "defaults":
        assert {limit for owner, limit in seen.items() if owner != "also-prometheus"} == {"2Gi"}
        assert seen["also-prometheus"] == "8Gi"
    if name == "own-limits":
        assert (seen["also-store"], seen["also-critic"]) == ("30Gi", None)


@pytest.mark.parametrize(
    ("embedded", "kept"),
    [
        ({}, "4GB"),
        ({"persistence": {"size": "1Gi"}}, "819MB"),
        ({"retentionSize": "6GB"}, "4096MB"),
        ({"persistence": {"enabled": True, "size": "50G"}, "retentionSize": "40GB"}, "40GB"),
        ({"persistence": {"enabled": True, "existingClaim": "mine"}, "retentionSize": "1TB"}, "1TB"),
    ],
)
def test_prometheus_keeps_no_more_than_its_volume_holds(helm, embedded, kept) -> None:
    """What would fill the volume is less of it; the size of a claim of others is not known."""
    arguments = container(helm.objects({"prometheus": {"embedded": embedded}}), "prometheus")["args"]
    assert f"--storage.tsdb.retention.size={kept}" in arguments


def test_prometheus_can_read_its_settings(helm, tmp_path) -> None:
    """promtool takes them, relabelling and all."""
    promtool = commands.path("promtool")
    files = of_kind(helm.objects(EVERYTHING), "ConfigMap")["also-prometheus"]["data"]
    (tmp_path / "prometheus.yml").write_text(files["prometheus.yml"], encoding="utf-8")
    command = [promtool, "check", "config", "--syntax-only", str(tmp_path / "prometheus.yml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


# --- Images.


@pytest.mark.parametrize(
    ("values", "trainer", "store"),
    [
        ({}, "docker.io/library/also-trainer:0.1.0", "docker.io/versity/versitygw:v1.8.0"),
        (
            {"image": {"repository": "registry.example/team/also"}},
            "registry.example/team/also-trainer:0.1.0",
            "docker.io/versity/versitygw:v1.8.0",
        ),
        (
            {"image": {"registry": "registry:5000/mirror/"}},
            "registry:5000/mirror/also-trainer:0.1.0",
            "registry:5000/mirror/versity/versitygw:v1.8.0",
        ),
        (
            {"image": {"repository": "team/also"}},
            "docker.io/team/also-trainer:0.1.0",
            "docker.io/versity/versitygw:v1.8.0",
        ),
        ({"image": {"registry": "localhost"}}, "localhost/also-trainer:0.1.0", "localhost/versity/versitygw:v1.8.0"),
    ],
    ids=["defaults", "whole-repository", "registry", "short-repository", "localhost"],
)
def test_images_have_whole_names(helm, values, trainer, store) -> None:
    """Every image names its registry: CRI-O refuses to guess where several may be meant."""
    documents = helm.objects(values | {"vllm": {"enabled": True, "model": "m"}})
    images = [pod["spec"]["containers"][0]["image"] for _, pod in pods(documents)]
    for image in images:
        host, _, path = image.partition("/")
        assert path
        assert "." in host or ":" in host or host == "localhost", image
    assert {trainer, store} <= set(images)


# --- Security of OpenShift.


def ids(node: object) -> Iterator[str]:
    """Fields that fix a user or a group."""
    if isinstance(node, dict):
        yield from node.keys() & {"runAsUser", "runAsGroup", "fsGroup", "fsGroupChangePolicy", "supplementalGroups"}
        for value in node.values():
            yield from ids(value)
    elif isinstance(node, list):
        for each in node:
            yield from ids(each)


@pytest.mark.parametrize("version", HELMS)
def test_the_preset_for_openshift_fixes_no_id(helm, conform, version) -> None:
    """No pod names a user or a group, and all are still not root, without rights, and confined."""
    preset = f"--values={CHART / 'presets' / 'openshift.yaml'}"
    text = helm.render(version, EVERYTHING, preset, MONITORING)
    conform(text)
    documents = parsed(text)
    for _, pod in pods(documents):
        assert list(ids(pod)) == []
        assert pod["spec"]["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
        assert pod["spec"]["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert list(ids(helm.objects({})))


# --- Where pods may go.

STORES_USERS = ("trainer", "critic", "generator", "validator", "campaign", "branch", "test", "check")

IDENTITY = {"objectStore": {"external": {"uri": "s3://bucket/p"}}}

METADATA = (
    ("169.254.169.254", 80),
    ("169.254.170.23", 80),
    ("fd00:ec2::23", 80),
    ("169.254.169.252", 988),
    ("fd00:ec2::254", 80),
)
"""Hosts of clouds that give tokens: AWS, Azure, Google; EKS Pod Identity, by both families; GKE's own; AWS's IPv6."""


@pytest.mark.parametrize(("address", "port"), METADATA)
def test_workload_identity_reaches_its_token(helm, address, port) -> None:
    """Who uses a store without a Secret of keys may ask the cloud's metadata and token service; nobody else may."""
    documents = helm.objects(IDENTITY)
    for component in STORES_USERS:
        assert lets_out(documents, component, address, port), component
        assert lets_out(documents, component, "203.0.113.1", 443), component
    assert not lets_out(documents, "prometheus", address, port)
    keyed = {"objectStore": {"external": {"uri": "s3://bucket/p", "existingSecret": "keys"}}}
    assert not lets_out(helm.objects(keyed), "trainer", address, port)
    assert not lets_out(helm.objects({}), "trainer", address, port)


def test_a_restricted_store_leaves_the_token_service_open(helm) -> None:
    """Where the store is one network and port, the token is still to be had, and can be restricted by itself."""
    store = {"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}], "ports": [9000]}
    documents = helm.objects(IDENTITY | {"networkPolicy": {"objectStore": store}})
    assert lets_out(documents, "branch", "203.0.113.1", 443)
    assert lets_out(documents, "branch", "10.1.2.3", 9000)
    assert not lets_out(documents, "branch", "203.0.113.1", 9000)
    closed = {"objectStore": store, "tokens": {"ports": []}, "metadata": {"ports": []}}
    documents = helm.objects(IDENTITY | {"networkPolicy": closed})
    assert not lets_out(documents, "branch", "203.0.113.1", 443)
    assert not lets_out(documents, "branch", "169.254.169.254", 80)


@pytest.mark.parametrize("address", ["169.254.169.254", "169.254.20.10", "169.254.25.10", "169.254.10.11", "fe80::10"])
def test_names_are_resolved_by_what_answers_on_the_node(helm, address) -> None:
    """GKE's Cloud DNS, and the caches of nodes wherever they listen, by UDP and TCP; nothing else of the node."""
    documents = helm.objects({})
    assert all(lets_out(documents, "trainer", address, 53, protocol) for protocol in ("UDP", "TCP"))
    assert not lets_out(documents, "trainer", address, 80)


def test_names_are_resolved_by_the_systems_pods(helm) -> None:
    """kubeadm's, k3s's and the clouds' in kube-system, OpenShift's in openshift-dns, by the ports of their pods."""
    policy = of_kind(helm.objects({}), "NetworkPolicy")["also"]
    (rule,) = policy["spec"]["egress"]
    (selector,) = [peer["namespaceSelector"] for peer in rule["to"] if "namespaceSelector" in peer]
    ((expression),) = selector["matchExpressions"]
    assert (expression["key"], expression["operator"]) == ("kubernetes.io/metadata.name", "In")
    assert {"kube-system", "openshift-dns"} <= set(expression["values"])
    assert {("UDP", 53), ("TCP", 53), ("UDP", 5353), ("TCP", 5353)} <= {
        (each["protocol"], each["port"]) for each in rule["ports"]
    }


# --- Clusters of IPv6.


def test_nothing_listens_on_ipv4_alone(helm) -> None:
    """Metrics, gRPC, vLLM, Prometheus and the store serve every address that a pod has, of either family."""
    documents = helm.objects(EVERYTHING)
    assert "0.0.0.0" not in json.dumps(documents)
    for component in ("trainer", "critic", "generator", "validator", "campaign", "branch"):
        assert environment(documents, component)["ALSO_METRICS_HOST"] == "::"
    assert container(documents, "trainer")["args"][:2] == ["--address", "[::]:50051"]
    for component in ("vllm", "vllm-generator"):
        assert "--host=::" in container(documents, component)["args"]
    assert "--web.listen-address=:9090" in container(documents, "prometheus")["args"]
    assert "--port=:7070" in container(documents, "store")["args"]


def test_urls_of_ipv6_open_their_ports(helm) -> None:
    """An address in brackets is a host like any other; its port is what the policy opens."""
    documents = helm.objects(
        {
            "prometheus": {"external": {"url": "http://[fd00::1]:9091/prefix"}},
            "llm": {"url": "http://[fd00::2]:8001/v1"},
            "objectStore": {
                "external": {
                    "uri": "s3://bucket/p",
                    "endpoint": "http://[fd00::3]",
                    "allowHttp": True,
                    "existingSecret": "keys",
                }
            },
        }
    )
    assert lets_out(documents, "validator", "fd00::1", 9091)
    assert lets_out(documents, "critic", "fd00::2", 8001)
    assert lets_out(documents, "trainer", "fd00::3", 80)
    assert not lets_out(documents, "trainer", "fd00::3", 443)


# --- Prometheus.


def scraped_twice(documents: Sequence[Document]) -> bool:
    """Whether a Prometheus that heeds annotations and PodMonitors would scrape a pod twice."""
    annotated = any("prometheus.io/scrape" in (pod["metadata"].get("annotations") or {}) for _, pod in pods(documents))
    return annotated and bool(of_kind(documents, "PodMonitor"))


@pytest.mark.parametrize("operator", [True, False])
def test_pods_are_scraped_once(helm, operator) -> None:
    """Pods are annotated unless a PodMonitor tells of them; without an operator there is none, and they are."""
    arguments = [MONITORING] if operator else []
    documents = helm.objects(EVERYTHING, *arguments)
    assert not scraped_twice(documents)
    annotated = {
        owner for owner, pod in pods(documents) if "prometheus.io/scrape" in (pod["metadata"].get("annotations") or {})
    }
    metered = {f"also-{each}" for each in ("trainer", "critic", "generator", "validator", "campaign", "vllm")}
    assert annotated == (set() if operator else {*metered, "also-vllm-generator", "branch"})


def test_every_source_of_samples_names_the_release(helm) -> None:
    """Series of two releases in one namespace differ in a label, whoever scrapes them."""
    documents = helm.objects(EVERYTHING, MONITORING)
    settings = yaml.safe_load(of_kind(documents, "ConfigMap")["also-prometheus"]["data"]["prometheus.yml"])
    instance = "__meta_kubernetes_pod_label_app_kubernetes_io_instance"
    (job,) = settings["scrape_configs"]
    assert {"source_labels": [instance], "target_label": "release"} in job["relabel_configs"]
    (monitor,) = of_kind(documents, "PodMonitor").values()
    for endpoint in monitor["spec"]["podMetricsEndpoints"]:
        assert {"sourceLabels": [instance], "targetLabel": "release"} in endpoint["relabelings"]
    assert monitor["spec"]["selector"]["matchLabels"]["app.kubernetes.io/instance"] == "also"


def test_the_validator_is_told_how_prometheus_is_asked(helm) -> None:
    """Token and headers come from one Secret, each under its key or not at all; labels of HA pairs are named."""
    external = {"url": "https://mimir.example/prometheus", "existingSecret": "mimir", "headersKey": "headers"}
    told = environment(helm.objects({"prometheus": {"external": external}}), "validator")
    assert told["ALSO_PROMETHEUS"] == "https://mimir.example/prometheus"
    assert told["ALSO_PROMETHEUS_HEADERS"] == {"secretKeyRef": {"name": "mimir", "key": "headers"}}
    assert told["ALSO_PROMETHEUS_TOKEN"] == {"secretKeyRef": {"name": "mimir", "key": "token"}}
    assert told["ALSO_PROMETHEUS_REPLICA_LABELS"] == "prometheus_replica,__replica__,replica"
    own = external | {"existingSecretKey": "", "replicaLabels": ["pair"]}
    told = environment(helm.objects({"prometheus": {"external": own}}), "validator")
    assert "ALSO_PROMETHEUS_TOKEN" not in told
    assert told["ALSO_PROMETHEUS_REPLICA_LABELS"] == "pair"
    bare = {"url": "http://p:9090", "replicaLabels": []}
    told = environment(helm.objects({"prometheus": {"external": bare}}), "validator")
    assert told["ALSO_PROMETHEUS_REPLICA_LABELS"] == ","  # none, where an empty variable would be the default
    assert not {"ALSO_PROMETHEUS_TOKEN", "ALSO_PROMETHEUS_HEADERS"} & told.keys()
    holders = [
        owner
        for owner, pod in pods(helm.objects({"prometheus": {"external": external}}))
        if "ALSO_PROMETHEUS_HEADERS" in json.dumps(pod["spec"]["containers"][0].get("env", []))
    ]
    assert sorted(holders) == ["also-test", "also-validator"]


@pytest.mark.parametrize(
    ("flags", "prefix"),
    [
        ([], ""),
        (["--web.external-url=https://metrics.example/prom/"], "/prom"),
        (["--web.external-url", "https://metrics.example/a/b"], "/a/b"),
        (["--web.external-url=https://metrics.example/prom", "--web.route-prefix=/"], ""),
        (["--web.route-prefix=/x/", "--log.level=debug"], "/x"),
    ],
)
def test_a_path_of_the_releases_own_prometheus_is_heeded(helm, flags, prefix) -> None:
    """Its probes and the validator ask where it answers."""
    documents = helm.objects({"prometheus": {"embedded": {"args": flags}}})
    only = container(documents, "prometheus")
    assert only["readinessProbe"]["httpGet"]["path"] == f"{prefix}/-/ready"
    assert only["startupProbe"]["httpGet"]["path"] == f"{prefix}/-/ready"
    assert only["livenessProbe"]["httpGet"]["path"] == f"{prefix}/-/healthy"
    assert environment(documents, "validator")["ALSO_PROMETHEUS"] == f"http://also-prometheus:9090{prefix}"


# --- What releases share outside their namespaces.


def test_dashboards_of_all_releases_fit_into_one_folder(helm, everything, tmp_path_factory) -> None:
    """Files, uids and titles are each release's own; every link leads to a dashboard of the same release."""
    elsewhere = Helm(folder=tmp_path_factory.mktemp("other"), commands=helm.commands, namespace="other")
    rendered = [parsed(everything("also")), parsed(everything("x")), elsewhere.objects(EVERYTHING, MONITORING)]
    files: dict[str, dict] = {}
    for documents in rendered:
        boards = [each["data"] for each in documents if "grafana_dashboard" in each["metadata"]["labels"]]
        uids = {json.loads(text)["uid"] for data in boards for text in data.values()}
        assert len(uids) == 4
        for data in boards:
            for file, text in data.items():
                assert file not in files
                files[file] = json.loads(text)
                assert len(files[file]["uid"]) <= 40
                assert set(re.findall(r"/d/([\w-]+)", text)) <= uids
    assert len({board["uid"] for board in files.values()}) == len(files) == 12
    assert len({board["title"] for board in files.values()}) == 12
