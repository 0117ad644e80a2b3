"""Samples of a rollout, picked by index: single env_steps, or whole environments for a GRU.

Letters as in `learner`: a minibatch has M samples of each replica, and N = M * A (with a GRU T * M * A) agents' own.
"""

import copy

from torch import Tensor

Part = dict[str, Tensor]
"""A minibatch: `inputs` (r, M, A or 1, I), all else (r, N, ...). With a GRU `inputs` are (r, T, M, A or 1, I), and
`memory` (r, M, A, H) and `begins` (r, T, M) stand beside them."""


class Samples:
    """What a net learns from, of R replicas."""

    def __init__(self, parts: Part, memory: Tensor, begins: Tensor, *, recurrent: bool) -> None:
        """Hold tensors by name.

        Args:
            parts: (R, T, E, A or 1, ...), `inputs` among them.
            memory: float32 (R, E, A, H), of a GRU before the first env_step.
            begins: bool (R, T, E).
            recurrent: whether whole environments are picked.
        """
        self._recurrent = recurrent
        if recurrent:
            self._parts = {**parts, "begins": begins, "memory": memory.unsqueeze(1)}
        else:
            self._parts = {name: part.flatten(1, 2) for name, part in parts.items()}

    def of(self, rows: slice) -> "Samples":
        """Those of some replicas, r of them."""
        some = copy.copy(self)
        some._parts = {name: part[rows] for name, part in self._parts.items()}
        return some

    def pick(self, indices: Tensor) -> Part:
        """A minibatch; indices int64 (R, M)."""
        if not self._recurrent:
            picked = {name: _rows(part, indices) for name, part in self._parts.items()}
            return {name: part if name == "inputs" else part.flatten(1, 2) for name, part in picked.items()}
        picked = {name: _columns(part, indices) for name, part in self._parts.items()}
        whole = {"inputs": picked.pop("inputs"), "begins": picked.pop("begins"), "memory": picked.pop("memory")[:, 0]}
        return whole | {name: part.flatten(1, 3) for name, part in picked.items()}


def _rows(part: Tensor, indices: Tensor) -> Tensor:
    """Entries (r, M, ...) of (r, S, ...), each replica's own."""
    replicas, count = part.shape[:2]
    if replicas == 1:
        return part.index_select(1, indices[0])
    offsets = indices.new_tensor(range(0, replicas * count, count)).unsqueeze(1)
    picked = part.flatten(0, 1).index_select(0, (indices + offsets).flatten())
    return picked.view(*indices.shape, *part.shape[2:])


def _columns(part: Tensor, indices: Tensor) -> Tensor:
    """Entries (r, T, M, ...) of (r, T, E, ...), each replica's own."""
    index = indices.view(indices.shape[0], 1, -1, *[1] * (part.dim() - 3))
    return part.gather(2, index.expand(*part.shape[:2], indices.shape[1], *part.shape[3:]))
