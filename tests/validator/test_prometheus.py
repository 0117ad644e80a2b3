"""Measures that Prometheus has to agree with: every fault makes a group unusable, and none hangs a round."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from also import keys, reasons
from also.registry import REGISTRY
from also.services.validator.measure import samples
from also.services.validator.measure.prometheus import Prometheus
from also.services.validator.measure.query import Endpoint, QueryAnswer, read_answer
from also.services.validator.measure.reading import Times
from also.shaping.identity import config_hash
from also.store import Store
from also.v1.branch_pb2 import (
    Branch,
    BranchFailure,
    BranchGroup,
    BranchGroupResult,
    BranchRecord,
    Measure,
    SeedPool,
)
from also.v1.reading_pb2 import BranchReading, MetricsFault, MetricsReading
from tools.faulty_prometheus.faults import FAULTS
from tools.faulty_prometheus.matrix import matrix
from tools.faulty_prometheus.server import FaultyPrometheus, serving

FAULT_OF = {
    "status_5xx": {"MetricsUnavailable"},
    "status_4xx": {"MetricsUnavailable"},
    "redirect": {"MetricsUnavailable"},
    "error_in_success": {"MetricsUnavailable"},
    "empty": {"MetricsIncomplete"},
    "partial": {"MetricsIncomplete"},
    "warnings": {"MetricsIncomplete"},
    "not_a_number": {"MetricsNotFinite"},
    "no_number": {"MetricsUnavailable"},
    "wrong_value": {"MetricsMismatch"},
    "restarted_counter": {"MetricsMismatch"},
    "wrong_hash": {"MetricsMismatch"},
    "wrong_labels": {"MetricsMismatch", "MetricsIncomplete"},
    "stale": {"MetricsStale"},
    "clock_skew": {"MetricsStale"},
    "duplicate": {"MetricsAmbiguous"},
    "hang": {"MetricsUnavailable"},
    "slow_drip": {"MetricsUnavailable"},
    "connection_reset": {"MetricsUnavailable"},
    "gigantic_body": {"MetricsUnavailable"},
    "no_json": {"MetricsUnavailable"},
    "wrong_shape": {"MetricsUnavailable"},
    "false_encoding": {"MetricsUnavailable"},
}
"""What each kind of fault is called."""

SLOW = ("hang", "slow_drip", "gigantic_body")
"""Kinds that take a deadline each, or much memory."""


@dataclass
class Group:
    """A group that has finished, and what is stored of it."""

    spec: BranchGroup
    records: list[BranchRecord]

    @property
    def by_arm(self) -> dict[tuple[str, int], BranchRecord]:
        return {(record.arm, record.seed_index): record for record in self.records}


@pytest.fixture
def finish(store: Store, make_campaign, make_config) -> Callable[..., Group]:
    """Stores the result of a group of two arms and two seeds; keyword arguments fail branches, by arm."""

    def make(name: str = "s0001-r0-confirm-1-g0", **failed: BranchFailure) -> Group:
        branches = [
            Branch(arm=arm, seed_index=index, config=config, checkpoint_id="start")
            for index in (3, 4)
            for arm, config in (("control", None), ("r0-c0", make_config()))
        ]
        spec = BranchGroup(
            campaign_id="c",
            name=name,
            campaign=make_campaign(),
            pool=SeedPool.SEED_POOL_CONFIRM,
            branches=branches,
            env_steps=80,
            stage=1,
            step=1,
        )
        records = [
            BranchRecord(
                arm=branch.arm,
                seed_index=branch.seed_index,
                config_hash=config_hash(branch.config),
                checkpoint_id="end",
                env_steps=80,
                measures=[
                    Measure(env_steps=40, mean_return=0.0, milestone_score=0.1, episodes=4),
                    Measure(env_steps=80, mean_return=0.1 + place / 3, milestone_score=place / 7, episodes=4),
                ],
                failure=failed.get(branch.arm.replace("-", "_"), 0),
            )
            for place, branch in enumerate(branches)
        ]
        store.create_message(keys.branch_group_result("c", name), BranchGroupResult(name=name, records=records))
        return Group(spec, records)

    return make


@pytest.fixture
def server() -> Iterator[FaultyPrometheus]:
    """A server that answers queries as a test says."""
    with serving() as server:
        yield server


@pytest.fixture
def open_prometheus(store: Store, server: FaultyPrometheus) -> Iterator[Callable[..., Prometheus]]:
    """Opens the measures of a round, in a hurry; keyword arguments change them."""
    opened = []

    def make(seconds: float = 5.0, **changes) -> Prometheus:
        named = {"max_age", "owner", "replica_labels", "show"} & changes.keys()
        more = {name: changes.pop(name) for name in named}
        times = Times(**{"wait": 0.2, "pause": 0.05, **changes})
        place = Endpoint(url=server.url, seconds=seconds)
        opened.append(Prometheus(store=store, endpoint=place, times=times, **more))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def result_of(work) -> list:
    """What a generator of measures returns, in the end."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value


def reading_of(store: Store, name: str = "s0001-r0-confirm-1-g0") -> MetricsReading:
    return store.get_message(keys.branch_group_reading("c", name), MetricsReading)


def named(store: Store) -> str:
    return reasons.metrics_fault(reading_of(store).fault)


def test_samples_that_agree_are_what_the_judge_gets(finish, server, open_prometheus, store) -> None:
    """Every branch has its reading with an age, and the records carry no fault."""
    group = finish()
    server.answer = lambda query: matrix(group.spec, group.records, at=time.time() - 3)
    found = result_of(open_prometheus().read([group.spec]))
    assert found == group.records
    reading = reading_of(store)
    assert (reading.group, reading.fault, reading.detail) == (group.spec.name, 0, "")
    assert [(each.arm, each.seed_index) for each in reading.branches] == list(group.by_arm)
    for each in reading.branches:
        record = group.by_arm[each.arm, each.seed_index]
        assert (each.mean_return, each.env_steps, each.episodes) == (record.measures[-1].mean_return, 80, 8)
        assert each.config_hash == record.config_hash
        assert round(each.age_seconds) in range(3, 30)


def test_one_range_query_asks_for_a_group(finish, server, open_prometheus, store) -> None:
    """Raw samples of four metrics with their own times, selected by campaign and group, at Prometheus's own now."""
    group = finish()
    server.answer = lambda query: matrix(group.spec, group.records, at=time.time())
    result_of(open_prometheus(max_age=12.5, wait=7.2).read([group.spec]))
    names = "also_branch_(return|milestone_score|measured_env_steps|evaluation_episodes_total)"
    group_labels = 'campaign="c",group="s0001-r0-confirm-1-g0"'
    assert server.queries == [f'{{__name__=~"{names}",{group_labels}}}[33s]']
    assert "time" not in server.parameters[0]
    assert reading_of(store).query == server.queries[0]


def test_the_judge_gets_the_numbers_of_prometheus(finish, server, open_prometheus) -> None:
    """A difference that is none (a part in 10^10) is not a fault, and what Prometheus has is what counts."""
    group = finish()
    near = [BranchRecord.FromString(record.SerializeToString()) for record in group.records]
    near[1].measures[-1].mean_return *= 1 + 1e-10
    server.answer = lambda query: matrix(group.spec, near, at=time.time())
    found = result_of(open_prometheus().read([group.spec]))
    assert found[1].measures[-1].mean_return == near[1].measures[-1].mean_return
    assert found[1] != group.records[1]
    assert found[1].metrics_fault == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("extra", "due"),
    [
        ({"warnings": ["receive series from Addr: store-1: context deadline exceeded"]}, "MetricsIncomplete"),
        ({"isPartial": True}, "MetricsIncomplete"),
        ({"isPartial": False, "warnings": [], "infos": ["PromQL info: metric might not be a counter"]}, ""),
    ],
    ids=["thanos", "victoriametrics", "whole"],
)
def test_a_partial_answer_is_not_believed(finish, server, open_prometheus, extra, due) -> None:
    """Thanos warns when a store did not answer, a cluster of VictoriaMetrics has a field for it; advice is no fault."""
    group = finish()

    def answer(query: str):
        response = matrix(group.spec, group.records, at=time.time())
        response.extra = extra
        return response

    server.answer = answer
    found = result_of(open_prometheus(wait=0.3).read([group.spec]))
    said = {reasons.metrics_fault(record.metrics_fault) if record.metrics_fault else "" for record in found}
    assert said == {due}


def test_an_owners_samples_are_asked_for(finish, server, open_prometheus) -> None:
    """The query names whose the group is, and takes what tells no owner."""
    group = finish()
    server.answer = lambda query: matrix(group.spec, group.records, at=time.time())
    result_of(open_prometheus(owner={"c": "0123456789abcdef"}.__getitem__).read([group.spec]))
    assert ',owner=~"|0123456789abcdef"}[' in server.queries[0]


def test_every_kind_of_fault_has_its_name() -> None:
    """No kind is left out of these tests."""
    assert set(FAULT_OF) == set(FAULTS)


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_a_fault_makes_the_whole_group_unusable(kind: str, store, server, open_prometheus, finish) -> None:
    """Whatever is damaged, and wherever: the fault has its name, every record carries it, no measure is changed."""
    seconds = 0.3 if kind in SLOW else 5.0
    for number in range(1 if kind in SLOW else 8):
        group = finish(f"s0001-r0-confirm-1-g{number}")
        server.answer = lambda query, group=group: matrix(group.spec, group.records, at=time.time())
        server.fault_of = lambda call, query: kind
        found = result_of(open_prometheus(seconds=seconds, wait=0.01).read([group.spec]))
        reading = reading_of(store, group.spec.name)
        assert reasons.metrics_fault(reading.fault) in FAULT_OF[kind], reading
        assert reading.detail.endswith(".")
        assert "ignore all" not in reading.detail
        assert not reading.branches
        for record, before in zip(found, group.records, strict=True):
            assert (record.metrics_fault, record.metrics_detail) == (reading.fault, reading.detail)
            assert record.measures == before.measures
    assert server.elsewhere == 0


def test_a_reading_that_is_refused_is_told_once(finish, server, open_prometheus, told) -> None:
    """And not again where it is found."""
    group = finish()
    server.answer = lambda query: matrix(group.spec, group.records, at=time.time())
    server.fault_of = lambda call, query: "empty"
    for _ in range(2):
        result_of(open_prometheus(wait=0.01).read([group.spec]))
    (line,) = told()
    assert (line["event"], line["error"], line["group"]) == ("ReadingRefused", "MetricsIncomplete", group.spec.name)
    assert line["detail"].endswith(".")


@pytest.mark.slow
def test_a_fault_that_passes_is_waited_out(finish, server, open_prometheus, store, told) -> None:
    """The samples of before the last scrape, then an error, then what is due; the log is told of none of that."""
    group = finish()
    early = [BranchRecord.FromString(record.SerializeToString()) for record in group.records]
    for record in early:
        del record.measures[-1]
    server.answer = lambda query: matrix(
        group.spec, early if len(server.queries) == 1 else group.records, at=time.time()
    )
    server.fault_of = lambda call, query: {1: "status_5xx", 2: "empty", 3: "connection_reset"}.get(call, "")
    assert result_of(open_prometheus(wait=20.0).read([group.spec])) == group.records
    assert len(server.queries) == 5
    assert reading_of(store).fault == 0
    assert told() == []


@pytest.mark.slow
def test_the_first_reading_counts_for_ever(finish, server, open_prometheus, store) -> None:
    """A repeated round decides the same: nothing is asked again, whether the reading was good or not."""
    group = finish()
    server.answer = lambda query: matrix(group.spec, group.records, at=time.time())
    server.fault_of = lambda call, query: "empty"
    first = result_of(open_prometheus().read([group.spec]))
    asked = len(server.queries)
    server.fault_of = lambda call, query: ""
    assert result_of(open_prometheus().read([group.spec])) == first
    assert first[0].metrics_fault == MetricsFault.METRICS_FAULT_INCOMPLETE
    assert len(server.queries) == asked


def test_the_reading_of_a_faster_validator_counts(finish, server, open_prometheus, store) -> None:
    """Two of them read at once; what is stored first is what both say."""
    group = finish()
    fault = MetricsFault.METRICS_FAULT_STALE
    other = MetricsReading(group=group.spec.name, fault=fault, detail="It is old.")

    def answer(query: str):
        store.create_message(keys.branch_group_reading("c", group.spec.name), other)
        return matrix(group.spec, group.records, at=time.time())

    server.answer = answer
    found = result_of(open_prometheus().read([group.spec]))
    assert {(record.metrics_fault, record.metrics_detail) for record in found} == {(fault, "It is old.")}


def test_a_reading_of_other_branches_is_refused(finish, open_prometheus, store) -> None:
    """A stored reading that does not fit the group is a failure, not a fault of its metrics."""
    group = finish()
    stored = MetricsReading(group=group.spec.name, branches=[BranchReading(arm="control", seed_index=3)])
    store.create_message(keys.branch_group_reading("c", group.spec.name), stored)
    with pytest.raises(Exception, match="which are not its branches"):
        result_of(open_prometheus().read([group.spec]))


def test_branches_that_failed_need_no_samples(finish, server, open_prometheus, store) -> None:
    """A branch that diverged is judged by its record; the others of its group still need theirs."""
    group = finish(r0_c0=BranchFailure.BRANCH_FAILURE_DIVERGED)
    healthy = [record for record in group.records if record.arm == "control"]
    server.answer = lambda query: matrix(group.spec, healthy, at=time.time())
    assert result_of(open_prometheus().read([group.spec])) == group.records
    assert [each.arm for each in reading_of(store).branches] == ["control", "control"]


@pytest.mark.slow
def test_a_fault_is_not_put_on_a_branch_that_failed(finish, server, open_prometheus) -> None:
    """Why a branch has no result is not hidden by what Prometheus says."""
    group = finish(r0_c0=BranchFailure.BRANCH_FAILURE_DIVERGED)
    server.answer = lambda query: matrix(group.spec, [], at=time.time())
    found = result_of(open_prometheus().read([group.spec]))
    faults = {record.arm: reasons.metrics_fault(record.metrics_fault) for record in found if record.metrics_fault}
    assert faults == {"control": "MetricsIncomplete"}


def test_a_group_that_failed_as_a_whole_is_not_asked_for(finish, server, open_prometheus, store) -> None:
    """No Job ever ran, so there is nothing to read; the reading is stored all the same."""
    failed = BranchFailure.BRANCH_FAILURE_OUT_OF_MEMORY
    group = finish(control=failed, r0_c0=failed)
    assert result_of(open_prometheus().read([group.spec])) == group.records
    assert server.queries == []
    assert reading_of(store).fault == 0


def test_a_group_is_read_while_others_run(finish, server, open_prometheus, store) -> None:
    """The launcher goes on; a finished group's reading is there before the last group has ended."""
    group = finish()
    server.answer = lambda query: matrix(group.spec, group.records, at=time.time())
    measures = open_prometheus(wait=20.0)
    deadline = time.monotonic() + 20
    while not store.exists(keys.branch_group_reading("c", group.spec.name)) and time.monotonic() < deadline:
        measures.hear([group.spec])
        time.sleep(0.02)
    assert reading_of(store).fault == 0
    assert result_of(measures.read([group.spec])) == group.records


def test_groups_are_read_side_by_side(finish, server, open_prometheus, store) -> None:
    """A group that Prometheus never answers for keeps no other from its reading, and the order stays."""
    groups = [finish(f"s0001-r0-search-1-g{number}") for number in range(4)]

    def answer(query: str):
        (asked,) = [each for each in groups if f'group="{each.spec.name}"' in query]
        return matrix(asked.spec, asked.records, at=time.time())

    server.answer = answer
    server.fault_of = lambda call, query: "hang" if groups[0].spec.name in query else ""
    measures = open_prometheus(seconds=60.0, wait=60.0)
    measures.hear([each.spec for each in groups])
    found = result_of(measures.read([each.spec for each in groups[1:]]))
    assert found == [record for each in groups[1:] for record in each.records]
    assert not store.exists(keys.branch_group_reading("c", groups[0].spec.name))


@pytest.mark.slow
def test_waiting_tells_progress(finish, server, open_prometheus) -> None:
    """While Prometheus hangs, the round is told again and again that it goes on."""
    group = finish()
    server.fault_of = lambda call, query: "hang"
    assert len(list(open_prometheus(seconds=3.0, wait=0.1).read([group.spec]))) >= 3


@pytest.mark.slow
def test_nobody_there_is_unavailable(finish, store, server, open_prometheus) -> None:
    """A port that nobody listens on."""
    group = finish()
    server.server_close()
    found = result_of(open_prometheus().read([group.spec]))
    assert named(store) == "MetricsUnavailable"
    assert reading_of(store).detail == "Prometheus could not be reached."
    assert all(record.metrics_fault for record in found)


def away_seconds() -> float:
    return REGISTRY.get_sample_value("also_metrics_away_seconds", {"campaign": "c"}) or 0.0


@pytest.mark.slow
def test_a_prometheus_that_is_away_is_borne_for_a_time(finish, server, open_prometheus, store) -> None:
    """Longer than samples are waited for; it is shown meanwhile, and over when there is an answer."""
    group = finish()
    server.answer = lambda query: matrix(group.spec, group.records, at=time.time())
    server.fault_of = lambda call, query: "status_5xx" if call < 25 else ""
    reading = open_prometheus(wait=0.2, away=60.0).read([group.spec])
    next(reading)
    assert away_seconds() != 0
    assert result_of(reading) == group.records
    assert away_seconds() == 0


@pytest.mark.slow
def test_a_prometheus_that_stays_away_is_unavailable(finish, server, open_prometheus, store) -> None:
    """It is waited for both times together, and not for ever."""
    group = finish()
    server.fault_of = lambda call, query: "status_5xx"
    result_of(open_prometheus(wait=0.3, away=0.6).read([group.spec]))
    assert named(store) == "MetricsUnavailable"


@pytest.mark.slow
def test_what_a_prometheus_says_after_its_return_counts(finish, server, open_prometheus, store) -> None:
    """Samples that it lost are waited for no longer than usually."""
    group = finish()
    server.answer = lambda query: matrix(group.spec, group.records, at=time.time())
    server.fault_of = lambda call, query: "status_5xx" if call < 10 else "empty"
    result_of(open_prometheus(wait=0.3, away=600.0).read([group.spec]))
    assert named(store) == "MetricsIncomplete"


@pytest.mark.slow
def test_readings_are_counted_by_outcome(finish, server, open_prometheus) -> None:
    """One usable, one not; how long it took is observed for both."""

    def counted(outcome: str) -> float:
        labels = {"campaign": "c", "outcome": outcome}
        return REGISTRY.get_sample_value("also_metrics_readings_total", labels) or 0.0

    def observed() -> float:
        return REGISTRY.get_sample_value("also_metrics_wait_seconds_count", {"campaign": "c"}) or 0.0

    before = counted("Usable"), counted("MetricsIncomplete"), observed()
    good, bad = finish("s0001-r0-search-1-g0"), finish("s0001-r0-search-1-g1")
    server.answer = lambda query: matrix(good.spec, good.records if "g0" in query else [], at=time.time())
    result_of(open_prometheus().read([good.spec, bad.spec]))
    assert (counted("Usable"), counted("MetricsIncomplete"), observed()) == (
        before[0] + 1,
        before[1] + 1,
        before[2] + 2,
    )


def answered(series: list[dict], at: float) -> QueryAnswer:
    """An answer as the client reads it."""
    return read_answer({"status": "success", "data": {"resultType": "matrix", "result": series}}, at)


def test_of_several_faults_the_first_in_order_is_told(finish) -> None:
    """Incomplete before stale, not finite, ambiguous and mismatch, whichever branch they are of."""
    group = finish()
    series = matrix(group.spec, group.records, at=1000.0).data["result"]
    told = []
    damages = (
        lambda: series[0]["values"][-1].__setitem__(1, "0.77"),
        lambda: series.append({**series[1], "metric": {**series[1]["metric"], "pod": "twin"}}),
        lambda: series[6]["values"][-1].__setitem__(1, "NaN"),
        lambda: series[11].__setitem__("values", [[100.0, "1"]]),
        lambda: series.pop(9),
    )
    for damage in damages:
        damage()
        fault = samples.judge(answered(series, 1000.0), group.spec, group.records, max_age=30)
        told.append(reasons.metrics_fault(fault.kind))
    assert told == ["MetricsMismatch", "MetricsAmbiguous", "MetricsNotFinite", "MetricsStale", "MetricsIncomplete"]


@pytest.mark.parametrize(
    ("age", "expected"),
    [(-2.1, "MetricsStale"), (-1.9, ""), (0.0, ""), (29.9, ""), (30.1, "MetricsStale")],
)
def test_a_sample_may_be_so_old(finish, age: float, expected: str) -> None:
    """From two seconds in the future, for clocks that differ, to the largest age."""
    group = finish()
    answer = answered(matrix(group.spec, group.records, at=1000.0 - age).data["result"], 1000.0)
    found = samples.judge(answer, group.spec, group.records, max_age=30)
    assert (reasons.metrics_fault(found.kind) if isinstance(found, samples.Fault) else "") == expected


@pytest.mark.parametrize(("age", "expected"), [(20.0, "MetricsAmbiguous"), (31.0, "")])
def test_a_process_that_was_replaced_is_not_taken_for_a_twin(finish, age: float, expected: str) -> None:
    """Its series is there until it is as old as may be; then the new process's counts alone."""
    group = finish()
    new = matrix(group.spec, group.records, at=999.0, pod="branch-1").data["result"]
    old = matrix(group.spec, group.records, at=1000.0 - age, pod="branch-0").data["result"]
    found = samples.judge(answered(old + new, 1000.0), group.spec, group.records, max_age=30)
    assert (reasons.metrics_fault(found.kind) if isinstance(found, samples.Fault) else "") == expected


def test_a_learner_under_another_config_is_a_mismatch(finish) -> None:
    """Prometheus and record agree, and both are not what the arm is due."""
    group = finish()
    for record in group.records:
        record.config_hash = "f" * 64
    answer = answered(matrix(group.spec, group.records, at=1000.0).data["result"], 1000.0)
    fault = samples.judge(answer, group.spec, group.records, max_age=30)
    assert fault.kind == MetricsFault.METRICS_FAULT_MISMATCH
    assert "is not that of its arm" in fault.detail
