"""Named reasons: the name and the sentence of each, the same in journal, metrics, CLI and documents.

The sentences stand beside the values in `proto/`.
"""

from typing import Any, cast

from google.protobuf.descriptor import EnumDescriptor

from also import enums
from also.v1 import branch_pb2, journal_pb2, reading_pb2, reason_pb2, verdict_pb2


def _sentences(enum: Any) -> dict[int, str]:
    """The sentence of each value but 0; a reason `METRICS_...` is a fault of metrics, and has that one's."""
    descriptor: EnumDescriptor = enum.DESCRIPTOR
    faults = reading_pb2.MetricsFault.DESCRIPTOR.values_by_name
    found = {}
    for value in descriptor.values[1:]:
        name = value.name.removeprefix(enums.prefix(descriptor)).replace("METRICS_", "METRICS_FAULT_")
        found[value.number] = faults.get(name, value).GetOptions().Extensions[cast(Any, reason_pb2.sentence)]
    return found


FAILURES = _sentences(branch_pb2.BranchFailure)
"""Why a branch has no usable result, one sentence each."""

VERDICTS = _sentences(verdict_pb2.VerdictReason)
"""Why a candidate has its outcome."""

HOLDS = _sentences(journal_pb2.HoldReason)
"""Why a stage holds."""

ROLLBACKS = _sentences(journal_pb2.RollbackReason)
"""Why a promotion is undone."""

FINISHES = _sentences(journal_pb2.FinishReason)
"""Why a campaign is over."""


def failure(reason: int) -> str:
    """Name of a branch's failure, e.g. "OutOfMemory"."""
    return enums.camel(branch_pb2.BranchFailure, reason)


def metrics_fault(reason: int) -> str:
    """Name of a fault of metrics, as verdicts and holds have it, e.g. "MetricsStale"."""
    return f"Metrics{enums.camel(reading_pb2.MetricsFault, reason)}"


def verdict(reason: int) -> str:
    """Name of a verdict's reason, e.g. "GainConfirmed"."""
    return enums.camel(verdict_pb2.VerdictReason, reason)


def hold(reason: int) -> str:
    """Name of a hold's reason, e.g. "NothingPromoted"."""
    return enums.camel(journal_pb2.HoldReason, reason)


def rollback(reason: int) -> str:
    """Name of a rollback's reason, e.g. "ReturnFell"."""
    return enums.camel(journal_pb2.RollbackReason, reason)


def finish(reason: int) -> str:
    """Name of a finish's reason, e.g. "StagesDone"."""
    return enums.camel(journal_pb2.FinishReason, reason)
