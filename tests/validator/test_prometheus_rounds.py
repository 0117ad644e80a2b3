"""Whole rounds whose measures Prometheus has to have: over gRPC, beside a real trainer, with rehearsed branches."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from also import document, keys, reasons, rpc
from also.errors import EndpointError
from also.services.validator.service import Validator
from also.settings import Settings
from also.store import Store
from also.v1 import validator_pb2_grpc
from also.v1.branch_pb2 import BranchGroup, BranchGroupResult
from also.v1.reading_pb2 import GuardQuery
from also.v1.validator_pb2 import CheckValidatorRequest, ValidateRequest, ValidationPhase
from also.v1.verdict_pb2 import Outcome, Validation
from also.validation.judge import rejudge
from tools.faulty_prometheus.matrix import matrix
from tools.faulty_prometheus.response import Response, vector
from tools.faulty_prometheus.server import FaultyPrometheus, serving
from tools.loopback import served

GUARD = {"name": "errors", "query": 'errors{campaign="{campaign}",arm="{candidate}"}', "at_most": 1}


@pytest.fixture
def make_request(make_request: Callable[..., ValidateRequest]) -> Callable[..., ValidateRequest]:
    """Builds a round of two candidates in a campaign with guard queries."""

    def make(*guards: dict) -> ValidateRequest:
        request = make_request()
        request.campaign.validation.guards.extend(document.read(GuardQuery, guard) for guard in guards)
        return request

    return make


@pytest.fixture
def server(store: Store) -> Iterator[FaultyPrometheus]:
    """A Prometheus that has the samples of every group whose result is stored, and 0.5 for all else."""

    def answer(query: str) -> Response:
        if "also_branch_" not in query:
            return vector(1 if query == "vector(1)" else 0.5, at=time.time())
        name = query.partition('group="')[2].partition('"')[0]
        group = store.get_message(keys.branch_group("c", name), BranchGroup)
        result = store.get_message(keys.branch_group_result("c", name), BranchGroupResult)
        return matrix(group, result.records, at=time.time())

    with serving() as server:
        server.answer = answer
        yield server


@pytest.fixture
def stub(store: Store, trainer, server, rehearsal, make_launcher) -> Iterator[Callable[..., object]]:
    """Serves a validator that asks a Prometheus, beside a trainer; keyword arguments change its settings."""
    with ExitStack() as stack:

        def start(**changes: object) -> validator_pb2_grpc.ValidatorServiceStub:
            place = {"launcher": "kubernetes", "namespace": "n", "job_template": "t", "prometheus": server.url}
            servicer = Validator(
                store,
                trainer,
                lambda parallel: make_launcher(parallel=parallel),
                Settings(**{**place, "metrics_wait": 0.2, **changes}),
            )
            register = partial(validator_pb2_grpc.add_ValidatorServiceServicer_to_server, servicer)
            address = stack.enter_context(served(register))
            return validator_pb2_grpc.ValidatorServiceStub(stack.enter_context(rpc.connect(address)))

        rehearsal.behave(returns={"control": 0.1, "r0-c0": 0.2, "r0-c1": 0.4})
        yield start


def validated(stub, request: ValidateRequest) -> tuple[list, Validation]:
    """A round: its progress, and its result."""
    responses = list(rpc.stream(stub.Validate, request, seconds=120))
    return [response.progress for response in responses[:-1]], responses[-1].result


def named(result: Validation) -> list[str]:
    return [reasons.verdict(verdict.reason) for verdict in result.verdicts]


def derived(result: Validation, request: ValidateRequest) -> Validation:
    return rejudge(
        document.parse_json(Validation, document.canonical(result), "a journal"),
        campaign=request.campaign,
        card=request.card,
        incumbent=request.incumbent,
        candidates=request.candidates,
        stage_return=request.stage_return,
        stage_milestone_score=request.stage_milestone_score,
    )


@pytest.mark.slow
def test_a_round_promotes_on_metrics_and_guards(make_request, stub, server, store) -> None:
    """Every group has its reading, the guards have theirs, and the journal alone gives the same."""
    request = make_request(GUARD)
    _, result = validated(stub(), request)
    assert named(result) == ["LostSearch", "GainConfirmed"]
    assert [(guard.query, guard.value, guard.holds) for guard in result.guards] == [
        ('errors{campaign="c",arm="r0-c1"}', 0.5, True)
    ]
    groups = {key.split("/")[3] for key in store.find("campaigns/c/branches/")}
    assert all(store.exists(keys.branch_group_reading("c", group)) for group in groups)
    assert len(groups) == 4
    assert derived(result, request) == result


@pytest.mark.slow
def test_a_round_on_bad_metrics_is_inconclusive(make_request, stub, server) -> None:
    """The search cannot be judged: no confirmation, no guard query, no promotion, and again the same."""
    server.fault_of = lambda call, query: "stale" if "search" in query else ""
    request = make_request(GUARD)
    validator = stub()
    _, result = validated(validator, request)
    assert set(named(result)) == {"MetricsStale"}
    assert {verdict.outcome for verdict in result.verdicts} == {Outcome.OUTCOME_INCONCLUSIVE}
    assert (result.promoted, list(result.guards)) == ("", [])
    assert not any("confirm" in query or "errors" in query for query in server.queries)
    assert derived(result, request) == result
    server.fault_of = lambda call, query: ""
    assert validated(validator, request)[1] == result


@pytest.mark.slow
def test_a_guard_stops_what_the_branches_promote(make_request, stub, server) -> None:
    """The gain is confirmed, and the condition does not hold."""
    request = make_request({**GUARD, "at_most": 0.4})
    _, result = validated(stub(), request)
    assert named(result) == ["LostSearch", "GuardFailed"]
    assert (result.promoted, result.guards[0].holds) == ("", False)
    assert derived(result, request) == result


@pytest.mark.slow
def test_a_prometheus_that_hangs_holds_up_no_progress(make_request, stub, server) -> None:
    """Messages go on while it does, in every phase that was reached, until the wait is over."""
    server.fault_of = lambda call, query: "hang"
    progress, result = validated(stub(metrics_wait=1.0), make_request())
    assert set(named(result)) == {"MetricsUnavailable"}
    searching = [each for each in progress if each.phase == ValidationPhase.VALIDATION_PHASE_SEARCH]
    assert len([each for each in searching if each.waits_for == "Prometheus"]) >= 2
    assert len(searching) >= 6


@pytest.mark.slow
def test_a_round_that_is_cancelled_ends_its_readings(make_request, stub, server) -> None:
    """The next call finds the branches' results, and reads on."""
    server.fault_of = lambda call, query: "hang"
    validator, request = stub(metrics_wait=60.0), make_request()
    call = validator.Validate(request)
    for response in call:
        if server.queries:
            assert response.HasField("progress")
            break
    call.cancel()
    server.fault_of = lambda call, query: ""
    assert named(validated(validator, request)[1]) == ["LostSearch", "GainConfirmed"]


def test_a_validator_is_checked_before_a_campaign_begins(make_request, stub, server) -> None:
    """What `connection.check` refuses reaches the caller as it is."""
    asked = CheckValidatorRequest(campaign=make_request(GUARD).campaign)
    rpc.call(stub().CheckValidator, asked, seconds=60)
    with pytest.raises(EndpointError, match="ALSO_PROMETHEUS is not set"):
        rpc.call(stub(prometheus="").CheckValidator, asked, seconds=60)
    server.fault_of = lambda call, query: "status_5xx"
    with pytest.raises(EndpointError, match="HTTP status 5"):
        rpc.call(stub().CheckValidator, asked, seconds=60)
