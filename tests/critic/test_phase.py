"""Where learning stands is read from returns alone."""

from copy import deepcopy

from also.v1 import diagnosis_pb2 as pb
from services.critic.phase import learning_phase


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
