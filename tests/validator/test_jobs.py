"""Branch groups as Jobs: what the launcher does when a Job fails, waits, goes, or cannot be seen."""

import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain

import pytest

from also import keys
from also.errors import EndpointError, InputError, ServiceError, ServiceUnavailable
from also.registry import REGISTRY
from also.services.validator.launch.jobs import Jobs
from also.store import Store
from also.v1 import branch_pb2
from also.v1.branch_pb2 import (
    BranchGroup,
    BranchGroupResult,
    BranchGroupSave,
    BranchProgress,
    BranchRecord,
    Measure,
)
from tests.validator.small_cluster import TEMPLATE, SmallCluster, serving

pytestmark = pytest.mark.slow

MakeGroup = Callable[[str], BranchGroup]
MakeJobs = Callable[..., Jobs]

FOREVER = 3600.0


@pytest.fixture
def cluster() -> SmallCluster:
    return SmallCluster()


@pytest.fixture
def make_jobs(cluster: SmallCluster, store: Store) -> Iterator[MakeJobs]:
    """Builds a launcher of Jobs in the small cluster; keyword arguments change it."""
    with serving(cluster) as namespace:
        given = {"store": store, "namespace": namespace, "template": "template", "parallel": 2}
        yield lambda **changes: Jobs(**{**given, "start_seconds": FOREVER, "tick_seconds": 0.01, **changes})


@pytest.fixture
def finish(store: Store) -> Callable[[BranchGroup], None]:
    """Does what a group's pod would do at its end."""

    def finish(group: BranchGroup) -> None:
        records = [BranchRecord(arm=branch.arm, env_steps=80, checkpoint_id="end") for branch in group.branches]
        result = BranchGroupResult(name=group.name, records=records)
        store.create_message(keys.branch_group_result(group.campaign_id, group.name), result)

    return finish


def run(jobs: Jobs, *groups: BranchGroup, at: dict[int, Callable[[], object]]) -> dict[str, BranchProgress]:
    """Run groups to their end, and do something after the n-th progress; the last progress."""
    progress = {}
    with closing(jobs.run(groups)) as running:
        for number, progress in enumerate(running):  # noqa: B007
            at.get(number, lambda: None)()
    return dict(progress)


def when(seen: Callable[[], object], do: Callable[[], object]) -> dict[int, Callable[[], object]]:
    """For `run`: does something once, as soon as something is seen."""
    done = threading.Event()

    def look() -> None:
        if not done.is_set() and seen():
            done.set()
            do()

    return dict.fromkeys(range(10_000), look)


def counted(name: str, outcome: str) -> float:
    return REGISTRY.get_sample_value(name, {"campaign": "c", "outcome": outcome}) or 0.0


def creations(cluster: SmallCluster) -> int:
    return sum(method == "POST" for method, _ in cluster.requests)


def failure(progress: BranchProgress) -> tuple[int, str]:
    """The failure that all branches of a group share."""
    ((reason, detail),) = {(record.failure, record.failure_detail) for record in progress.records}
    return reason, detail


def test_groups_run_to_their_results(make_jobs, make_group, cluster, finish) -> None:
    """Jobs are created with our labels, annotation, owner and arguments; the last progress is the results."""
    groups = [make_group(f"g{number}") for number in range(2)]
    created, finished = counted("also_jobs_total", "created"), counted("also_branch_groups_total", "finished")
    both = when(lambda: len(cluster.objects["jobs"]) == 2, lambda: [finish(group) for group in groups])
    last = run(make_jobs(), *groups, at=both)
    assert {name: progress.env_steps for name, progress in last.items()} == {"g0": 160, "g1": 160}
    assert counted("also_jobs_total", "created") == created + 2
    assert counted("also_branch_groups_total", "finished") == finished + 2
    job = cluster.job("g1")
    assert job["metadata"]["ownerReferences"][0]["name"] == "template"
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert container["args"][:2] == ["--save-seconds", "60"]
    assert container["args"][-4:] == ["--campaign", "c", "--group", "g1"]


def test_no_more_jobs_run_at_once_than_allowed(make_jobs, make_group, cluster, finish) -> None:
    """With one place, a Job is created when the group before has ended."""
    groups = [make_group(f"g{number}") for number in range(3)]
    seen: list[int] = []

    def work() -> None:
        ended = len(seen)
        if creations(cluster) > ended:
            seen.append(creations(cluster))
            finish(groups[ended])

    last = run(make_jobs(parallel=1), *groups, at=dict.fromkeys(range(10_000), work))
    assert seen == [1, 2, 3]
    assert sorted(last) == ["g0", "g1", "g2"]


def test_finished_group_needs_no_job(make_jobs, make_group, cluster, finish) -> None:
    """The result in the store is enough, whoever made it."""
    group = make_group("g0")
    finish(group)
    assert run(make_jobs(), group, at={})["g0"].env_steps == 160
    assert creations(cluster) == 0


def test_closing_leaves_jobs_which_the_next_call_adopts(make_jobs, make_group, cluster, finish) -> None:
    """What runs goes on, what waits is not created, and nothing is trained twice."""
    groups = [make_group("g0"), make_group("g1")]
    adopted = counted("also_jobs_total", "adopted")
    with closing(make_jobs(parallel=1).run(groups)) as running:
        for _ in running:
            if cluster.objects["jobs"]:
                break
    first = dict(cluster.objects["jobs"])
    assert len(first) == 1
    both = when(lambda: len(cluster.objects["jobs"]) == 2, lambda: [finish(group) for group in groups])
    assert len(run(make_jobs(), *groups, at=both)) == 2
    assert cluster.job("g0")["metadata"]["uid"] in [job["metadata"]["uid"] for job in first.values()]
    assert counted("also_jobs_total", "adopted") == adopted + 1


def test_another_groups_job_under_the_name_is_refused(make_jobs, make_group, cluster) -> None:
    """A Job is adopted only if its annotation says that it is this very group's."""
    with closing(make_jobs().run([make_group("g0")])) as running:
        for _ in running:
            if cluster.objects["jobs"]:
                break
    cluster.job("g0")["metadata"]["annotations"]["also.dev/group-sha256"] = "0" * 64
    with pytest.raises(ServiceError, match="is not that of branch group g0 of campaign c"):
        run(make_jobs(), make_group("g0"), at={})


def test_another_group_in_the_store_is_refused(make_jobs, make_group, finish) -> None:
    """A spec is never overwritten."""
    finish(make_group("g0"))
    run(make_jobs(), make_group("g0"), at={})
    other = make_group("g0")
    other.env_steps = 120
    with pytest.raises(ServiceError, match=r"spec\.json holds another branch group"):
        run(make_jobs(), other, at={})


def test_failed_job_becomes_a_named_result_and_goes(make_jobs, make_group, cluster, store) -> None:
    """Every branch of the group says why it failed; the Job is deleted; a repetition reads the same from the store."""
    before = counted("also_jobs_total", "OutOfMemory")

    def end() -> None:
        job = cluster.job("g0")
        state = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
        cluster.add_pod(job, phase="Failed", containerStatuses=[{"name": "branch", "state": state}])
        cluster.fail(job, "BackoffLimitExceeded", "Job has reached the specified backoff limit")

    last = run(make_jobs(), make_group("g0"), at=when(lambda: cluster.objects["jobs"], end))
    reason, detail = failure(last["g0"])
    assert reason == branch_pb2.BRANCH_FAILURE_OUT_OF_MEMORY
    assert "BackoffLimitExceeded" in detail
    assert "exit code 137 (OOMKilled)" in detail
    assert cluster.objects["jobs"] == {}
    assert counted("also_jobs_total", "OutOfMemory") == before + 1
    assert run(make_jobs(), make_group("g0"), at={}) == last
    assert creations(cluster) == 1


def test_result_that_comes_before_the_failure_counts(make_jobs, make_group, cluster, finish) -> None:
    """A pod that was given up and finished all the same is believed: the first result in the store stays."""
    group = make_group("g0")

    def end() -> None:
        finish(group)
        cluster.fail(cluster.job("g0"), "DeadlineExceeded")

    last = run(make_jobs(), group, at=when(lambda: cluster.objects["jobs"], end))
    assert failure(last["g0"])[0] == branch_pb2.BRANCH_FAILURE_UNSPECIFIED


def test_wrong_input_is_an_error_with_the_containers_last_line(make_jobs, make_group, cluster) -> None:
    """Exit code 2 is nobody's failed branch; the Job goes, so that mended input is tried."""

    def end() -> None:
        job = cluster.job("g0")
        said = "loading\nerror: checkpoint abc is damaged; an intact one is expected\n"
        state = {"terminated": {"exitCode": 2, "reason": "Error", "message": said}}
        cluster.add_pod(job, phase="Failed", containerStatuses=[{"name": "branch", "state": state}])
        cluster.fail(job, "PodFailurePolicy", "Container branch failed with exit code 2")

    with pytest.raises(InputError, match=r"^checkpoint abc is damaged; an intact one is expected$"):
        run(make_jobs(), make_group("g0"), at=when(lambda: cluster.objects["jobs"], end))
    assert cluster.objects["jobs"] == {}


def test_deleted_job_is_created_again(make_jobs, make_group, cluster, finish) -> None:
    """A Job that its time to live, or a person, has removed without a result is not a finished one."""
    group = make_group("g0")
    before = counted("also_jobs_total", "recreated")
    deletions = iter(range(2))

    def work() -> None:
        if cluster.objects["jobs"]:
            if next(deletions, None) is None:
                finish(group)
            else:
                cluster.objects["jobs"].clear()

    assert run(make_jobs(), group, at=dict.fromkeys(range(10_000), work))["g0"].env_steps == 160
    assert counted("also_jobs_total", "recreated") == before + 2


def test_a_job_is_told_once_for_each_change(make_jobs, make_group, cluster, finish, told) -> None:
    """Created, created again, taken up by the next call; no line for a look that finds it as it was."""
    group = make_group("g0")
    jobs, names, looks = cluster.objects["jobs"], set(), 0
    with closing(make_jobs().run([group])) as running:
        for _ in running:
            looks += bool(told("JobCreated"))
            if looks == 10:
                names.update(jobs)
                jobs.clear()
            if looks >= 30 and told("JobRecreated"):
                break
    run(make_jobs(), group, at=when(lambda: told("JobAdopted"), lambda: finish(group)))
    (name,) = names
    subject = {"campaign": "c", "stage": 0, "round": 0, "group": "g0"}
    assert told() == [
        {"event": "JobCreated", **subject, "job": name},
        {"event": "GroupBegun", **subject, "branches": 2},
        {"event": "JobRecreated", **subject, "job": name},
        {"event": "GroupLeft", **subject},
        {"event": "JobAdopted", **subject, "job": name},
        {"event": "GroupBegun", **subject, "branches": 2},
        {"event": "GroupEnded", **subject, "outcome": "finished", "branches": 2, "env_steps": 160},
    ]


def test_job_that_goes_again_and_again_has_crashed(make_jobs, make_group, cluster, told) -> None:
    """It is created four times, and then its branches have a named failure, which the log is told."""
    last = run(make_jobs(), make_group("g0"), at=dict.fromkeys(range(10_000), cluster.objects["jobs"].clear))
    assert failure(last["g0"])[0] == branch_pb2.BRANCH_FAILURE_CRASHED
    assert "ended or was deleted 4 times without a result" in failure(last["g0"])[1]
    assert creations(cluster) == 4
    assert [line["event"] for line in told()][-2:] == ["JobFailed", "GroupFailed"]
    assert len(told("JobFailed", "GroupFailed")) == 2
    assert {(line["error"], line["detail"]) for line in told("JobFailed", "GroupFailed")} == {
        ("Crashed", failure(last["g0"])[1])
    }


def test_completed_job_without_a_result_is_created_again(make_jobs, make_group, cluster, finish) -> None:
    """Complete is what the container said; finished is what the store says."""
    group = make_group("g0")
    seen: list[str] = []

    def work() -> None:
        for job in list(cluster.objects["jobs"].values()):
            if job["metadata"]["uid"] not in seen:
                seen.append(job["metadata"]["uid"])
                if len(seen) == 2:
                    finish(group)
                job["status"] = {"conditions": [{"type": "Complete", "status": "True"}]}

    assert run(make_jobs(), group, at=dict.fromkeys(range(10_000), work))["g0"].env_steps == 160
    assert len(seen) == 2


def test_pods_that_a_deletion_left_behind_are_waited_for(make_jobs, make_group, cluster, finish) -> None:
    """Two pods of a group never train at once: the Job is created again when the old pod has ended."""
    group = make_group("g0")
    looks = []

    def work() -> None:
        if cluster.objects["jobs"] and not looks:
            cluster.add_pod(cluster.job("g0"), phase="Running")
            cluster.objects["jobs"].clear()
        if cluster.objects["pods"]:
            looks.append(creations(cluster))
            if len(looks) == 30:
                cluster.objects["pods"].clear()
        elif creations(cluster) == 2:
            finish(group)

    run(make_jobs(), group, at=dict.fromkeys(range(10_000), work))
    assert set(looks) == {1}
    assert creations(cluster) == 2


@pytest.mark.parametrize(
    ("status", "due"),
    [
        (
            {"containerStatuses": [{"name": "branch", "state": {"waiting": {"reason": "ImagePullBackOff"}}}]},
            branch_pb2.BRANCH_FAILURE_IMAGE_UNAVAILABLE,
        ),
        (
            {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}]},
            branch_pb2.BRANCH_FAILURE_UNSCHEDULABLE,
        ),
        ({}, branch_pb2.BRANCH_FAILURE_NODE_LOST),
    ],
)
def test_job_that_waits_for_too_long_fails_with_what_it_waits_for(
    make_jobs, make_group, cluster, status: dict, due: int
) -> None:
    """An image, a node that takes the pod, or a node that answers."""
    jobs = make_jobs(start_seconds=0.3)
    pending = when(
        lambda: cluster.objects["jobs"], lambda: cluster.add_pod(cluster.job("g0"), phase="Pending", **status)
    )
    reason, detail = failure(run(jobs, make_group("g0"), at=pending)["g0"])
    assert reason == due
    assert detail.endswith("no pod of its Job ran for 0.3 s")
    assert cluster.objects["jobs"] == {}


def test_suspended_job_is_not_charged_while_another_one_runs(make_jobs, make_group, cluster, finish) -> None:
    """A queue that our own Jobs fill is no failure; once nothing runs, time counts."""
    groups = [make_group("g0"), make_group("g1")]
    looks = []

    def work() -> None:
        if len(cluster.objects["jobs"]) == 2 and not looks:
            cluster.job("g0")["status"] = {"ready": 1, "active": 1}
            cluster.job("g1")["spec"]["suspend"] = True
        if len(cluster.objects["jobs"]) == 2:
            looks.append(1)
        if len(looks) == 60:
            finish(groups[0])

    last = run(make_jobs(start_seconds=0.3), *groups, at=dict.fromkeys(range(100_000), work))
    assert failure(last["g0"])[0] == branch_pb2.BRANCH_FAILURE_UNSPECIFIED
    assert failure(last["g1"])[0] == branch_pb2.BRANCH_FAILURE_NOT_ADMITTED
    assert len(looks) >= 60


def test_jobs_are_counted_by_what_they_do_now(make_jobs, make_group, cluster, finish) -> None:
    """One runs, one waits for its queue, one for a pod, one for a place of its own; none once the call is over."""

    def states() -> dict[str, float]:
        names = ("running", "pending", "suspended", "queued")
        read = REGISTRY.get_sample_value
        return {name: read("also_jobs_now", {"campaign": "c", "state": name}) or 0.0 for name in names}

    groups = [make_group(f"g{number}") for number in range(4)]
    steps = [
        (
            lambda: len(cluster.objects["jobs"]) == 3,
            lambda: (
                cluster.job("g0").update(status={"ready": 1, "active": 1}),
                cluster.job("g1")["spec"].update(suspend=True),
            ),
        ),
        (
            lambda: states() == {"running": 1.0, "pending": 1.0, "suspended": 1.0, "queued": 1.0},
            lambda: [finish(group) for group in groups],
        ),
    ]

    def step() -> None:
        if steps and steps[0][0]():
            steps.pop(0)[1]()

    run(make_jobs(parallel=3), *groups, at=dict.fromkeys(range(100_000), step))
    assert steps == []
    assert set(states().values()) == {0.0}


def test_group_that_was_not_charged_begins_to_wait_when_it_gets_room(make_jobs, make_group, cluster, finish) -> None:
    """Its pod has as long to start as any other, however long the queue was."""
    groups = [make_group("g0"), make_group("g1")]
    looks = []

    def work() -> None:
        if len(cluster.objects["jobs"]) == 2 and not looks:
            cluster.job("g0")["status"] = {"ready": 1, "active": 1}
            cluster.job("g1")["spec"]["suspend"] = True
        if len(cluster.objects["jobs"]) == 2:
            looks.append(1)
        if len(looks) == 60:
            finish(groups[0])
            cluster.job("g1")["spec"]["suspend"] = False
            cluster.add_pod(cluster.job("g1"), phase="Pending", startTime="2026-01-01T00:00:00Z")
        if len(looks) == 80:
            finish(groups[1])

    last = run(make_jobs(start_seconds=0.5), *groups, at=dict.fromkeys(range(100_000), work))
    assert [failure(last[name])[0] for name in ("g0", "g1")] == [branch_pb2.BRANCH_FAILURE_UNSPECIFIED] * 2


def test_running_group_tells_its_newest_save(make_jobs, make_group, cluster, finish, store) -> None:
    """Hours may pass until there is a result; a save that cannot be read is passed over."""
    group = make_group("g0")
    for updates in (0, 1):
        record = BranchRecord(arm="control", measures=[Measure(env_steps=updates)])
        save = BranchGroupSave(name="g0", updates=updates, records=[record])
        store.create_message(keys.branch_group_save("c", "g0", updates), save)
    told = []
    with closing(make_jobs(saves_seconds=0.05).run([group])) as running:
        for progress in running:
            if progress and progress["g0"].env_steps != 160:
                told.append(progress["g0"])
                store.create(keys.branch_group_save("c", "g0", 3), b"damaged")
                if len(told) == 30:
                    finish(group)
    assert {each.env_steps for each in told} == {80}
    assert told[0].records[0].measures[0].env_steps == 1
    assert progress["g0"].env_steps == 160


def test_quota_of_jobs_is_waited_for_and_then_named(make_jobs, make_group, cluster, finish) -> None:
    """A Job that a quota refuses is tried again; a second one that stays refused fails."""
    said = 'jobs.batch "x" is forbidden: exceeded quota: few, requested: count/jobs.batch=1, used: 1, limited: 1'
    group = make_group("g0")
    cluster.answers = [("POST", 403, said)] * 2
    assert run(make_jobs(), group, at=when(lambda: cluster.objects["jobs"], lambda: finish(group)))
    cluster.answers = [("POST", 403, said)] * 10_000
    reason, detail = failure(run(make_jobs(start_seconds=0.2), make_group("g1"), at={})["g1"])
    assert reason == branch_pb2.BRANCH_FAILURE_QUOTA_EXCEEDED
    assert "exceeded quota: few" in detail


def test_conflict_about_a_quota_is_tried_again(make_jobs, make_group, cluster, finish) -> None:
    """Many who create at once get 409 although nobody has the name; that is not a Job that has gone."""
    said = 'Operation cannot be fulfilled on resourcequotas "few": the object has been modified'
    group = make_group("g0")
    cluster.answers = [("POST", 409, said)] * 10
    last = run(make_jobs(), group, at=when(lambda: cluster.objects["jobs"], lambda: finish(group)))
    assert failure(last["g0"])[0] == branch_pb2.BRANCH_FAILURE_UNSPECIFIED
    assert creations(cluster) == 11


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (403, 'jobs.batch is forbidden: User "system:serviceaccount:a:b" cannot create resource "jobs"'),
        (422, 'Job.batch "x" is invalid: spec.template.spec.containers[0].image: Required value'),
        (400, 'Job in version "v1" cannot be handled as a Job: strict decoding error: unknown field "spec.xyz"'),
        *(
            (status, 'admission webhook "p.example" denied the request: no team label')
            for status in (400, 403, 409, 500)
        ),
    ],
)
def test_refused_job_is_the_places_error(make_jobs, make_group, cluster, status: int, message: str) -> None:
    """Rights, Pod Security and a wrong template are said in the API's words; nothing is charged to a branch."""
    cluster.answers = [("POST", status, message)]
    with pytest.raises(EndpointError, match="cannot be created in namespace tests: " + message[:30]):
        run(make_jobs(), make_group("g0"), at={})


def test_api_that_fails_for_a_while_is_borne(make_jobs, make_group, cluster, finish) -> None:
    """429 and 5xx answers, in any place, delay a group and nothing else."""
    group = make_group("g0")
    cluster.answers = [("configmaps", 503, "not now"), ("POST", 500, "not now"), ("GET .*jobs", 429, "too many")] * 3
    assert run(make_jobs(), group, at=when(lambda: not cluster.answers, lambda: finish(group)))["g0"].env_steps == 160
    assert len(cluster.objects["jobs"]) == 1


def test_api_that_fails_for_too_long_is_unavailable(make_jobs, make_group, cluster) -> None:
    """The conductor, which repeats the call, is told so."""
    cluster.answers = [("", 503, "apiserver is shutting down")] * 100_000
    with pytest.raises(ServiceUnavailable, match="with 503: apiserver is shutting down"):
        run(make_jobs(patience_seconds=0.2), make_group("g0"), at={})


def test_api_that_nobody_serves_is_unavailable(make_group, make_jobs, store) -> None:
    """A refused connection is nobody's input."""
    with serving(SmallCluster()) as namespace:
        pass
    with pytest.raises(ServiceUnavailable, match=r"the Kubernetes API did not answer GET .*configmaps/template"):
        run(make_jobs(namespace=namespace, patience_seconds=0.2), make_group("g0"), at={})


def test_one_look_is_one_list_of_jobs_and_of_pods(make_jobs, make_group, cluster, finish) -> None:
    """However many groups run; and no list of pods while all Jobs count a ready one."""
    groups = [make_group(f"g{number}") for number in range(2)]

    def begin() -> None:
        for group in groups:
            cluster.job(group.name)["status"] = {"ready": 1}
        cluster.requests.clear()

    at = when(lambda: len(cluster.objects["jobs"]) == 2, begin) | {}
    end = when(lambda: len(cluster.requests) > 20, lambda: [finish(group) for group in groups])
    both = {number: (lambda: (at[0](), cluster.objects["jobs"] and end[0]())) for number in range(10_000)}
    run(make_jobs(), *groups, at=both)
    assert {path.rpartition("/")[2] for _, path in cluster.requests[-10:]} == {"jobs"}


def test_many_groups_are_asked_for_by_their_names(make_jobs, make_group, cluster, finish) -> None:
    """A hundred in a request; what has ended before is not listed, and the template is read once for all that begin."""
    ended = [make_group(f"g{number}") for number in range(3)]
    begin = when(lambda: len(cluster.objects["jobs"]) == 3, lambda: [finish(group) for group in ended])
    run(make_jobs(parallel=3), *ended, at=begin)
    cluster.requests.clear()
    listed = []
    answer = cluster.answer

    def observed(method: str, path: str, query: dict[str, str], body: dict | None) -> tuple[int, dict]:
        status, document = answer(method, path, query, body)
        if "items" in document:
            listed.append([each["metadata"]["labels"]["also.dev/group"] for each in document["items"]])
        return status, document

    cluster.answer = observed
    groups = [make_group(f"h{number}") for number in range(250)]
    end = when(lambda: len(listed) >= 6, lambda: [finish(group) for group in groups])
    run(make_jobs(parallel=250), *groups, at=end)
    assert [len(names) for names in listed[:3]] == [100, 100, 50]
    assert sorted(chain(*listed[:3])) == sorted(group.name for group in groups)
    assert sum("configmaps" in path for _, path in cluster.requests) == 1


def test_jobs_without_pods_are_asked_about_at_once(make_jobs, make_group, cluster, finish) -> None:
    """One list of refusals for all of them; a suspended Job, which is to have no pod, is not asked about."""
    groups = [make_group(f"g{number}") for number in range(12)]

    def asked() -> int:
        return sum(path.endswith("/events") for _, path in cluster.requests)

    def suspend() -> None:
        for group in groups:
            cluster.job(group.name)["spec"]["suspend"] = True
        cluster.requests.clear()

    def resume() -> None:
        assert asked() == 0
        for group in groups:
            cluster.job(group.name)["spec"]["suspend"] = False

    steps = [
        (lambda: len(cluster.objects["jobs"]) == len(groups), suspend),
        (lambda: len(cluster.requests) >= 120, resume),
        (lambda: asked() >= 2, lambda: [finish(group) for group in groups]),
    ]

    def step() -> None:
        if steps and steps[0][0]():
            steps.pop(0)[1]()

    run(make_jobs(parallel=len(groups), refusals_seconds=0.05), *groups, at=dict.fromkeys(range(10_000), step))
    assert 2 <= asked() < len(groups)


def test_check_creates_nothing(make_jobs, cluster) -> None:
    """A template, rights and Pod Security that suit are known before anything is written."""
    make_jobs().check()
    assert cluster.objects["jobs"] == {}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            ("configmaps", 404, 'configmaps "template" not found'),
            "ConfigMap template of namespace tests cannot be read",
        ),
        (
            ("POST", 403, "jobs.batch is forbidden"),
            "Jobs cannot be created in namespace tests: jobs.batch is forbidden",
        ),
        (("GET .*pods", 403, "pods is forbidden"), "pods of namespace tests cannot be listed: pods is forbidden"),
        (("DELETE", 403, "may not delete"), "Jobs of namespace tests cannot be read and deleted: may not delete"),
    ],
)
def test_check_names_what_is_not_allowed(make_jobs, cluster, answer: tuple[str, int, str], said: str) -> None:
    """Each right that the launcher needs is asked for."""
    cluster.answers = [answer]
    with pytest.raises(EndpointError, match=said):
        make_jobs().check()


def test_check_heeds_a_warning_of_pod_security(make_jobs, cluster) -> None:
    """A Job is created where its pods are forbidden; the API server only warns."""
    cluster.warning = '299 - "would violate PodSecurity \\"restricted:latest\\": runAsNonRoot != true"'
    with pytest.raises(EndpointError, match='tests: would violate PodSecurity "restricted:latest": run'):
        make_jobs().check()


def test_forbidden_pods_are_the_places_error(make_jobs, make_group, cluster) -> None:
    """A Job whose pods Pod Security forbids will never run, and says so by an event only."""
    said = 'Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'
    event = when(lambda: cluster.objects["jobs"], lambda: cluster.add_event(cluster.job("g0"), "FailedCreate", said))
    with pytest.raises(EndpointError, match=r"no pod of Job c-g0-.* can be created: .*violates PodSecurity"):
        run(make_jobs(), make_group("g0"), at=event)


def test_a_policys_refusal_ends_the_wait(make_jobs, make_group, cluster) -> None:
    """What a webhook denies is told at once, in its words, although `forbidden` is not among them."""
    said = 'Error creating: admission webhook "validation.gatekeeper.sh" denied the request: [team] no label'
    event = when(lambda: cluster.objects["jobs"], lambda: cluster.add_event(cluster.job("g0"), "FailedCreate", said))
    with pytest.raises(EndpointError, match=r"no pod of Job c-g0-.* can be created: .*denied the request: \[team\]"):
        run(make_jobs(refusals_seconds=0.1), make_group("g0"), at=event)


def test_a_webhook_that_does_not_answer_is_waited_for(make_jobs, make_group, cluster, finish) -> None:
    """Its pod may be on its way to another node; the group goes on as soon as there is a pod."""
    said = 'Error creating: Internal error occurred: failed calling webhook "p.example": connection refused'
    group, seen = make_group("g0"), []

    def bear() -> None:
        if cluster.objects["jobs"] and not seen:
            cluster.add_event(cluster.job("g0"), "FailedCreate", said)
        seen.extend(request for request in cluster.requests if request[1].endswith("/events"))
        if len(seen) > 3:
            finish(group)

    last = run(make_jobs(refusals_seconds=0.05), group, at=dict.fromkeys(range(10_000), bear))
    assert failure(last["g0"])[0] == branch_pb2.BRANCH_FAILURE_UNSPECIFIED


def test_quota_of_pods_is_named(make_jobs, make_group, cluster) -> None:
    """It is no error of the place: room may come, until time is over."""
    said = (
        'Error creating: pods "x" is forbidden: exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0'
    )
    event = when(lambda: cluster.objects["jobs"], lambda: cluster.add_event(cluster.job("g0"), "FailedCreate", said))
    reason, detail = failure(run(make_jobs(start_seconds=0.3), make_group("g0"), at=event)["g0"])
    assert reason == branch_pb2.BRANCH_FAILURE_QUOTA_EXCEEDED
    assert "exceeded quota: none" in detail


def test_template_is_read_when_a_job_is_created(make_jobs, make_group, cluster, finish) -> None:
    """An upgraded release changes the Jobs from then on."""
    changed = copy.deepcopy(TEMPLATE)
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = "localhost/also-trainer:2"
    groups = [make_group("g0"), make_group("g1")]

    def upgrade() -> None:
        cluster.set_template(changed)
        finish(groups[0])

    at = when(lambda: creations(cluster) == 1, upgrade)
    end = when(lambda: creations(cluster) == 2, lambda: finish(groups[1]))
    run(make_jobs(parallel=1), *groups, at={number: (lambda: (at[0](), end[0]())) for number in range(10_000)})
    assert cluster.job("g1")["spec"]["template"]["spec"]["containers"][0]["image"] == "localhost/also-trainer:2"
