"""What a learner plays between two updates."""

import pytest

from also.updates import whole_updates
from also.v1.campaign_pb2 import LearnerSettings


@pytest.mark.parametrize(("env_steps", "whole"), [(1, 3200), (3200, 3200), (3201, 6400), (60_000, 60_800)])
def test_env_steps_are_rounded_up_to_whole_updates(env_steps: int, whole: int) -> None:
    """An update of 64 environments x 50 env_steps is 3,200."""
    assert whole_updates(env_steps, LearnerSettings(environments=64, rollout=50)) == whole
