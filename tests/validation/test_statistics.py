"""The exact test, its level, and the interval beside it."""

import math
import random
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from also.validation import statistics


def brute_force_p(differences: list[int]) -> Fraction:
    """Share of all sign patterns whose sum is at least the one seen, in exact arithmetic."""
    seen = sum(differences)
    hits = sum(
        sum(sign * each for sign, each in zip(signs, differences, strict=True)) >= seen
        for signs in product((1, -1), repeat=len(differences))
    )
    return Fraction(hits, 2 ** len(differences))


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=10))
def test_p_equals_the_share_counted_by_brute_force(steps: list[int]) -> None:
    """Small integers make many ties and zeros; in tenths they carry rounding errors besides."""
    due = float(brute_force_p(steps))
    assert statistics.sign_flip_p([float(step) for step in steps]) == due
    assert statistics.sign_flip_p([0.7 + step / 10 - 0.7 for step in steps]) == due


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=14))
def test_order_of_pairs_does_not_change_p(differences: list[float]) -> None:
    """The pairs have no order."""
    assert statistics.sign_flip_p(sorted(differences)) == statistics.sign_flip_p(differences)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=9), st.floats(0.001, 0.5))
def test_level_holds_over_all_sign_patterns(sizes: list[float], alpha: float) -> None:
    """Under the null hypothesis every sign pattern is as likely: p <= alpha has probability alpha at most."""
    patterns = list(product((1, -1), repeat=len(sizes)))
    found = [
        statistics.sign_flip_p([sign * size for sign, size in zip(signs, sizes, strict=True)]) for signs in patterns
    ]
    assert sum(p <= alpha for p in found) <= alpha * len(patterns)


@pytest.mark.parametrize("pairs", [1, 3, 5, 6, 20, 30])
def test_gains_in_every_pair_reach_two_to_the_minus_n(pairs: int) -> None:
    """The smallest p is reached by gains only."""
    assert statistics.sign_flip_p([0.1 * (index + 1) for index in range(pairs)]) == 2.0**-pairs
    assert statistics.smallest_p(pairs) == 2.0**-pairs


def test_three_seeds_can_never_reach_the_level() -> None:
    """Whatever three differences are, p stays at or above 0.125; five pairs are the fewest for 0.05."""
    assert statistics.sign_flip_p([1e6, 1e6, 1e6]) == 0.125
    assert statistics.pairs_needed(0.05) == 5
    assert statistics.pairs_needed(0.05 / 2) == 6


def test_equal_arms_have_p_one() -> None:
    """No difference is no evidence."""
    assert statistics.sign_flip_p([0.0, 0.0, 0.0]) == 1.0


def test_zero_differences_leave_p_alone() -> None:
    """A pair without a difference says nothing, and is not counted as a gain."""
    assert statistics.sign_flip_p([0.3, 0.0, 0.2, 0.0]) == statistics.sign_flip_p([0.3, 0.2]) == 0.25


def test_differences_of_rounding_size_are_ties() -> None:
    """0.3 - 0.2 and 0.2 - 0.1 differ in their last bit only: the tie counts against the candidate."""
    assert 0.3 - 0.2 != 0.2 - 0.1
    assert statistics.sign_flip_p([0.3 - 0.2, 0.1 - 0.2]) == 0.75


@pytest.mark.parametrize(("pairs", "gains", "tolerance"), [(24, 17, 1e-15), (32, 20, 1e-15), (60, 37, 0.005)])
def test_equal_sizes_give_the_binomial_tail(pairs: int, gains: int, tolerance: float) -> None:
    """With differences of +-1 the test is the sign test, whose p is known; above 32 pairs it is drawn."""
    tail = sum(math.comb(pairs, more) for more in range(gains, pairs + 1)) / 2**pairs
    p = statistics.sign_flip_p([1.0] * gains + [-1.0] * (pairs - gains))
    assert p == pytest.approx(tail, abs=tolerance)


def test_drawn_p_is_never_zero() -> None:
    """Above 32 pairs the smallest p is 1 / (1 + draws), not 0."""
    assert statistics.sign_flip_p([1.0] * 40) == statistics.smallest_p(40) == 1e-5


def test_unreachable_level_needs_no_number_of_pairs() -> None:
    """A level below what the test can resolve is said to be out of reach."""
    assert statistics.pairs_needed(1e-12) is None


def test_looks_share_the_level_evenly() -> None:
    """The union bound: the levels of all looks add up to alpha."""
    assert statistics.alpha_of_look(0.05, 3) * 3 == pytest.approx(0.05)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 6, 9, 11, 29, 30, 99, 1000])
def test_the_quantile_of_t_is_scipys(freedom: int) -> None:
    """The finite series, turned round by bisection, against an independent implementation."""
    assert statistics.t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-12)


@pytest.mark.parametrize("count", [3, 5, 6, 10, 12, 30])
def test_intervals_of_normal_values_hold_the_mean_in_95_of_100_cases(count: int) -> None:
    """Of 4,000 samples; four standard errors of the share are 1.4 %."""
    draw = random.Random(count).gauss
    held = 0
    for _ in range(4_000):
        low, high = statistics.mean_interval([draw(0.3, 0.2) for _ in range(count)])
        held += low <= 0.3 <= high
    assert held / 4_000 == pytest.approx(0.95, abs=0.014)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=12))
def test_interval_lies_around_the_mean_and_has_no_order(values: list[float]) -> None:
    """Symmetric about the mean, and the same for the values in any order."""
    low, high = statistics.mean_interval(values)
    slack = 1e-9 * (1 + max(map(abs, values)))
    assert (low + high) / 2 == pytest.approx(statistics.mean(values), abs=slack)
    assert statistics.mean_interval(values[::-1]) == pytest.approx((low, high), abs=slack)


@given(st.integers(1, 30), st.floats(0.01, 1), st.floats(0.01, 1))
def test_equal_gains_are_as_likely_as_missing_losses_that_even_them_out(count: int, gain: float, loss: float) -> None:
    """Losses of a share g / (g + loss) leave no gain on average; n pairs miss them all with this chance."""
    expected = (1 - gain / (gain + loss)) ** count
    assert statistics.loss_likelihood([gain] * count, loss) == pytest.approx(expected, rel=1e-9)


@given(st.lists(st.integers(-8, 20), min_size=1, max_size=12))
def test_no_bet_multiplies_more_than_the_likelihood_says(steps: list[int]) -> None:
    """Its inverse is the largest product of 1 + l d over a fine grid of l, up to the grid."""
    differences = [step / 20 for step in steps]
    products = [math.prod(1 + bet / 4000 * each / 0.4 for each in differences) for bet in range(4001)]
    ratio = statistics.loss_likelihood(differences, 0.4)
    assert 0 <= ratio <= 1
    assert 1 / max(products) == pytest.approx(ratio, rel=1e-4)


def test_nothing_to_lose_explains_no_gain() -> None:
    """Where control has nothing, any gain on average is one; and no gain needs no explanation."""
    assert statistics.loss_likelihood([0.1, 0.0, 0.0], 0.0) == 0
    assert statistics.loss_likelihood([0.1, -0.1], 0.2) == statistics.loss_likelihood([0.0], 0.0) == 1


def test_the_largest_loss_is_controls_best_down_to_the_lowest_return_seen() -> None:
    """A return of less than 0 shows that a branch may fall as far."""
    test = statistics.paired_test("return", [0.8, 0.7], [0.2, 0.1], 0.05)
    assert test.loss_likelihood == pytest.approx((0.2 / 0.8) ** 2)
    test = statistics.paired_test("return", [0.8, 0.8], [0.2, -0.2], 0.05)
    assert test.loss_likelihood == pytest.approx(1 / (1 + 0.6 / 0.4) / (1 + 1.0 / 0.4))


def test_paired_test_pairs_by_position() -> None:
    """Gain, interval and p are those of the differences of equal seeds."""
    test = statistics.paired_test("return", [0.5, 0.75, 1.0], [0.25, 0.5, 0.75], 0.05)
    assert (test.measure, test.pairs, test.mean_gain, test.p_value, test.alpha) == ("return", 3, 0.25, 0.125, 0.05)
    assert test.gain_low == test.gain_high == 0.25


def test_no_pair_is_an_error() -> None:
    """Nothing can be said of no pair, and unequal arms do not pair."""
    with pytest.raises(ValueError, match="at least 1 pair"):
        statistics.sign_flip_p([])
    with pytest.raises(ValueError, match="at least 1 value"):
        statistics.mean_interval([])
    with pytest.raises(ValueError, match="argument 2 is longer"):
        statistics.paired_test("return", [1.0], [1.0, 2.0], 0.05)
