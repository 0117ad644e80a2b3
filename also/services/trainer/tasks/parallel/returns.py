"""What returns a PettingZoo task can have, from its author and from random play.

An author's `smallest_return`, `largest_return` and `baseline_return` count before anything measured. What nobody says
is read off the trial episodes:

- The *baseline* is the return of a team that achieves nothing. It is 0 where rewards are sparse and not all returns
  are negative, and where all returns are one that is not; else the return that most episodes share, as they do under
  a price for each env_step; else the worst of random play.
- The *largest* return is the best of random play, but 0 where no reward was ever positive. It is only measured: learned
  play may go beyond it, so the card says so, and no stage is then called solved.

Success is a return above the baseline; where random play has all kinds of returns, one as large as its best. The
return so far in an episode begins at 0, so where the baseline is not 0 success shows in `final_return`, which is known
when the episode ends.
"""

from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from also import returns
from also.services.trainer.tasks.parallel.environment import EPISODE_RETURN
from also.v1 import task_pb2
from also.v1.task_pb2 import Feature, Milestone, TaskCard

FINAL_RETURN = "final_return"
"""Feature of a task whose baseline is not 0: the episode's return once it has ended, its least before."""

BUILT_IN = (EPISODE_RETURN, FINAL_RETURN)
"""Features that come from rewards; they are the last of a card."""

_DIGITS = 6
"""Significant digits to which equal returns agree."""


@dataclass(slots=True, kw_only=True)
class Rewards:
    """The team's rewards in trial episodes."""

    env_steps: int = 0
    """env_steps that were played."""
    rewarded: int = 0
    """Those with a reward other than 0."""
    smallest: float = 0.0
    """Smallest |reward| other than 0; 0 when there was none."""
    most: float = 0.0
    """Largest reward; 0 when none was positive."""
    returns: list[float] = field(default_factory=list)
    """Return of each episode that has ended."""

    def add(self, reward: float) -> None:
        """Count one env_step's reward."""
        self.env_steps += 1
        self.rewarded += reward != 0
        self.most = max(self.most, reward)
        if reward and (abs(reward) < self.smallest or not self.smallest):
            self.smallest = abs(reward)

    @property
    def density(self) -> float:
        """Share of env_steps with a reward. In [0, 1]."""
        return self.rewarded / max(self.env_steps, 1)


def write_returns(card: TaskCard, rewards: Rewards) -> None:
    """Fill in a card's returns, and notes on what a person should know of them.

    Args:
        card: with those returns that its author gives.
        rewards: what random play had.
    """
    played, given = rewards.returns, card.HasField("largest_return")
    if rewards.density > returns.DENSE:
        card.reward_density = rewards.density
    if not card.HasField("baseline_return") and not card.smallest_return > 0 and (baseline := _baseline(rewards)):
        card.baseline_return = baseline
    if not card.HasField("smallest_return"):
        card.smallest_return = _smallest(card, rewards)
    best = max(played) if rewards.most else 0.0
    if given:
        _note_beyond(card, played)
    else:
        card.largest_return, card.largest_measured = max(card.smallest_return, best), True
    card.notes.extend(_notes(card, rewards))


def return_features(card: TaskCard, played: Sequence[float]) -> list[Feature]:
    """The features that come from rewards, for a card whose returns are filled in."""
    lowest = min(0.0, card.baseline_return, *played)
    so_far = Feature(
        name=EPISODE_RETURN,
        scope=task_pb2.FEATURE_SCOPE_TEAM,
        unit="task reward",
        minimum=lowest,
        maximum=max(card.largest_return, 0.0),
        direction=task_pb2.DIRECTION_HIGHER,
        description="Sum of the team's rewards so far in the episode.",
        tells_of=task_pb2.TELLS_OF_TRANSITION,
    )
    if not card.baseline_return:
        return [so_far]
    final = deepcopy(so_far)
    final.name, final.minimum, final.maximum = FINAL_RETURN, min(card.baseline_return, *played), card.largest_return
    final.description = "Return of the episode once it has ended; its least before."
    return [so_far, final]


def return_milestone(card: TaskCard, played: Sequence[float]) -> Milestone:
    """Success where nobody says what it is, for a card whose returns are filled in."""
    baseline = card.baseline_return
    if not baseline:
        return Milestone(
            name="positive_return",
            feature=EPISODE_RETURN,
            threshold=card.smallest_return,
            description="The episode has a positive return.",
        )
    if card.reward_density > returns.DENSE and _common(played) is None:
        best = min(max(played), card.largest_return)
        return Milestone(
            name="random_play_equalled",
            feature=FINAL_RETURN,
            threshold=max(best, card.smallest_return),
            description="The episode ends with at least the best return that random play had.",
        )
    return Milestone(
        name="more_than_nothing",
        feature=FINAL_RETURN,
        threshold=(baseline + card.smallest_return) / 2,  # sums of equal rewards are not equal to the last bit
        description=f"The episode ends with more than {baseline:g}, the return of a team that achieves nothing.",
    )


def _baseline(rewards: Rewards) -> float:
    """Return of a team that achieves nothing, as far as random play shows it."""
    played = rewards.returns
    sparse, alike = rewards.density <= returns.DENSE, min(played) == max(played)
    if max(played) >= 0 and (sparse or alike):
        return 0.0
    common = _common(played)
    return min(played) if common is None else common


def _common(played: Sequence[float]) -> float | None:
    """The return that more than half of the episodes had; None where there is none."""
    value, count = Counter(float(f"{value:.{_DIGITS}g}") for value in played).most_common(1)[0]
    return value if 2 * count > len(played) else None


def _smallest(card: TaskCard, rewards: Rewards) -> float:
    """Smallest return above the baseline that was had, or that one reward more would give."""
    above = [value for value in rewards.returns if value > returns.nothing(card)]
    smallest = min(above) if above else card.baseline_return + (rewards.smallest or 1.0)
    return min(smallest, card.largest_return) if card.HasField("largest_return") else smallest


def _note_beyond(card: TaskCard, played: Sequence[float]) -> None:
    if max(played) > card.largest_return + 1e-6 * abs(card.largest_return):
        card.notes.append(
            f"A trial episode returned {max(played):g}, but task_card() says that the largest_return is "
            f"{card.largest_return:g}: shares of it will exceed 1."
        )


def _notes(card: TaskCard, rewards: Rewards) -> list[str]:
    notes, played = [], rewards.returns
    if rewards.density > returns.DENSE:
        notes.append(
            f"RewardNotSparse: random play had a reward on {rewards.density:.0%} of its env_steps; shaping is for "
            "rewards that are almost always zero, and may not help here."
        )
    if card.baseline_return:
        had = "all negative, " if max(played) < 0 else ""
        notes.append(
            f"Returns of random play were {had}{min(played):g} to {max(played):g}: a team that achieves nothing counts "
            f"as {card.baseline_return:g}, and shares of returns count from there; task_card() may say another "
            "baseline_return."
        )
    if card.largest_measured:
        why = "the best of random play" if rewards.most else "what no reward above 0 leaves"
        if not card.baseline_return and not any(played):
            why = "a guess, for random play was paid nothing"
        notes.append(
            f"Nobody says the largest return: {card.largest_return:g} is {why}, and learned play may go beyond it; no "
            "stage is called solved until task_card() says largest_return."
        )
    return notes
