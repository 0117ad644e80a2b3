"""No certain success within sight is given up for bonuses: a chain, solved exactly by the reward that trains."""

import pytest
import torch

from also.errors import ShapingError
from also.services.trainer.shaping_reward import ShapingReward
from also.shaping import rules
from also.shaping.sight import bonus_limit, sight
from also.v1 import task_pb2

LENGTHS = [(1, 50, 0.99), (4, 50, 0.99), (23, 50, 0.99), (50, 50, 0.99), (100, 1000, 0.99), (5, 8, 0.9), (1, 9, 0.0)]
"""Env_steps to the success, an episode's limit, gamma; each success is within sight."""


@pytest.fixture(scope="module")
def bonus(config):
    """Builds a config that pays an agent once for holding something, up to a cap."""
    return lambda cap: config({"form": "event", "feature": "holds", "weight": cap, "episode_cap": cap})


@pytest.fixture
def lasting(card):
    """Builds the card with another limit of its episodes."""

    def build(limit):
        copy = task_pb2.TaskCard()
        copy.CopyFrom(card)
        copy.episode_limit = limit
        return copy

    return build


@pytest.fixture
def largest_cap(bonus):
    """The largest cap, in ten-thousandths, that the rules accept."""

    def search(card, gamma):
        def is_accepted(cap):
            try:
                rules.check_config(bonus(cap), card, gamma)
            except ShapingError:
                return False
            return True

        return max(number / 10_000 for number in range(1, 10_000) if is_accepted(number / 10_000))

    return search


@pytest.fixture
def worth(bonus):
    """What every deterministic policy of the chain is worth to agent 0 at its start, task reward and bonus discounted.

    The chain has a success after `length` env_steps of walking. At each cell but the last one may step aside for the
    bonus, from where there is no way back. Policy k steps aside in env_step k, the last one never does. The reward is
    compiled for a card that admits any cap, so that caps above the limit can be tried, too.
    """

    def solve(card, cap, gamma, length):
        config, values, admitting = bonus(cap), [], task_pb2.TaskCard()
        admitting.CopyFrom(card)
        admitting.smallest_return = 1e9
        for aside in range(length + 1):
            shaping = ShapingReward([config], admitting, environments=1, gamma=gamma)
            held, free = {"holds": torch.ones(1, 1, 3)}, {"holds": torch.zeros(1, 1, 3)}
            no, yes = torch.zeros(1, 1, dtype=torch.bool), torch.ones(1, 1, dtype=torch.bool)
            shaping.begin(free)
            total = 0.0
            for time in range(length):
                succeeds = time == length - 1 and aside == length
                reward = shaping.pay(held if time >= aside else free, torch.zeros(1, 1), yes if succeeds else no, no)
                total += gamma**time * (float(reward[0, 0, 0]) + succeeds * card.smallest_return)
            values.append(total)
        return values

    return solve


@pytest.mark.slow
@pytest.mark.parametrize(("length", "limit", "gamma"), LENGTHS)
def test_the_best_policy_never_gives_up_a_success_within_sight(length, limit, gamma, lasting, largest_cap, worth):
    """Whatever cap the rules accept, walking to the success is worth more than any policy that steps aside."""
    card = lasting(limit)
    assert length <= sight(card, gamma)
    values = worth(card, largest_cap(card, gamma), gamma, length)
    assert max(values) == values[-1] > max(values[:-1])


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "gamma"), [(50, 0.99), (1000, 0.99), (8, 0.9)])
def test_the_limit_is_the_smallest_that_holds(limit, gamma, lasting, worth):
    """A cap one percent above it buys the best policy off the success at the end of sight."""
    card = lasting(limit)
    values = worth(card, 1.01 * bonus_limit(card, gamma), gamma, sight(card, gamma))
    assert max(values[:-1]) > values[-1]


def test_a_cap_below_the_undiscounted_return_alone_buys_a_success(lasting, worth):
    """Why the discount counts: under 0.49 of 0.5, a success four env_steps ahead is given up."""
    values = worth(lasting(50), 0.49, 0.99, 4)
    assert max(values[:-1]) > values[-1]


@pytest.mark.parametrize(
    ("limit", "gamma", "due"),
    [(50, 0.99, 50), (1000, 0.99, 100), (1000, 1.0, 1000), (8, 0.9, 8), (50, 0.9, 10), (50, 0, 1)],
)
def test_sight_ends_with_the_episode_or_the_learners_horizon(limit, gamma, due, lasting):
    """Whichever is nearer; without a discount it is the episode."""
    assert sight(lasting(limit), gamma) == due
