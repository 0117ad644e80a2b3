"""Guard queries: what they may be, what their answers mean, and what a validator makes sure of at the beginning."""

import time
from collections.abc import Iterator

import pytest

from also import document, keys, reasons, settings
from also.errors import EndpointError, ServiceError
from also.services.validator.measure import connection
from also.services.validator.measure.measures import open_measures
from also.services.validator.measure.prometheus import Prometheus
from also.services.validator.measure.query import Endpoint
from also.services.validator.measure.reading import Times
from also.services.validator.measure.records import Records
from also.store import Store
from also.v1.reading_pb2 import GuardQuery, GuardReading, GuardReadings
from also.v1.validator_pb2 import ValidateRequest
from tools.faulty_prometheus.response import Response, refusal, scalar, vector
from tools.faulty_prometheus.server import FaultyPrometheus, serving

ERRORS = {"name": "errors", "query": 'rate(errors_total{campaign="{campaign}",arm="{candidate}"}[5m])', "at_most": 0.1}
MEMORY = {"name": "memory", "query": "max(memory_bytes)", "at_least": 1, "at_most": 2e9}


@pytest.fixture
def server() -> Iterator[FaultyPrometheus]:
    """A server that answers queries as a test says."""
    with serving() as server:
        yield server


@pytest.fixture
def open_prometheus(store: Store, server: FaultyPrometheus):
    """Opens the measures of a round, in a hurry."""
    opened = []

    def make(seconds: float = 5.0, wait: float = 0.1, **more) -> Prometheus:
        place = Endpoint(url=server.url, seconds=seconds)
        opened.append(Prometheus(store=store, endpoint=place, times=Times(wait=wait, pause=0.02), **more))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def make_request(make_campaign):
    """Builds a round of a campaign with guard queries."""

    def make(*guards: dict) -> ValidateRequest:
        campaign = make_campaign()
        campaign.validation.guards.extend(document.read(GuardQuery, guard) for guard in guards)
        return ValidateRequest(campaign_id="c", campaign=campaign, stage=2, round=1)

    return make


def read(measures, request: ValidateRequest) -> list[GuardReading]:
    """The readings for a candidate, in the end."""
    work = measures.guard(request, "r1-c3")
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value


def named(reading: GuardReading) -> str:
    return reasons.metrics_fault(reading.fault) if reading.fault else ""


def test_a_query_can_name_whose_branches_it_means(make_request, open_prometheus, server) -> None:
    """Two releases that one Prometheus scrapes may have one campaign id; `{owner}` tells them apart."""
    guard = {"name": "worst", "query": 'min(also_branch_return{owner="{owner}",arm="{candidate}"})', "at_least": 0}
    server.answer = lambda query: vector(1, at=time.time())
    measures = open_prometheus(owner={"c": "0123456789abcdef"}.__getitem__)
    (reading,) = read(measures, make_request(guard))
    assert server.queries == ['min(also_branch_return{owner="0123456789abcdef",arm="r1-c3"})']
    assert reading.holds


def test_the_condition_decides(make_request, open_prometheus, server) -> None:
    """Each query with ids in place of its placeholders; both ends of a condition are allowed."""
    server.answer = lambda query: vector(0.05 if "errors" in query else 2e9 + 1, at=time.time())
    first, second = read(open_prometheus(), make_request(ERRORS, MEMORY))
    assert first.query == 'rate(errors_total{campaign="c",arm="r1-c3"}[5m])'
    assert (first.name, first.value, first.holds, first.fault) == ("errors", 0.05, True, 0)
    assert first.detail == "Guard errors is 0.05, which is at most 0.1."
    assert (second.value, second.holds) == (2e9 + 1, False)
    assert second.detail == "Guard memory is 2e+09, which is not at least 1 and at most 2e+09."


@pytest.mark.parametrize(("value", "holds"), [(0.1, True), (0.1000001, False), (-5, True)])
def test_a_scalar_is_a_value_too(make_request, open_prometheus, server, value: float, holds: bool) -> None:
    """`scalar(...)` and numbers."""
    server.answer = lambda query: scalar(value, at=time.time())
    (reading,) = read(open_prometheus(), make_request(ERRORS))
    assert (reading.value, reading.holds) == (value, holds)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (lambda: vector(at=time.time()), "MetricsIncomplete"),
        (lambda: vector(0, 0, at=time.time()), "MetricsAmbiguous"),
        (lambda: vector("NaN", at=time.time()), "MetricsNotFinite"),
        (lambda: scalar("-Inf", at=time.time()), "MetricsNotFinite"),
        (lambda: vector(0, at=time.time() - 31), "MetricsStale"),
        (lambda: vector(0, at=time.time() + 5), "MetricsStale"),
        (lambda: Response(data={"resultType": "string", "result": [time.time(), "0"]}), "MetricsUnavailable"),
        (lambda: Response(data={"resultType": "matrix", "result": []}), "MetricsUnavailable"),
        (lambda: refusal(422, "execution", "too many samples"), "MetricsUnavailable"),
        (lambda: refusal(503, "timeout", "query timed out"), "MetricsUnavailable"),
        (
            lambda: Response(data={"resultType": "vector", "result": [{"metric": {}, "histogram": [0, {}]}]}),
            "MetricsUnavailable",
        ),
    ],
)
def test_an_answer_that_is_no_number_is_a_fault(make_request, open_prometheus, server, answer, fault: str) -> None:
    """None of them holds, whatever the condition is, and none has a value."""
    server.answer = lambda query: answer()
    (reading,) = read(open_prometheus(), make_request({**ERRORS, "at_least": -1e15, "at_most": 1e15}))
    assert (named(reading), reading.holds, reading.HasField("value")) == (fault, False, False)
    assert reading.detail.startswith("Guard errors has no value: ")


@pytest.mark.slow
def test_a_warning_is_a_fault_and_an_info_is_none(make_request, open_prometheus, server, store) -> None:
    """Prometheus's infos are advice on a query; its warnings mean that data is missing."""
    response = vector(0, at=time.time())
    server.answer = lambda query: response
    response.extra = {"infos": ["metric might not be a counter"]}
    (reading,) = read(open_prometheus(), make_request(ERRORS))
    assert reading.holds
    response.extra = {"warnings": ["remote store did not answer"]}
    request = make_request(ERRORS)
    request.stage = 3
    (reading,) = read(open_prometheus(), request)
    assert named(reading) == "MetricsIncomplete"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["status_5xx", "redirect", "hang", "slow_drip", "no_json", "wrong_shape", "reset"])
def test_a_broken_prometheus_is_a_fault_of_the_guard(make_request, open_prometheus, server, kind: str) -> None:
    """It does not hold, and the round does not hang."""
    server.fault_of = lambda call, query: "connection_reset" if kind == "reset" else kind
    (reading,) = read(open_prometheus(seconds=0.3), make_request(ERRORS))
    assert (named(reading), reading.holds) == ("MetricsUnavailable", False)


def test_a_fault_that_passes_is_waited_out_by_guards(make_request, open_prometheus, server) -> None:
    """An error, then an answer; a value that does not hold is an answer at once."""
    server.answer = lambda query: vector(7, at=time.time())
    server.fault_of = lambda call, query: "status_5xx" if call == 0 else ""
    (reading,) = read(open_prometheus(wait=20.0), make_request(ERRORS))
    assert (reading.value, reading.holds) == (7, False)
    assert len(server.queries) == 2


@pytest.mark.slow
def test_the_first_guard_readings_count_for_ever(make_request, open_prometheus, server, store) -> None:
    """A round that is repeated after a crash decides the same, and asks nothing."""
    server.answer = lambda query: vector(0.05, at=time.time())
    first = read(open_prometheus(), make_request(ERRORS))
    server.answer = lambda query: vector(0.5, at=time.time())
    assert read(open_prometheus(), make_request(ERRORS)) == first
    assert len(server.queries) == 1
    key = keys.guard_readings("c", 2, 1, "r1-c3")
    assert list(store.get_message(key, GuardReadings).readings) == first
    with pytest.raises(ServiceError, match="not of the campaign's guards"):
        read(open_prometheus(), make_request(MEMORY))


def test_old_samples_are_not_looked_back_for(make_request, open_prometheus, server) -> None:
    """Prometheus is asked to find no sample older than the largest age."""
    server.answer = lambda query: vector(0, at=time.time())
    read(open_prometheus(), make_request(ERRORS))
    assert server.parameters[0]["lookback_delta"] == "30s"


def test_without_guards_nothing_is_asked(make_request, open_prometheus, server, store) -> None:
    """No reading, no object."""
    assert read(open_prometheus(), make_request()) == []
    assert (server.queries, store.find("campaigns/c/guards/")) == ([], [])


def test_records_have_no_answer_to_guards(make_request, store) -> None:
    """A promotion that guards should have allowed is refused where nobody can be asked."""
    assert read(Records(store=store), make_request()) == []
    with pytest.raises(EndpointError, match=r"2 queries, and ALSO_PROMETHEUS is not set"):
        read(Records(store=store), make_request(ERRORS, MEMORY))


def given(url: str = "", **changes) -> settings.Settings:
    """Settings of a validator in a cluster."""
    place = {"launcher": "kubernetes", "namespace": "n", "job_template": "t"}
    return settings.Settings(prometheus=url, **place | changes)


def test_settings_choose_the_source(store) -> None:
    """Records alone, unless a Prometheus is named; then by its settings."""
    assert isinstance(open_measures(given(), store, str), Records)
    opened = open_measures(given("http://prometheus:9090", metrics_max_age=7.0, metrics_wait=8.0), store, str)
    assert isinstance(opened, Prometheus)
    assert (opened.endpoint.url, opened.max_age, opened.times.wait) == ("http://prometheus:9090", 7.0, 8.0)
    opened.close()


def test_a_prometheus_that_answers_passes_the_check(make_request, server) -> None:
    """With its token, guards that have no value yet, and none of them stored."""
    server.answer = lambda query: vector(*([1] if query == "vector(1)" else []), at=time.time())
    connection.check(given(server.url, prometheus_token="secret"), make_request(ERRORS).campaign)
    assert server.queries == ["vector(1)", 'rate(errors_total{campaign="campaign",arm="r0-c0"}[5m])']
    assert set(server.authorizations) == {"Bearer secret"}


def test_nothing_is_checked_where_nothing_is_asked(make_request) -> None:
    """Records alone, and no guards."""
    connection.check(given(), make_request().campaign)
    connection.check(settings.Settings(), make_request().campaign)


def test_guards_need_a_prometheus(make_request) -> None:
    """The error says which setting is missing."""
    with pytest.raises(EndpointError, match=r"validation.guards has 1 queries, and ALSO_PROMETHEUS is not set"):
        connection.check(given(), make_request(ERRORS).campaign)


def test_branches_of_this_machine_are_not_scraped(make_request, server) -> None:
    """The error says both ways out."""
    with pytest.raises(EndpointError, match=r"unset it, or set ALSO_LAUNCHER=kubernetes"):
        connection.check(settings.Settings(prometheus=server.url), make_request().campaign)


@pytest.mark.parametrize(
    "url", ["prometheus:9090", "ftp://prometheus", "http://", "http://[::1", "http://h:99999", "http://h/?a=b", "x"]
)
def test_a_url_that_is_none_is_refused(make_request, url: str) -> None:
    """The error shows it, and how one looks."""
    with pytest.raises(EndpointError, match=r"ALSO_PROMETHEUS is '.*'; a URL such as http://prometheus:9090"):
        connection.check(given(url), make_request().campaign)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("status_4xx", "HTTP status 4"),
        ("redirect", "HTTP status 3"),
        ("connection_reset", "could not be reached|broke"),
        ("no_json", "without success|cannot be read"),
    ],
)
def test_a_prometheus_that_does_not_answer_is_refused(make_request, server, kind: str, said: str) -> None:
    """Before anything is written; a password in the URL is not shown, nor a character that a terminal obeys."""
    server.fault_of = lambda call, query: kind
    url = server.url.replace("http://", "http://user:password@")
    with pytest.raises(EndpointError, match=f"ALSO_PROMETHEUS http://127.*({said})") as raised:
        connection.check(given(url), make_request().campaign)
    assert "password" not in str(raised.value)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(("seconds", "said"), [(-40, "40 s behind"), (40, "40 s ahead")])
def test_a_prometheus_with_another_time_is_refused(make_request, server, seconds: float, said: str) -> None:
    """No sample of it would ever count, so that no stage could promote."""
    server.answer = lambda query: vector(1, at=time.time() + seconds)
    with pytest.raises(EndpointError, match=f"the clock of ALSO_PROMETHEUS .* is {said}; -2 to 30 s are allowed"):
        connection.check(given(server.url), make_request().campaign)


def test_another_server_is_not_taken_for_a_prometheus(make_request, server) -> None:
    """It answers in the same form, and vector(1) is not 1."""
    server.answer = lambda query: vector(2, at=time.time())
    with pytest.raises(EndpointError, match="is it a Prometheus"):
        connection.check(given(server.url), make_request().campaign)


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (refusal(400, "bad_data", "parse error: unexpected end"), "is not understood by Prometheus: parse error"),
        (refusal(503, "timeout", "query timed out"), "cannot be evaluated: Prometheus answered with HTTP status 503"),
        (Response(data={"resultType": "matrix", "result": []}), "has a matrix as its result"),
        (Response(data={"resultType": "string", "result": [0, "1"]}), "has a string as its result"),
    ],
)
def test_a_guard_that_can_have_no_value_is_refused(make_request, server, response: Response, said: str) -> None:
    """The error names the guard, and says what Prometheus says."""
    server.answer = lambda query: vector(1, at=time.time()) if query == "vector(1)" else response
    with pytest.raises(EndpointError, match=f"guard 'errors' {said}"):
        connection.check(given(server.url), make_request(ERRORS).campaign)
