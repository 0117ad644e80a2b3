"""Measures as Prometheus has them, believed only where the records in the object store say the same.

As soon as a group's result is stored, while its process still serves its metrics, Prometheus is asked for
the group's samples, every second until they can be used or the wait is over. The result is a
`MetricsReading`, created once in the object store: a repeated round finds it and decides the same, and
the group's process sees it and ends. A reading that cannot be used makes the group's records unusable for
the judge, with a named fault. It is never taken for "no change", and never for a promotion.

Where a stage is to wait for a Prometheus that is away, branches have long ended when it is back. Their records are
there; so each group whose samples are lacking is shown again by a process that trains nothing (ADR 33).

Queries run in threads of their own, each with a deadline; this module's state is touched by its caller's
thread alone.
"""

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from math import ceil
from typing import Any

from also import keys, log, metrics, reasons
from also.errors import ServiceError
from also.services.validator import ownership
from also.services.validator.measure import connection, guards, records, replicas, samples
from also.services.validator.measure.query import Endpoint, QueryError
from also.services.validator.measure.reading import Reading, Times
from also.settings import Settings
from also.store import Store
from also.v1.branch_pb2 import BranchGroup, BranchRecord
from also.v1.reading_pb2 import GuardReading, GuardReadings, MetricsFault, MetricsReading
from also.v1.validator_pb2 import ValidateRequest
from also.words import counted

_LOOK_SECONDS = 0.05
"""Time between two looks at the queries, while nothing else is done."""

_TELL_SECONDS = 0.5
"""Time between two reports of a wait, seconds."""

_THREADS = 8
"""Queries at once."""

_CAUSE_LIMIT = 200
"""Characters of why groups are not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """Measures of one round, see `measures.Measures`."""

    store: Store
    """The object store."""
    endpoint: Endpoint
    """Where Prometheus is."""
    owner: Callable[[str], str] = lambda _: ""
    """Whose a campaign's branches are, by its id, see `Settings.owner`; empty: whoever's."""
    replica_labels: frozenset[str] = frozenset()
    """Labels that alone tell apart the series of servers that stand for each other."""
    max_age: float = 30.0
    """Age of the oldest sample that counts, seconds."""
    times: Times = field(default_factory=Times)
    """How long what is waited for."""
    show: Callable[[BranchGroup], str] | None = None
    """Has a process serve a group's metrics, see `launch.launcher.Launcher.show`; None where nobody can be made to."""
    _readings: dict[str, Reading[MetricsReading]] = field(default_factory=dict, init=False)
    """Readings under way, by name of the group."""
    _shown: set[str] = field(default_factory=set, init=False)
    """Names of groups under way whose turn it is to be shown again."""
    _done: dict[str, MetricsReading] = field(default_factory=dict, init=False)
    """Readings that are in the object store, by name of the group."""
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_THREADS, thread_name_prefix="prometheus"), init=False
    )

    @classmethod
    def open(cls, settings: Settings, store: Store, show: Callable[[BranchGroup], str] | None = None) -> "Prometheus":
        """The measures of one round by a validator's settings; nothing is asked yet.

        Raises:
            EndpointError: the URL cannot be used.
        """
        return cls(
            store=store,
            endpoint=connection.endpoint(settings),
            owner=cache(partial(ownership.owner, store, namespace=settings.namespace, template=settings.job_template)),
            replica_labels=connection.replica_labels(settings),
            max_age=settings.metrics_max_age,
            times=Times(
                wait=settings.metrics_wait,
                away=settings.metrics_away,
                lacking=settings.metrics_max_age,
                start=settings.job_start_seconds,
            ),
            show=show,
        )

    @property
    def waits_for(self) -> str:
        """Prometheus, and after ": " what is wrong with it, or with what it scrapes."""
        asked = self._readings.values()
        away = [reading.answer.detail for reading in asked if reading.is_away]
        if away:
            return f"Prometheus: {away[0].removeprefix('Prometheus ').rstrip('.')}"
        hidden = Counter(reading.hidden for reading in asked if reading.hidden)
        if hidden:
            many = counted(hidden.total(), "branch group")
            return f"Prometheus: {many} to be shown again, {hidden.most_common(1)[0][0][:_CAUSE_LIMIT]}"
        return "Prometheus"

    def hear(self, finished: Sequence[BranchGroup]) -> None:
        """Continue to read the groups, as `Measures.hear` says."""
        for group in finished:
            if group.name not in self._done:
                self._advance(group)

    def read(self, groups: Sequence[BranchGroup]) -> Generator[None, None, list[BranchRecord]]:
        """The records as Prometheus has them; unusable where it does not, see `Measures.read`."""
        if groups:
            yield from self._ticking(groups[0].campaign_id, lambda: self._is_read(groups))
        found: list[BranchRecord] = []
        for group in groups:
            found += _as_read(records.read(self.store, [group]), self._done[group.name])
        return found

    def guard(self, request: ValidateRequest, candidate: str) -> Generator[None, None, list[GuardReading]]:
        """The readings of the guard queries, see `Measures.guard`."""
        queries = request.campaign.validation.guards
        if not queries:
            return []
        key = keys.guard_readings(request.campaign_id, request.stage, request.round, candidate)
        if not self.store.exists(key):
            owner = self.owner(request.campaign_id)
            asked = [
                Reading(
                    ask=lambda query=query: guards.read(  # type: ignore[misc]
                        self.endpoint,
                        query,
                        request,
                        candidate,
                        max_age=self.max_age,
                        replica_labels=self.replica_labels,
                        owner=owner,
                    ),
                    fault=lambda reading: reading.fault,
                )
                for query in queries
            ]
            over: set[int] = set()

            def all_over() -> bool:
                over.update(
                    place
                    for place, reading in enumerate(asked)
                    if place not in over and reading.advance(self._pool, self.times)
                )
                left = [reading for place, reading in enumerate(asked) if place not in over]
                _show_away(request.campaign_id, left)
                return not left

            yield from self._ticking(request.campaign_id, all_over)
            readings = GuardReadings(readings=[reading.answer for reading in asked])
            if self.store.create_message(key, readings):
                for each in readings.readings:
                    _tell(request, each, guard=each.name)
        stored = self.store.get_message(key, GuardReadings).readings
        if [each.name for each in stored] != [query.name for query in queries]:
            raise ServiceError(f"{key} has readings of {[each.name for each in stored]}, not of the campaign's guards")
        return list(stored)

    def close(self) -> None:
        """Give up what is being read; a query under way ends by its own deadline."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ticking(self, campaign_id: str, is_over: Callable[[], bool]) -> Generator[None, None, None]:
        """Yields until something is over, which is looked at many times a second."""
        told = time.monotonic()
        try:
            while not is_over():
                time.sleep(_LOOK_SECONDS)
                if time.monotonic() - told >= _TELL_SECONDS:
                    told = time.monotonic()
                    yield
        finally:
            _show_away(campaign_id, ())

    def _is_read(self, groups: Sequence[BranchGroup]) -> bool:
        self.hear(groups)
        _show_away(groups[0].campaign_id, self._readings.values())
        return all(group.name in self._done for group in groups)

    def _advance(self, group: BranchGroup) -> None:
        """Take a group's reading a step further, and store it when it is over."""
        if group.name not in self._readings:
            key = keys.branch_group_reading(group.campaign_id, group.name)
            if self.store.exists(key):
                self._done[group.name] = self._stored(group)
                return
            self._readings[group.name] = self._begin(group)
        reading = self._readings[group.name]
        if reading.wants_show(self.times) and len(self._shown) < group.campaign.validation.parallel_groups:
            self._shown.add(group.name)
        if reading.advance(self._pool, self.times, may_show=group.name in self._shown):
            self._done[group.name] = self._store(group, reading)
            del self._readings[group.name]
            self._shown.discard(group.name)

    def _begin(self, group: BranchGroup) -> Reading[MetricsReading]:
        measured = records.read(self.store, [group])
        owner = self.owner(group.campaign_id)
        query = samples.query(group, range_seconds=self._range_seconds, owner=owner)

        def ask() -> MetricsReading:
            reading = MetricsReading(group=group.name, query=query)
            if not any(map(samples.needs_samples, measured)):
                return reading
            try:
                said = self.endpoint.ask(query, lookback_seconds=self._lookback_seconds)
            except QueryError as error:
                reading.fault, reading.detail = MetricsFault.METRICS_FAULT_UNAVAILABLE, f"{error}."
                return reading
            match samples.judge(replicas.merged(said, self.replica_labels), group, measured, max_age=self.max_age):
                case samples.Fault(kind=kind, detail=detail):
                    reading.fault, reading.detail = kind, detail
                case branches:
                    reading.branches.extend(branches)
            return reading

        show = None if self.show is None else partial(self.show, group)
        return Reading(ask=ask, fault=lambda reading: reading.fault, show=show)

    def _store(self, group: BranchGroup, reading: Reading[MetricsReading]) -> MetricsReading:
        """Create a reading that is over; where another validator was faster, that one counts."""
        waited = time.monotonic() - reading.began
        made = reading.answer
        made.waited_seconds = waited
        if self.store.create_message(keys.branch_group_reading(group.campaign_id, group.name), made):
            _tell(group, made, group=group.name, seconds=waited)
            metrics.METRICS_WAIT_SECONDS.labels(group.campaign_id).observe(waited)
        return self._stored(group)

    def _stored(self, group: BranchGroup) -> MetricsReading:
        key = keys.branch_group_reading(group.campaign_id, group.name)
        stored = self.store.get_message(key, MetricsReading)
        if stored.group != group.name:
            raise ServiceError(f"{key} has a reading of group {stored.group!r}, not of {group.name}")
        return stored

    @property
    def _range_seconds(self) -> int:
        """How far back samples are asked for: one that was the last before the wait is seen to its end, as stale."""
        return ceil(2 * self.max_age + self.times.wait)

    @property
    def _lookback_seconds(self) -> int:
        return ceil(self.max_age)


def _show_away(campaign_id: str, asked: Iterable[Reading[Any]]) -> None:
    """Show how long a campaign has waited for a Prometheus that gives no answer."""
    now = time.monotonic()
    away = max((now - reading.began for reading in asked if reading.is_away), default=0.0)
    metrics.METRICS_AWAY_SECONDS.labels(campaign_id).set(away)


def _as_read(measured: Sequence[BranchRecord], reading: MetricsReading) -> list[BranchRecord]:
    """Records as the judge takes them: with the numbers that Prometheus has, or unusable.

    Raises:
        ServiceError: the reading is not that of the records.
    """
    found = [BranchRecord.FromString(record.SerializeToString()) for record in measured]
    due = [record for record in found if samples.needs_samples(record)]
    if reading.fault:
        for record in due:
            record.metrics_fault, record.metrics_detail = reading.fault, reading.detail
        return found
    read = {(each.arm, each.seed_index): each for each in reading.branches}
    if sorted(read) != sorted((record.arm, record.seed_index) for record in due):
        raise ServiceError(f"the reading of group {reading.group} is of {sorted(read)}, which are not its branches")
    for record in due:
        mine = read[record.arm, record.seed_index]
        record.measures[-1].mean_return = mine.mean_return
        record.measures[-1].milestone_score = mine.milestone_score
    return found


def _tell(of: BranchGroup | ValidateRequest, reading: GuardReading | MetricsReading, **fields: log.Value) -> None:
    """Count a reading by its outcome, and log one that cannot be used."""
    fault = reasons.metrics_fault(reading.fault) if reading.fault else ""
    metrics.METRICS_READINGS.labels(of.campaign_id, fault or "Usable").inc()
    if fault:
        subject: dict[str, log.Value] = {"campaign": of.campaign_id, "stage": of.stage, "round": of.round}
        log.READING_REFUSED.tell(**subject, **fields, error=fault, detail=reading.detail)
