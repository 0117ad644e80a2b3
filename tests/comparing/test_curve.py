"""The curve over everything that was spent."""

import pytest

from also.comparing.curve import area, at, curve
from also.v1.verdict_pb2 import Validation


@pytest.fixture
def segments(stage, over):
    """400 env_steps of training, 600 of branches of which one of 100 is adopted, 400 of training, 200 unspent."""
    first = stage(
        0,
        env_steps=400,
        run_env_steps=400,
        mean_return=0.25,
        points=((200, 0.1), (400, 0.3)),
        validations=(Validation(env_steps=350), Validation(env_steps=250)),
    )
    second = stage(1, env_steps=400, run_env_steps=900, mean_return=0.8, points=((700, 0.5), (900, 0.7)))
    return curve(over(first, second, final=0.9), 1600)


def test_branches_count_as_env_steps_and_the_main_run_waits_for_them(segments):
    """Training windows have their own return, branches the stage's evaluation, what is unspent the final return."""
    assert [(each.begin, each.end, each.value) for each in segments] == [
        (0, 200, 0.1),
        (200, 400, 0.3),
        (400, 1000, 0.25),
        (1000, 1200, 0.5),
        (1200, 1400, 0.7),
        (1400, 1600, 0.9),
    ]


def test_the_area_is_the_mean_over_the_budget(segments):
    """Each segment counts by its length; what lies beyond a smaller budget does not count."""
    assert area(segments, 1600) == pytest.approx(650 / 1600)
    assert area(segments, 300) == pytest.approx((200 * 0.1 + 100 * 0.3) / 300)


def test_a_moment_has_the_value_of_the_segment_that_ends_there(segments):
    """A curve is read at whole moments, the budget among them."""
    assert [at(segments, moment) for moment in (0, 200, 201, 1000, 1600)] == [0.1, 0.1, 0.3, 0.25, 0.9]


def test_a_stage_in_which_no_episode_ended_has_its_evaluation(stage, over):
    """Where there is no training return, what the policy is worth stands in."""
    found = curve(over(stage(0, mean_return=0.2), final=0.4), 100)
    assert [(each.begin, each.end, each.value) for each in found] == [(0, 100, 0.2)]
