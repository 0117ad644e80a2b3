"""Memory that the trainer and the workers of a PettingZoo task share: one array for each thing, all lanes.

The memory is a nameless file that both sides map, so nothing is left behind however a process ends.
Both sides derive the same layout from the card, so only the file's descriptor passes between them.

Letters of shapes: L lanes (R * E environments), A agents, O observation, S state, N action size, F numbers of
all features.
"""

import math
import mmap
import os
import tempfile
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from also.v1 import task_pb2
from also.v1.task_pb2 import TaskCard

_ALIGNMENT = 64


def nameless_file() -> int:
    """Descriptor of a new file that has no name and ends with its last user."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("also-task")
    with tempfile.TemporaryFile() as file:  # not Linux
        return os.dup(file.fileno())


class Memory:
    """Arrays of all lanes, mapped from a file."""

    actions: NDArray[Any]
    """int64 (L, A) discrete, or float32 (L, A, N) continuous; written by the trainer."""
    seeds: NDArray[np.int64]
    """(L,): seed of the next episode; written by the trainer."""
    restart: NDArray[np.bool_]
    """(L,): lanes whose next episode is to begin; written by the trainer."""
    observations: NDArray[np.float32]
    """(L, A, O)."""
    state: NDArray[np.float32]
    """(L, S)."""
    masks: NDArray[np.bool_]
    """(L, A, N)."""
    present: NDArray[np.bool_]
    """(L, A): agents that are there."""
    reward: NDArray[np.float32]
    """(L,)."""
    terminated: NDArray[np.bool_]
    """(L,)."""
    truncated: NDArray[np.bool_]
    """(L,)."""
    all_features: NDArray[np.float32]
    """(L, F): numbers of all features, in the card's order."""

    clipped: NDArray[np.int64]
    """(L, features of the card): values that lay outside the range of their feature so far."""
    counted: NDArray[np.int64]
    """(L,): env_steps and resets whose features were compared with their ranges so far."""

    def __init__(self, descriptor: int, card: TaskCard, lanes: int) -> None:
        """Map the file, which grows to the size that the arrays take."""
        agents, size = len(card.agents), card.action_space.size
        continuous = card.action_space.kind == task_pb2.ACTION_KIND_CONTINUOUS
        scopes = {
            task_pb2.FEATURE_SCOPE_TEAM: (lanes,),
            task_pb2.FEATURE_SCOPE_AGENT: (lanes, agents),
            task_pb2.FEATURE_SCOPE_PAIR: (lanes, agents, agents),
        }
        layout: dict[str, tuple[DTypeLike, tuple[int, ...]]] = {
            "actions": (np.float32, (lanes, agents, size)) if continuous else (np.int64, (lanes, agents)),
            "seeds": (np.int64, (lanes,)),
            "restart": (np.bool_, (lanes,)),
            "observations": (np.float32, (lanes, agents, card.observation_size)),
            "state": (np.float32, (lanes, card.state_size)),
            "masks": (np.bool_, (lanes, agents, size)),
            "present": (np.bool_, (lanes, agents)),
            "reward": (np.float32, (lanes,)),
            "terminated": (np.bool_, (lanes,)),
            "truncated": (np.bool_, (lanes,)),
            "clipped": (np.int64, (lanes, len(card.features))),
            "counted": (np.int64, (lanes,)),
        }
        shapes = {feature.name: scopes[feature.scope] for feature in card.features}
        widths = [math.prod(shape[1:]) for shape in shapes.values()]
        self.widths = dict(zip(shapes, widths, strict=True))
        """Values of each feature in a lane, in the card's order."""
        layout["all_features"] = (np.float32, (lanes, sum(widths)))
        for name, array in zip(layout, _map(descriptor, list(layout.values())), strict=True):
            setattr(self, name, array)
        columns = np.split(self.all_features, np.cumsum(widths)[:-1], axis=1)
        self.features: dict[str, NDArray[np.float32]] = {
            name: part.reshape(shape) for (name, shape), part in zip(shapes.items(), columns, strict=True)
        }
        """Each feature, (L,), (L, A) or (L, A, A): its columns of `all_features`."""


def _map(descriptor: int, layout: list[tuple[Any, tuple[int, ...]]]) -> list[NDArray[Any]]:
    offsets, end = [], 0
    for dtype, shape in layout:
        offsets.append(end)
        nbytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
        end += -(-nbytes // _ALIGNMENT) * _ALIGNMENT
    os.ftruncate(descriptor, end)
    memory = mmap.mmap(descriptor, end)
    return [
        np.frombuffer(memory, dtype, int(np.prod(shape)), offset).reshape(shape)
        for (dtype, shape), offset in zip(layout, offsets, strict=True)
    ]
