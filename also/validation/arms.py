"""Results of arms, as the judge reads them: records by seed and rung, their faults, their means.

In the search pool an arm has one record for each rung that it was in, so the n-th record of a seed
index is that of rung n. In the confirm pool every seed index has one record.
"""

import math
from collections.abc import Sequence

from also import reasons
from also.v1.branch_pb2 import BranchFailure, BranchRecord, Measure, SeedPool
from also.v1.reading_pb2 import MetricsFault
from also.v1.shaping_pb2 import TermActivity
from also.v1.verdict_pb2 import ArmResult, VerdictReason
from also.validation.statistics import mean

CONTROL = "control"
"""Name of the incumbent's arm."""

RETURN = "return"
"""Measure that promotes."""

MILESTONES = "milestone_score"
"""Measure that decides, provisionally, where the return is silent."""


METRICS_REASONS = {
    MetricsFault.METRICS_FAULT_UNAVAILABLE: VerdictReason.VERDICT_REASON_METRICS_UNAVAILABLE,
    MetricsFault.METRICS_FAULT_INCOMPLETE: VerdictReason.VERDICT_REASON_METRICS_INCOMPLETE,
    MetricsFault.METRICS_FAULT_STALE: VerdictReason.VERDICT_REASON_METRICS_STALE,
    MetricsFault.METRICS_FAULT_NOT_FINITE: VerdictReason.VERDICT_REASON_METRICS_NOT_FINITE,
    MetricsFault.METRICS_FAULT_AMBIGUOUS: VerdictReason.VERDICT_REASON_METRICS_AMBIGUOUS,
    MetricsFault.METRICS_FAULT_MISMATCH: VerdictReason.VERDICT_REASON_METRICS_MISMATCH,
}
"""The verdict that follows where what Prometheus says cannot be used: inconclusive, never a promotion."""


def records_of(
    arms: Sequence[ArmResult], arm: str, pool: SeedPool, *, indices: Sequence[int], rung: int = 1
) -> list[BranchRecord]:
    """Records of an arm in order of `indices`; fewer than those where branches were not trained.

    Args:
        arms: results so far.
        arm: name of the arm.
        pool: pool of its seeds.
        indices: indices of the seeds.
        rung: rung of the search, from 1; 1 in the confirm pool.
    """
    mine = [record for result in arms if (result.arm, result.pool) == (arm, pool) for record in result.records]
    found = []
    for index in indices:
        turns = [record for record in mine if record.seed_index == index]
        found += turns[rung - 1 : rung]
    return found


def last_records(arms: Sequence[ArmResult], arm: str, pool: SeedPool) -> list[BranchRecord]:
    """The furthest record of each seed of an arm, in order of seed index."""
    last = {
        record.seed_index: record
        for result in arms
        if (result.arm, result.pool) == (arm, pool)
        for record in result.records
    }
    return [last[index] for index in sorted(last)]


def end(record: BranchRecord) -> Measure:
    """Measure at a branch's end."""
    return record.measures[-1]


def fault(record: BranchRecord, config_hash: str) -> tuple[VerdictReason, str] | None:
    """Why a record cannot be used, as reason and half a sentence; None when it can.

    Args:
        record: the record.
        config_hash: sha256 of the shaping config that its learner had to train under.
    """
    name = f"the branch of seed {record.seed_index}"
    if record.failure not in (BranchFailure.BRANCH_FAILURE_UNSPECIFIED, BranchFailure.BRANCH_FAILURE_DIVERGED):
        named = reasons.failure(record.failure)
        return VerdictReason.VERDICT_REASON_BRANCH_FAILED, f"{name} failed, {named}: {record.failure_detail}"
    if record.config_hash != config_hash:
        seen, due = record.config_hash[:12] or "none", config_hash[:12]
        return VerdictReason.VERDICT_REASON_HASH_MISMATCH, f"{name} trained under config {seen}, not {due}"
    if record.failure == BranchFailure.BRANCH_FAILURE_DIVERGED:
        return VerdictReason.VERDICT_REASON_BRANCH_FAILED, f"{name} diverged"
    if not record.measures or not record.checkpoint_id:
        return VerdictReason.VERDICT_REASON_BRANCH_FAILED, f"{name} has no measure or no checkpoint"
    if not math.isfinite(end(record).mean_return) or not math.isfinite(end(record).milestone_score):
        return VerdictReason.VERDICT_REASON_BRANCH_FAILED, f"{name} measured a number that is not finite"
    if record.metrics_fault != MetricsFault.METRICS_FAULT_UNSPECIFIED:
        return METRICS_REASONS[record.metrics_fault], f"{name} has metrics that cannot be used: {record.metrics_detail}"
    return None


def first_fault(
    records: Sequence[BranchRecord], config_hash: str, *, expected: int
) -> tuple[VerdictReason, str] | None:
    """The first fault of an arm's records; records that are missing are one."""
    if len(records) != expected:
        return (
            VerdictReason.VERDICT_REASON_BRANCH_FAILED,
            f"{expected - len(records)} of {expected} records are missing",
        )
    faults = (fault(record, config_hash) for record in records)
    return next((found for found in faults if found is not None), None)


def trained(records: Sequence[BranchRecord], config_hash: str) -> list[BranchRecord]:
    """The records without a fault of their own: what Prometheus says of them may be unusable."""
    faults = [(record, fault(record, config_hash)) for record in records]
    return [record for record, found in faults if found is None or found[0] in METRICS_REASONS.values()]


def values(records: Sequence[BranchRecord], measure: str) -> list[float]:
    """A measure of each record at its end."""
    name = "mean_return" if measure == RETURN else MILESTONES
    return [getattr(end(record), name) for record in records]


def along(records: Sequence[BranchRecord], measure: str) -> list[float]:
    """The mean of a measure along each record."""
    name = "mean_return" if measure == RETURN else MILESTONES
    return [mean([getattr(each, name) for each in record.measures]) for record in records]


def median_replica(records: Sequence[BranchRecord]) -> BranchRecord:
    """The record in the middle (the lower one of two) by return, then milestone score, then seed index."""
    order = sorted(
        records, key=lambda record: (end(record).mean_return, end(record).milestone_score, record.seed_index)
    )
    return order[(len(order) - 1) // 2]


def best_replica(records: Sequence[BranchRecord]) -> BranchRecord:
    """The record that is furthest by return, then milestone score; of equals the one of the lowest seed index."""
    return max(records, key=lambda record: (end(record).mean_return, end(record).milestone_score, -record.seed_index))


def mean_activity(records: Sequence[BranchRecord]) -> list[TermActivity]:
    """What each term did over an arm's branches: mean rates, the largest reward, finite where all are."""
    return [
        TermActivity(
            term=same_term[0].term,
            firing_rate=mean([each.firing_rate for each in same_term]),
            reward_share=mean([each.reward_share for each in same_term]),
            mean_reward=mean([each.mean_reward for each in same_term]),
            largest_reward=max(each.largest_reward for each in same_term),
            cut_rate=mean([each.cut_rate for each in same_term]),
            finite=all(each.finite for each in same_term),
        )
        for same_term in zip(*(record.terms for record in records), strict=False)
    ]
