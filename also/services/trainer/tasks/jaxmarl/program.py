"""JaxMARL's environments of one replica as two compiled programs: step, and begin new episodes.

A program is of E environments, and is called for one replica after the other. XLA compiles another program for another
number of environments, whose sums may be rounded in another way; so the same program serves a group of one replica and
a group of thirty, and a branch sees the bits that the main run would (docs/adr/0030-a-program-of-one-replica.md).
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import torch
import torch.utils.dlpack
from jax import Array, tree_util

from also.services.trainer.tasks.jaxmarl.episode import Episode, Play, quiet


class Program:
    """The two programs of E environments; each is compiled when it is first needed."""

    def __init__(self, episode: Episode, *, environments: int, device: Any) -> None:
        """Of E environments, on a device of JAX's."""
        self._episode = episode
        self._environments = environments
        self.device = device
        self.discrete = episode.discrete
        """Whether actions are choices."""
        self.template: Play = self._batch(episode.play)
        """Shapes and types of E plays."""

    @functools.cached_property
    def paths(self) -> list[str]:
        """Name of each leaf of a play."""
        leaves, _ = tree_util.tree_flatten_with_path(self.template)
        return [".".join(_word(part) for part in path) for path, _ in leaves]

    def nothing(self) -> Play:
        """Plays of zeros, to begin episodes in."""
        zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), self.template)
        return dict(jax.device_put(zeros, self.device))

    def step(self, play: Play, seeds: Array, actions: Array) -> tuple[Play, Array, Array, Array]:
        """Move every environment by one env_step, and begin no new episode.

        Args:
            play: where they are.
            seeds: uint32 (E, 2): seed of each one's episode.
            actions: int32 (E, A), or float32 (E, A, N).

        Returns:
            Where they are then, float32 (E,) reward, bool (E,) terminated, bool (E,) truncated.
        """
        following, reward, terminated, truncated = self._step(play, seeds, actions)
        return following, reward, terminated, truncated

    def restart(self, play: Play, done: Array, seeds: Array) -> Play:
        """Begin episodes where `done`, bool (E,); seeds are those of the new ones there."""
        return dict(self._restart(play, done, seeds))

    @functools.cached_property
    def _step(self) -> Any:
        episode = self._episode
        return self._compiled(episode.step, episode.play, episode.seed, episode.actions)

    @functools.cached_property
    def _restart(self) -> Any:
        episode = self._episode
        return self._compiled(episode.restart, episode.play, jax.ShapeDtypeStruct((), jnp.bool_), episode.seed)

    def _compiled(self, function: Any, *arguments: Any) -> Any:
        """A function of one environment, compiled for E of them."""
        with quiet(), jax.default_device(self.device):
            return jax.jit(jax.vmap(function)).lower(*self._batch(arguments)).compile()

    def _batch(self, tree: Any) -> Any:
        """Shapes of E environments from those of one."""
        place = jax.sharding.SingleDeviceSharding(self.device)
        return jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct((self._environments, *leaf.shape), leaf.dtype, sharding=place), tree
        )


def to_torch(array: Array) -> torch.Tensor:
    """A JAX array as a tensor, without a copy."""
    return torch.utils.dlpack.from_dlpack(array)


def to_jax(tensor: torch.Tensor) -> Any:
    """A tensor as what a program takes on its device; it is copied, so that neither sees what becomes of the other.

    On the CPU that is a NumPy array: a program takes one six times faster than a JAX array is made.
    """
    copied = tensor.clone(memory_format=torch.contiguous_format)
    return copied.numpy() if copied.device.type == "cpu" else jax.dlpack.from_dlpack(copied)


def _word(part: Any) -> str:
    """A part of a leaf's path as a word."""
    for attribute in ("key", "name", "idx"):
        if hasattr(part, attribute):
            return str(getattr(part, attribute))
    return str(part)
