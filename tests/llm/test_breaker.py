"""The circuit breaker, on a clock that the test moves."""

import pytest

from also.llm.breaker import FAILURES, REST_SECONDS, Breaker


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """Time that stands still until it is moved."""
    return Clock()


@pytest.fixture
def breaker(clock):
    """A closed breaker on that clock."""
    return Breaker(clock)


def fail(breaker, times):
    for _ in range(times):
        breaker.failed()


def test_it_lets_calls_through_until_there_were_enough_failures(breaker):
    """One failure fewer than the limit changes nothing."""
    fail(breaker, FAILURES - 1)
    assert breaker.seconds_to_wait() == 0


def test_it_opens_after_enough_failures_in_a_row(breaker, clock):
    """Then calls are told how long it rests."""
    fail(breaker, FAILURES)
    assert breaker.seconds_to_wait() == REST_SECONDS
    clock.now = 10.0
    assert breaker.seconds_to_wait() == REST_SECONDS - 10


def test_a_success_in_between_starts_the_count_again(breaker):
    """Only failures in a row count."""
    fail(breaker, FAILURES - 1)
    breaker.succeeded()
    fail(breaker, FAILURES - 1)
    assert breaker.seconds_to_wait() == 0


def test_after_its_rest_one_call_is_let_through(breaker, clock):
    """The others wait for what becomes of that one."""
    fail(breaker, FAILURES)
    clock.now = REST_SECONDS
    assert breaker.seconds_to_wait() == 0
    assert breaker.seconds_to_wait() == REST_SECONDS


def test_a_success_closes_it(breaker, clock):
    """After a success all calls pass again."""
    fail(breaker, FAILURES)
    clock.now = REST_SECONDS
    assert breaker.seconds_to_wait() == 0
    breaker.succeeded()
    assert [breaker.seconds_to_wait() for _ in range(3)] == [0, 0, 0]


def test_a_failure_after_the_rest_opens_it_again(breaker, clock):
    """One failure is enough then."""
    fail(breaker, FAILURES)
    clock.now = REST_SECONDS
    assert breaker.seconds_to_wait() == 0
    breaker.failed()
    assert breaker.seconds_to_wait() == REST_SECONDS
