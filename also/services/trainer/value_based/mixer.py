"""From the agents' Qs to the team's: their sum (VDN), or a monotonic mix that the global state decides (QMIX).

Either way the team's Q rises with each agent's, so the best joint action is that of each agent's best. An agent that is
not there adds nothing: its Q counts as 0.

QMIX's mixing net has one hidden layer of M ELUs. Its weights are the absolute outputs of small nets that read the state
(Rashid 2018, sec. 4 and fig. 2; all of them have one hidden layer here, as in the authors' later code), and so are its
biases, of any sign. All of a replica's weights lie in one row, as in `network`.

Letters: A agents; S length of the state; M width of the mix; H width of the nets that give its weights; N samples.
"""

import math
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from also.services.trainer.network import Weights
from also.services.trainer.streams import mix, uniform
from also.v1.campaign_pb2 import ALGORITHM_QMIX, LearnerSettings
from also.v1.task_pb2 import TaskCard


class Mixer(Protocol):
    """Makes the team's Q."""

    size: int
    """Number of weights."""

    def drawn(self, keys: Tensor) -> Tensor:
        """First weights, float32 (R, size), of streams int64 (R,)."""

    def mixed(self, flat: Tensor, values: Tensor, states: Tensor) -> Tensor:
        """The team's Q, float32 (R, N).

        Args:
            flat: weights, float32 (R, size).
            values: float32 (R, N, A), the agents' Qs; 0 for those that are not there.
            states: float32 (R, N, S), normalised.
        """


def mixer_of(card: TaskCard, settings: LearnerSettings) -> Mixer:
    """The mixer of an algorithm."""
    if settings.algorithm != ALGORITHM_QMIX:
        return Sum()
    learning = settings.value_learning
    return Monotonic(
        agents=len(card.agents), inputs=card.state_size, width=learning.mixer_width, hidden=learning.hypernet_width
    )


class Sum:
    """VDN's mixer: nothing to learn."""

    size = 0

    def drawn(self, keys: Tensor) -> Tensor:
        """No weights."""
        return torch.zeros(keys.shape[0], 0, device=keys.device)

    def mixed(self, flat: Tensor, values: Tensor, states: Tensor) -> Tensor:
        """The sum."""
        del flat, states
        return values.sum(dim=-1)


class Monotonic:
    """QMIX's mixer."""

    def __init__(self, *, agents: int, inputs: int, width: int, hidden: int) -> None:
        """Of so many agents, A, and sizes S, M and H."""
        self.agents, self.inputs, self.width, self.hidden = agents, inputs, width, hidden
        self._shapes = {
            "first": (inputs, 2 * hidden + 2 * width),  # hidden layers of both weights and of the last bias; first bias
            "first_bias": (1, 2 * hidden + 2 * width),
            "in": (hidden, agents * width),
            "in_bias": (1, agents * width),
            "out": (hidden, width),
            "out_bias": (1, width),
            "value": (width, 1),
            "value_bias": (1, 1),
        }
        self.size = sum(rows * columns for rows, columns in self._shapes.values())

    def drawn(self, keys: Tensor) -> Tensor:
        """Uniform in ±1 / sqrt(fan-in), PyTorch's own way for linear layers, but for biases of the mix: these are 0.

        So the mix of Qs near 0 is near 0 at first, as VDN's is. From any other value a target net that moves by a
        hundredth, and expects 0.99 of itself, comes back in some ten thousand batches only.
        """
        parts = []
        for index, (name, (rows, columns)) in enumerate(self._shapes.items()):
            fan_in = self._shapes[name.removesuffix("_bias")][0]
            parts.append((2.0 * uniform(mix(keys, index), rows * columns) - 1.0) / math.sqrt(fan_in))
        flat = torch.cat(parts, dim=1)
        views = self._views(flat)
        for name in ("first", "first_bias"):  # whose last columns are the first bias of the mix
            views[name][..., -self.width :] = 0.0
        for name in ("value", "value_bias"):
            views[name].zero_()
        return flat

    def mixed(self, flat: Tensor, values: Tensor, states: Tensor) -> Tensor:
        """The mix; differentiable by weights and values."""
        part = self._views(flat)
        layer = torch.baddbmm(part["first_bias"], states, part["first"])
        of_in, of_out, of_value, bias = torch.split(layer, [self.hidden, self.hidden, self.width, self.width], dim=-1)
        in_weights = torch.baddbmm(part["in_bias"], of_in.relu(), part["in"]).abs()  # (R, N, A * M)
        in_weights = in_weights.view(*values.shape, self.width)
        out_weights = torch.baddbmm(part["out_bias"], of_out.relu(), part["out"]).abs()  # (R, N, M)
        value = torch.baddbmm(part["value_bias"], of_value.relu(), part["value"]).squeeze(-1)  # (R, N)
        hidden = functional.elu((values.unsqueeze(-1) * in_weights).sum(dim=-2) + bias)  # (R, N, M)
        return (hidden * out_weights).sum(dim=-1) + value

    def _views(self, flat: Tensor) -> Weights:
        """The weights by name, each (R, rows, columns)."""
        sizes = [rows * columns for rows, columns in self._shapes.values()]
        parts = torch.split(flat, sizes, dim=1)
        return {name: part.view(-1, *shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)}
