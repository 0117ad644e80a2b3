"""What a round costs, before anything is trained."""

from collections.abc import Callable

import pytest

from also.v1.campaign_pb2 import Proof
from also.validation import cost
from also.validation.round import Round


def test_search_halves_and_keeps_control_in_every_rung(make_round: Callable[..., Round]) -> None:
    """Five candidates over three rungs: 6 + 4 + 3 arms, each with 2 seeds of a third of 9,600 env_steps."""
    campaign = make_round(1, search_rungs=3, search_seeds=2, search_env_steps=9600).campaign
    assert cost.search_cost(campaign, 5) == (6 + 4 + 3) * 2 * 3200


def test_round_costs_its_search_and_one_wave_at_least(make_round: Callable[..., Round]) -> None:
    """One wave is two arms on fresh seeds."""
    campaign = make_round(1, confirm_seeds=6, confirm_env_steps=6000).campaign
    assert cost.wave_cost(campaign) == 2 * 6 * 6400
    assert cost.least_cost(campaign, 2) == cost.search_cost(campaign, 2) + cost.wave_cost(campaign)


def test_a_race_halves_and_takes_control_along_where_it_has_to(make_round: Callable[..., Round]) -> None:
    """Five candidates over three rungs: 5 + 3 + 2 arms, each with 2 seeds of a third of 9,600 env_steps."""
    campaign = make_round(1, race_rungs=3, race_seeds=2, race_env_steps=9600).campaign
    assert cost.race_rung_env_steps(campaign) == 3200
    assert cost.race_cost(campaign, 5, with_control=False) == (5 + 3 + 2) * 2 * 3200
    assert cost.race_cost(campaign, 5, with_control=True) == (6 + 4 + 3) * 2 * 3200


def test_the_smallest_round_is_one_that_can_promote(make_round: Callable[..., Round]) -> None:
    """By risk a race of one candidate, or a search of one with a wave where that is less; without proof nothing."""
    race = {"race_rungs": 2, "race_seeds": 1, "race_env_steps": 6400}
    trusting = make_round(1, proof=Proof.PROOF_BY_RISK, **race).campaign
    assert cost.smallest_round(trusting, silent=True, trusted=True) == 0
    assert cost.smallest_round(trusting, silent=False) == 2 * 2 * 3200
    assert cost.smallest_round(trusting, silent=False, trusted=True) == 0
    race |= {"silent_race": True}
    by_risk = make_round(1, proof=Proof.PROOF_BY_RISK, **race).campaign
    assert cost.smallest_round(by_risk, silent=True) == 2 * 3200
    assert cost.smallest_round(by_risk, silent=False) == 2 * 2 * 3200
    dear = make_round(1, proof=Proof.PROOF_BY_RISK, **race | {"race_env_steps": 10**6}).campaign
    assert cost.smallest_round(dear, silent=True) == cost.least_cost(dear, 1)
    confirmed = make_round(1, **race).campaign
    assert cost.smallest_round(confirmed, silent=True) == cost.least_cost(confirmed, 1)
    assert cost.smallest_round(confirmed, silent=False, trusted=True) == cost.least_cost(confirmed, 1)
    assert cost.smallest_round(make_round(1, proof=Proof.PROOF_NONE, **race).campaign, silent=False) == 0


@pytest.mark.parametrize(
    ("share", "count", "budget", "allowed"),
    [
        (0.5, 4, 10**9, 4 * 3200),  # as much as the stages
        (0.25, 3, 10**9, 3200),  # a third of them
        (0.0, 4, 10**9, 0),
        (1.0, 4, 50_000, 50_000),  # the budget alone
        (0.5, 4, 4 * 6400, 4 * 3200),
        (0.5, 4, 4 * 6400 - 1, 4 * 3200 - 1),  # the last stage is as long as the budget has room for
        (0.5, 4, 6399, 3199),
    ],
)
def test_branches_may_take_their_share_of_what_the_campaign_comes_to(
    make_round: Callable[..., Round], share: float, count: int, budget: int, allowed: int
) -> None:
    """Stages of one update, and never more than that share of the budget."""
    campaign = make_round(1, share=share).campaign
    campaign.stages.count, campaign.stages.env_steps, campaign.budget.env_steps = count, 3000, budget
    assert cost.allowed_for_branches(campaign) == allowed
