"""Bad metrics before a real Prometheus: none of twelve kinds promotes, and good ones beside them do.

A smaller share of what `benchmarks/metrics_faults.py` plays. It needs a Prometheus and no cluster.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from also.errors import EndpointError
from also.services.validator.measure import guards
from also.services.validator.measure.query import Endpoint
from also.v1.reading_pb2 import GuardQuery
from also.v1.validator_pb2 import ValidateRequest
from benchmarks.metrics_faults import MADE_BY, Outcome, gate, play_all
from tools.faulty_prometheus.scraping import scraping
from tools.loopback import free_ports

pytestmark = pytest.mark.timeout(600)  # on a machine that is busy with other things

LANES = 4
ROUNDS = 2

EXPECTED = {
    "none": {"GainConfirmed"},
    "down": {"MetricsUnavailable"},
    "status_5xx": {"MetricsUnavailable"},
    "slow": {"MetricsUnavailable"},
    "warnings": {"MetricsIncomplete"},
    "clock_skew": {"MetricsStale"},
    "empty": {"MetricsIncomplete"},
    "partial": {"MetricsIncomplete"},
    "not_a_number": {"MetricsNotFinite"},
    "wrong_hash": {"MetricsMismatch"},
    "restarted_counter": {"MetricsMismatch"},
    "stale": {"MetricsStale", "MetricsIncomplete"},  # whichever it is by the end of the wait
    "duplicate": {"MetricsAmbiguous"},
}


@pytest.fixture(scope="module")
def outcomes(prometheus_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Outcome]]:
    """What became of a few rounds of every kind, and twice as many good ones."""
    with gate(prometheus_binary, tmp_path_factory.mktemp("gate"), lanes=LANES) as gate_:
        yield play_all(gate_, [*MADE_BY, "none"], ROUNDS, lanes=LANES)


def test_good_metrics_promote_every_time(outcomes: list[Outcome]) -> None:
    """Otherwise the other tests could not fail."""
    good = [each for each in outcomes if each.kind == "none"]
    assert [(each.promoted, each.reason) for each in good] == [(True, "GainConfirmed")] * 2 * ROUNDS


@pytest.mark.parametrize("kind", sorted(MADE_BY.keys() - {"none"}))
def test_bad_metrics_never_promote(outcomes: list[Outcome], kind: str) -> None:
    """Whether they strike the search or the confirmation, and the verdict has the fault's name."""
    mine = [each for each in outcomes if each.kind == kind]
    assert [each.promoted for each in mine] == [False] * ROUNDS
    assert {each.reason for each in mine} <= EXPECTED[kind]


def test_a_real_prometheus_answers_guards_as_they_are_read(prometheus_binary: str, tmp_path: Path) -> None:
    """Scalars, one series, none, several, NaN and ranges; a query that it does not understand is refused by name."""
    cases = {
        "vector(2)": (2.0, 0),
        "scalar(vector(2))": (2.0, 0),
        "vector({stage}) + {round}": (4.0, 0),
        "absent(nothing)": (1.0, 0),
        "nothing": (None, 2),
        "vector(1) / 0": (None, 4),
        "vector(0) / 0": (None, 4),
        'label_replace(vector(1), "a", "b", "", "") or vector(2)': (None, 5),
    }
    with scraping(prometheus_binary, free_ports(1), tmp_path) as url:
        place = Endpoint(url=url)
        request = ValidateRequest(campaign_id="c", stage=3, round=1)
        for text, (value, fault) in cases.items():
            query = GuardQuery(name="guard", query=text, at_least=0)
            guards.check(place, query)
            reading = guards.read(place, query, request, "r0-c0", max_age=30)
            assert (reading.value if reading.HasField("value") else None, reading.fault) == (value, fault), text
        for text, said in {
            "vector(": "is not understood by Prometheus",
            "sum(rate(nothing))": "is not understood by Prometheus",
            "vector(1)[5m:1m]": "has a matrix as its result",
            '"text"': "has a string as its result",
        }.items():
            with pytest.raises(EndpointError, match=f"guard 'guard' {said}"):
                guards.check(place, GuardQuery(name="guard", query=text, at_least=0))
