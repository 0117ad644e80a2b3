"""Samples of a rollout, picked by index: single env_steps, or whole environments for a GRU.

Letters as in `learner`: a minibatch has M samples of each replica, and N = M * A (with a GRU T * M * A) agents' own.
"""

from torch import Tensor

Part = dict[str, Tensor]
"""A minibatch: `inputs` (r, M, A or 1, I), all else (r, N, ...). With a GRU `inputs` are (r, T, M, A or 1, I), and
`memory` (r, M, A, H) and `begins` (r, T, M) stand beside them."""


class Samples:
    """What a net learns from, of R replicas."""

    def __init__(self, parts: Part, *, memory: Tensor, begins: Tensor, recurrent: bool) -> None:
        """Hold tensors (R, T, E, A or 1, ...) by name, `inputs` among them.

        Args:
            parts: the tensors.
            memory: float32 (R, E, A, H), of a GRU before the first env_step.
            begins: bool (R, T, E).
            recurrent: whether whole environments are picked.
        """
        self._recurrent = recurrent
        self._whole = {"memory": memory.unsqueeze(1), "begins": begins} if recurrent else {}
        self._parts = parts if recurrent else {name: part.flatten(1, 2) for name, part in parts.items()}

    def pick(self, rows: slice, indices: Tensor) -> Part:
        """A minibatch of some replicas, r of them; indices int64 (r, M)."""
        if not self._recurrent:
            picked = {name: _rows(part[rows], indices) for name, part in self._parts.items()}
            return {name: part if name == "inputs" else part.flatten(1, 2) for name, part in picked.items()}
        picked = {name: _columns(part[rows], indices) for name, part in self._parts.items()}
        whole = {name: _columns(part[rows], indices) for name, part in self._whole.items()}
        whole["memory"] = whole["memory"].squeeze(1)
        return whole | {name: part if name == "inputs" else part.flatten(1, 3) for name, part in picked.items()}


def _rows(part: Tensor, indices: Tensor) -> Tensor:
    """Entries (r, M, ...) of (r, S, ...), each replica's own."""
    replicas, count = part.shape[:2]
    if replicas == 1:
        return part[0].index_select(0, indices[0]).unsqueeze(0)
    offsets = indices.new_tensor(range(0, replicas * count, count)).unsqueeze(1)
    picked = part.flatten(0, 1).index_select(0, (indices + offsets).flatten())
    return picked.view(*indices.shape, *part.shape[2:])


def _columns(part: Tensor, indices: Tensor) -> Tensor:
    """Entries (r, T, M, ...) of (r, T, E, ...), each replica's own."""
    index = indices.view(indices.shape[0], 1, -1, *[1] * (part.dim() - 3))
    return part.gather(2, index.expand(*part.shape[:2], indices.shape[1], *part.shape[3:]))
