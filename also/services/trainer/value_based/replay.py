"""A replay: the newest episodes of each environment, whole, for R replicas.

Each environment has a ring of C rows of its own. A row is a state with what was seen in it and what was done; an
episode of n env_steps takes n + 1 rows, one after the other, the last of which is the state that it ended in. So a
learner finds the state that a cut episode has reached, and shaping finds the features of every state. Rows are
overwritten in the order in which they were written: as long as an episode's first row is there, all of it is.

An episode can be drawn when it is over. Draws are a function of each replica's own stream, with replacement, and every
stored episode is as likely as any other.

Rows are kept as small as is exact: whole numbers up to 127 take a byte where the task says that it shows no others.

Letters as in `vector_task`; C rows of a ring, B episodes drawn, T env_steps, N actions, W numbers of all features.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from also.algorithms import rows_of_a_ring, sees_state
from also.services.trainer.streams import uniform
from also.v1 import task_pb2
from also.v1.campaign_pb2 import LearnerSettings

Rows = dict[str, Tensor]
"""Parts of rows by name, each with the same leading axes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """B whole episodes of each replica, the shorter ones with other rows behind them."""

    rows: Rows
    """(R, T + 1, B, ...): what was recorded, T the longest length."""
    lengths: Tensor
    """int64 (R, B), env_steps."""


def shapes_of_a_row(
    card: task_pb2.TaskCard, settings: LearnerSettings, *, whole_numbers: bool
) -> dict[str, tuple[tuple[int, ...], torch.dtype]]:
    """What a row holds, by name: shape and type.

    Args:
        card: card of the task.
        settings: every default filled in.
        whole_numbers: whether the task shows whole numbers in [-128, 127] only.
    """
    agents, actions = len(card.agents), card.action_space.size
    seen = torch.int8 if whole_numbers else torch.float32
    parts: dict[str, tuple[tuple[int, ...], torch.dtype]] = {}
    if sees_state(settings):
        parts["states"] = (card.state_size,), seen
    if has_masks(card):
        parts["masks"] = (agents, actions), torch.bool
    return parts | {
        "observations": ((agents, card.observation_size), seen),
        "present": ((agents,), torch.bool),
        "features": ((sum(agents ** axes_of(feature) for feature in card.features),), torch.float32),
        "actions": ((agents,), torch.uint8 if actions <= 256 else torch.int32),
        "reward": ((), torch.float32),
        "terminated": ((), torch.bool),
        "last": ((), torch.bool),
        "first": ((), torch.bool),
    }


def bytes_of_a_replay(card: task_pb2.TaskCard, settings: LearnerSettings) -> int:
    """Bytes of one replica's rings at most: as if the task showed other than small whole numbers."""
    shapes = shapes_of_a_row(card, settings, whole_numbers=False)
    row = sum(math.prod(size) * kind.itemsize for size, kind in shapes.values())
    return settings.environments * rows_of_a_ring(settings, card.episode_limit) * row


def states_of_a_draw(card: task_pb2.TaskCard, settings: LearnerSettings) -> int:
    """States that a replica draws at once at most, for a batch."""
    return int(settings.value_learning.batch_episodes * (card.episode_limit + 1))


def axes_of(feature: task_pb2.Feature) -> int:
    """Axes of agents that a feature has."""
    match feature.scope:
        case task_pb2.FEATURE_SCOPE_TEAM:
            return 0
        case task_pb2.FEATURE_SCOPE_AGENT:
            return 1
        case _:
            return 2


def has_masks(card: task_pb2.TaskCard) -> bool:
    """Whether some actions may be forbidden; a card of an older ALSO does not say so of a task by import path."""
    space = card.action_space
    return space.masked or (":" in card.task and not space.HasField("masked"))


class Replay:
    """Rings of R replicas and E environments."""

    def __init__(
        self,
        card: task_pb2.TaskCard,
        settings: LearnerSettings,
        *,
        replicas: int,
        whole_numbers: bool,
        device: torch.device,
    ) -> None:
        """Begin empty.

        Args:
            card: card of the task.
            settings: every default filled in.
            replicas: R.
            whole_numbers: whether the task shows whole numbers in [-128, 127] only.
            device: where the rings are.
        """
        self.capacity = rows_of_a_ring(settings, card.episode_limit)
        self._longest = card.episode_limit
        shape = (replicas, settings.environments)
        self.rows = {
            name: torch.zeros(*shape, self.capacity, *size, dtype=kind, device=device)
            for name, (size, kind) in shapes_of_a_row(card, settings, whole_numbers=whole_numbers).items()
        }
        lanes = torch.arange(replicas * settings.environments, device=device).view(shape)
        self._offsets = lanes * self.capacity
        self.written = torch.zeros(shape, dtype=torch.int64, device=device)
        """int64 (R, E): rows of each ring before that of the current state."""
        self.begun = torch.zeros(shape, dtype=torch.int64, device=device)
        """int64 (R, E): number of the row in which the episode under way begins."""
        self.whole = torch.zeros(shape, dtype=torch.bool, device=device)
        """bool (R, E): whether the episode under way is there from its first state on."""
        self.is_empty = True
        """Whether no episode has begun since it was empty."""

    def clear(self) -> None:
        """Forget everything; the episodes under way will not be drawn."""
        for ring in self.rows.values():
            ring.zero_()
        self.written, self.begun = torch.zeros_like(self.written), torch.zeros_like(self.begun)
        self.whole = torch.zeros_like(self.whole)
        self.is_empty = True

    def begin(self, features: Tensor) -> None:
        """Take note that new episodes begin everywhere; those under way end here, as if a time limit had cut them.

        Args:
            features: float32 (R, E, W), of the states in which they begin.
        """
        some = self.written > self.begun
        self._mark("last", self.written - 1, some)
        self._mark("first", self.begun, some & self.whole)
        self.written = self.written + some
        self.begun, self.whole = self.written.clone(), torch.ones_like(self.whole)
        self.write(self.written.unsqueeze(1), {"features": features.unsqueeze(1)})
        self._mark("first", self.written, torch.ones_like(some), value=False)
        self.is_empty = False

    def places(self, done: Tensor) -> Tensor:
        """Numbers of the rows of T states and of the one after them, int64 (R, T + 1, E).

        Args:
            done: bool (R, T, E): whether the episode ended with the env_step.
        """
        steps = torch.cat([torch.zeros_like(done[:, :1], dtype=torch.int64), 1 + done.to(torch.int64)], dim=1)
        return self.written.unsqueeze(1) + steps.cumsum(dim=1)

    def write(self, places: Tensor, parts: Rows) -> None:
        """Write parts of rows, (R, T, E, ...), each in a row of its own: int64 (R, T, E)."""
        at = (self._offsets.unsqueeze(1) + places % self.capacity).flatten()
        for name, part in parts.items():
            ring = self.rows[name]
            ring.view(-1, *ring.shape[3:]).index_copy_(0, at, part.to(ring.dtype).flatten(0, 2))

    def advance(self, places: Tensor, done: Tensor, at: Iterable[int]) -> None:
        """Take note of what has ended: the last thing to do once the rows of a rollout are written.

        Args:
            places: of `places`.
            done: bool (R, T, E).
            at: env_steps, in [0, T), with which some episode has ended.
        """
        time = done.shape[1]
        begins = torch.where(done, places[:, 1:], self.begun.unsqueeze(1)).cummax(dim=1).values
        begins = torch.cat([self.begun.unsqueeze(1), begins], dim=1)  # (R, T + 1, E): of the episode at each state
        nowhere = torch.zeros_like(done)
        self.write(places[:, :time], {"first": nowhere, "last": done})
        for after in (places[:, :time] + 1, places[:, 1:]):  # the states reached, and where new episodes began
            self.write(after, {"first": nowhere})
        whole = self.whole.unsqueeze(1) | (begins > self.begun.unsqueeze(1))
        for t in at:
            self._mark("first", begins[:, t], done[:, t] & whole[:, t])
        self.written, self.begun, self.whole = places[:, -1].clone(), begins[:, -1].clone(), whole[:, -1].clone()

    def counts(self) -> Tensor:
        """Episodes that can be drawn, int64 (R,)."""
        return self.rows["first"].flatten(1).sum(dim=1)

    def draw(self, keys: Tensor, count: int) -> Drawn:
        """Draw episodes.

        Args:
            keys: int64 (R,), stream of this draw.
            count: B, at least 1. A replica without any gets rows that mean nothing.
        """
        return next(self.draws(keys, 1, count))

    def draws(self, keys: Tensor, batches: int, count: int) -> Iterator[Drawn]:
        """Draw batches of episodes, all as long as the longest one, and give one after the other.

        Args:
            keys: int64 (R,), stream of these draws.
            batches: how many, at least 1.
            count: B of each, at least 1. A replica without any gets rows that mean nothing.
        """
        firsts = self.rows["first"].flatten(1)  # (R, E * C)
        ranks = firsts.cumsum(dim=1)
        total = ranks[:, -1:]
        rank = (uniform(keys, batches * count).double() * total).long() + 1  # in double: there may be more than 2^24
        rank = torch.minimum(rank, total.clamp(min=1))
        places = torch.searchsorted(ranks, rank).clamp(max=firsts.shape[1] - 1)  # (R, B) of each batch in a row
        lengths = self._lengths(places)
        time = int(lengths.max())
        for number in range(batches):
            batch = slice(number * count, (number + 1) * count)
            at = self._at(places[:, batch], time + 1)
            rows = {name: self._take(name, at) for name in self.rows if name not in ("first", "last")}
            yield Drawn(rows=rows, lengths=lengths[:, batch])

    def state_dict(self) -> dict[str, Tensor]:
        """The rings; nothing where nothing was recorded. First axis R."""
        if self.is_empty:
            return {}
        return {**self.rows, "written": self.written, "begun": self.begun, "whole": self.whole}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue from what `state_dict` returned; from nothing, begin empty."""
        if not state:
            self.clear()
            return
        for name, ring in self.rows.items():
            ring.copy_(state[name])
        self.written, self.begun, self.whole = (state[name].clone() for name in ("written", "begun", "whole"))
        self.is_empty = False

    def _lengths(self, place: Tensor) -> Tensor:
        """env_steps of the episodes that begin at (R, B) places of (E * C)."""
        ends = self._take("last", self._at(place, self._longest))  # (R, longest, B)
        return ends.to(torch.uint8).argmax(dim=1) + 1

    def _at(self, place: Tensor, count: int) -> Tensor:
        """Rows from (R, B) places of (E * C) on, int64 (R, count, B) of all (R * E * C)."""
        ring, row = (place // self.capacity).unsqueeze(1), (place % self.capacity).unsqueeze(1)
        following = torch.arange(count, device=place.device).view(1, -1, 1)
        return self._offsets[:, :1].unsqueeze(1) + ring * self.capacity + (row + following) % self.capacity

    def _take(self, name: str, at: Tensor) -> Tensor:
        """A part of rows, (R, T, B, ...), at int64 (R, T, B)."""
        ring = self.rows[name]
        return ring.view(-1, *ring.shape[3:]).index_select(0, at.flatten()).view(*at.shape, *ring.shape[3:])

    def _mark(self, name: str, numbers: Tensor, where: Tensor, *, value: bool = True) -> None:
        """Set a flag of one row of each ring, of int64 (R, E) numbers, where bool (R, E)."""
        at = (self._offsets + numbers % self.capacity).flatten()
        ring = self.rows[name].view(-1)
        ring[at] = torch.where(where.flatten(), value, ring[at])
