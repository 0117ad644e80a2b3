"""Jobs belong to a release and its store: two in one namespace leave each other's alone, and upgrades go on."""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from also import document, keys
from also.device import placeless_group
from also.services.validator import ownership
from also.services.validator.launch import job_template
from also.services.validator.launch.jobs import Jobs
from also.store import Store, open_store
from also.v1.branch_pb2 import BranchGroup, BranchGroupResult, BranchRecord
from tests.validator.small_cluster import TEMPLATE, SmallCluster, serving

URI = "s3://also/campaigns"
"""Address of every embedded store, as the chart names it."""


@pytest.fixture
def cluster() -> SmallCluster:
    """A namespace with the templates of two releases."""
    cluster = SmallCluster()
    for name in ("one-job-template", "two-job-template"):
        cluster.set_template(with_endpoint(name), name)
    return cluster


def with_endpoint(release: str) -> dict:
    """A template whose store is the release's own, as the chart renders it."""
    job = copy.deepcopy(TEMPLATE)
    endpoint = f"http://{release.removesuffix('-job-template')}-store:7070"
    job["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "AWS_ENDPOINT_URL", "value": endpoint}]
    return job


@pytest.fixture
def make_store(tmp_path) -> Callable[[str], Store]:
    """Opens a store by name; the addresses of all read the same."""

    def make(name: str) -> Store:
        opened = open_store(str(tmp_path / name))
        opened.uri = URI
        return opened

    return make


@pytest.fixture
def make_jobs(cluster: SmallCluster) -> Iterator[Callable[..., Jobs]]:
    """Builds the launcher of a release."""
    with serving(cluster) as namespace:

        def make(release: str, store: Store, **changes) -> Jobs:
            given = {"store": store, "namespace": namespace, "template": f"{release}-job-template", "parallel": 2}
            return Jobs(**{**given, "start_seconds": 3600.0, "tick_seconds": 0.01, **changes})

        yield make


def launch(jobs: Jobs, group: BranchGroup, cluster: SmallCluster, seen: Callable[[], bool]) -> None:
    """Run a group until something is seen, and close the call."""
    with closing(jobs.run([group])) as running:
        for _ in running:
            if seen():
                return
    raise AssertionError("the group ended before")


def finish(store: Store, group: BranchGroup, env_steps: int) -> None:
    """What a group's pod does at its end."""
    records = [BranchRecord(arm=branch.arm, env_steps=env_steps) for branch in group.branches]
    key = keys.branch_group_result(group.campaign_id, group.name)
    store.create_message(key, BranchGroupResult(name=group.name, records=records))


def requests(cluster: SmallCluster, method: str) -> list[str]:
    """Paths of a method's requests."""
    return [path for each, path in cluster.requests if each == method]


@pytest.mark.slow
@pytest.mark.parametrize("same_spec", [True, False], ids=["same-group", "other-group"])
def test_two_releases_run_one_group_of_one_campaign_id(make_jobs, make_store, make_group, cluster, same_spec) -> None:
    """Equal addresses, campaign ids and groups are two Jobs; each release ends its own and reads its own result."""
    stores = {"one": make_store("one"), "two": make_store("two")}
    groups = {release: make_group("g0") for release in stores}
    groups["two"].env_steps += 0 if same_spec else 40
    launch(make_jobs("one", stores["one"]), groups["one"], cluster, lambda: len(cluster.objects["jobs"]) == 1)
    launch(make_jobs("two", stores["two"]), groups["two"], cluster, lambda: len(cluster.objects["jobs"]) == 2)
    owners = {job["metadata"]["ownerReferences"][0]["name"] for job in cluster.objects["jobs"].values()}
    assert owners == {"one-job-template", "two-job-template"}
    for number, release in enumerate(stores, start=1):
        finish(stores[release], groups[release], 100 * number)
        with closing(make_jobs(release, stores[release]).run([groups[release]])) as running:
            *_, last = running
        assert {record.env_steps for record in last["g0"].records} == {100 * number}
    assert requests(cluster, "DELETE") == []


@pytest.mark.slow
def test_pods_of_another_release_are_not_ours(make_jobs, make_store, make_group, cluster) -> None:
    """A pod that runs for one release does not let the other's Job pass for one that runs."""
    group, stores = make_group("g0"), {name: make_store(name) for name in ("one", "two")}
    for number, release in enumerate(stores, start=1):
        seen = lambda number=number: len(cluster.objects["jobs"]) == number  # noqa: E731
        launch(make_jobs(release, stores[release]), group, cluster, seen)
    objects = {release: make_jobs(release, store).objects for release, store in stores.items()}
    theirs = cluster.add_pod(cluster.objects["jobs"][objects["two"].name(group)], phase="Running")
    assert objects["one"].pods([group]) == {}
    assert objects["two"].pods([group]) == {"g0": [theirs]}
    assert objects["one"].find([group])["g0"]["metadata"]["name"] == objects["one"].name(group)


def test_an_owner_is_asked_of_the_store(make_store, tmp_path) -> None:
    """The same by another address of a store; another for each store, campaign, namespace and release."""
    place = {"namespace": "n", "template": "one-job-template"}
    first = ownership.owner(make_store("one"), "c", **place)
    assert ownership.owner(open_store(str(tmp_path / "one")), "c", **place) == first
    others = [
        ownership.owner(make_store("two"), "c", **place),
        ownership.owner(make_store("one"), "d", **place),
        ownership.owner(make_store("one"), "c", **place | {"namespace": "m"}),
        ownership.owner(make_store("one"), "c", **place | {"template": "two-job-template"}),
    ]
    assert len({first, *others}) == 5


# --- A campaign under way when a release of ALSO 0.1.0 is upgraded.


def older_job(cluster: SmallCluster, group: BranchGroup, release: str) -> dict:
    """The Job that ALSO 0.1.0 made for a group: named by the store's address, without an owner."""
    job = with_endpoint(f"{release}-job-template")
    labels = {"also.dev/campaign": group.campaign_id, "also.dev/group": group.name}
    template = cluster.objects["configmaps"][f"{release}-job-template"]["metadata"]
    job["metadata"] = {
        "name": job_template.job_name(URI, group.campaign_id, group.name),
        "labels": labels,
        "annotations": {"also.dev/group-sha256": document.digest(placeless_group(group))},
        "ownerReferences": [
            {"apiVersion": "v1", "kind": "ConfigMap", "name": template["name"], "uid": template["uid"]}
        ],
    }
    job["spec"]["template"]["metadata"]["labels"] |= labels
    container = job["spec"]["template"]["spec"]["containers"][0]
    container["args"] += ["--store", URI, "--campaign", group.campaign_id, "--group", group.name]
    return cluster.add("jobs", json.loads(json.dumps(job)))


@pytest.mark.slow
def test_an_upgrade_takes_up_the_jobs_under_way(make_jobs, make_store, make_group, cluster) -> None:
    """A group whose Job was made before the upgrade is trained by that Job to its end, and by no other."""
    store, group = make_store("one"), make_group("g0")
    job = older_job(cluster, group, "one")
    pod = cluster.add_pod(job, phase="Running", containerStatuses=[{"name": "branch", "state": {"running": {}}}])
    jobs = make_jobs("one", store, start_seconds=0.2)
    looks = []
    with closing(jobs.run([group])) as running:
        for last in running:
            looks.append(last)
            if len(looks) == 60:  # far past start_seconds: its pod is known to run
                finish(store, group, 160)
    assert last["g0"].env_steps == 320
    assert list(cluster.objects["jobs"].values()) == [job]
    assert pod["metadata"]["name"] in cluster.objects["pods"]
    assert requests(cluster, "POST") == []


@pytest.mark.slow
def test_an_older_job_that_goes_is_made_anew(make_jobs, make_store, make_group, cluster) -> None:
    """Deleted without a result, it is replaced by one under the name of now."""
    store, group = make_store("one"), make_group("g0")
    older = older_job(cluster, group, "one")["metadata"]["name"]
    jobs = make_jobs("one", store)
    steps = iter(range(10_000))
    with closing(jobs.run([group])) as running:
        for _ in running:
            if next(steps) == 5:
                del cluster.objects["jobs"][older]
            elif cluster.objects["jobs"] and older not in cluster.objects["jobs"]:
                finish(store, group, 160)
    assert [job["metadata"]["labels"]["also.dev/owner"] for job in cluster.objects["jobs"].values()] == [
        ownership.owner(store, "c", namespace="tests", template="one-job-template")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("whose", ["another release's", "another store's", "another version of the group"])
def test_an_older_job_of_others_is_left_alone(make_jobs, make_store, make_group, cluster, whose) -> None:
    """What another release made under the address of its own store is neither taken up, nor waited for, nor deleted."""
    store, group = make_store("one"), make_group("g0")
    theirs = older_job(cluster, group, "two" if whose == "another release's" else "one")
    if whose == "another store's":
        container = theirs["spec"]["template"]["spec"]["containers"][0]
        container["env"] = [{"name": "AWS_ENDPOINT_URL", "value": "http://elsewhere:9000"}]
    if whose == "another version of the group":
        theirs["metadata"]["annotations"]["also.dev/group-sha256"] = "0" * 64
    launch(make_jobs("one", store), group, cluster, lambda: len(cluster.objects["jobs"]) == 2)
    assert theirs["metadata"]["name"] in cluster.objects["jobs"]
    assert make_jobs("one", store).objects.name(group) in cluster.objects["jobs"]
    assert requests(cluster, "DELETE") == []
