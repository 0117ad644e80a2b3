"""What a round says while none of its branches can run: beside a real trainer, with Jobs in the small cluster."""

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


def test_admission_is_waited_for_by_its_queues_name(told, cluster) -> None:
    """An ordinary start is the first thing that is waited for, and no reason is given for it."""
    assert next_wait(told, bool) == "the first of 2 branch groups to begin"
    next_wait(told, lambda _: len(cluster.objects["jobs"]) == 2)
    suspend(cluster, "team-queue")
    found = next_wait(told, lambda words: words.startswith("2 branch groups") and "team-queue" in words)
    assert found == "2 branch groups to run: admission in queue team-queue"


def test_a_node_with_room_is_waited_for_with_the_schedulers_words(told, cluster) -> None:
    """And once one group runs, nothing is waited for: the other one may be waiting for its place."""
    next_wait(told, lambda _: len(cluster.objects["jobs"]) == 2)
    for job in list(cluster.objects["jobs"].values()):
        message = "0/3 nodes are available: 3 Insufficient cpu."
        pending = {"type": "PodScheduled", "status": "False", "message": message}
        cluster.add_pod(job, phase="Pending", conditions=[pending])
    found = next_wait(told, lambda words: words.startswith("2 branch groups") and "Insufficient cpu" in words)
    assert found == "2 branch groups to run: 0/3 nodes are available: 3 Insufficient cpu"
    next(iter(cluster.objects["jobs"].values()))["status"] = {"ready": 1, "active": 1}
    assert next_wait(told, lambda words: not words) == ""


@pytest.mark.parametrize(
    ("progress", "due"),
    [
        ({}, "the first of 3 branch groups to begin"),
        ({"a": BranchProgress()}, ""),
        ({"a": BranchProgress(waits_for="x"), "b": BranchProgress(env_steps=8)}, ""),
        ({"a": BranchProgress(waits_for="x"), "b": BranchProgress(env_steps=8, waits_for="x")}, "2 … to run: x"),
        ({"a": BranchProgress(waits_for="x"), "b": BranchProgress(records=[BranchRecord(failure=1)])}, "1 … to run: x"),
        ({"a": BranchProgress(waits_for="x" * 500)}, "1 … to run: " + "x" * 160),
        ({"a": BranchProgress(records=[BranchRecord(failure=1)])}, ""),
    ],
)
def test_a_step_waits_where_no_group_that_has_not_ended_runs(progress: dict[str, BranchProgress], due: str) -> None:
    """The most frequent cause is told, and how many groups wait."""
    due = due.replace("1 …", "1 branch group").replace("2 …", "2 branch groups")
    assert _waits_for(3, progress) == due
