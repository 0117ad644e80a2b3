"""Spaces of a PettingZoo environment as vectors: sizes, bounds, flattening, actions.

Box, Discrete, MultiDiscrete, MultiBinary, Dict and Tuple observations become one float32 vector, by
gymnasium's own rules (discrete values one-hot). An "action_mask" inside a Dict observation is taken
out: it says what is allowed, it is not seen.
"""

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
        masked = isinstance(observation, spaces.Dict) and ACTION_MASK in observation.spaces
        if masked:
            observation = spaces.Dict({key: space for key, space in observation.items() if key != ACTION_MASK})
        if not isinstance(observation, spaces.Space):
            raise TaskError(f"{where}: its observation space is a {type(observation).__name__}; a Space is expected")
        try:
            size = int(spaces.flatdim(observation))
        except (NotImplementedError, ValueError):
            raise TaskError(
                f"{where}: its observation space {_name(observation)} cannot be a vector; Box, Discrete, "
                "MultiDiscrete, MultiBinary, Dict and Tuple can"
            ) from None
        if not isinstance(action, spaces.Discrete | spaces.Box):
            raise TaskError(f"{where}: its action space is {_name(action)}; Discrete and Box are allowed")
        if isinstance(action, spaces.Box) and not (np.isfinite(action.low).all() and np.isfinite(action.high).all()):
            raise TaskError(f"{where}: its action space {action} has infinite bounds; finite ones are needed")
        return cls(observation=observation, masked=masked, observation_size=size, action=action)

    @property
    def action_size(self) -> int:
        """Number of choices, or of real numbers."""
        return int(self.action.n) if isinstance(self.action, spaces.Discrete) else int(np.prod(self.action.shape))

    def bounds(self) -> tuple[Floats, Floats]:
        """Lower and upper bounds of the flattened observation, each (observation_size,); may be infinite."""
        box = spaces.flatten_space(self.observation)
        assert isinstance(box, spaces.Box)
        return box.low.astype(np.float32), box.high.astype(np.float32)

    def flatten(self, value: Any) -> Floats:
        """An observation as a vector, (observation_size,) where the value fits the space."""
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


def _name(space: Any) -> str:
    return type(space).__name__ if isinstance(space, spaces.Space) else f"a {type(space).__name__}"
