"""Random numbers as a pure function of a key: a stream for every replica, batched.

A torch generator per replica would need a Python loop over replicas, and what a replica draws
would depend on its place in the batch. Here a number is a hash of (key, index): any replica's
draws can be computed alone, in a batch of any size, or again, and a stream's whole state is one
integer. The hash is the finaliser of SplitMix64 (Steele 2014, "Fast splittable pseudorandom
number generators"), applied to key and index in turn.
"""

import torch
from torch import Tensor

_GOLDEN = -7046029254386353131  # 0x9E3779B97F4A7C15 as a signed 64-bit integer
_FIRST = -4658895280553007687  # 0xBF58476D1CE4E5B9
_SECOND = -7723592293110705685  # 0x94D049BB133111EB


def mix(keys: Tensor, index: Tensor | int) -> Tensor:
    """A new key for each pair of key and index.

    Args:
        keys: int64, any shape, on any device.
        index: int64 on the same device, broadcast against `keys`, or a number.

    Returns:
        int64 keys, uniform over all 64-bit integers, of the broadcast shape.
    """
    return _finalise(
        _finalise(keys + _GOLDEN) ^ (_wrapped(index * _GOLDEN) if isinstance(index, int) else index * _GOLDEN)
    )


def uniform(keys: Tensor, count: int) -> Tensor:
    """Uniform numbers of each key.

    Args:
        keys: int64, shape (...).
        count: numbers of each key.

    Returns:
        float32 in [0, 1), shape (..., count); number i of a key is the same for every `count` > i.
    """
    bits = mix(keys.unsqueeze(-1), torch.arange(1, count + 1, device=keys.device))
    return ((bits >> 40) & 0xFFFFFF).to(torch.float32) * (1.0 / (1 << 24))


def _finalise(z: Tensor) -> Tensor:
    z = (z ^ _shift(z, 30)) * _FIRST
    z = (z ^ _shift(z, 27)) * _SECOND
    return z ^ _shift(z, 31)


def _wrapped(number: int) -> int:
    """A whole number as 64 bits hold it, signed: arithmetic on the host, so that a GPU need not wait for a number."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def _shift(z: Tensor, bits: int) -> Tensor:
    """Logical shift to the right; torch's own keeps the sign."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)
