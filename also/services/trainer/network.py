"""Networks with a leading replica axis: R independent learners in one batched matrix product.

All weights of a net lie in one tensor (R, P), so that a replica is one row of it: optimiser steps,
gradient norms, slicing a replica out and stacking replicas are single operations. Rows are padded, so
that all have one alignment in memory: else a replica's place in the batch would decide how its products
are rounded. Agents share
weights and differ by an embedding of their id, which is added in the first layer (the same
function as a one-hot id appended to the input, without its cost). Weights are orthogonal
(Saxe 2014), drawn from each replica's own stream.

Outputs have their own axis before the samples', (R, K, B, A): matrix products with a narrow result and
reductions over a short axis are several times as fast on a CPU when their long axis is the last one.

Letters: I length of an input, H width of a hidden layer, K length of an output, B batch, T time, A agents,
N = B * A samples.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from also.services.trainer.streams import mix, uniform
from also.v1.campaign_pb2 import LearnerSettings

Weights = dict[str, Tensor]
"""Views of a net's weights, or of their gradient, by name, each (R, rows, columns)."""

_ALIGNMENT = 64
"""Numbers that the length of a row is a multiple of: four cache lines."""

PullBack = Callable[[Tensor], None]
"""Takes the gradient of a loss by a net's outputs, and writes its gradient by the weights."""


class ReplicaNet:
    """Hidden layers with ReLU, an optional GRU, and a linear head, for R replicas and A agents."""

    def __init__(
        self,
        keys: Tensor,
        settings: LearnerSettings,
        *,
        inputs: int,
        outputs: int,
        agents: int,
        gain: float,
    ) -> None:
        """Draw the weights.

        Args:
            keys: int64 (R,), one stream a replica.
            settings: width and number of hidden layers, and whether a GRU follows them.
            inputs: length of an input, I.
            outputs: length of an output, K.
            agents: number of agents, A.
            gain: factor of the head's orthogonal weights.
        """
        self.agents = agents
        self.hidden = settings.hidden
        self.layers = settings.layers
        self.recurrent = settings.recurrent
        drawn = self._draw(keys, inputs, outputs, gain)
        self._shapes = {name: (part.shape[1], part.shape[2]) for name, part in drawn.items()}
        self.size = sum(rows * columns for rows, columns in self._shapes.values())
        """Number of weights."""
        self.flat = padded(torch.cat([part.flatten(1) for part in drawn.values()], dim=1))
        """All weights, and padding: float32 (R, P), P >= `size`."""

    def empty_memory(self, replicas: int, batch: int) -> Tensor:
        """Nothing remembered, float32 (R, B, A, H); H is 0 where the net is not recurrent."""
        return self.flat.new_zeros(replicas, batch, self.agents, self.hidden if self.recurrent else 0)

    def weights(self) -> Weights:
        """Views of the weights, which stay true when the weights change in place."""
        return self.views(self.flat)

    def views(self, flat: Tensor) -> Weights:
        """Views of a tensor (R, P or more) by the names of the weights; the head's are (R, K, H) and (R, K, 1)."""
        sizes = [rows * columns for rows, columns in self._shapes.values()]
        parts = torch.split(flat[:, : sum(sizes)], sizes, dim=1)
        views = {name: part.view(-1, *shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)}
        return {name: view.mT if name.startswith("head_") else view for name, view in views.items()}

    def step(self, weights: Weights, inputs: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """One env_step.

        Args:
            weights: what `weights` returned.
            inputs: float32 (R, B, A, I), or (R, B, 1, I) for an input that all agents share.
            memory: float32 (R, B, A, H); passed through where the net is not recurrent.

        Returns:
            Outputs (R, K, B, A) and the next memory (R, B, A, H).
        """
        hidden = self._trunk(weights, inputs)[-1]
        if self.recurrent:
            memory = self._gru(weights, hidden, memory.flatten(1, 2)).view_as(memory)
            hidden = memory.flatten(1, 2)
        return self._by_agent(self._head(weights, hidden), inputs.shape[1]), memory

    def unroll(self, weights: Weights, inputs: Tensor, memory: Tensor, begins: Tensor) -> tuple[Tensor, Tensor]:
        """A whole rollout.

        Args:
            weights: what `weights` returned.
            inputs: float32 (R, T, B, A or 1, I).
            memory: float32 (R, B, A, H) before the first env_step.
            begins: bool (R, T, B), or (R, T, B, A) of each agent: an episode begins here, so the memory is cleared
                before.

        Returns:
            Outputs (R, K, T, B, A), and the memories (R, T, B, A, H) after each env_step
            (`memory` itself where the net is not recurrent).
        """
        time, batch = inputs.shape[1:3]
        hidden = self._trunk(weights, inputs.flatten(1, 2))[-1]
        memories = memory
        if self.recurrent:
            hidden = hidden.view(-1, time, batch * self.agents, self.hidden)
            steps, last = [], memory.flatten(1, 2)
            each = begins if begins.dim() == 4 else begins.unsqueeze(-1).expand(-1, -1, -1, self.agents)
            kept = (~each).flatten(2).unsqueeze(-1)  # (R, T, N, 1)
            for t in range(time):
                last = self._gru(weights, hidden[:, t], last * kept[:, t])
                steps.append(last)
            hidden = torch.stack(steps, dim=1)
            memories = hidden.view(-1, time, batch, self.agents, self.hidden)
            hidden = hidden.flatten(1, 2)
        return self._by_agent(self._head(weights, hidden), time, batch), memories

    def vjp(self, weights: Weights, gradient: Weights, inputs: Tensor) -> tuple[Tensor, PullBack]:
        """Outputs of a net without memory, and the way back: a vector-Jacobian product, written out.

        Args:
            weights: views of weights.
            gradient: views of a tensor of the same shape, which the way back overwrites.
            inputs: float32 (R, B, A or 1, I).

        Returns:
            Outputs (R, K, N), and what takes their gradient, of the same shape.
        """
        hidden, shape = self._trunk(weights, inputs), inputs.shape[:2]

        def pull_back(by_outputs: Tensor) -> None:
            torch.sum(by_outputs, dim=2, keepdim=True, out=gradient["head_bias"])
            gradient["head_weight"].copy_(torch.bmm(by_outputs, hidden[-1]))
            by_hidden = torch.bmm(by_outputs.mT, weights["head_weight"])  # (R, N, H)
            for layer in range(self.layers - 1, 0, -1):
                by_sum = _relu_backward(by_hidden, hidden[layer])
                torch.sum(by_sum, dim=1, keepdim=True, out=gradient[f"bias_{layer}"])
                torch.bmm(hidden[layer - 1].mT, by_sum, out=gradient[f"weight_{layer}"])
                by_hidden = torch.bmm(by_sum, weights[f"weight_{layer}"].mT, out=hidden[layer])  # is done with
            by_sum = _relu_backward(by_hidden, hidden[0]).view(*shape, self.agents, self.hidden)  # (R, B, A, H)
            torch.sum(by_sum, dim=1, out=gradient["identity"])
            torch.sum(gradient["identity"], dim=1, keepdim=True, out=gradient["bias_0"])
            if inputs.shape[2] < self.agents:  # all agents share the input
                by_sum = by_sum.sum(dim=2, keepdim=True)
            torch.bmm(inputs.flatten(1, 2).mT, by_sum.flatten(1, 2), out=gradient["weight_0"])

        return self._head(weights, hidden[-1]), pull_back

    def unrolled_vjp(
        self, weights: Weights, gradient: Weights, inputs: Tensor, memory: Tensor, begins: Tensor
    ) -> tuple[Tensor, PullBack]:
        """The same of a net with memory, by autograd; arguments as of `vjp` and `unroll`, N = T * B * A."""
        with torch.inference_mode(False), torch.enable_grad():  # clones, as autograd keeps no tensor of that mode
            leaves = {name: weight.clone().requires_grad_() for name, weight in weights.items()}
            outputs = self.unroll(leaves, inputs.clone(), memory.clone(), begins)[0].flatten(2)

        def pull_back(by_outputs: Tensor) -> None:
            with torch.inference_mode(False):
                found = torch.autograd.grad(outputs, list(leaves.values()), by_outputs.clone())
            for place, each in zip(gradient.values(), found, strict=True):
                place.copy_(each)

        return outputs.detach(), pull_back

    def _trunk(self, weights: Weights, inputs: Tensor) -> list[Tensor]:
        """Hidden layers of inputs (R, B, A or 1, I), each (R, N, H)."""
        first = torch.bmm(inputs.flatten(1, 2), weights["weight_0"]).view(*inputs.shape[:3], self.hidden)
        offsets = (weights["bias_0"] + weights["identity"]).unsqueeze(1)  # (R, 1, A, H)
        first = first.add_(offsets) if inputs.shape[2] == self.agents else first + offsets  # (R, B, A, H)
        hidden = [first.relu_().flatten(1, 2)]
        for layer in range(1, self.layers):
            hidden.append(torch.baddbmm(weights[f"bias_{layer}"], hidden[-1], weights[f"weight_{layer}"]).relu_())
        return hidden

    def _head(self, weights: Weights, hidden: Tensor) -> Tensor:
        """Outputs (R, K, N) of hidden layers (R, N, H)."""
        return torch.baddbmm(weights["head_bias"], weights["head_weight"], hidden.mT)

    def _by_agent(self, outputs: Tensor, *shape: int) -> Tensor:
        """Outputs (R, K, N) as (R, K, *shape, A)."""
        return outputs.view(*outputs.shape[:2], *shape, self.agents)

    def _gru(self, weights: Weights, inputs: Tensor, memory: Tensor) -> Tensor:
        """Gated recurrent unit (Cho 2014), in the variant of `torch.nn.GRU`; all (R, N, H)."""
        size = self.hidden
        from_input = torch.baddbmm(weights["gru_input_bias"], inputs, weights["gru_input"])
        from_memory = torch.baddbmm(weights["gru_memory_bias"], memory, weights["gru_memory"])
        gates = torch.sigmoid(from_input[..., : 2 * size] + from_memory[..., : 2 * size])
        reset, update = gates[..., :size], gates[..., size:]
        proposal = torch.tanh(from_input[..., 2 * size :] + reset * from_memory[..., 2 * size :])
        return torch.lerp(proposal, memory, update)

    def _draw(self, keys: Tensor, inputs: int, outputs: int, gain: float) -> Weights:
        replicas, size = keys.shape[0], self.hidden
        zeros = torch.zeros(replicas, 1, max(3 * size, outputs), device=keys.device)
        drawn: Weights = {"identity": 0.5 * orthogonal(mix(keys, 0), self.agents, size, 1.0)}
        for layer in range(self.layers):
            rows = inputs if layer == 0 else size
            drawn[f"weight_{layer}"] = orthogonal(mix(keys, 1 + layer), rows, size, math.sqrt(2.0))
            drawn[f"bias_{layer}"] = zeros[..., :size]
        if self.recurrent:
            for index, name in enumerate(("gru_input", "gru_memory")):
                drawn[name] = orthogonal(mix(keys, 100 + index), size, 3 * size, 1.0)
                drawn[f"{name}_bias"] = zeros[..., : 3 * size]
        drawn["head_weight"] = orthogonal(mix(keys, 200), size, outputs, gain)
        drawn["head_bias"] = zeros[..., :outputs]
        return drawn


def padded(flat: Tensor) -> Tensor:
    """A tensor (R, any) with zeros behind each row, up to a multiple of 64 numbers."""
    return functional.pad(flat, (0, -flat.shape[1] % _ALIGNMENT))


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


def _relu_backward(gradient: Tensor, outputs: Tensor) -> Tensor:
    """Gradient by what went into a ReLU, from that by its outputs, which is overwritten; any one shape."""
    torch.ops.aten.threshold_backward.grad_input(gradient, outputs, 0, grad_input=gradient)
    return gradient
