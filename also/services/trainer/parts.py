"""Parts of a state by name: what `learner` holds as `policy.net.flat` is `learner.policy.net.flat` in a checkpoint."""

from torch import Tensor

from also.errors import CheckpointError

State = dict[str, Tensor]
"""Tensors by name."""


def as_part(name: str, state: State) -> State:
    """A state as a part of a larger one; `part_of` gives it back."""
    return {f"{name}.{key}": tensor for key, tensor in state.items()}


def part_of(state: State, name: str) -> State:
    """What a state holds of one part, by the names that the part itself gives; nothing where there is none."""
    return {key.removeprefix(f"{name}."): tensor for key, tensor in state.items() if key.startswith(f"{name}.")}


def require_like(expected: State, given: State, what: str) -> None:
    """Make sure that a state can be loaded; entries that are not expected do not matter.

    Args:
        expected: a state of the names, shapes and types that are needed.
        given: the state.
        what: what it is a state of, in words.

    Raises:
        CheckpointError: a tensor is missing, or has another shape or type.
    """
    for name, tensor in expected.items():
        found = given.get(name)
        if found is None or found.shape != tensor.shape or found.dtype != tensor.dtype:
            has = "missing" if found is None else f"{found.dtype} {tuple(found.shape)}"
            raise CheckpointError(f"{what} {name!r} is {has}; {tensor.dtype} {tuple(tensor.shape)} is expected")
