"""Samples of a rollout, put into another order each epoch and cut into minibatches.

A sample is an env_step of an environment, or a whole environment for a GRU. Samples are copied once an epoch;
its minibatches are views of the copy.

Letters as in `learner`: r replicas, S samples of each, M of a minibatch; N = M * A samples of agents (with a GRU
T * M * A).
"""

from collections.abc import Iterator

import torch
from torch import Tensor

Part = dict[str, Tensor]
"""A minibatch: `inputs` (r, M, A or 1, I), all else (r, N, ...). With a GRU `inputs` are (r, T, M, A or 1, I), and
`memory` (r, M, A, H) and `begins` (r, T, M) or (r, T, M, A) stand beside them."""


class Samples:
    """What a net learns from, of R replicas."""

    def __init__(self, parts: Part, memory: Tensor, begins: Tensor, *, recurrent: bool) -> None:
        """Hold tensors by name.

        Args:
            parts: (R, T, E, A or 1, ...), `inputs` among them.
            memory: float32 (R, E, A, H), of a GRU before the first env_step.
            begins: bool (R, T, E), or (R, T, E, A) where each agent begins for itself.
            recurrent: whether a sample is a whole environment.
        """
        self._recurrent = recurrent
        if recurrent:
            self._parts = {**parts, "begins": begins, "memory": memory.unsqueeze(1)}
        else:
            self._parts = {name: part.flatten(1, 2) for name, part in parts.items()}

    def minibatches(self, rows: slice, order: Tensor, count: int) -> Iterator[Part]:
        """The samples of some replicas in an order of their own, cut in parts.

        Args:
            rows: which replicas, r of them.
            order: int64 (r, S), a permutation of each one's samples.
            count: number of parts, which are as equal as `torch.chunk` makes them.
        """
        if self._recurrent:
            columns = {name: _columns(part[rows], order).chunk(count, dim=2) for name, part in self._parts.items()}
            for parts in zip(*columns.values(), strict=True):
                yield _unrolled(dict(zip(columns, parts, strict=True)))
            return
        size, cut = -(-order.shape[1] // count), []
        for name, part in self._parts.items():
            taken = _rows(part[rows], order)  # (r, S, A or 1, ...)
            agents = 1 if name == "inputs" else taken.shape[2]
            cut.append(torch.split(taken if name == "inputs" else taken.flatten(1, 2), size * agents, dim=1))
        for parts in zip(*cut, strict=True):
            yield dict(zip(self._parts, parts, strict=True))


def _unrolled(part: Part) -> Part:
    """A GRU's minibatch, of tensors (r, T, M, ...)."""
    whole = {"inputs": part.pop("inputs"), "begins": part.pop("begins"), "memory": part.pop("memory").squeeze(1)}
    return whole | {name: each.flatten(1, 3) for name, each in part.items()}


def _rows(part: Tensor, order: Tensor) -> Tensor:
    """Entries (r, S, ...) of (r, S, ...), each replica's in its own order."""
    replicas, count = part.shape[:2]
    if replicas == 1:
        return part.index_select(1, order[0])
    offsets = order.new_tensor(range(0, replicas * count, count)).unsqueeze(1)
    return part.flatten(0, 1).index_select(0, (order + offsets).flatten()).view_as(part)


def _columns(part: Tensor, order: Tensor) -> Tensor:
    """Entries (r, T, S, ...) of (r, T, S, ...), each replica's in its own order."""
    index = order.view(order.shape[0], 1, -1, *[1] * (part.dim() - 3))
    return part.gather(2, index.expand_as(part))
