"""Environments of JaxMARL as a task: (R, E) of them, stepped by a compiled program of E (`jaxmarl.program`).

    task: {name: jaxmarl, layout: overcooked/cramped_room}

Nothing of JAX is loaded before such a task is opened. Tensors and JAX's arrays share memory on the way out; actions are
copied on the way in. Environments are wholly their state, so a checkpoint holds them, bit for bit.
"""

import sys
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from also.errors import TaskError
from also.services.trainer.streams import mix
from also.services.trainer.tasks.cards import cache as card_cache
from also.services.trainer.tasks.jaxmarl import setup as jaxmarl_setup
from also.services.trainer.tasks.jaxmarl.layouts import JAXMARL, find_layout
from also.services.trainer.tasks.parallel.sources import stamps
from also.services.trainer.tasks.vector_task import Features, Outcome, View
from also.v1.task_pb2 import Task, TaskCard

_SIGNED = {torch.uint16: torch.int16, torch.uint32: torch.int32, torch.uint64: torch.int64}
"""Types that few operations of PyTorch know, and those whose bits stand for them in checkpoints."""

Moment = dict[str, Tensor]
"""Features by scope: (R, E, F), (R, E, F, A), (R, E, F, A, A)."""


def describe_jaxmarl(suite: str, name: str) -> TaskCard:
    """Card of a layout of a suite. One that has to be measured is kept for later, as those of import-path tasks are.

    Raises:
        TaskError: there is no such layout.
    """
    layout, task = find_layout(suite, name), Task(name=suite, layout=name)
    if layout.suite == JAXMARL and (known := card_cache.find(task)) is not None:
        return known
    jaxmarl_setup.load()
    from also.services.trainer.tasks.jaxmarl.games import card_of

    found = card_of(layout)
    if layout.suite == JAXMARL:
        card_cache.keep(task, found, stamps(task, (), began_ns=sys.maxsize))
    return found


class JaxmarlTask:
    """A task whose environments JaxMARL steps."""

    copies_state = True

    def __init__(
        self,
        suite: str,
        name: str,
        *,
        replicas: int,
        environments: int,
        device: str | torch.device = "cpu",
        card: TaskCard | None = None,
    ) -> None:
        """Build the environments of a suite's layout; they are stepped on the device, too.

        Arguments are those of `opening.open_task`. A layout of `jaxmarl` is tried now if it has no card.

        Raises:
            TaskError: there is no such layout, or the environment does not fit the card.
            DeviceError: JAX does not see the device.
        """
        layout = find_layout(suite, name)
        jaxmarl_setup.load()
        from also.services.trainer.tasks.jaxmarl import games as jaxmarl_games
        from also.services.trainer.tasks.jaxmarl import program as jaxmarl_program
        from also.services.trainer.tasks.jaxmarl.rules import places

        self._device = torch.device(device)
        self._to_torch, self._to_jax = jaxmarl_program.to_torch, jaxmarl_program.to_jax
        jax_device = jaxmarl_setup.jax_device(self._device)
        game = jaxmarl_games.game_of(layout, card, environments, jax_device)
        self.card = TaskCard()
        self.card.CopyFrom(game.card)
        self.whole_numbers = game.whole_numbers
        self._program = game.program
        self._places = places(list(self.card.features))
        self._ranges = {feature.name: (feature.minimum, feature.maximum) for feature in self.card.features}
        self._measured = game.measured
        self._outside: dict[str, Tensor | int] = dict.fromkeys(game.measured, 0)
        self._counted = dict.fromkeys(game.measured, 0)
        self._play = [self._program.nothing() for _ in range(replicas)]
        self._seeds: list[Any] = [None] * replicas
        self.reset(torch.zeros((replicas, environments), dtype=torch.int64))

    def reset(self, keys: Tensor) -> None:
        """Begin episode 0 of every environment; keys is int64 (R, E)."""
        self._keys, self._episode = keys.to(self._device), torch.zeros_like(keys, device=self._device)
        self._begin(torch.ones_like(self._keys, dtype=torch.bool))

    def restart(self, done: Tensor) -> None:
        """Begin the next episode where `done`, bool (R, E)."""
        self._episode = self._episode + done
        self._begin(done)

    def view(self, *, whole: bool = True) -> View:
        """What is seen of the current state; it is never changed in place."""
        seen = self._seen
        observations = seen("observations")
        present = seen("present") if "present" in self._program.template["seen"] else None
        return View(
            observations=observations,
            state=seen("state") if whole else observations[:, :, 0, :0],
            action_mask=seen("masks") if "masks" in self._program.template["seen"] else None,
            present=None if present is None or bool(present.all()) else present,
        )

    def step(self, actions: Tensor) -> Outcome:
        """Move every environment by one env_step; after an episode's end, its outcome means nothing."""
        given = actions.to(self._device, torch.int32 if self._program.discrete else torch.float32)
        outcomes = []
        for replica, play in enumerate(self._play):
            chosen = self._to_jax(given[replica])
            self._play[replica], *outcome = self._program.step(play, self._seeds[replica], chosen)
            outcomes.append([self._to_torch(each) for each in outcome])
        reward, terminated, truncated = (_stack(each) for each in zip(*outcomes, strict=True))
        return Outcome(reward=reward, terminated=terminated, truncated=truncated)

    def features(self, names: tuple[str, ...]) -> Features:
        """Features by name, within the ranges of the card.

        Raises:
            TaskError: the card has no such feature.
        """
        return self._named(self.moment(names), names, 2)

    def moment(self, names: tuple[str, ...]) -> Moment:
        """All features of the scopes that these are of, which are never changed in place; errors as of `features`."""
        for name in names:
            if name not in self._places:
                known = ", ".join(self._places)
                raise TaskError(f"task {self.card.task!r} has no feature {name!r}; it has: {known}")
        return {scope: self._seen(scope) for scope in {self._places[name][0] for name in names}}

    def features_at(self, moments: Sequence[Moment], names: tuple[str, ...]) -> Features:
        """Features of T states at once, (R, T, E, ...)."""
        together = {scope: torch.stack([moment[scope] for moment in moments], dim=1) for scope in moments[0]}
        return self._named(together, names, 3)

    def clipped(self) -> dict[str, float]:
        """Share of each feature's values, in [0, 1], that lay outside its measured range so far and were clipped."""
        return {name: int(outside) / max(1, self._counted[name]) for name, outside in self._outside.items()}

    def state_dict(self) -> dict[str, Tensor]:
        """Keys and numbers of episodes, int64 (R, E), and each leaf of the environments' plays, (R, E, ...)."""
        import jax

        leaves = zip(*(jax.tree.leaves(play) for play in self._play), strict=True)
        plays = [_stack([_signed(self._to_torch(leaf)) for leaf in each]) for each in leaves]
        return {"keys": self._keys, "episode": self._episode, **dict(zip(self._program.paths, plays, strict=True))}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue from what `state_dict` returned, bit-exactly."""
        import jax

        self._keys, self._episode = (state[name].to(self._device) for name in ("keys", "episode"))
        empty = [self._to_torch(leaf) for leaf in jax.tree.leaves(self._program.nothing())]
        structure = jax.tree.structure(self._program.template)
        plays = []
        for replica in range(len(self._keys)):
            leaves = []
            for path, like in zip(self._program.paths, empty, strict=True):
                given = state[path][replica].to(self._device)
                if given.shape != like.shape:
                    raise ValueError(f"{path} has shape {tuple(given.shape)}; {tuple(like.shape)} is expected")
                leaves.append(self._to_jax(given.clone().view(like.dtype)))
            plays.append(jax.device_put(jax.tree.unflatten(structure, leaves), self._program.device))
        self._play = plays
        self._seed([True] * len(plays))

    def close(self) -> None:
        """Nothing was started."""

    def _begin(self, where: Tensor) -> None:
        """Begin the episodes whose numbers `_episode` holds, where bool (R, E)."""
        begins = where.any(dim=1).tolist()
        self._seed(begins)
        for replica, play in enumerate(self._play):
            if begins[replica]:
                done = self._to_jax(where[replica])
                self._play[replica] = self._program.restart(play, done, self._seeds[replica])

    def _seed(self, where: list[bool]) -> None:
        """Give these replicas the seeds of their episodes as JAX's keys: two halves of a 64-bit integer each."""
        halves = mix(self._keys, self._episode).unsqueeze(-1).view(torch.int32).view(torch.uint32)
        for replica in range(len(where)):
            if where[replica]:
                self._seeds[replica] = self._to_jax(halves[replica])

    def _seen(self, name: str) -> Tensor:
        return _stack([self._to_torch(play["seen"][name]) for play in self._play])

    def _named(self, stacked: Moment, names: tuple[str, ...], axes: int) -> Features:
        """Features by name from stacks, whose features come after so many axes."""
        found = {}
        for name in names:
            scope, place = self._places[name]
            value = stacked[scope].select(axes, place)
            if name in self._measured:
                low, high = self._ranges[name]
                within = value.clamp(low, high)
                self._outside[name] = self._outside[name] + (within != value).sum()
                self._counted[name] += value.numel()
                value = within
            found[name] = value
        return found


def _stack(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors of R replicas as one, without a copy of a single one's."""
    return tensors[0].unsqueeze(0) if len(tensors) == 1 else torch.stack(list(tensors))


def _signed(tensor: Tensor) -> Tensor:
    return tensor.view(_SIGNED.get(tensor.dtype, tensor.dtype))
