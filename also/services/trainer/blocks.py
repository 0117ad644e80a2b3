"""Replicas that go through a pass together: as many as a processor's cache bears."""

import torch

from also.v1.campaign_pb2 import LearnerSettings

BLOCK_ELEMENTS = 320_000
"""Numbers of one hidden layer that a block of replicas has in a minibatch at most: what a core's own cache bears."""


def blocks(
    replicas: int, samples: int, settings: LearnerSettings, device: torch.device, *, most: int = BLOCK_ELEMENTS
) -> list[slice]:
    """Blocks of replicas, in order.

    On a GPU, and with a GRU, whose many small operations cost more than memory does, all replicas are one.

    Args:
        replicas: R.
        samples: samples of agents that each replica has in the pass.
        settings: the learner's.
        device: where its nets are.
        most: numbers of one hidden layer that a block has at most.
    """
    if settings.recurrent or device.type != "cpu":
        return [slice(0, replicas)]
    count = max(1, most // (samples * settings.hidden))
    return [slice(first, min(first + count, replicas)) for first in range(0, replicas, count)]
