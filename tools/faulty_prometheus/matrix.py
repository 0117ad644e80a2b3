"""The samples of a branch group as Prometheus tells them, made from the group's records."""

from collections.abc import Sequence
from typing import Any

from also import series
from also.services.validator.measure.samples import METRICS
from also.v1.branch_pb2 import BranchGroup, BranchRecord
from tools.faulty_prometheus.response import Response


def matrix(group: BranchGroup, records: Sequence[BranchRecord], *, at: float, pod: str = "branch-0") -> Response:
    """The answer to a range query for a group's metrics, with two samples of each series.

    Args:
        group: the group.
        records: its records; those without a measure have no series.
        at: time of the last sample, seconds since 1970.
        pod: the pod that was scraped.
    """
    result = []
    for record in records:
        if not record.measures:
            continue
        values = series.values(record)
        for metric in METRICS:
            labels: dict[str, Any] = {
                "__name__": series.name(metric),
                **series.labels(group, record),
                "pod": pod,
                "instance": f"{pod}:9100",
                "job": "also",
            }
            result.append({"metric": labels, "values": [[at - 5, "0"], [at, repr(float(values[metric]))]]})
    return Response(data={"resultType": "matrix", "result": result})
