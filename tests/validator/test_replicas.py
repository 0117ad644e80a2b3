"""Answers of two servers that stand for each other, as one."""

import math

import pytest

from also.services.validator.measure.query import QueryAnswer, Sample, Series
from also.services.validator.measure.replicas import merged


def series(labels: dict[str, str], *samples: tuple[float, float]) -> Series:
    return Series(labels=labels, samples=tuple(Sample(time=time, value=value) for time, value in samples))


def answer(kind: str, *found: Series) -> QueryAnswer:
    return QueryAnswer(kind=kind, series=found, warned=False, time=10.0)


def test_ranges_are_joined_in_order_of_time() -> None:
    """A sample that one of the two has missed is the other's; the last one counts."""
    a = series({"__name__": "m", "pod": "p", "replica": "a"}, (1, 0.1), (5, 0.5))
    b = series({"__name__": "m", "pod": "p", "replica": "b"}, (3, 0.3), (7, 0.7))
    (one,) = merged(answer("matrix", a, b), {"replica"}).series
    assert one.labels == {"__name__": "m", "pod": "p"}
    assert [(sample.time, sample.value) for sample in one.samples] == [(1, 0.1), (3, 0.3), (5, 0.5), (7, 0.7)]


@pytest.mark.parametrize("kind", ["matrix", "vector"])
def test_series_that_differ_otherwise_stay_apart(kind: str) -> None:
    """Two pods, or two jobs that scrape one pod, are no pair; without a pair nothing is changed."""
    found = answer(kind, series({"pod": "p", "replica": "a"}, (1, 1.0)), series({"pod": "q", "replica": "b"}, (1, 1.0)))
    assert merged(found, {"replica"}) == found
    assert merged(answer(kind, *found.series[:1]), {"replica"}).series == found.series[:1]
    assert merged(found, set()) == found


@pytest.mark.parametrize(
    ("values", "left"), [((0.5, 0.5), 1), ((0.5, 0.25), 2), ((math.nan, math.nan), 1), ((math.nan, 0.5), 2)]
)
def test_values_of_a_moment_are_one_where_they_are_equal(values: tuple[float, float], left: int) -> None:
    """Which of two different numbers is newer cannot be known."""
    pair = (series({"replica": name}, (9, value)) for name, value in zip("ab", values, strict=True))
    assert len(merged(answer("vector", *pair), {"replica"}).series) == left
