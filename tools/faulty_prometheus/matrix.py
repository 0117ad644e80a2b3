"""The samples of a branch group as Prometheus tells them, made from the group's records."""

from collections.abc import Sequence
from typing import Any

from also.services.validator.plan import POOLS
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
        last = record.measures[-1]
        values = {
            "also_branch_return": last.mean_return,
            "also_branch_milestone_score": last.milestone_score,
            "also_branch_measured_env_steps": last.env_steps,
            "also_branch_evaluation_episodes_total": sum(measure.episodes for measure in record.measures),
        }
        for name, value in values.items():
            labels: dict[str, Any] = {
                "__name__": name,
                "campaign": group.campaign_id,
                "stage": str(group.stage),
                "round": str(group.round),
                "pool": POOLS[group.pool],
                "step": str(group.step),
                "group": group.name,
                "arm": record.arm,
                "seed": str(record.seed_index),
                "config_hash": record.config_hash,
                "pod": pod,
                "instance": f"{pod}:9100",
                "job": "also",
            }
            result.append({"metric": labels, "values": [[at - 5, "0"], [at, repr(float(value))]]})
    return Response(data={"resultType": "matrix", "result": result})
