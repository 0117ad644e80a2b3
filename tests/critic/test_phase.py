"""Where learning stands is read from returns alone."""

from copy import deepcopy

import pytest

from also.services.critic.phase import learning_phase
from also.v1 import diagnosis_pb2 as pb


def test_zero_returns_everywhere_are_no_signal(foraging, gather):
    """Neither evaluation nor training has seen a reward."""
    assert learning_phase([gather(foraging)], foraging) == pb.LEARNING_PHASE_NO_SIGNAL


def test_a_reward_in_training_alone_is_a_sparse_signal(foraging, gather):
    """The curve shows rewards that the evaluation has missed."""
    evidence = gather(foraging, curve=[0, 0, 0.01, 0, 0, 0.01])
    assert learning_phase([evidence], foraging) == pb.LEARNING_PHASE_SPARSE_SIGNAL


def test_a_rising_curve_is_improvement_in_the_first_stage(foraging, gather):
    """Without a stage before, the training curve decides."""
    evidence = gather(foraging, mean=0.2, curve=[0, 0, 0.05, 0.1, 0.15, 0.2])
    assert learning_phase([evidence], foraging) == pb.LEARNING_PHASE_IMPROVING


def test_a_rise_since_the_last_stage_is_improvement(foraging, gather):
    """The evaluations of two stages differ by more than the threshold."""
    stages = [gather(foraging, mean=0.2), gather(foraging, mean=0.3)]
    assert learning_phase(stages, foraging) == pb.LEARNING_PHASE_IMPROVING


def test_an_unchanged_return_is_a_plateau(foraging, gather):
    """Two stages return the same, and the curve is flat."""
    stages = [gather(foraging, mean=0.48), gather(foraging, mean=0.49)]
    assert learning_phase(stages, foraging) == pb.LEARNING_PHASE_PLATEAU


def test_a_fall_beyond_both_intervals_is_regression(foraging, gather):
    """The intervals of two stages do not overlap."""
    stages = [gather(foraging, mean=0.5), gather(foraging, mean=0.3)]
    assert learning_phase(stages, foraging) == pb.LEARNING_PHASE_REGRESSING


def test_a_fall_within_the_intervals_is_no_regression(foraging, gather):
    """What chance explains is not called a fall."""
    before, now = gather(foraging, mean=0.50), gather(foraging, mean=0.47)
    assert learning_phase([before, now], foraging) == pb.LEARNING_PHASE_PLATEAU


def test_a_return_lost_altogether_is_regression(foraging, gather):
    """Zero after a positive return is a fall, not a missing signal."""
    stages = [gather(foraging, mean=0.4), gather(foraging)]
    assert learning_phase(stages, foraging) == pb.LEARNING_PHASE_REGRESSING


def test_nine_tenths_of_the_largest_return_are_solved(foraging, gather):
    """Shares of the largest return count, not its unit."""
    evidence = gather(foraging, mean=9.0)
    evidence.returns.maximum = 10
    card = deepcopy(foraging)
    card.largest_return = 10
    assert learning_phase([evidence], card) == pb.LEARNING_PHASE_SOLVED


def shifted(evidence, by):
    """The same evidence of a task whose returns all lie elsewhere."""
    moved = deepcopy(evidence)
    for name in ("mean", "minimum", "lower_quartile", "median", "upper_quartile", "maximum"):
        setattr(moved.returns, name, getattr(moved.returns, name) + by)
    moved.return_low, moved.return_high = moved.return_low + by, moved.return_high + by
    for point in moved.curve:
        point.mean_return += by
    return moved


@pytest.mark.parametrize("by", [-64.0, -1.0, 32.0])
def test_phases_count_from_the_baseline(foraging, gather, by):
    """Returns that are all negative have the phases that the same returns above 0 have."""
    card = deepcopy(foraging)
    card.baseline_return, card.smallest_return, card.largest_return = by, by + 0.5, by + 1
    stages = [
        [gather(foraging)],
        [gather(foraging, curve=[0, 0, 0.03125, 0, 0, 0.03125])],
        [gather(foraging, mean=0.25), gather(foraging, mean=0.375)],
        [gather(foraging, mean=0.5), gather(foraging, mean=0.25)],
        [gather(foraging, mean=0.5), gather(foraging, mean=0.5)],
        [gather(foraging, mean=0.9375)],
    ]
    found = [learning_phase([shifted(each, by) for each in history], card) for history in stages]
    assert found == [learning_phase(history, foraging) for history in stages]
    assert len(set(found)) == 6


def test_a_largest_return_that_was_only_measured_solves_nothing(foraging, gather):
    """Random play had 1 at most; a team that has 1 in every episode may stand at a tenth of what there is."""
    card = deepcopy(foraging)
    card.largest_measured = True
    stages = [gather(foraging, mean=0.95), gather(foraging, mean=0.95)]
    assert learning_phase(stages, card) == pb.LEARNING_PHASE_PLATEAU
    assert learning_phase(stages, foraging) == pb.LEARNING_PHASE_SOLVED


def test_a_rise_is_measured_by_what_was_seen_where_nobody_knows_the_largest(foraging, gather):
    """0.1 more is a rise on a scale of 1, and chance on one of 50."""
    card = deepcopy(foraging)
    card.largest_measured = True
    stages = [gather(foraging, mean=40.0), gather(foraging, mean=40.1)]
    assert learning_phase(stages, card) == pb.LEARNING_PHASE_IMPROVING
    for stage in stages:
        stage.returns.maximum = 50
    assert learning_phase(stages, card) == pb.LEARNING_PHASE_PLATEAU
