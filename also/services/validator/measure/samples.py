"""From Prometheus's samples of a branch group to what its branches measured, or to the fault that forbids it.

Pure: an answer, the group and its records go in. Every branch with a result needs exactly one live series
of each metric, whose last sample is young, finite and what the record in the object store says. One
fault is a fault of the whole group: its branches ran in one process, so what is wrong with one sample
casts doubt on all, and a comparison lacks one side anyway.

Of several faults the first in the order of `MetricsFault` is reported: UNAVAILABLE, INCOMPLETE, STALE,
NOT_FINITE, AMBIGUOUS, MISMATCH; of equal ones that of the first branch, then of the first metric.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prometheus_client import Counter, Gauge

from also import metrics, series
from also.services.validator.measure.query import QueryAnswer, Series
from also.shaping.identity import config_hash
from also.v1.branch_pb2 import Branch, BranchFailure, BranchGroup, BranchRecord
from also.v1.reading_pb2 import BranchReading, MetricsFault

METRICS = (
    metrics.BRANCH_RETURN,
    metrics.BRANCH_MILESTONE_SCORE,
    metrics.BRANCH_MEASURED_ENV_STEPS,
    metrics.BRANCH_EVALUATION_EPISODES,
)
"""Metrics that a branch with a result must have."""

FUTURE_SECONDS = 2.0
"""How far a sample may lie in the future: clocks of one cluster differ a little."""

_RELATIVE = 1e-9
"""Relative difference of numbers that agree; Prometheus keeps doubles as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why samples cannot be used."""

    kind: MetricsFault
    """Which one."""
    detail: str
    """It with its numbers, one sentence."""


def query(group: BranchGroup, *, range_seconds: int, owner: str = "") -> str:
    """PromQL for all samples of a group's metrics, with their own times.

    Args:
        group: the group; its campaign and name are ids of ours, which PromQL needs no escape for.
        range_seconds: how far back.
        owner: whose the group is, see `Settings.owner`; empty: whoever's. What tells none, as 0.1.0 did, counts too.
    """
    names = "|".join(series.name(metric).removeprefix("also_branch_") for metric in METRICS)
    labels = f'__name__=~"also_branch_({names})",campaign="{group.campaign_id}",group="{group.name}"'
    ours = f',owner=~"|{owner}"' if owner else ""
    return f"{{{labels}{ours}}}[{range_seconds}s]"


def needs_samples(record: BranchRecord) -> bool:
    """Whether a branch's measures count, so that Prometheus must have them; those of one that failed do not."""
    return record.failure == BranchFailure.BRANCH_FAILURE_UNSPECIFIED and len(record.measures) > 0


def judge(
    answer: QueryAnswer, group: BranchGroup, records: Sequence[BranchRecord], *, max_age: float
) -> list[BranchReading] | Fault:
    """What the branches with a result measured, in the group's order, or the first fault.

    Args:
        answer: the answer to `query`.
        group: the group.
        records: one a branch, in the group's order.
        max_age: age of the oldest sample that counts, seconds.
    """
    if answer.kind != "matrix":
        return Fault(
            kind=MetricsFault.METRICS_FAULT_UNAVAILABLE,
            detail="The answer of Prometheus is not the range of samples that was asked for.",
        )
    faults = list(_faults_of_the_whole(answer, group))
    readings = []
    for branch, record in zip(group.branches, records, strict=True):
        if needs_samples(record):
            found = _judge_branch(answer, group, branch, record, max_age)
            readings += [each for each in found if isinstance(each, BranchReading)]
            faults += [each for each in found if isinstance(each, Fault)]
    return min(faults, key=lambda fault: fault.kind) if faults else readings


def _faults_of_the_whole(answer: QueryAnswer, group: BranchGroup) -> Iterator[Fault]:
    """Faults that no branch has alone."""
    if answer.warned:
        yield Fault(
            kind=MetricsFault.METRICS_FAULT_INCOMPLETE,
            detail="Prometheus warns that its answer may not be the whole one.",
        )
    known = {_place(branch) for branch in group.branches}
    strangers = [each for each in answer.series if (each.labels.get("arm"), each.labels.get("seed")) not in known]
    if strangers:
        yield Fault(
            kind=MetricsFault.METRICS_FAULT_MISMATCH,
            detail=f"Prometheus has {len(strangers)} series of branches that are not in the group.",
        )


def _judge_branch(
    answer: QueryAnswer, group: BranchGroup, branch: Branch, record: BranchRecord, max_age: float
) -> list[BranchReading | Fault]:
    """A branch's reading, or all its faults."""
    mine = [each for each in answer.series if (each.labels.get("arm"), each.labels.get("seed")) == _place(branch)]
    values: dict[Gauge | Counter, float] = {}
    faults: list[BranchReading | Fault] = []
    oldest = -math.inf
    for metric in METRICS:
        name = series.name(metric)
        who = f"{name} of {branch.arm}, seed {branch.seed_index}"
        named = [each for each in mine if each.labels.get("__name__") == name]
        found = _live(named, answer, max_age, who)
        if isinstance(found, Fault):
            faults.append(found)
            continue
        last = found.samples[-1]
        oldest = max(oldest, answer.time - last.time)
        if not math.isfinite(last.value):
            kind = MetricsFault.METRICS_FAULT_NOT_FINITE
            faults.append(Fault(kind=kind, detail=f"The last sample of {who} is {last.value}."))
            continue
        values[metric] = last.value
        faults += _label_faults(found, group, branch, record, who)
        due = series.values(record)[metric]
        if not math.isclose(last.value, due, rel_tol=_RELATIVE):
            kind = MetricsFault.METRICS_FAULT_MISMATCH
            faults.append(Fault(kind=kind, detail=f"For {who} Prometheus has {last.value!r}, the record {due!r}."))
    if faults:
        return faults
    return [
        BranchReading(
            arm=branch.arm,
            seed_index=branch.seed_index,
            config_hash=record.config_hash,
            env_steps=round(values[metrics.BRANCH_MEASURED_ENV_STEPS]),
            mean_return=values[metrics.BRANCH_RETURN],
            milestone_score=values[metrics.BRANCH_MILESTONE_SCORE],
            episodes=round(values[metrics.BRANCH_EVALUATION_EPISODES]),
            age_seconds=oldest,
        )
    ]


def _live(named: Sequence[Series], answer: QueryAnswer, max_age: float, who: str) -> Series | Fault:
    """The one series of a metric of a branch that is still told; a process that was replaced has fallen silent."""
    if not named:
        return Fault(kind=MetricsFault.METRICS_FAULT_INCOMPLETE, detail=f"There is no {who}.")
    ages = [answer.time - each.samples[-1].time for each in named]
    live = [each for each, age in zip(named, ages, strict=True) if age <= max_age]
    if not live:
        text = f"The last sample of {who} is {min(ages):.1f} s old; at most {max_age:g} s are allowed."
        return Fault(kind=MetricsFault.METRICS_FAULT_STALE, detail=text)
    if min(ages) < -FUTURE_SECONDS:
        text = f"The last sample of {who} is {-min(ages):.1f} s in the future: a clock is wrong."
        return Fault(kind=MetricsFault.METRICS_FAULT_STALE, detail=text)
    if len(live) > 1:
        return Fault(kind=MetricsFault.METRICS_FAULT_AMBIGUOUS, detail=f"There are {len(live)} series of {who}.")
    return live[0]


def _label_faults(found: Series, group: BranchGroup, branch: Branch, record: BranchRecord, who: str) -> Iterator[Fault]:
    """Labels that are not the branch's."""
    due = series.labels(group, record)
    for label in ("stage", "round", "pool", "step"):
        if found.labels.get(label) != due[label]:
            text = f"The label {label} of {who} is not {due[label]!r}."
            yield Fault(kind=MetricsFault.METRICS_FAULT_MISMATCH, detail=text)
    told = found.labels.get("config_hash")
    for whose, text in (("the record's", record.config_hash), ("that of its arm", config_hash(branch.config))):
        if told != text:
            yield Fault(
                kind=MetricsFault.METRICS_FAULT_MISMATCH,
                detail=f"The config hash of {who} is not {whose}, {text[:12] or 'none'}.",
            )


def _place(branch: Branch) -> tuple[str, str]:
    """Labels arm and seed of a branch."""
    return branch.arm, str(branch.seed_index)
