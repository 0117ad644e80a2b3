"""The frame of tasks that are stepped as tensors: their episodes, features and state.

A task's whole state is one tuple of tensors with names, (R, E, ...), which are never changed in place. What a task adds
is its layouts, how an episode begins, what is seen, what an env_step does, and what each feature is.

Letters as in `vector_task`; N environments that are drawn anew.
"""

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

import torch
from torch import Tensor

from also.services.trainer.tasks.vector_task import Features
from also.v1.task_pb2 import TaskCard

S = TypeVar("S", bound=NamedTuple)
"""State of a task: int64 tensors, the first two of which are key and number of each episode, (R, E)."""

M = TypeVar("M", bound=NamedTuple)
"""What its features are functions of."""


class TensorTask(Generic[S, M]):
    """A task whose state is tensors; see `VectorTask`."""

    copies_state = True
    whole_numbers = True  # cells, levels and bits

    def __init__(self, layout: str, *, replicas: int, environments: int, device: str | torch.device = "cpu") -> None:
        """Open a layout.

        Args:
            layout: its published name.
            replicas: R.
            environments: E.
            device: device of all tensors.

        Raises:
            TaskError: there is no such layout.
        """
        keys = torch.zeros((replicas, environments), dtype=torch.int64, device=device)
        self.card = self._build(layout, keys)
        self.reset(keys)

    def reset(self, keys: Tensor) -> None:
        """Begin episode 0 of every environment; keys is int64 (R, E)."""
        self._state = self._spawn(keys, torch.zeros_like(keys))

    def restart(self, done: Tensor) -> None:
        """Begin the next episode where `done`, bool (R, E)."""
        lanes = done.flatten().nonzero().squeeze(-1)
        if lanes.numel():
            keys, episode = (each.flatten()[lanes] for each in self._state[:2])
            self._replace(lanes, self._spawn(keys, episode + 1))

    def features(self, names: tuple[str, ...]) -> Features:
        """Features by name, see the card; nothing else is computed.

        Raises:
            TaskError: the card has no such feature.
        """
        return self._features(self.moment(names), names)

    def features_at(self, moments: Sequence[M], names: tuple[str, ...]) -> Features:
        """Features of T states at once, (R, T, E, ...); errors as of `features`."""
        together = moments[0]._make(torch.stack(parts, dim=1) for parts in zip(*moments, strict=True))
        return self._features(together, names)

    def clipped(self) -> dict[str, float]:
        """Nothing: no feature can leave its range."""
        return {}

    def state_dict(self) -> dict[str, Tensor]:
        """The whole state; int64, first axis R."""
        return self._state._asdict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue from what `state_dict` returned, bit-exactly."""
        device = self._state[0].device
        self._state = self._state._make(state[name].to(device) for name in self.state_dict())

    def close(self) -> None:
        """Nothing was started."""

    def moment(self, names: tuple[str, ...]) -> M:
        """What these features of the current state are functions of."""
        raise NotImplementedError

    def _build(self, layout: str, keys: Tensor) -> TaskCard:
        """Build what a layout needs for environments of such keys, int64 (R, E), on their device; the layout's card.

        Raises:
            TaskError: there is no such layout.
        """
        raise NotImplementedError

    def _feature(self, moment: M, name: str, /) -> Tensor:
        """One feature of one moment, or of many; errors as of `features`."""
        raise NotImplementedError

    def _spawn(self, keys: Tensor, episode: Tensor) -> S:
        """New episodes; keys and episode are int64 of one shape, (R, E) or (N,)."""
        raise NotImplementedError

    def _features(self, moment: M, names: tuple[str, ...]) -> Features:
        return {name: self._feature(moment, name).to(torch.float32) for name in names}

    def _replace(self, lanes: Tensor, new: S) -> None:
        """Put the state of N environments, (N, ...), in the place of that of lanes, int64 (N,)."""
        self._state = new._make(
            tensor.flatten(0, 1).index_copy(0, lanes, part).view_as(tensor)
            for tensor, part in zip(self._state, new, strict=True)
        )
