"""Branch groups as Jobs on the real cluster: each case ends in a result or in a named reason, none hangs or doubles."""

import copy
import json
import re
import subprocess
from contextlib import closing
from dataclasses import replace

import pytest
from obstore.store import MemoryStore

from also import keys, reasons, rpc
from also.errors import EndpointError, InputError, ServiceError
from also.lifeline import end, spawn
from also.services.validator import ownership
from also.services.validator.launch import job_template, results
from also.store import Store, open_store
from also.v1.validator_pb2 import CheckValidatorRequest
from also.v1.validator_pb2_grpc import ValidatorServiceStub
from tests.e2e.branch_jobs import (
    ACCESS,
    RIGHTS,
    SECRET,
    SECURITY,
    URI,
    Branches,
    container_of,
    environment,
    namespace_of,
    template,
    validator_of,
)

pytestmark = pytest.mark.timeout(600)

LONG = 1700
"""Updates of a group that something happens to while it trains: ten seconds of a core."""


@pytest.fixture(scope="module")
def namespace(cluster):
    """A namespace under restricted Pod Security."""
    with cluster.namespace("also-jobs") as name:
        yield name


@pytest.fixture(scope="module")
def trainer(cluster):
    """Name of the trainer's image."""
    return cluster.image("trainer")


@pytest.fixture(scope="module")
def bystander(cluster):
    """Name of an image that holds no branch: Prometheus."""
    return cluster.image("prometheus")


@pytest.fixture(scope="module")
def store(cluster, namespace):
    """The object store, a real S3 server in a pod; this process reaches it by a forwarded port."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "store", "labels": {"app": "store"}},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": {"fsGroup": 10001},
            "containers": [
                {
                    "name": "main",
                    "image": cluster.image("versitygw"),
                    "imagePullPolicy": "IfNotPresent",
                    "args": ["--port=:7070", "posix", "/data"],
                    "env": [
                        {"name": "ROOT_ACCESS_KEY", "value": ACCESS},
                        {"name": "ROOT_SECRET_KEY", "value": SECRET},
                    ],
                    "securityContext": SECURITY,
                    "readinessProbe": {"tcpSocket": {"port": 7070}, "periodSeconds": 1},
                    "volumeMounts": [
                        {"name": "data", "mountPath": "/data"},
                        {"name": "bucket", "mountPath": "/data/bucket"},
                    ],
                }
            ],
            "volumes": [{"name": "data", "emptyDir": {}}, {"name": "bucket", "emptyDir": {}}],
        },
    }
    spec = {"selector": {"app": "store"}, "ports": [{"port": 7070}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "store"}, "spec": spec}
    given = json.dumps({"apiVersion": "v1", "kind": "List", "items": [pod, service]})
    cluster.kubectl("apply", "--namespace", namespace, "--filename=-", given=given)
    cluster.kubectl("wait", "--namespace", namespace, "--for=condition=Ready", "pod/store", "--timeout=90s")
    with cluster.port(namespace, "svc/store", 7070) as port, pytest.MonkeyPatch.context() as patch:
        for name, value in environment(f"http://127.0.0.1:{port}").items():
            patch.setenv(name, value)
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(name, raising=False)
        yield open_store(URI)


@pytest.fixture(scope="module")
def rights(cluster, namespace, tmp_path_factory):
    """The namespace, with the rights of the chart's validator and no more."""
    return namespace_of(cluster, namespace, tmp_path_factory.mktemp("validator") / "validator")


@pytest.fixture
def make_branches(cluster, namespace, store, rights, request):
    """Makes a place for branch groups: a campaign of its own for each test, and Jobs of an image."""

    def make(image, **changes):
        campaign = readable(request.node.name)
        given = {"namespace": namespace, "api": rights, "job": template(image, namespace)} | changes
        return Branches(cluster=cluster, store=store, campaign_id=campaign, **given)

    return make


@pytest.fixture
def branches(make_branches, trainer):
    """A place for branch groups that really train."""
    return make_branches(trainer)


@pytest.fixture(scope="module")
def undisturbed(cluster, namespace, store, rights, trainer):
    """What the long group comes to when nothing happens to it."""
    place = Branches(
        cluster=cluster,
        namespace=namespace,
        api=rights,
        store=store,
        campaign_id="undisturbed",
        job=template(trainer, namespace),
    )
    group = place.group("long", updates=LONG)
    return place.run(group)["long"]


def readable(name):
    """A test's name as a part of names."""
    return re.sub("[^a-z0-9]+", "-", name.lower())[-45:].strip("-")


def failure(result):
    """The one named failure of a result's branches, and its detail."""
    ((reason, detail),) = {(record.failure, record.failure_detail) for record in result.records}
    return reasons.failure(reason) if reason else "", detail


def require_equal(result, other):
    """Records are equal bit for bit: hashes, measures, what terms did, and checkpoints, which are named by content."""
    assert list(result.records) == list(other.records)
    assert all(record.checkpoint_id for record in result.records)


def trains(branches, group):
    """Whether a group is in mid-branch: it has been saved, and has no result."""
    return branches.saves(group) and not branches.store.exists(keys.branch_group_result(group.campaign_id, group.name))


# --- Groups that come to a result.


def test_jobs_come_to_what_a_process_comes_to(branches, cluster, eventually):
    """Two groups at once; the same process outside any Job gives the same records, bit for bit."""
    groups = [branches.group("g0"), branches.group("g1")]
    groups[1].branches[0].seed = 12
    results = branches.run(*groups)
    assert {name: failure(result)[0] for name, result in results.items()} == {"g0": "", "g1": ""}
    assert [len(record.measures) for record in results["g0"].records] == [2, 2]
    jobs = branches.objects("jobs")
    assert len(jobs) == 2
    assert {job["metadata"]["ownerReferences"][0]["name"] for job in jobs} == {"job-template"}

    alone = replace(branches, campaign_id="alone").group("g0")
    branches.store.create_message(keys.branch_group("alone", "g0"), alone)
    spec = copy.deepcopy(branches.job["spec"]["template"]["spec"])
    arguments = ["--store", URI, "--campaign", "alone", "--group", "g0"]
    spec["containers"][0]["args"] += arguments
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "alone"}, "spec": spec}
    branches.kubectl("apply", "--filename=-", given=json.dumps(pod))
    assert eventually(lambda: branches.store.exists(keys.branch_group_result("alone", "g0")), seconds=120)
    require_equal(results["g0"], branches.result(alone))


def test_jobs_outlive_the_launcher_and_are_adopted(branches, eventually):
    """A validator that is killed in mid-round changes nothing: same Job, same pod, one result."""
    group = branches.group("long", updates=LONG)
    with closing(branches.jobs().run([group])) as running:
        for _ in running:
            if trains(branches, group):
                break
    (job,) = branches.objects("jobs")
    assert branches.run(group)["long"].processes == 1
    assert [each["metadata"]["uid"] for each in branches.objects("jobs")] == [job["metadata"]["uid"]]
    assert branches.pods_ever(group) == 1


def test_job_of_another_group_is_not_adopted(branches):
    """Equal names are not enough; the other's Job is left alone."""
    group = branches.group("g0")
    job = branches.jobs().objects
    manifest = json.loads(json.dumps(branches.job))
    manifest["metadata"] |= {
        "name": job.name(group),
        "annotations": {"also.dev/group-sha256": "0" * 64},
    }
    manifest["spec"]["suspend"] = True
    branches.kubectl("create", "--filename=-", given=json.dumps(manifest))
    with pytest.raises(ServiceError, match="is not that of branch group g0"):
        branches.run(group)
    assert json.loads(branches.kubectl("get", "job", job.name(group), "--output=json").stdout)["spec"]["suspend"]
    branches.kubectl("delete", "job", job.name(group))


def test_a_job_of_before_the_upgrade_is_taken_up(branches):
    """What ALSO 0.1.0 named by the store's address, and gave no owner, is trained to its end by the Job that it has."""
    group = branches.group("g0")
    results.store_spec(branches.store, group)
    template = branches.jobs().objects.read_template()
    manifest = template.manifest(group, URI, "nobody")
    manifest["metadata"]["name"] = name = job_template.job_name(URI, group.campaign_id, "g0")
    container_of(manifest)["env"] = container_of(branches.job)["env"]
    for metadata in (manifest["metadata"], manifest["spec"]["template"]["metadata"]):
        del metadata["labels"]["also.dev/owner"]
    branches.kubectl("create", "--filename=-", given=json.dumps(manifest))
    assert failure(branches.run(group)["g0"])[0] == ""
    (job,) = branches.objects("jobs")
    assert job["metadata"]["name"] == name
    assert branches.result(group).processes == 1


def test_two_releases_run_one_group_side_by_side(branches, cluster, namespace, rights, store):
    """Another release's Job of the same campaign id and group is neither adopted nor ended."""
    group = branches.group("g0")
    elsewhere = Store(URI, MemoryStore())
    owner = ownership.owner(elsewhere, group.campaign_id, namespace=namespace, template="other-job-template")
    theirs = branches.jobs().objects.read_template().manifest(group, URI, owner)
    theirs["spec"]["suspend"] = True
    branches.kubectl("create", "--filename=-", given=json.dumps(theirs))
    assert failure(branches.run(group)["g0"])[0] == ""
    found = {job["metadata"]["labels"]["also.dev/owner"]: job for job in branches.objects("jobs")}
    assert len(found) == 2
    assert found[owner]["spec"]["suspend"]


def test_finished_group_outlives_its_job(branches, eventually):
    """What the TTL has removed is not run again: the result is in the store."""
    branches.job["spec"]["ttlSecondsAfterFinished"] = 0
    group = branches.group("g0")
    result = branches.run(group)["g0"]
    assert eventually(lambda: not branches.objects("jobs"))
    assert branches.run(group)["g0"] == result
    assert branches.objects("jobs") == []
    assert branches.pods_ever(group) == 1


# --- Groups that something happens to in mid-branch.


def delete_job(branches, group):
    """Delete its Job; its pod is told to end, and saves."""
    branches.kubectl("delete", "job", branches.jobs_name(group))


def delete_pod(branches, group):
    """Delete its pod, with its grace: it saves."""
    for pod in branches.objects("pods"):
        branches.kubectl("delete", "pod", pod["metadata"]["name"])


def kill_pod(branches, group):
    """Kill its pod without a word: only what was saved by time is left."""
    for pod in branches.objects("pods"):
        branches.kubectl("delete", "pod", pod["metadata"]["name"], "--grace-period=0", "--force")


def evict_pod(branches, group):
    """Evict its pod by the API, as a drained node does: it is not charged to the Job."""
    for pod in branches.objects("pods"):
        name = pod["metadata"]["name"]
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
        path = f"/api/v1/namespaces/{branches.namespace}/pods/{name}/eviction"
        branches.kubectl("create", f"--raw={path}", "--filename=-", given=json.dumps(eviction))


@pytest.mark.parametrize(
    ("disturb", "backoff_limit"),
    [(delete_job, 3), (delete_pod, 3), (kill_pod, 3), (evict_pod, 0)],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_disturbed_group_comes_to_the_same_result(branches, undisturbed, eventually, disturb, backoff_limit):
    """Another pod goes on from the save; records are equal bit for bit, and no two pods have trained at once."""
    branches.job["spec"]["backoffLimit"] = backoff_limit
    group = branches.group("long", updates=LONG)
    with branches.running(group):
        assert eventually(lambda: trains(branches, group), seconds=120)
        disturb(branches, group)
    result = branches.result(group)
    require_equal(result, undisturbed)
    assert result.processes == 2
    assert len(branches.objects("jobs")) == 1
    assert eventually(lambda: not branches.saves(group)), "saves are left of a group that has ended"


# --- Groups that fail with a name.


def test_too_little_memory_is_named(branches):
    """The kernel kills the container, each time; the Job goes."""
    container_of(branches.job)["resources"]["limits"]["memory"] = "48Mi"
    branches.job["spec"]["backoffLimit"] = 1
    group = branches.group("g0")
    reason, detail = failure(branches.run(group)["g0"])
    assert reason == "OutOfMemory", detail
    assert "exit code 137 (OOMKilled)" in detail
    assert branches.pods_ever(group) == 2
    assert branches.objects("jobs") == []


def test_deadline_is_named(branches):
    """A Job that runs for longer than allowed."""
    branches.job["spec"]["activeDeadlineSeconds"] = 12
    reason, detail = failure(branches.run(branches.group("long", updates=LONG * 10))["long"])
    assert reason == "DeadlineExceeded", detail


def test_crash_is_named_with_its_last_words(make_branches, bystander):
    """An image that holds no branch ends with an error of its own, each time."""
    branches = make_branches(bystander)
    container_of(branches.job).pop("command")
    branches.job["spec"]["backoffLimit"] = 0
    reason, detail = failure(branches.run(branches.group("g0"))["g0"])
    assert reason == "Crashed", detail
    assert "BackoffLimitExceeded" in detail
    assert "unexpected --save-seconds" in detail or "--save-seconds" in detail


def test_missing_image_is_named(make_branches):
    """An image that nobody has."""
    branches = make_branches("localhost/also-nobody-has-this:1")
    reason, detail = failure(branches.run(branches.group("g0"), start_seconds=15)["g0"])
    assert reason == "ImageUnavailable", detail
    assert "localhost/also-nobody-has-this:1" in detail
    assert branches.objects("jobs") == []


def test_malformed_image_is_named(make_branches):
    """A name that no image can have."""
    branches = make_branches("localhost/UPPER CASE:1")
    reason, detail = failure(branches.run(branches.group("g0"), start_seconds=8)["g0"])
    assert reason == "ImageUnavailable", detail
    assert "InvalidImageName" in detail


def test_node_that_nobody_has_is_named(make_branches, bystander):
    """No node has the label that the template asks for."""
    branches = make_branches(bystander)
    branches.job["spec"]["template"]["spec"]["nodeSelector"] = {"also.dev/nowhere": "yes"}
    reason, detail = failure(branches.run(branches.group("g0"), start_seconds=8)["g0"])
    assert reason == "Unschedulable", detail
    assert "node affinity/selector" in detail


def test_missing_secret_is_named(make_branches, bystander):
    """A container that cannot be made has crashed, in the kubelet's words."""
    branches = make_branches(bystander)
    container_of(branches.job)["envFrom"] = [{"secretRef": {"name": "nobody-has-this"}}]
    reason, detail = failure(branches.run(branches.group("g0"), start_seconds=8)["g0"])
    assert reason == "Crashed", detail
    assert 'CreateContainerConfigError: secret "nobody-has-this" not found' in detail


@pytest.fixture
def poor(cluster, tmp_path, request):
    """A namespace of the test's own, whose quota it sets."""
    with cluster.namespace(f"also-jobs-{readable(request.node.name)}") as name:
        yield name, namespace_of(cluster, name, tmp_path / "validator")


@pytest.mark.parametrize("limited", ["pods", "count/jobs.batch"])
def test_quota_is_named(cluster, poor, make_branches, bystander, limited):
    """A quota that refuses pods, or the Job itself."""
    namespace, api = poor
    branches = make_branches(bystander, namespace=namespace, api=api)
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "none"},
        "spec": {"hard": {limited: "0"}},
    }
    branches.kubectl("apply", "--filename=-", given=json.dumps(quota))
    branches.kubectl("wait", "--for=jsonpath={.status.hard}", "resourcequota/none")
    reason, detail = failure(branches.run(branches.group("g0"), start_seconds=8)["g0"])
    assert reason == "QuotaExceeded", detail
    assert "exceeded quota: none" in detail
    assert branches.objects("jobs") == []


def test_wrong_input_is_an_error_and_no_failure(branches):
    """A checkpoint that is not there: the process's own words, exit code 2, one pod, no result."""
    group = branches.group("g0")
    for branch in group.branches:
        branch.checkpoint_id = "0" * 64
    with pytest.raises(InputError, match="checkpoint"):
        branches.run(group)
    assert branches.pods_ever(group) == 1
    assert not branches.store.exists(keys.branch_group_result(group.campaign_id, "g0"))
    assert branches.objects("jobs") == []


# --- Nodes that are lost.


@pytest.fixture
def ghost_node(cluster):
    """A node without a kubelet, to which pods are bound and never started."""
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "ghost", "labels": {"also.dev/ghost": "yes"}},
        "spec": {},
    }
    cluster.kubectl("apply", "--filename=-", given=json.dumps(node))
    resources = {"cpu": "8", "memory": "64Gi", "pods": "100", "ephemeral-storage": "100Gi"}
    status = {"status": {"capacity": resources, "allocatable": resources}}
    cluster.kubectl("patch", "node", "ghost", "--subresource=status", f"--patch={json.dumps(status)}")
    yield "ghost"
    cluster.kubectl("delete", "node", "ghost", "--ignore-not-found")


def to_ghost(job, *, required):
    """Let a Job's pods go to the ghost: rather than elsewhere, or nowhere else."""
    term = {"matchExpressions": [{"key": "also.dev/ghost", "operator": "Exists"}]}
    kind = "IgnoredDuringExecution"
    affinity = (
        {f"requiredDuringScheduling{kind}": {"nodeSelectorTerms": [term]}}
        if required
        else {f"preferredDuringScheduling{kind}": [{"weight": 100, "preference": term}]}
    )
    job["spec"]["template"]["spec"] |= {
        "affinity": {"nodeAffinity": affinity},
        "tolerations": [{"operator": "Exists"}],
    }


def test_node_that_does_not_answer_is_named(branches, ghost_node):
    """A pod that is bound to a node and not started there."""
    to_ghost(branches.job, required=True)
    reason, detail = failure(branches.run(branches.group("g0"), start_seconds=15)["g0"])
    assert reason == "NodeLost", detail
    assert "on node ghost is not started" in detail


def test_group_of_a_lost_node_is_trained_elsewhere(branches, ghost_node, eventually, cluster):
    """The node goes, its pod is collected, and another pod brings the result; the Job is not charged."""
    to_ghost(branches.job, required=False)
    branches.job["spec"]["backoffLimit"] = 0
    group = branches.group("g0")
    with branches.running(group):
        assert eventually(lambda: [pod["spec"].get("nodeName") for pod in branches.objects("pods")] == ["ghost"])
        cluster.kubectl("delete", "node", "ghost")
    assert failure(branches.result(group))[0] == ""
    assert branches.pods_ever(group) == 2


# --- Kueue.


@pytest.fixture(scope="module")
def queues(cluster, kueue, namespace):
    """A queue with room for one branch group, two priorities, and the label that names the queue."""

    def queueing(kind, name, version="v1beta2", **more):
        return {"apiVersion": f"kueue.x-k8s.io/{version}", "kind": kind, "metadata": {"name": name}} | more

    resources = [{"name": "cpu", "nominalQuota": "400m"}, {"name": "memory", "nominalQuota": "100Gi"}]
    quota = {"name": "room", "resources": resources}
    cluster_queue = {
        "namespaceSelector": {},
        "preemption": {"withinClusterQueue": "LowerPriority"},
        "resourceGroups": [{"coveredResources": ["cpu", "memory"], "flavors": [quota]}],
    }
    documents = [
        queueing("ResourceFlavor", "room"),
        queueing("ClusterQueue", "one-at-a-time", spec=cluster_queue),
        queueing("LocalQueue", "one", spec={"clusterQueue": "one-at-a-time"}),
        queueing("WorkloadPriorityClass", "low", value=1),
        queueing("WorkloadPriorityClass", "high", value=10),
    ]
    for document in documents:
        where = ["--namespace", namespace] if document["kind"] == "LocalQueue" else []
        cluster.kubectl("apply", *where, "--filename=-", given=json.dumps(document))
    return {"kueue.x-k8s.io/queue-name": "one", "kueue.x-k8s.io/priority-class": "low"}


@pytest.fixture
def queued(branches, queues):
    """Branch groups whose Jobs wait in the queue; each needs most of its room."""
    branches.job["metadata"]["labels"] |= queues
    container_of(branches.job)["resources"] = {"requests": {"cpu": "300m"}, "limits": {"memory": "2Gi"}}
    return branches


def test_queue_admits_one_group_after_the_other(queued):
    """The second waits for longer than a Job may wait, and is not charged: the room was the first one's."""
    groups = [queued.group("g0", updates=2 * LONG), queued.group("g1")]
    results = queued.run(*groups, start_seconds=20)
    assert {name: failure(result)[0] for name, result in results.items()} == {"g0": "", "g1": ""}
    assert [queued.pods_ever(group) for group in groups] == [1, 1]


def test_preempted_group_comes_to_the_same_result(queued, undisturbed, bystander, eventually):
    """A Job of higher priority takes the room: the branch saves and is suspended, and goes on when there is room."""
    group = queued.group("long", updates=LONG)
    higher = copy.deepcopy(queued.job)
    higher["metadata"] |= {"name": "higher"}
    higher["metadata"]["labels"] |= {"kueue.x-k8s.io/priority-class": "high"}
    container_of(higher).pop("command")
    container_of(higher)["image"] = bystander
    container_of(higher)["args"] = ["--storage.tsdb.path=/tmp", "--config.file=/etc/hostname", "--version"]
    with queued.running(group):
        assert eventually(lambda: trains(queued, group), seconds=120)
        hold(queued, higher)
        assert eventually(lambda: queued.objects("jobs")[0]["spec"].get("suspend"), seconds=60)
        assert eventually(lambda: not queued.objects("pods"), seconds=60)
        queued.kubectl("delete", "job", "higher")
    result = queued.result(group)
    require_equal(result, undisturbed)
    assert result.processes == 2
    assert len(queued.objects("jobs")) == 1


def hold(queued, higher):
    """Create a Job that keeps the room for as long as it is there: its pod waits for a node that nobody has."""
    higher["spec"]["template"]["spec"]["nodeSelector"] = {"also.dev/nowhere": "yes"}
    queued.kubectl("create", "--filename=-", given=json.dumps(higher))


def test_group_that_is_never_admitted_is_named(queued):
    """It asks for more than the queue ever has."""
    container_of(queued.job)["resources"]["requests"]["cpu"] = "900m"
    reason, detail = failure(queued.run(queued.group("g0"), start_seconds=10)["g0"])
    assert reason == "NotAdmitted", detail
    assert "waits in queue one" in detail
    assert queued.objects("jobs") == []


# --- What is wrong with the place itself.


def test_place_that_is_right_passes_the_check(branches):
    """With the rights of the chart's validator; nothing is created."""
    branches.jobs().check()
    assert branches.objects("jobs", "also.dev/campaign=check") == []


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_missing_right_fails_the_check(cluster, make_branches, bystander, namespace, tmp_path, missing):
    """Jobs, pods and events, and the template: each is needed."""
    rules = [rule for number, rule in enumerate(RIGHTS) if number != missing]
    branches = make_branches(bystander, api=namespace_of(cluster, namespace, tmp_path / f"lacks-{missing}", rules))
    with pytest.raises(EndpointError, match="is forbidden"):
        branches.jobs().check()


def forbidden_pod(job):
    container_of(job)["securityContext"] = {"privileged": True}


def unknown_field(job):
    job["spec"]["backofLimit"] = 1


def invalid_value(job):
    container_of(job)["resources"] = {"limits": {"memory": "much"}}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (forbidden_pod, 'violate PodSecurity "restricted:latest"'),
        (unknown_field, 'unknown field "spec.backofLimit"'),
        (invalid_value, "quantities must match"),
    ],
)
def test_wrong_template_fails_the_check(make_branches, bystander, spoil, said):
    """The API server's own words, before a campaign is written."""
    branches = make_branches(bystander)
    spoil(branches.job)
    with pytest.raises(EndpointError, match=said):
        branches.jobs().check()
    assert branches.objects("jobs", "also.dev/campaign=check") == []


def test_forbidden_pods_are_the_places_error(make_branches, bystander):
    """Whoever did not check is told soon by the Job's events."""
    branches = make_branches(bystander)
    forbidden_pod(branches.job)
    with pytest.raises(EndpointError, match=r"no pod of Job .* can be created: .*violates PodSecurity"):
        branches.run(branches.group("g0"))
    branches.kubectl("delete", "jobs", f"--selector=also.dev/campaign={branches.campaign_id}")


def test_validator_process_finds_its_cluster(cluster, make_branches, bystander, namespace, tmp_path, store):
    """The service by its environment alone: CheckValidator passes, and fails once its template is gone."""
    branches = make_branches(bystander)
    branches.apply_template()
    ours = {
        "ALSO_STORE": URI,
        "ALSO_TRAINER": "127.0.0.1:1",
        "ALSO_LAUNCHER": "kubernetes",
        "ALSO_NAMESPACE": namespace,
        "ALSO_JOB_TEMPLATE": "job-template",
        "KUBECONFIG": str(validator_of(cluster, namespace, tmp_path / "process")),
    }
    process = spawn(
        "also.services.validator",
        ["--address", "127.0.0.1:0"],
        log=tmp_path / "validator.log",
        stdout=subprocess.PIPE,
        environment=ours,
    )
    try:
        word, address = process.stdout.readline().decode().split()
        assert word == rpc.READY
        with rpc.connect(address) as channel:
            stub = ValidatorServiceStub(channel)
            request = CheckValidatorRequest(campaign=branches.campaign)
            rpc.call(stub.CheckValidator, request, seconds=60)
            branches.kubectl("delete", "configmap", "job-template")
            with pytest.raises(EndpointError, match="ConfigMap job-template of namespace also-jobs cannot be read"):
                rpc.call(stub.CheckValidator, request, seconds=60)
    finally:
        end([process])
        process.stdout.close()
