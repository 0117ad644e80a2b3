"""What a round costs, before anything is trained."""

from collections.abc import Callable

import pytest

from also.v1.campaign_pb2 import LearnerSettings
from also.validation import cost
from also.validation.round import Round


@pytest.mark.parametrize(("env_steps", "whole"), [(1, 3200), (3200, 3200), (3201, 6400), (60_000, 60_800)])
def test_env_steps_are_rounded_up_to_whole_updates(env_steps: int, whole: int) -> None:
    """An update of 64 environments x 50 env_steps is 3,200."""
    assert cost.whole_updates(env_steps, LearnerSettings(environments=64, rollout=50)) == whole


def test_search_halves_and_keeps_control_in_every_rung(make_round: Callable[..., Round]) -> None:
    """Five candidates over three rungs: 6 + 4 + 3 arms, each with 2 seeds of a third of 9,600 env_steps."""
    campaign = make_round(1, search_rungs=3, search_seeds=2, search_env_steps=9600).campaign
    assert cost.search_cost(campaign, 5) == (6 + 4 + 3) * 2 * 3200


def test_round_costs_its_search_and_one_wave_at_least(make_round: Callable[..., Round]) -> None:
    """One wave is two arms on fresh seeds."""
    campaign = make_round(1, confirm_seeds=6, confirm_env_steps=6000).campaign
    assert cost.wave_cost(campaign) == 2 * 6 * 6400
    assert cost.least_cost(campaign, 2) == cost.search_cost(campaign, 2) + cost.wave_cost(campaign)
