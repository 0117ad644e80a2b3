"""Returns as shares of what a task can pay, wherever its nothing lies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from also import returns
from also.shaping.sight import bonus_limit
from also.v1.task_pb2 import TaskCard

SPARSE = TaskCard(smallest_return=0.5, largest_return=2.0)
PRICED = TaskCard(baseline_return=-50.0, smallest_return=-49.0, largest_return=-10.0)


@given(value=st.floats(-1e6, 1e6), share=st.floats(0, 1))
def test_without_a_baseline_shares_are_of_the_largest_return(value, share):
    """To the last bit: what was recorded before there were baselines is decided as it was."""
    assert returns.share(SPARSE, value) == value / SPARSE.largest_return
    assert returns.level(SPARSE, share) == share * SPARSE.largest_return
    assert returns.nothing(SPARSE) == 0.0
    assert returns.span(SPARSE, 7.0) == SPARSE.largest_return


def test_shares_count_from_the_baseline():
    """A team that gives up at the limit has 0, one that needs the fewest env_steps has 1."""
    assert [returns.share(PRICED, value) for value in (-50, -30, -10)] == [0, 0.5, 1]
    assert returns.level(PRICED, 0.25) == -40
    assert returns.span(PRICED) == 40


def test_rounding_is_not_more_than_nothing():
    """Fifty prices of 0.1 do not sum to the same number in every order."""
    card = TaskCard(baseline_return=-5.0, smallest_return=-4.9, largest_return=0.0)
    assert sum([-0.1] * 50) != -5.0
    assert sum([-0.1] * 50) <= returns.nothing(card) < -4.9


def test_a_measured_range_grows_with_what_is_seen():
    """Random play had at most 1; once 9 was had, a rise is compared with 9."""
    card = TaskCard(smallest_return=1.0, largest_return=1.0, largest_measured=True)
    assert (returns.span(card), returns.span(card, 0.5), returns.span(card, 3.0, 9.0)) == (1, 1, 9)


def test_episodes_are_told_apart_by_more_than_nothing_or_by_their_median():
    """The median only where every episode of a task with a baseline has more than nothing."""
    assert returns.dividing(SPARSE, 0.5, 1.0) == 0
    assert returns.dividing(PRICED, -50, -30) == returns.nothing(PRICED)
    assert returns.dividing(PRICED, -40, -30) == -30


@pytest.mark.parametrize("shift", [-1000.0, -64.0, 0.0, 32.0])
def test_bonuses_are_limited_by_the_gain_of_a_success(shift):
    """A task that pays the same on top of another baseline allows the same bonuses."""
    card = TaskCard(baseline_return=shift, smallest_return=shift + 0.5, largest_return=shift + 2, episode_limit=1)
    assert bonus_limit(card, 0.99) == 0.5
