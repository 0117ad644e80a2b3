"""Dice of one environment's own, where its code draws from generators that a process has only once.

Python's `random`, NumPy's and PyTorch's global generators are shared by all environments of a process, so
what one draws depends on what others have drawn before it. Here each environment keeps the states of all
three: they are put in place before its code is called, taken back afterwards, and seeded anew with each
episode.
"""

import random
import sys
from typing import Any

import numpy as np


class Dice:
    """States of the shared generators, as one environment left them."""

    def __init__(self, seed: int) -> None:
        """Begin with a seed in [0, 2^31)."""
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Begin anew with a seed in [0, 2^31)."""
        self._seed = seed
        self._python: Any = random.Random(seed).getstate()
        self._numpy: Any = np.random.RandomState(seed).get_state(legacy=False)
        self._torch: Any = None

    def put_in_place(self) -> None:
        """Let the process's generators continue where this environment left them."""
        random.setstate(self._python)
        np.random.set_state(self._numpy)
        torch = _torch()
        if torch is None:
            return
        if self._torch is None:
            torch.default_generator.manual_seed(self._seed)
        else:
            torch.default_generator.set_state(self._torch)

    def take_back(self) -> None:
        """Keep the states that the environment's code has left."""
        self._python = random.getstate()
        self._numpy = np.random.get_state(legacy=False)
        torch = _torch()
        if torch is not None:
            self._torch = torch.default_generator.get_state()


def _torch() -> Any:
    """PyTorch, if somebody has loaded it."""
    torch = sys.modules.get("torch")
    return torch if hasattr(torch, "default_generator") else None
