"""A user's guard query: asked of Prometheus, and read as one number with a condition.

A value must be one finite number, evaluated now. How old the samples are that it is made of cannot be seen
in it; instant selectors find none older than the largest age (`lookback_delta`), and a range selector
finds what it says.
"""

import math
from collections.abc import Collection
from math import ceil

from also.errors import EndpointError
from also.services.validator.measure import replicas
from also.services.validator.measure.query import Endpoint, QueryAnswer, QueryError
from also.services.validator.measure.samples import FUTURE_SECONDS, Fault
from also.v1.reading_pb2 import GuardQuery, GuardReading, MetricsFault
from also.v1.validator_pb2 import ValidateRequest
from also.validation import guards

_UNDERSTOOD = ("scalar", "vector")
"""Types of a result that can be one number."""

_BAD_QUERY = (400, 422)
"""HTTP statuses of a query that Prometheus does not understand, or cannot carry out."""


def read(
    endpoint: Endpoint,
    query: GuardQuery,
    request: ValidateRequest,
    candidate: str,
    *,
    max_age: float,
    replica_labels: Collection[str] = (),
    owner: str = "",
) -> GuardReading:
    """What a guard query says now of a candidate that is about to be promoted; a failure is a reading with a fault.

    Args:
        endpoint: where Prometheus is.
        query: the guard query.
        request: the round.
        candidate: name of the candidate.
        max_age: age of the oldest sample that counts, seconds.
        replica_labels: labels that alone tell apart the series of servers that stand for each other.
        owner: whose the campaign's branches are, see `Settings.owner`.
    """
    text = _text(query, request, candidate, owner)
    try:
        answer = endpoint.ask(text, lookback_seconds=ceil(max_age))
    except QueryError as error:
        return _faulty(query, text, Fault(kind=MetricsFault.METRICS_FAULT_UNAVAILABLE, detail=str(error)))
    value = value_of(replicas.merged(answer, replica_labels), max_age=max_age)
    if isinstance(value, Fault):
        return _faulty(query, text, value)
    holds = guards.holds(query, value)
    verb = "is" if holds else "is not"
    return GuardReading(
        name=query.name,
        query=text,
        value=value,
        holds=holds,
        detail=f"Guard {query.name} is {value:.6g}, which {verb} {guards.condition(query)}.",
    )


def value_of(answer: QueryAnswer, *, max_age: float) -> float | Fault:
    """The one number of an answer, or why there is none, in half a sentence.

    Args:
        answer: what Prometheus said.
        max_age: largest age of its moment of evaluation, seconds.
    """
    if answer.kind not in _UNDERSTOOD:
        detail = f"its result is a {answer.kind}; a scalar or one series is expected"
        return Fault(kind=MetricsFault.METRICS_FAULT_UNAVAILABLE, detail=detail)
    if answer.warned:
        detail = "Prometheus warns that its answer may not be the whole one"
        return Fault(kind=MetricsFault.METRICS_FAULT_INCOMPLETE, detail=detail)
    if not answer.series:
        return Fault(kind=MetricsFault.METRICS_FAULT_INCOMPLETE, detail="its result has no series")
    if len(answer.series) > 1:
        detail = f"its result has {len(answer.series)} series; one is expected"
        return Fault(kind=MetricsFault.METRICS_FAULT_AMBIGUOUS, detail=detail)
    sample = answer.series[0].samples[-1]
    age = answer.time - sample.time
    if not -FUTURE_SECONDS <= age <= max_age:
        detail = f"its result is {age:.1f} s old; -{FUTURE_SECONDS:g} to {max_age:g} s are allowed"
        return Fault(kind=MetricsFault.METRICS_FAULT_STALE, detail=detail)
    if not math.isfinite(sample.value):
        return Fault(kind=MetricsFault.METRICS_FAULT_NOT_FINITE, detail=f"its result is {sample.value}")
    return sample.value


def check(endpoint: Endpoint, query: GuardQuery) -> None:
    """Make sure that Prometheus understands a guard query; whether it has a value yet does not matter.

    Raises:
        EndpointError: it does not, or its result can never be one number.
    """
    text = guards.fill(query.query, campaign="campaign", stage=0, round=0, candidate="r0-c0")
    try:
        answer = endpoint.ask(text, lookback_seconds=1)
    except QueryError as error:
        why = f": {error.said}" if error.said else ""
        if error.status in _BAD_QUERY:
            raise EndpointError(f"guard {query.name!r} is not understood by Prometheus{why}") from None
        raise EndpointError(f"guard {query.name!r} cannot be evaluated: {error}{why}") from None
    if answer.kind not in _UNDERSTOOD:
        raise EndpointError(
            f"guard {query.name!r} has a {answer.kind} as its result; a scalar or an instant vector of one series is "
            "expected"
        )


def _text(query: GuardQuery, request: ValidateRequest, candidate: str, owner: str) -> str:
    """The query that is asked."""
    return guards.fill(
        query.query,
        campaign=request.campaign_id,
        stage=request.stage,
        round=request.round,
        candidate=candidate,
        owner=owner,
    )


def _faulty(query: GuardQuery, text: str, fault: Fault) -> GuardReading:
    return GuardReading(
        name=query.name,
        query=text,
        fault=fault.kind,
        detail=f"Guard {query.name} has no value: {fault.detail}.",
    )
