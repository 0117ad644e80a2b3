"""What a branch tells Prometheus: its process says it, and the validator holds it against the branch's record.

Both derive it here: which metrics there are of a branch, by which labels, and which of its record's values they have.
"""

from prometheus_client import Counter, Gauge

from also import enums, metrics
from also.v1.branch_pb2 import BranchGroup, BranchRecord, SeedPool


def labels(group: BranchGroup, record: BranchRecord) -> dict[str, str]:
    """Labels of a branch's metrics by their names, but for `owner`."""
    return {
        "campaign": group.campaign_id,
        "stage": str(group.stage),
        "round": str(group.round),
        "pool": enums.short_name(SeedPool.DESCRIPTOR, group.pool),
        "step": str(group.step),
        "group": group.name,
        "arm": record.arm,
        "seed": str(record.seed_index),
        "config_hash": record.config_hash,
    }


def values(record: BranchRecord) -> dict[Gauge | Counter, float]:
    """What each metric of a branch says after its last measure; the record has one."""
    last = record.measures[-1]
    return {
        metrics.BRANCH_RETURN: last.mean_return,
        metrics.BRANCH_MILESTONE_SCORE: last.milestone_score,
        metrics.BRANCH_SUCCESS_RATE: last.success_rate,
        metrics.BRANCH_MEASURED_ENV_STEPS: last.env_steps,
        metrics.BRANCH_EVALUATION_EPISODES: sum(measure.episodes for measure in record.measures),
    }


def name(metric: Gauge | Counter) -> str:
    """Name of a metric's series in PromQL."""
    (family,) = metric.describe()
    return family.name + ("_total" if family.type == "counter" else "")
