"""What a few runs say."""

import numpy as np
import pytest

from also.comparing.statistics import improvement, interquartile_mean, iqm


def test_a_quarter_of_the_runs_is_left_out_at_each_end_rounded_down():
    """Of eight runs two at each end, of five one, of three none."""
    assert iqm(np.array([8.0, 1, 7, 2, 6, 3, 5, 4])) == pytest.approx(4.5)
    assert iqm(np.array([100.0, 1, 2, 3, -50])) == pytest.approx(2)
    assert iqm(np.array([0.0, 0, 9])) == pytest.approx(3)


def test_the_interquartile_mean_is_that_of_all_tasks_runs_together():
    """A task with more runs has more weight, as in Agarwal 2021."""
    found = interquartile_mean([[0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [1.0, 1.0]])
    assert found.value == 0


def test_runs_are_drawn_again_within_their_task_only():
    """Two tasks without any spread have an interval of no width, however far they lie apart."""
    found = interquartile_mean([[0.0] * 4, [1.0] * 4])
    assert (found.low, found.value, found.high) == (0.5, 0.5, 0.5)


@pytest.mark.slow
def test_the_interval_is_that_of_the_mean_drawn_again():
    """Two runs are drawn equal in half of all draws; the interval of 400 is that of a trimmed mean by its deviation."""
    found = interquartile_mean([[0.0, 1.0]])
    assert (found.low, found.value, found.high) == (0, 0.5, 1)
    scores = np.random.default_rng(1).normal(size=400)
    found = interquartile_mean([scores.tolist()])
    trimmed = np.clip(scores, *np.quantile(scores, [0.25, 0.75])).std() / 0.5  # Winsorised deviation: Tukey 1963
    assert found.high - found.low == pytest.approx(2 * 1.96 * trimmed / 20, rel=0.1)


def test_one_run_has_no_interval():
    """Nothing is claimed from one seed."""
    found = interquartile_mean([[0.3]])
    assert (found.value, found.low, found.high) == (0.3, None, None)


def test_the_probability_of_improvement_counts_pairs_and_halves_ties():
    """Of four pairs two are won, one is tied, one lost."""
    assert improvement([[1.0, 2.0]], [[0.0, 2.0]]).value == pytest.approx(2.5 / 4)
    assert improvement([[0.0, 2.0]], [[1.0, 2.0]]).value == pytest.approx(1.5 / 4)


def test_the_probability_of_improvement_is_a_mean_over_tasks():
    """Each task counts once, whatever its number of runs."""
    assert improvement([[1.0] * 9, [0.0]], [[0.0] * 9, [1.0]]).value == pytest.approx(0.5)


def test_a_certain_improvement_has_an_interval_of_no_width():
    """Where every run wins, every draw does."""
    found = improvement([[1.0, 2.0, 3.0]], [[0.0, 0.5]])
    assert (found.low, found.value, found.high) == (1, 1, 1)


def test_the_same_runs_give_the_same_interval():
    """Draws are fixed."""
    scores = [[0.1, 0.5, 0.7], [0.2, 0.9, 0.4]]
    assert interquartile_mean(scores) == interquartile_mean(scores)
    assert improvement(scores, scores[::-1]) == improvement(scores, scores[::-1])
