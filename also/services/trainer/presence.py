"""Who of a team is there: agents may leave before the episode is over, or come while it is under way.

An env_step belongs to the agents that acted in it, and nothing else is learnt from: what an absent agent saw and
did means nothing, so its rows are left out of every loss, mean and count. What an agent that has left is owed is
another matter, and needs two rules, one for each reward:

- *The task's* is the team's: what the team comes to later is owed to those, too, that have left (Cohen 2021,
  arXiv 2111.05992, "posthumous credit assignment"). So the agent's return continues to the end of the episode, and the
  value of a state that it is not in is the mean of what the value net says of those that are, as all of them
  estimate the one return of the team. No value net need know what a state is worth that its agent is not in. MAPPO's
  authors feed it zeros and the agent's id there, and train it on that (Yu 2022, arXiv 2103.01955, "death masking"):
  one mean for all that may still come.
- *Shaping's* is the agent's own, and ends for it when it leaves, as at a termination: it is paid nothing, its
  potentials are 0, and so is the value of what follows.

None in place of a `Presence`, or of a tensor of it, says that everybody is there, and nothing is computed. Where
everybody is there all the same, the CPU comes to the same bits.

Letters as in `learner`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Who was there in some env_steps."""

    acted: Tensor
    """bool (R, T, E, A): there in the state seen, so that the env_step is the agent's."""
    stayed: Tensor
    """bool (R, T, E, A): there in the state that was reached. Means nothing where the episode terminated."""

    @classmethod
    def of(
        cls, seen: list[Tensor | None], last: Tensor | None, cut: dict[int, Tensor | None], truncated: Tensor
    ) -> "Presence | None":
        """Put together what `View.present` said.

        Args:
            seen: at each of T env_steps, bool (R, E, A), or None.
            last: after the last, and after new episodes have begun.
            cut: of the states in which an episode was cut somewhere, by their env_steps.
            truncated: bool (R, T, E): where.

        Returns:
            None where everybody was there all the time.
        """
        given = [each for each in (*seen, last, *cut.values()) if each is not None]
        if not given:
            return None
        everybody = torch.ones_like(given[0])
        acted = torch.stack([everybody if each is None else each for each in seen], dim=1)
        after = (everybody if last is None else last).unsqueeze(1)
        stayed = torch.cat([acted[:, 1:], after], dim=1)
        for t, each in cut.items():
            there = everybody if each is None else each
            stayed[:, t] = torch.where(truncated[:, t].unsqueeze(-1), there, stayed[:, t])
        return cls(acted=acted, stayed=stayed)

    def expand(self, replicas: int) -> "Presence":
        """Of one replica, for so many that share what is seen of it."""
        acted, stayed = (each.expand(replicas, -1, -1, -1) for each in (self.acted, self.stayed))
        return Presence(acted=acted, stayed=stayed)

    def forgets(self, begins: Tensor) -> Tensor:
        """Where a memory is empty, bool (R, T, E, A): an episode begins, bool (R, T, E), or the agent was not there."""
        away = torch.cat([torch.zeros_like(self.acted[:, :1]), ~self.acted[:, :-1]], dim=1)
        return begins.unsqueeze(-1) | away


def owed(values: Tensor, there: Tensor) -> Tensor:
    """Values of what is still owed to each agent, of both rewards.

    Args:
        values: float32 (R, T, E, A, 2): what the value net says, of the task's reward and of shaping's.
        there: bool (R, T, E, A): agents that are there.

    Returns:
        The same for those that are there. For the others the mean of the task's, and none of shaping's.
    """
    task, shaping = values.unbind(-1)
    team = mean(task, there, -1).unsqueeze(-1)
    return torch.stack([torch.where(there, task, team), torch.where(there, shaping, 0.0)], dim=-1)


def shares(there: Tensor) -> Tensor:
    """What one of those that are there, bool (R, N), counts in their mean: float64 (R, 1), 1 where nobody is."""
    return 1.0 / there.sum(1, keepdim=True).clamp(min=1).double()


def mean(values: Tensor, there: Tensor, axis: int) -> Tensor:
    """Mean over an axis of those that are there, bool, of a shape that broadcasts; 0 where nobody is."""
    return torch.where(there, values, 0.0).sum(axis) / there.sum(axis).clamp(min=1)


def variance(values: Tensor, there: Tensor) -> Tensor:
    """Variance (n - 1) over the second axis, in the same way; 0 where fewer than two are there."""
    squares = torch.where(there, values - mean(values, there, 1).unsqueeze(1), 0.0).square().sum(1)
    return torch.where(there.all(1), values.var(1), squares / (there.sum(1) - 1).clamp(min=1))
