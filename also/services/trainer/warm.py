"""What a trainer or a branch group's process loads: a fork server loads this module, and its children have it all.

Neither draws from a global generator, and none is shared: Python's is seeded anew by every fork, those
of torch and numpy are so here.
"""

import os
import sys

import torch

import also.services.trainer.branch.__main__
import also.services.trainer.branch.group
import also.services.trainer.branch.metrics
import also.services.trainer.branch.save
import also.services.trainer.memory
import also.services.trainer.service
import also.services.trainer.tasks.foraging.task
import also.services.trainer.tasks.jaxmarl.task
import also.services.trainer.tasks.parallel.task  # noqa: F401
from also.services.trainer import determinism


def _reseed() -> None:
    """Give a child global generators of its own, as a fresh process has them."""
    torch.default_generator.seed()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()


determinism.prepare()
os.register_at_fork(after_in_child=_reseed)
if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
    raise RuntimeError("CUDA is initialised, which no forked process could use; a module does so while it is loaded")
