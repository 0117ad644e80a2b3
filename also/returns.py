"""Returns as shares of what a task can pay: 0 is what a team has that achieves nothing, 1 the largest return.

A sparse task pays nothing to a team that achieves nothing, so its baseline is 0. A task that charges for each
env_step has a baseline far below 0, and perhaps no positive return at all. Every threshold on returns counts from the
card's baseline, in units of its range; this is the one place that says how.

Where the largest return was only measured, by random play, learned play may go beyond it. Whoever has seen larger
returns says so: they widen the range, so that a rise is compared with what the task really pays.
"""

from also.v1.task_pb2 import TaskCard

DENSE = 0.5
"""Share of random play's env_steps with a reward from which a task's reward is not sparse."""

RARE = 0.05
"""Mean return, as a share of the returns' range, below which the task has paid for lucky episodes at most."""

_ROUNDING = 1e-6
"""Share of a task's returns that sums of the same rewards may differ by."""


def span(card: TaskCard, *seen: float) -> float:
    """The largest return less the baseline, units of task reward; 1 where the card knows no such range.

    Args:
        card: the task's card.
        seen: returns that were had since; they count where the largest return was only measured.
    """
    largest = max(card.largest_return, *seen) if card.largest_measured and seen else card.largest_return
    return largest - card.baseline_return if largest > card.baseline_return else 1.0


def share(card: TaskCard, value: float, *seen: float) -> float:
    """A return as a share of the task's range: 0 at the baseline, 1 at the largest return; not cut to [0, 1].

    Args:
        card: the task's card.
        value: the return, units of task reward.
        seen: as in `span`.
    """
    return (value - card.baseline_return) / span(card, *seen)


def level(card: TaskCard, share: float, *seen: float) -> float:
    """The return at a share of the task's range, units of task reward.

    Args:
        card: the task's card.
        share: 0 is the baseline, 1 the largest return.
        seen: as in `span`.
    """
    return card.baseline_return + share * span(card, *seen)


def is_rare(card: TaskCard, mean_return: float) -> bool:
    """Whether a mean return, units of task reward, is that of lucky episodes at most."""
    return mean_return < level(card, RARE)


def nothing(card: TaskCard) -> float:
    """Return up to which a team has achieved nothing: the baseline, and what rounding may add to one that is not 0."""
    baseline = card.baseline_return
    return baseline + _ROUNDING * max(abs(baseline), span(card)) if baseline else 0.0


def smallest_gain(card: TaskCard) -> float:
    """Smallest return less the baseline, units of task reward; 0 or less where the card knows none."""
    return card.smallest_return - card.baseline_return


def dividing(card: TaskCard, minimum: float, median: float) -> float:
    """Return above which episodes are called successful where they are compared with the others.

    That is what is more than nothing. Where a task whose baseline is not 0 pays every episode something, it is the
    median of their returns.

    Args:
        card: the task's card.
        minimum: smallest return of the episodes, units of task reward.
        median: median of their returns.
    """
    return median if card.baseline_return and minimum > nothing(card) else nothing(card)
