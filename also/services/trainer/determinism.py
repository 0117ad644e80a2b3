"""How a process is set up for training: one thread, deterministic kernels, whole float32 products, memory that is kept.

Sums depend on how many threads share them, so every operation runs in one thread; parallelism comes
from replicas inside a batch, from several processes, and from two nets that train beside each other
(`threads`). On CUDA, products are summed in one order (cuBLAS with a workspace of its own) and without
TF32, whose factors have ten bits.

Equal bits are promised for one device, one model of it, and one PyTorch: see
`docs/adr/0018-the-learners-device.md`.
"""

import torch
from torch.utils import deterministic

from also import settings
from also.services.trainer import allocator


def prepare() -> None:
    """Set this process up for training; call once, before any tensor work and before CUDA is initialised."""
    settings.fix_cublas_workspace()
    allocator.keep_freed_memory()
    torch.set_num_threads(1)
    torch.set_deterministic_debug_mode("error")  # as use_deterministic_algorithms(True), which loads a compiler: 1 s
    deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # nothing here reads what it has not written
    torch.set_flush_denormal(True)
    torch.set_float32_matmul_precision("highest")  # images of NVIDIA's allow TF32 by a variable
