"""How values over agents become one: the one meaning of `Aggregate`, for shaping, milestones and evidence.

Letters: R replicas, E environments, A agents.
"""

from torch import Tensor

from also.v1 import task_pb2


def team_value(values: Tensor, kind: int) -> Tensor:
    """A feature's values as one for the team.

    Args:
        values: float32 (R, E), (R, E, A) or (R, E, A, A); of pairs, the diagonal is ignored.
        kind: an `Aggregate`; unset is the mean.

    Returns:
        float32 (R, E).
    """
    if values.dim() == 2:
        return values
    if values.dim() == 4:
        values = (over_others(values) if values.shape[-1] > 1 else values).flatten(-2)
    return aggregate(values, kind or task_pb2.AGGREGATE_MEAN)


def over_others(pairs: Tensor) -> Tensor:
    """Pair values (..., A, A) without their diagonal, (..., A, A - 1)."""
    *batch, agents, _ = pairs.shape
    rows = pairs.flatten(-2)[..., 1:].reshape(*batch, agents - 1, agents + 1)  # the diagonal is now last
    return rows[..., :-1].reshape(*batch, agents, agents - 1)


def aggregate(values: Tensor, kind: int) -> Tensor:
    """Values (..., n) as one, (...), by an `Aggregate`; not finite where one of them is not."""
    match kind:
        case task_pb2.AGGREGATE_MIN:
            one = values.amin(-1)
        case task_pb2.AGGREGATE_MEAN:
            return values.mean(-1)
        case task_pb2.AGGREGATE_MAX:
            one = values.amax(-1)
        case task_pb2.AGGREGATE_SUM:
            return values.sum(-1)
        case task_pb2.AGGREGATE_ANY:
            one = (values > 0.5).any(-1).to(values.dtype)
        case task_pb2.AGGREGATE_ALL:
            one = (values > 0.5).all(-1).to(values.dtype)
        case _:
            raise AssertionError(f"aggregate {kind}")
    return one + 0 * values.sum(-1)  # 0 * inf and 0 * nan are nan
