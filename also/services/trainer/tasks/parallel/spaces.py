"""Spaces of a PettingZoo environment as vectors: sizes, bounds, flattening, actions.

Box, Discrete, MultiDiscrete, MultiBinary, Dict and Tuple observations become one float32 vector, by
gymnasium's own rules (discrete values one-hot). An "action_mask" inside a Dict observation is taken
out: it says what is allowed, it is not seen. Spaces of other packages (old `gym`, an environment's own
classes) are taken by what they have: `low` and `high`, `n`, `nvec`, or `spaces`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from also.errors import TaskError

ACTION_MASK = "action_mask"
"""Key of a mask, in an observation or in an agent's info."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSpaces:
    """What one agent sees and does."""

    observation: spaces.Space[Any]
    """Space of what it sees, without a mask."""
    masked: bool
    """Whether its observations hold a mask beside what it sees."""
    observation_size: int
    """Length of the flattened observation."""
    action: spaces.Discrete | spaces.Box
    """Space of what it does."""

    @classmethod
    def of(cls, observation: Any, action: Any, where: str) -> Self:
        """Check an agent's two spaces; `where` begins the error.

        Raises:
            TaskError: a space that cannot be a vector, or actions that are neither Discrete nor bounded Box.
        """
        observation = _known(observation, f"{where}: its observation space")
        action = _known(action, f"{where}: its action space")
        masked = isinstance(observation, spaces.Dict) and ACTION_MASK in observation.spaces
        if masked:
            observation = spaces.Dict({key: space for key, space in observation.items() if key != ACTION_MASK})
        try:
            size = int(spaces.flatdim(observation)) if _has_parts(observation) else 0
        except (NotImplementedError, ValueError):
            raise TaskError(
                f"{where}: its observation space {_name(observation)} cannot be a vector; Box, Discrete, "
                "MultiDiscrete, MultiBinary, Dict and Tuple can"
            ) from None
        if not isinstance(action, spaces.Discrete | spaces.Box):
            raise TaskError(
                f"{where}: its action space is {_name(action)}; Discrete and Box are allowed: a wrapper may offer its "
                "choices as one Discrete"
            )
        if isinstance(action, spaces.Box) and not (np.isfinite(action.low).all() and np.isfinite(action.high).all()):
            raise TaskError(f"{where}: its action space {action} has infinite bounds; finite ones are needed")
        return cls(observation=observation, masked=masked, observation_size=size, action=action)

    @property
    def action_size(self) -> int:
        """Number of choices, or of real numbers."""
        return int(self.action.n) if isinstance(self.action, spaces.Discrete) else int(np.prod(self.action.shape))

    def bounds(self) -> tuple[Floats, Floats]:
        """Lower and upper bounds of the flattened observation, each (observation_size,); may be infinite."""
        if not self.observation_size:
            return np.zeros(0, np.float32), np.zeros(0, np.float32)
        box = spaces.flatten_space(self.observation)
        assert isinstance(box, spaces.Box)
        return box.low.astype(np.float32), box.high.astype(np.float32)

    def flatten(self, value: Any) -> Floats:
        """An observation as a vector, (observation_size,) where the value fits the space."""
        if not self.observation_size:
            return np.zeros(0, np.float32)
        if self.masked:
            value = {key: part for key, part in value.items() if key != ACTION_MASK}
        if isinstance(self.observation, spaces.Box):
            return np.asarray(value, dtype=np.float32).ravel()
        return np.asarray(spaces.flatten(self.observation, value), dtype=np.float32)

    def act(self, action: Any) -> Any:
        """What the environment is given for an index, or for numbers (N,) of which it takes the first ones."""
        if isinstance(self.action, spaces.Discrete):
            return self.action.start + int(action)
        numbers = np.clip(action[: self.action_size].reshape(self.action.shape), self.action.low, self.action.high)
        return numbers.astype(self.action.dtype)

    def fits(self, other: "AgentSpaces") -> bool:
        """Whether another's observations and actions have the same sizes, choices and bounds."""
        if (self.observation_size, self.masked) != (other.observation_size, other.masked):
            return False
        if isinstance(self.action, spaces.Discrete) or isinstance(other.action, spaces.Discrete):
            return bool(self.action == other.action)
        return (
            self.action.shape == other.action.shape
            and np.array_equal(self.action.low, other.action.low)
            and np.array_equal(self.action.high, other.action.high)
        )


def is_finite(array: Floats) -> bool:
    """Whether all numbers are finite; `all()` takes three times as long for so few."""
    return b"\0" not in np.isfinite(array).tobytes()


def widest_bounds(given: Sequence[AgentSpaces]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds of each number of a continuous action, (N,): the widest of all agents; each is held to its own."""
    lows = np.full(max(space.action_size for space in given), np.inf)
    highs = -lows
    for space in given:
        if isinstance(space.action, spaces.Box):
            size = space.action_size
            lows[:size] = np.minimum(lows[:size], space.action.low.ravel())
            highs[:size] = np.maximum(highs[:size], space.action.high.ravel())
    return lows, highs


def _has_parts(space: spaces.Space[Any]) -> bool:
    """Whether it is anything but a Dict or Tuple of nothing, which gymnasium cannot make a vector of."""
    return not isinstance(space, spaces.Dict | spaces.Tuple) or any(_has_parts(part) for part in _parts(space))


def _parts(space: spaces.Dict | spaces.Tuple[Any]) -> Sequence[spaces.Space[Any]]:
    return list(space.spaces.values()) if isinstance(space, spaces.Dict) else list(space.spaces)


def _known(space: Any, where: str) -> spaces.Space[Any]:
    """A space as one of gymnasium's; `where` begins the error.

    Raises:
        TaskError: it has nothing by which it could be told what it is.
    """
    if isinstance(space, spaces.Space):
        return space
    try:
        found = _converted(space, where)
    except (TypeError, ValueError, AssertionError) as error:
        raise TaskError(
            f"{where} is {_name(space)}, which says of itself what no space can be ({error}); "
            "build it with gymnasium.spaces"
        ) from None
    if found is None:
        raise TaskError(
            f"{where} is {_name(space)}; a Space of gymnasium is expected, or a class with what its Box (low, high, "
            "shape), Discrete (n), MultiDiscrete (nvec), MultiBinary (n, shape), Dict or Tuple (spaces) have"
        )
    return found


def _converted(space: Any, where: str) -> spaces.Space[Any] | None:
    """A foreign space in gymnasium's words, by what it has; None where it has nothing of a space."""
    parts = getattr(space, "spaces", None)
    if isinstance(parts, Mapping):
        return spaces.Dict({str(key): _known(part, where) for key, part in parts.items()})
    if isinstance(parts, Sequence):
        return spaces.Tuple([_known(part, where) for part in parts])
    if hasattr(space, "low") and hasattr(space, "high"):
        shape = getattr(space, "shape", None)
        shape = np.broadcast_shapes(np.shape(space.low), np.shape(space.high)) if shape is None else tuple(shape)
        kind = np.dtype(getattr(space, "dtype", None) or np.float32).type
        return spaces.Box(
            np.broadcast_to(np.asarray(space.low), shape), np.broadcast_to(np.asarray(space.high), shape), dtype=kind
        )
    if hasattr(space, "nvec"):
        return spaces.MultiDiscrete(np.asarray(space.nvec))
    if hasattr(space, "n"):
        if getattr(space, "shape", None):
            return spaces.MultiBinary(tuple(space.shape))
        return spaces.Discrete(int(space.n), start=int(getattr(space, "start", 0)))
    return None


def _name(space: Any) -> str:
    """What a space is, for errors: gymnasium's by its class, any other by module and class."""
    kind = type(space)
    if isinstance(space, spaces.Space) and kind.__module__.split(".")[0] == "gymnasium":
        return kind.__name__
    return f"a {kind.__name__}" if kind.__module__ == "builtins" else f"a {kind.__module__}.{kind.__qualname__}"


def shapes_of(features: Mapping[str, Floats]) -> dict[str, tuple[int, ...]]:
    """Shape of each array, by name."""
    return {name: value.shape for name, value in features.items()}
