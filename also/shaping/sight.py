"""How far ahead a learner sees, and what all bonuses of an episode may be worth to it.

A learner that discounts by gamma values a reward k env_steps ahead at gamma^k of it. A bonus that is paid now
is worth its full size, so it must be compared with a success as it is worth from afar, not with the return
that the task pays for it. How far is "afar"? To the end of the longest episode, or to the learner's own
horizon 1 / (1 - gamma), beyond which it hardly values anything, whichever is nearer: its *sight*.

If the caps of a config sum to less than gamma^(sight - 1) times the smallest return, no certain success within
sight is given up for bonuses. Proof: the bonuses of an episode lie between -C_minus and C_plus, discounted or
not, where C_minus + C_plus is the sum of the caps. A policy that succeeds within sight is worth at least
gamma^(sight - 1) * smallest - C_minus, one that never does at most C_plus.

A task whose baseline is not 0 pays or charges before the end too, so there the same limit, on the smallest return less
the baseline, is a rule of thumb.
"""

import math

from also import returns
from also.v1.task_pb2 import TaskCard

_DIGITS = 6
"""Decimals to which 1 / (1 - gamma) is known: 1 - 0.9 is not 0.1 in binary."""


def sight(card: TaskCard, gamma: float) -> int:
    """Env_steps within which a success outweighs all bonuses: the episode's limit, 1 / (1 - gamma) at most.

    Args:
        card: the task's card.
        gamma: the learner's discount, in [0, 1].

    Returns:
        At least 1, the very next env_step.
    """
    longest = max(1, card.episode_limit)
    return longest if gamma == 1 else min(longest, math.ceil(round(1 / (1 - gamma), _DIGITS)))


def bonus_limit(card: TaskCard, gamma: float) -> float:
    """What the caps of a config must sum to less than: the smallest return, as it is worth at the end of sight.

    Args:
        card: the task's card.
        gamma: the learner's discount, in [0, 1].

    Returns:
        Units of task reward; 0 or less where the card has no smallest return above its baseline.
    """
    return float(gamma ** (sight(card, gamma) - 1)) * returns.smallest_gain(card)
