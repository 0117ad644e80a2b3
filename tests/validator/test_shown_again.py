"""Groups that ended while Prometheus was away are shown again when it is back, where a stage waits for that."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from also import keys, reasons
from also.registry import REGISTRY
from also.services.validator.launch.jobs import Jobs
from also.services.validator.measure.prometheus import Prometheus
from also.services.validator.measure.query import Endpoint
from also.services.validator.measure.reading import Times
from also.shaping.identity import config_hash
from also.store import Store
from also.v1.branch_pb2 import Branch, BranchGroup, BranchGroupResult, BranchRecord, Measure, SeedPool
from also.v1.reading_pb2 import MetricsReading
from tests.validator.small_cluster import SmallCluster, serving
from tools.faulty_prometheus import server as faulty
from tools.faulty_prometheus.matrix import matrix

pytestmark = pytest.mark.slow

HURRY = {"wait": 0.3, "pause": 0.02, "away": 600.0, "lacking": 0.1, "looks": 0.02}
"""Times of a reading in a hurry, whose stage waits for a Prometheus that is away."""


@dataclass
class Place:
    """Where groups are shown: each as soon as somebody has asked so often, and it is free."""

    asks: int = 3
    asked: list[str] = field(default_factory=list)
    most: int = 0
    readings: Callable[[str], bool] = lambda _: False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def show(self, group: BranchGroup) -> str:
        with self._lock:
            self.asked.append(group.name)
            self.most = max(self.most, len({name for name in self.asked if not self.readings(name)}))
            return "" if self.shows(group.name) else "a node"

    def shows(self, name: str) -> bool:
        return self.asked.count(name) >= self.asks


@pytest.fixture
def place(store: Store) -> Place:
    """Where groups are shown."""
    return Place(readings=lambda name: store.exists(keys.branch_group_reading("c", name)))


@pytest.fixture
def finish(store: Store, make_campaign, make_config) -> Callable[[str], BranchGroup]:
    """Stores the result of a group of two branches."""

    def make(name: str) -> BranchGroup:
        configs = {"control": None, "r0-c0": make_config()}
        group = BranchGroup(
            campaign_id="c",
            name=name,
            campaign=make_campaign(),
            pool=SeedPool.SEED_POOL_SEARCH,
            branches=[Branch(arm=arm, config=config, checkpoint_id="start") for arm, config in configs.items()],
            env_steps=80,
        )
        records = [
            BranchRecord(
                arm=branch.arm,
                config_hash=config_hash(branch.config),
                checkpoint_id="end",
                env_steps=80,
                measures=[Measure(env_steps=80, mean_return=0.25, episodes=4)],
            )
            for branch in group.branches
        ]
        store.create_message(keys.branch_group_result("c", name), BranchGroupResult(name=name, records=records))
        return group

    return make


@pytest.fixture
def server() -> Iterator[faulty.FaultyPrometheus]:
    """A server that answers queries as a test says."""
    with faulty.serving() as server:
        yield server


@pytest.fixture
def open_prometheus(store: Store, server, place: Place) -> Iterator[Callable[..., Prometheus]]:
    """Opens the measures of a round; keyword arguments change its times."""
    with ExitStack() as opened:

        def make(**changes: float) -> Prometheus:
            times = Times(**{**HURRY, **changes})
            made = Prometheus(store=store, endpoint=Endpoint(url=server.url), times=times, show=place.show)
            opened.callback(made.close)
            return made

        yield make


def records_of(store: Store, name: str) -> list[BranchRecord]:
    return list(store.get_message(keys.branch_group_result("c", name), BranchGroupResult).records)


def read(measures: Prometheus, groups: list[BranchGroup]) -> tuple[list[BranchRecord], list[str]]:
    """The records as the judge takes them, and what was waited for meanwhile."""
    work, said = measures.read(groups), []
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value, said
        said.append(measures.waits_for)


def named(store: Store, name: str) -> str:
    fault = store.get_message(keys.branch_group_reading("c", name), MetricsReading).fault
    return reasons.metrics_fault(fault) if fault else ""


def tell_shown(server, place: Place, store: Store, groups: list[BranchGroup]) -> None:
    """Have Prometheus know the groups that are shown, and no other."""

    def answer(query: str):
        (group,) = [each for each in groups if f'"{each.name}"' in query]
        return matrix(group, records_of(store, group.name) if place.shows(group.name) else [], at=time.time())

    server.answer = answer


def test_a_group_that_ended_while_prometheus_was_away_is_shown_again(
    finish, server, open_prometheus, store, place
) -> None:
    """Its records count; first Prometheus is waited for, then what keeps the group from being shown."""
    group = finish("g0")
    place.asks = 60
    tell_shown(server, place, store, [group])
    server.fault_of = lambda call, query: "status_5xx" if call < 50 else ""
    found, said = read(open_prometheus(), [group])
    assert found == records_of(store, "g0")
    assert [words for words in said if words.startswith("Prometheus: answered with HTTP status 5")]
    assert "Prometheus: 1 branch group to be shown again, a node" in said


def test_without_a_time_to_wait_for_prometheus_nothing_is_shown_again(
    finish, server, open_prometheus, store, place
) -> None:
    """The default: the stage holds when the wait is over."""
    group = finish("g0")
    tell_shown(server, place, store, [group])
    read(open_prometheus(away=0.0), [group])
    assert named(store, "g0") == "MetricsIncomplete"
    assert place.asked == []


def test_samples_that_come_soon_need_nobody_to_show_them(finish, server, open_prometheus, store, place) -> None:
    """An ordinary scrape is waited for without a look at any process."""
    group = finish("g0")
    server.answer = lambda query: matrix(group, records_of(store, "g0"), at=time.time())
    server.fault_of = lambda call, query: "empty" if call < 3 else ""
    found, _ = read(open_prometheus(wait=60.0, lacking=30.0), [group])
    assert found == records_of(store, "g0")
    assert place.asked == []


def test_a_group_that_nobody_can_show_ends_the_wait(finish, server, open_prometheus, store, place) -> None:
    """After the time that processes have to start."""
    group = finish("g0")
    place.asks = 10**9
    tell_shown(server, place, store, [group])
    read(open_prometheus(start=0.3), [group])
    assert named(store, "g0") == "MetricsIncomplete"
    assert place.asked


def test_no_more_groups_are_shown_at_once_than_run_at_once(finish, server, open_prometheus, store, place) -> None:
    """Five groups, two places (`validation.parallel_groups`); all are read in the end."""
    groups = [finish(f"g{number}") for number in range(5)]
    tell_shown(server, place, store, groups)
    found, _ = read(open_prometheus(), groups)
    assert found == [record for group in groups for record in records_of(store, group.name)]
    assert {group.name for group in groups} == set(place.asked)
    assert place.most == 2


def test_a_job_that_has_ended_is_made_again(store: Store, make_group) -> None:
    """Deleted first, since there is one name; then it is asked what keeps it from running, until it runs."""
    cluster, group = SmallCluster(), make_group("g0")
    labels = {"campaign": "c", "outcome": "shown"}
    before = REGISTRY.get_sample_value("also_jobs_total", labels) or 0.0
    with serving(cluster) as namespace:
        jobs = Jobs(store=store, namespace=namespace, template="template", parallel=2, start_seconds=60.0)
        assert jobs.show(group) == "their Jobs to start"
        first = cluster.job("g0")
        first["spec"]["suspend"] = True
        first["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] = "team"
        assert jobs.show(group) == "admission by queue team"
        first["status"] = {"conditions": [{"type": "Complete", "status": "True"}]}
        assert jobs.show(group) == "their ended Jobs to be deleted"
        assert jobs.show(group) == "their Jobs to start"
        second = cluster.job("g0")
        assert second["metadata"]["uid"] != first["metadata"]["uid"]
        running = {"containerStatuses": [{"name": "branch", "state": {"running": {}}}]}
        cluster.add_pod(second, phase="Running", **running)
        assert jobs.show(group) == ""
        assert cluster.job("g0") is second
    assert REGISTRY.get_sample_value("also_jobs_total", labels) == before + 2


def test_a_cluster_that_refuses_is_told_and_ends_nothing(store: Store, make_group) -> None:
    """The group's records stand: the wait goes on, and has its end elsewhere."""
    cluster = SmallCluster()
    cluster.answers = [("POST .*jobs", 403, "jobs.batch is forbidden:\n no \x1b[31mright")]
    with serving(cluster) as namespace:
        jobs = Jobs(store=store, namespace=namespace, template="template", parallel=2, start_seconds=60.0)
        assert "jobs.batch is forbidden: no [31mright" in jobs.show(make_group("g0"))
