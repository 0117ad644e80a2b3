"""What a task is to the trainer: (R, E) environments that step at once on torch tensors.

Letters of shapes, in all of `also/services/trainer`: R replicas, E environments of a replica, A agents,
O length of an observation, S length of the global state, N number of discrete actions (or of
real numbers in a continuous one).

Stepping and beginning new episodes are two calls, so that the trainer can look at the state that
an episode ended in (to bootstrap a truncation, to pay a potential) before it is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor

from also.v1.task_pb2 import TaskCard

Features = dict[str, Tensor]
"""Features by name, float32: (R, E) for the team, (R, E, A) for agents, (R, E, A, A) for pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What agents and the value net see of the current state."""

    observations: Tensor
    """float32 (R, E, A, O): each agent's own observation, without an agent id."""
    state: Tensor
    """float32 (R, E, S): the global state; of length 0 where nobody asked."""
    action_mask: Tensor | None
    """bool (R, E, A, N): discrete actions that are allowed; None when all are."""
    present: Tensor | None = None
    """bool (R, E, A): agents that are there, neither gone nor yet to come; None when all are, everywhere. In a state
    that the time limit cut, those that it cut. What is seen of the others, and what they do, means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a joint step brought."""

    reward: Tensor
    """float32 (R, E): the team's task reward."""
    terminated: Tensor
    """bool (R, E): the episode has ended by itself; its value is 0 from here."""
    truncated: Tensor
    """bool (R, E): the time limit has cut the episode; its value is bootstrapped. Never with `terminated`."""

    @property
    def done(self) -> Tensor:
        """Bool (R, E): the episode is over, by itself or by the time limit."""
        return self.terminated | self.truncated


class VectorTask(Protocol):
    """(R, E) environments of one task. All randomness comes from the keys given to `reset`."""

    card: TaskCard
    """Card of the task."""
    copies_state: bool
    """Whether `state_dict` holds the environments themselves. Where it does not, `load_state_dict` begins
    the next episode of every environment, and a live task that is to agree with a restored one has to
    load its own state: `task.load_state_dict(task.state_dict())`."""

    whole_numbers: bool
    """Whether all that is seen is whole numbers in [-128, 127], which a replay keeps in a byte each."""

    def reset(self, keys: Tensor) -> None:
        """Begin the first episode of every environment.

        Args:
            keys: int64 (R, E); an environment's key fixes all its episodes (see `streams.mix`: the
                key of episode n is mix(key, n)), whatever the other environments do.
        """

    def view(self, *, whole: bool = True) -> View:
        """What is seen of the current state.

        Args:
            whole: the global state, too. Else a task may leave it out, which costs some as much as what agents see.
        """

    def step(self, actions: Tensor) -> Outcome:
        """Move every environment by one env_step, and begin no new episode.

        An environment whose episode is over may be stepped on without a restart; what comes of it means
        nothing.

        Args:
            actions: int64 (R, E, A) discrete, or float32 (R, E, A, N) continuous.
        """

    def restart(self, done: Tensor) -> None:
        """Begin the next episode where `done`, bool (R, E)."""

    def features(self, names: tuple[str, ...]) -> Features:
        """Features of the current state (and of the action that led to it), by name."""

    def moment(self, names: tuple[str, ...]) -> Any:
        """What `features_at` needs to tell these features of the current state later on."""

    def features_at(self, moments: Sequence[Any], names: tuple[str, ...]) -> Features:
        """Features of the states that `moment` was called in, T of them at once: (R, T, E), (R, T, E, A), ..."""

    def clipped(self) -> dict[str, float]:
        """Share of each feature's values, in [0, 1], that lay outside its range so far and were clipped to it.

        A feature that cannot leave its range need not be there.
        """

    def state_dict(self) -> dict[str, Tensor]:
        """Everything a bit-exact continuation needs; each tensor's first axis is R.

        Without `copies_state` that is the keys and counters that make the next episodes reproducible.
        """

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue from what `state_dict` returned."""

    def close(self) -> None:
        """End what the task has started."""
