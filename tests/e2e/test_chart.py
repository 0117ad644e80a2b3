"""The chart renders what its values say, for many of them and both helms. No cluster.

test_chart_objects.py shows the same objects to a real API server; test_release.py and test_campaign.py install them.
"""

import json
import re

import pytest
import yaml

import also
from also.campaign import spec
from also.services.validator.launch import job_template
from also.v1.branch_pb2 import BranchGroup
from tests.e2e.chart_values import REFUSED, VALUES
from tests.e2e.releases import CHART
from tests.e2e.rendering import HELMS, container, environment, found, jobs, of_kind, pods

pytestmark = pytest.mark.timeout(600)

NAMESPACE = "also-chart"
MONITORING = "--api-versions=monitoring.coreos.com/v1"
OPERATORS = "PodMonitor,PrometheusRule"
"""Kinds that only a cluster with a Prometheus operator knows."""


@pytest.fixture(scope="module")
def helms(tmp_path_factory):
    """Both helms."""
    return found(tmp_path_factory.mktemp("helm"), NAMESPACE)


@pytest.fixture(scope="module")
def rendered(helms):
    """The objects that the chart renders of values, by their name."""
    return lambda name, version=3: helms.objects(VALUES[name], MONITORING, version=version)


def campaign_file(documents):
    """The campaign file."""
    return next(iter(of_kind(documents, "ConfigMap")["also-campaign"]["data"].values()))


@pytest.mark.parametrize("version", HELMS)
@pytest.mark.parametrize("name", VALUES)
def test_helm_has_nothing_against_the_chart(helms, name, version):
    """`helm lint --strict` passes."""
    done = helms.run(version, "lint", VALUES[name], "--strict")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", VALUES)
def test_both_helms_render_the_same(rendered, name):
    """Helm 3 and 4 differ in nothing but what is random."""

    def settled(documents):
        kept = [each for each in documents if each["kind"] != "Secret"]
        return sorted(kept, key=lambda each: (each["kind"], each["metadata"]["name"]))

    assert settled(rendered(name, 3)) == settled(rendered(name, 4))


@pytest.mark.parametrize("name", VALUES)
def test_no_name_is_there_twice(rendered, name):
    """Variables, ports, volumes and mounts of a pod, and objects of a kind, differ in name; Helm 4 refuses others."""
    documents = rendered(name)
    for owner, pod in pods(documents):
        spec = pod["spec"]
        (only,) = spec["containers"]
        lists = {
            "env": [each["name"] for each in only.get("env", [])],
            "ports": [each["name"] for each in only.get("ports", [])],
            "mounts": [each["mountPath"] for each in only["volumeMounts"]],
            "volumes": [each["name"] for each in spec["volumes"]],
        }
        for what, names in lists.items():
            assert len(names) == len(set(names)), f"{owner}: {what} {names}"
        assert {each["name"] for each in only["volumeMounts"]} == set(lists["volumes"])
    keys = [(each["kind"], each["metadata"]["name"]) for each in documents]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", VALUES)
def test_every_object_says_whose_it_is(rendered, name):
    """Names are not too long, objects are labelled with their release, nothing is outside the namespace."""
    for document in rendered(name):
        metadata = document["metadata"]
        if not metadata["name"].startswith(("also-map", "also-text")):
            assert metadata["namespace"] == NAMESPACE
            assert metadata["labels"]["app.kubernetes.io/instance"] == "also"
            assert metadata["labels"]["app.kubernetes.io/version"] == also.__version__
        assert len(metadata["name"]) <= 63
        assert not document["kind"].startswith("Cluster")


@pytest.mark.parametrize("version", HELMS)
def test_unknown_values_are_refused_everywhere(helms, version):
    """A key that nobody knows is an error that names its place, in every section of the values, and each is told."""
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    places = list(sections(schema, schema))
    values = {}
    for place in places:
        section = values
        for key in place:
            section = section.setdefault(key, {})
        section["surprise"] = 1
    done = helms.run(version, "template", values)
    assert done.returncode != 0
    refused = re.findall("at '([^']*)': additional properties 'surprise' not allowed", done.stderr)
    assert set(refused) == {"".join(f"/{key}" for key in place) for place in places}


def sections(schema, node, path=()):
    """Paths of every object of the schema that has keys of its own; a parent chart's globals may be any."""
    node = schema["definitions"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    if "properties" in node:
        if path != ("global",):
            yield path
        for key, value in node["properties"].items():
            yield from sections(schema, value, (*path, key))


@pytest.mark.parametrize("version", HELMS)
@pytest.mark.parametrize("values", REFUSED)
def test_bad_values_are_refused_by_name(helms, values, version):
    """One error names the value; nothing is rendered."""
    done = helms.run(version, "template", values)
    assert done.returncode != 0
    assert REFUSED[values] in done.stderr
    assert done.stdout == ""


def test_the_campaign_file_is_one(rendered, tmp_path):
    """Whatever the values make of it, ALSO can read it, without a number having lost its kind."""
    for name in VALUES:
        documents = rendered(name)
        if "also-campaign" in of_kind(documents, "Deployment"):
            file = tmp_path / f"{name}.yaml"
            file.write_text(campaign_file(documents), encoding="utf-8")
            spec.load(file)
    own = yaml.safe_load(campaign_file(rendered("campaign-of-ones-own")))
    assert own["budget"]["env_steps"] == 20_000_000
    assert own["critic"] == {"backend": "none"}
    assert own["generator"]["llm"] == {"url": "http://gpu-1.example:8000/v1", "model": "my-model", "tries": 2}
    assert "layout" not in own["task"]
    changed = yaml.safe_load(campaign_file(rendered("campaign-changed")))
    preset = yaml.safe_load((CHART / "files" / "foraging.yaml").read_text(encoding="utf-8"))
    preset["reference"]["enabled"], preset["stages"]["count"] = False, 6
    assert {key: changed[key] for key in preset} == preset


def test_minds_ask_the_llm_that_is_named(rendered):
    """One URL for both, one each, or the release's own vLLM, shared or not."""

    def urls(name):
        file = yaml.safe_load(campaign_file(rendered(name)))
        return [file.get(mind, {}).get("llm", {}).get("url") for mind in ("critic", "generator")]

    assert urls("defaults") == [None, None]
    assert urls("external-parts") == ["http://gpu-2.example/v1", "http://gpu-1.example:8000/v1"]
    assert urls("vllm-shared") == ["http://also-vllm:8000/v1"] * 2
    assert urls("vllm-twice") == ["http://also-vllm:8000/v1", "http://also-vllm-generator:8000/v1"]
    small, large = container(rendered("vllm-twice"), "vllm"), container(rendered("vllm-twice"), "vllm-generator")
    assert small["args"][0] == "/cache/small"
    assert large["args"][0] == "organisation/large"
    assert "--tensor-parallel-size=4" in large["args"]
    assert '--structured-outputs-config={"backend":"xgrammar","disable_any_whitespace":true}' in small["args"]


def test_secrets_reach_only_those_who_need_them(rendered):
    """The LLM's key goes to the minds, Prometheus' token to the validator and `helm test`, the store's to its users."""
    documents = rendered("external-parts")
    holders = {
        key: {owner for owner, pod in pods(documents) if key in json.dumps(pod["spec"]["containers"][0].get("env", []))}
        for key in ("ALSO_LLM_API_KEY", "ALSO_PROMETHEUS_TOKEN", "AWS_SECRET_ACCESS_KEY")
    }
    assert holders["ALSO_LLM_API_KEY"] == {"also-critic", "also-generator"}
    assert holders["ALSO_PROMETHEUS_TOKEN"] == {"also-validator", "also-test"}
    services = {"also-trainer", "also-critic", "also-generator", "also-validator"}
    assert holders["AWS_SECRET_ACCESS_KEY"] == services | {"also-campaign", "also-test", "also-check", "branch"}


def test_a_check_comes_before_everything_and_can_be_left_out(helms):
    """With a ServiceAccount and a file of its own; the release's own store is named once it is there."""
    documents = helms.objects({})
    ours = [each for each in documents if each["metadata"]["name"] == "also-check" and each["kind"] != "NetworkPolicy"]
    weights = {each["kind"]: int(each["metadata"]["annotations"]["helm.sh/hook-weight"]) for each in ours}
    assert weights == {"ServiceAccount": -2, "ConfigMap": -2, "Job": -1}
    assert {each["metadata"]["annotations"]["helm.sh/hook"] for each in ours} == {"pre-install,pre-upgrade"}
    campaign = of_kind([each for each in documents if "data" in each], "ConfigMap")
    assert campaign["also-check"]["data"] == campaign["also-campaign"]["data"]
    assert "ALSO_STORE" not in environment(documents, "check")
    assert "nvidia.com/gpu" not in json.dumps(container(helms.objects({"trainer": {"gpu": {"count": 1}}}), "check"))
    external = helms.objects({"objectStore": {"external": {"uri": "s3://bucket/p"}}})
    assert environment(external, "check")["ALSO_STORE"] == "s3://bucket/p"
    for left_out in ({"campaign": {"check": False}}, {"campaign": {"enabled": False}}):
        assert not any(each["metadata"]["name"] == "also-check" for each in helms.objects(left_out))


def test_tokens_are_mounted_only_where_they_have_rights(rendered):
    """Validator and Prometheus may ask the API server; nobody else is given a token."""
    documents = rendered("vllm-twice")
    asking = {owner for owner, pod in pods(documents) if pod["spec"]["automountServiceAccountToken"]}
    assert asking == {"also-validator", "also-prometheus"}
    assert not any(each["automountServiceAccountToken"] for each in of_kind(documents, "ServiceAccount").values())


def test_a_component_has_its_own_and_the_common_options(rendered):
    """Lists are joined, maps are merged, a variable of the user's replaces the chart's own."""
    documents = rendered("pods")
    for name in ("trainer", "critic", "branch", "store", "prometheus"):
        assert environment(documents, name)["TZ"] == "UTC"
    assert environment(documents, "critic")["ALSO_LOGS"] == "/tmp/elsewhere"
    by_owner = dict(pods(documents))
    trainer, critic, branch = (by_owner[owner] for owner in ("also-trainer", "also-critic", "branch"))
    assert [each["key"] for each in trainer["spec"]["tolerations"]] == ["gpu", "more"]
    assert [each["key"] for each in critic["spec"]["tolerations"]] == ["gpu"]
    assert trainer["spec"]["priorityClassName"] == "high"
    assert "priorityClassName" not in critic["spec"]
    teams = [each["metadata"]["labels"]["example.org/team"] for each in (trainer, critic, branch)]
    assert teams == ["trainers", "marl", "trainers"]
    assert list(critic["spec"]["affinity"]) == ["nodeAffinity"]
    assert list(branch["spec"]["affinity"]) == ["podAffinity"]


def test_the_launcher_can_use_the_template(rendered):
    """The validator's own reader takes the ConfigMap of every set of values, and makes a Job of a branch group."""
    group = BranchGroup(campaign_id="c", name="s0-search")
    for name in VALUES:
        template = of_kind(rendered(name), "ConfigMap").get(f"{full(rendered(name))}-job-template")
        template["metadata"]["uid"] = "uid-of-the-map"
        job = job_template.read(template).manifest(group, "s3://also/campaigns", "0123456789abcdef")
        assert job["spec"]["template"]["spec"]["containers"][0]["args"][-2:] == ["--group", "s0-search"]


def full(documents):
    """What all names begin with."""
    return next(name for name in of_kind(documents, "Service") if name.endswith("-trainer")).removesuffix("-trainer")


def test_jobs_are_what_the_values_say(rendered):
    """Queue, image, GPU, and how failures count."""
    (job,) = jobs(rendered("jobs"))
    assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "branches"
    assert job["spec"]["activeDeadlineSeconds"] == 1_000_000
    assert (job["spec"]["suspend"], job["spec"]["podReplacementPolicy"]) == (True, "Failed")
    (only,) = job["spec"]["template"]["spec"]["containers"]
    assert only["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert "--save-seconds=60" in only["args"]
    assert not any(argument.startswith(("--store", "--campaign", "--group")) for argument in only["args"])
    (job,) = jobs(rendered("images"))
    image = job["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image == "registry.example/path/mine/also-trainer-cuda:2"
    arguments = container(rendered("jobs"), "campaign")["args"]
    assert "--set=validation.replicas_per_group=1" in arguments
    assert "--set=validation.parallel_groups=1000" in arguments


def test_an_operator_gets_what_prometheus_has(rendered):
    """The PrometheusRule holds the rules that the embedded Prometheus loads; the PodMonitor names ports of pods."""
    documents = rendered("monitoring")
    files = of_kind(documents, "ConfigMap")["also-prometheus"]["data"]
    loaded = [yaml.safe_load(text) for file, text in files.items() if file.endswith(".rules.yaml")]
    assert [each["spec"] for each in of_kind(documents, "PrometheusRule").values()] == loaded
    assert len(loaded) == len(list((CHART / "rules").glob("*.yaml"))) > 0
    (monitor,) = of_kind(documents, "PodMonitor").values()
    named = {port["name"] for _, pod in pods(documents) for port in pod["spec"]["containers"][0].get("ports", [])}
    assert {endpoint["port"] for endpoint in monitor["spec"]["podMetricsEndpoints"]} <= named
    boards = [
        each for each in of_kind(documents, "ConfigMap").values() if "grafana_dashboard" in each["metadata"]["labels"]
    ]
    assert len(boards) == len(list((CHART / "dashboards").glob("*.json"))) > 0
    assert all(json.loads(text)["uid"] for board in boards for text in board["data"].values())


def test_operator_kinds_are_left_out_without_an_operator(helms):
    """Where monitoring.coreos.com is not installed, what needs it is not rendered."""
    kinds = {each["kind"] for each in helms.objects(VALUES["monitoring"])}
    assert kinds.isdisjoint(OPERATORS.split(","))
