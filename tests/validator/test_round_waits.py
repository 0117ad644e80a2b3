"""What a round says while branches of it cannot run: beside a real trainer, with Jobs in the small cluster."""

from collections.abc import Callable, Iterator

import pytest

from also.services.validator.launch.jobs import Jobs
from also.services.validator.measure.records import Records
from also.services.validator.validation import _waits_for, validate
from also.store import Store
from also.v1.branch_pb2 import BranchProgress, BranchRecord
from also.v1.validator_pb2 import ValidateRequest, ValidationProgress
from tests.validator.small_cluster import SmallCluster, serving

Told = Iterator[ValidationProgress]


@pytest.fixture
def cluster() -> SmallCluster:
    """A cluster without Jobs."""
    return SmallCluster()


@pytest.fixture
def told(cluster: SmallCluster, store: Store, trainer, make_request: Callable[..., ValidateRequest]) -> Iterator[Told]:
    """The progress of a round whose Jobs nobody runs, for as long as one listens."""
    with serving(cluster) as namespace:
        jobs = Jobs(
            store=store,
            namespace=namespace,
            template="template",
            parallel=4,
            start_seconds=3600.0,
            tick_seconds=0.01,
            refusals_seconds=0.2,
        )
        round_ = validate(make_request(), trainer=trainer, launcher=jobs, measures=Records(store=store))
        yield round_
        round_.close()


def next_wait(told: Told, seen: Callable[[str], bool]) -> str:
    """The next words that are looked for."""
    for number, progress in enumerate(told):
        assert number < 10_000, "never told"
        if seen(progress.waits_for):
            return progress.waits_for
    raise AssertionError("the round is over")


def suspend(cluster: SmallCluster, queue: str) -> None:
    """Have a queue admit no Job."""
    for job in cluster.objects["jobs"].values():
        job["spec"]["suspend"] = True
        job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] = queue


@pytest.mark.slow
def test_admission_is_waited_for_by_its_queues_name(told, cluster) -> None:
    """An ordinary start is the first thing that is waited for, and no reason is given for it."""
    assert next_wait(told, bool) == "the first of 2 branch groups to begin"
    next_wait(told, lambda _: len(cluster.objects["jobs"]) == 2)
    suspend(cluster, "team-queue")
    found = next_wait(told, lambda words: "2 of 2" in words and "team-queue" in words)
    assert found == "branch groups to run: 2 of 2, admission by queue team-queue"


@pytest.mark.slow
def test_a_node_with_room_is_waited_for_with_the_schedulers_words(told, cluster) -> None:
    """In quotes, and printable; also while the other group runs."""
    next_wait(told, lambda _: len(cluster.objects["jobs"]) == 2)
    for job in list(cluster.objects["jobs"].values()):
        message = '0/3 nodes are\n\x1b[2Javailable: 3 Insufficient "cpu".'
        pending = {"type": "PodScheduled", "status": "False", "message": message}
        cluster.add_pod(job, phase="Pending", conditions=[pending])
    said = "a node, \"0/3 nodes are [2Javailable: 3 Insufficient 'cpu'\""
    assert next_wait(told, lambda words: "2 of 2" in words) == f"branch groups to run: 2 of 2, {said}"
    first, second = cluster.objects["jobs"].values()
    first["status"] = {"ready": 1, "active": 1}
    assert next_wait(told, lambda words: "1 of 2" in words) == f"branch groups to run: 1 of 2, {said}"
    second["status"] = {"ready": 1, "active": 1}
    assert next_wait(told, lambda words: not words) == ""


@pytest.mark.parametrize(
    ("progress", "due"),
    [
        ({}, "the first of 3 branch groups to begin"),
        ({"a": BranchProgress()}, ""),
        ({"a": BranchProgress(waits_for="x"), "b": BranchProgress(env_steps=8)}, "branch groups to run: 1 of 3, x"),
        ({"a": BranchProgress(waits_for="x"), "b": BranchProgress(waits_for="x")}, "branch groups to run: 2 of 3, x"),
        ({"a": BranchProgress(env_steps=8, waits_for="x")}, "branch groups to run: 1 of 3, x"),
        ({"a": BranchProgress(records=[BranchRecord(failure=1)], waits_for="x")}, ""),
        ({name: BranchProgress(waits_for=name[0]) for name in ("a", "b", "b1")}, "branch groups to run: 3 of 3, b"),
        ({"a": BranchProgress(waits_for="x" * 500)}, "branch groups to run: 1 of 3, " + "x" * 200),
        ({"a": BranchProgress(records=[BranchRecord(failure=1)])}, ""),
    ],
)
def test_a_step_tells_how_many_groups_wait_and_why(progress: dict[str, BranchProgress], due: str) -> None:
    """The most frequent cause; what has ended waits for nothing."""
    assert _waits_for(3, progress) == due
