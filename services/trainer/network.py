"""Networks with a leading replica axis: R independent learners in one batched matrix product.

All weights of a net lie in one tensor (R, P), so that a replica is one row of it: optimiser steps,
gradient norms, slicing a replica out and stacking replicas are single operations. Agents share
weights and differ by an embedding of their id, which is added in the first layer (the same
function as a one-hot id appended to the input, without its cost). Weights are orthogonal
(Saxe 2014), drawn from each replica's own stream.
"""

import math

import torch
from torch import Tensor, nn

from services.trainer.streams import mix, uniform

Weights = dict[str, Tensor]
"""Views of a net's weights by name, each (R, rows, columns)."""


class ReplicaNet(nn.Module):
    """Hidden layers with ReLU, an optional GRU, and a linear head, for R replicas and A agents.

    Letters: I length of an input, H width of a hidden layer, B batch, T time.
    """

    def __init__(
        self,
        keys: Tensor,
        *,
        inputs: int,
        outputs: int,
        agents: int,
        hidden: int,
        layers: int,
        recurrent: bool,
        gain: float,
    ) -> None:
        """Draw the weights.

        Args:
            keys: int64 (R,), one stream a replica.
            inputs: length of an input, I.
            outputs: length of an output.
            agents: number of agents, A.
            hidden: width of each hidden layer, H.
            layers: number of hidden layers.
            recurrent: whether a GRU follows them.
            gain: factor of the head's orthogonal weights.
        """
        super().__init__()
        self.agents = agents
        self.hidden = hidden
        self.layers = layers
        self.recurrent = recurrent
        drawn = self._draw(keys, inputs, outputs, gain)
        self.shapes = {name: (part.shape[1], part.shape[2]) for name, part in drawn.items()}
        self.flat = nn.Parameter(torch.cat([part.flatten(1) for part in drawn.values()], dim=1))

    def weights(self) -> Weights:
        """Views of the weights; take them once a forward pass."""
        sizes = [rows * columns for rows, columns in self.shapes.values()]
        parts = torch.split(self.flat, sizes, dim=1)
        return {name: part.reshape(-1, *shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    def step(self, weights: Weights, inputs: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """One env_step.

        Args:
            weights: what `weights` returned.
            inputs: float32 (R, B, A, I), or (R, B, 1, I) for an input that all agents share.
            memory: float32 (R, B, A, H); passed through where the net is not recurrent.

        Returns:
            Outputs (R, B, A, outputs) and the next memory (R, B, A, H).
        """
        hidden = self._trunk(weights, inputs)
        if self.recurrent:
            hidden = memory = self._gru(weights, hidden, memory)
        return self._head(weights, hidden), memory

    def unroll(self, weights: Weights, inputs: Tensor, memory: Tensor, begins: Tensor) -> tuple[Tensor, Tensor]:
        """A whole rollout.

        Args:
            weights: what `weights` returned.
            inputs: float32 (R, T, B, A or 1, I).
            memory: float32 (R, B, A, H) before the first env_step.
            begins: bool (R, T, B): an episode begins here, so the memory is cleared before.

        Returns:
            Outputs (R, T, B, A, outputs), and the memories (R, T, B, A, H) after each env_step
            (`memory` itself where the net is not recurrent).
        """
        replicas, time, batch = inputs.shape[:3]
        hidden = self._trunk(weights, inputs.reshape(replicas, time * batch, *inputs.shape[3:]))
        memories = memory
        if self.recurrent:
            hidden = hidden.view(replicas, time, batch, self.agents, self.hidden)
            steps = []
            for t in range(time):
                memory = self._gru(weights, hidden[:, t], memory * (~begins[:, t])[..., None, None])
                steps.append(memory)
            memories = torch.stack(steps, dim=1)  # (R, T, B, A, H)
            hidden = memories.view(replicas, time * batch, self.agents, self.hidden)
        return self._head(weights, hidden).view(replicas, time, batch, self.agents, -1), memories

    def _trunk(self, weights: Weights, inputs: Tensor) -> Tensor:
        """Hidden layers: (R, B, A or 1, I) to (R, B, A, H)."""
        replicas, batch, given, size = inputs.shape
        first = torch.bmm(inputs.reshape(replicas, batch * given, size), weights["weight_0"])
        offsets = (weights["bias_0"] + weights["identity"]).unsqueeze(1)  # (R, 1, A, H)
        hidden = torch.relu(first.view(replicas, batch, given, self.hidden) + offsets)
        hidden = hidden.view(replicas, batch * self.agents, self.hidden)
        for layer in range(1, self.layers):
            hidden = torch.relu(torch.baddbmm(weights[f"bias_{layer}"], hidden, weights[f"weight_{layer}"]))
        return hidden.view(replicas, batch, self.agents, self.hidden)

    def _head(self, weights: Weights, hidden: Tensor) -> Tensor:
        """Outputs: (R, B, A, H) to (R, B, A, outputs)."""
        replicas, batch, agents, size = hidden.shape
        flat = hidden.reshape(replicas, batch * agents, size)
        return torch.baddbmm(weights["head_bias"], flat, weights["head_weight"]).view(replicas, batch, agents, -1)

    def _gru(self, weights: Weights, inputs: Tensor, memory: Tensor) -> Tensor:
        """Gated recurrent unit (Cho 2014), in the variant of `torch.nn.GRU`; all (R, B, A, H)."""
        shape, size = memory.shape, self.hidden
        flat, old = inputs.reshape(shape[0], -1, size), memory.reshape(shape[0], -1, size)
        from_input = torch.baddbmm(weights["gru_input_bias"], flat, weights["gru_input"])
        from_memory = torch.baddbmm(weights["gru_memory_bias"], old, weights["gru_memory"])
        gates = torch.sigmoid(from_input[..., : 2 * size] + from_memory[..., : 2 * size])
        reset, update = gates[..., :size], gates[..., size:]
        proposal = torch.tanh(from_input[..., 2 * size :] + reset * from_memory[..., 2 * size :])
        return torch.lerp(proposal, old, update).view(shape)

    def _draw(self, keys: Tensor, inputs: int, outputs: int, gain: float) -> Weights:
        replicas, size = keys.shape[0], self.hidden
        drawn: Weights = {"identity": 0.5 * orthogonal(mix(keys, 0), self.agents, size, 1.0)}
        for layer in range(self.layers):
            rows = inputs if layer == 0 else size
            drawn[f"weight_{layer}"] = orthogonal(mix(keys, 1 + layer), rows, size, math.sqrt(2.0))
            drawn[f"bias_{layer}"] = torch.zeros(replicas, 1, size)
        if self.recurrent:
            for index, name in enumerate(("gru_input", "gru_memory")):
                drawn[name] = orthogonal(mix(keys, 100 + index), size, 3 * size, 1.0)
                drawn[f"{name}_bias"] = torch.zeros(replicas, 1, 3 * size)
        drawn["head_weight"] = orthogonal(mix(keys, 200), size, outputs, gain)
        drawn["head_bias"] = torch.zeros(replicas, 1, outputs)
        return drawn


def orthogonal(keys: Tensor, rows: int, columns: int, gain: float) -> Tensor:
    """Orthogonal matrices (Saxe 2014) of each replica's stream.

    Args:
        keys: int64 (R,).
        rows: number of rows.
        columns: number of columns.
        gain: factor.

    Returns:
        float32 (R, rows, columns) with orthonormal rows or columns, whichever are fewer, times `gain`.
    """
    tall, short = max(rows, columns), min(rows, columns)
    basis, triangle = torch.linalg.qr(normal(keys, tall * short).view(-1, tall, short))
    signs = torch.diagonal(triangle, dim1=-2, dim2=-1).sign()
    basis = basis * torch.where(signs == 0, torch.ones_like(signs), signs).unsqueeze(-2)
    matrices: Tensor = basis if rows >= columns else basis.transpose(-1, -2)
    return gain * matrices.contiguous()


def normal(keys: Tensor, count: int) -> Tensor:
    """Standard normal numbers (Box & Muller 1958), float32 (..., count), of keys int64 (...)."""
    draws = uniform(keys, 2 * count)
    radius = torch.sqrt(-2.0 * torch.log1p(-draws[..., :count]))
    return radius * torch.cos(2.0 * math.pi * draws[..., count:])
