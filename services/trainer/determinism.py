"""What makes equal training give equal bits: one thread, deterministic kernels.

Sums depend on how many threads share them, so a process trains with one thread; parallelism comes
from replicas inside a batch and from several processes.
"""

import torch
from torch.utils import deterministic


def prepare() -> None:
    """Set this process up for training; call once, before any tensor work."""
    torch.set_num_threads(1)
    torch.set_deterministic_debug_mode("error")  # as use_deterministic_algorithms(True), which loads a compiler: 1 s
    deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # nothing here reads what it has not written
    torch.set_flush_denormal(True)
