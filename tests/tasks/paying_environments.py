"""PettingZoo environments whose rewards are not 0 almost always: prices, costs, pay in every env_step, rare fines."""

import numpy as np
from small_environments import Line


class Walk(Line):
    """`Line`, with what every walker is paid in an env_step as a function of where all are."""

    def __init__(self, pay, limit=12, agents=2):
        super().__init__(agents, limit)
        self.pay = pay

    def step(self, actions):
        observations, rewards, *rest = super().step(actions)
        done = bool(next(iter(rewards.values())))
        return observations, dict.fromkeys(rewards, float(self.pay(self.cells, done, self.time))), *rest


def priced():
    """Costs 1 an env_step until all are home."""
    return Walk(lambda cells, done, time: -1.0, limit=6)


def prize():
    """Costs 0.1 an env_step, and pays 10 for coming home, which random play does not in so short a time."""
    return Walk(lambda cells, done, time: 10.0 if done else -0.1, limit=4)


def paid_late():
    """Pays 1 at the end of a long episode, wherever all are."""
    return Walk(lambda cells, done, time: float(time == 60), limit=60, agents=12)  # so many are never all at home


def costly():
    """Costs the walkers' mean distance from home."""
    return Walk(lambda cells, done, time: -np.mean(list(cells.values())) - 0.5)


def paid():
    """Pays for nearness in every env_step."""
    return Walk(lambda cells, done, time: 5 - np.mean(list(cells.values())))


def fined():
    """Pays 1 for coming home and takes 0.5 where all stand at the far end."""
    return Walk(lambda cells, done, time: float(done) - 0.5 * (sum(cells.values()) == 8))


class SaidPriced(Walk):
    """Costs 1 an env_step, and its author says what that comes to."""

    def __init__(self):
        super().__init__(lambda cells, done, time: -1.0, limit=6)

    def task_card(self):
        return {"baseline_return": -6, "smallest_return": -5, "largest_return": -2}


def said_priced():
    return SaidPriced()


class SaidUpToNothing(Walk):
    """Costs are all there is, and its author says that none at all is possible."""

    def __init__(self):
        super().__init__(lambda cells, done, time: -np.mean(list(cells.values())) - 0.5)

    def task_card(self):
        return {"largest_return": 0}


def said_up_to_nothing():
    return SaidUpToNothing()


class SaidTooLittle(Walk):
    """Its author says less than random play comes to."""

    def __init__(self):
        super().__init__(lambda cells, done, time: 5 - np.mean(list(cells.values())))

    def task_card(self):
        return {"smallest_return": 1, "largest_return": 2}


def said_too_little():
    return SaidTooLittle()
