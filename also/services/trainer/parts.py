"""Parts of a state by name: what `learner` holds as `policy.net.flat` is `learner.policy.net.flat` in a checkpoint."""

from torch import Tensor

State = dict[str, Tensor]
"""Tensors by name."""


def as_part(name: str, state: State) -> State:
    """A state as a part of a larger one; `part_of` gives it back."""
    return {f"{name}.{key}": tensor for key, tensor in state.items()}


def part_of(state: State, name: str) -> State:
    """What a state holds of one part, by the names that the part itself gives; nothing where there is none."""
    return {key.removeprefix(f"{name}."): tensor for key, tensor in state.items() if key.startswith(f"{name}.")}
