"""Adam (Kingma 2015, arXiv 1412.6980, algorithm 1) with clipped gradients, for R replicas at once.

The moments live beside one flat tensor of parameters, and the step is the kernel of `torch.optim.Adam(fused=True)`.
That class is not used itself, because its first step loads a compiler (torch 2.15: 190 MiB, and a second).
"""

import copy

import torch
from torch import Tensor

FIRST_DECAY, SECOND_DECAY = 0.9, 0.999
"""Decay rates of the two moments: beta_1 and beta_2."""

EPSILON = 1e-5
"""Added to the root of the second moment; PPO's usual one (Huang 2022, "The 37 implementation details of PPO")."""


class Optimiser:
    """Moments of parameters (R, P), which change in place."""

    def __init__(self, flat: Tensor, *, learning_rate: float, largest_norm: float) -> None:
        """Begin without moments.

        Args:
            flat: float32 (R, P), the parameters.
            learning_rate: step size.
            largest_norm: a replica's gradient is scaled down to this norm.
        """
        self.flat = flat
        self.first = torch.zeros_like(flat)
        """Running mean of the gradient, float32 (R, P)."""
        self.second = torch.zeros_like(flat)
        """Running mean of its square, float32 (R, P)."""
        self._learning_rate = learning_rate
        self._largest_norm = largest_norm

    def of(self, rows: slice) -> "Optimiser":
        """That of some replicas, r of them: views, which move the whole one's parameters."""
        some = copy.copy(self)
        some.flat, some.first, some.second = self.flat[rows], self.first[rows], self.second[rows]
        return some

    def step(self, gradient: Tensor, number: int) -> Tensor:
        """Move the parameters.

        Args:
            gradient: float32 (R, P); overwritten.
            number: which step this is, from 1.

        Returns:
            Norms of the gradients before clipping, float32 (R,).
        """
        norms: Tensor = torch.linalg.vector_norm(gradient, dim=1)
        gradient.mul_((self._largest_norm / (norms + 1e-6)).clamp_(max=1.0).unsqueeze(1))
        torch._fused_adam_(
            [self.flat],
            [gradient],
            [self.first],
            [self.second],
            [],
            [gradient.new_full((), number)],
            lr=self._learning_rate,
            beta1=FIRST_DECAY,
            beta2=SECOND_DECAY,
            weight_decay=0.0,
            eps=EPSILON,
            amsgrad=False,
            maximize=False,
        )
        return norms
