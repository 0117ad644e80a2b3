"""State of the warehouse's environments; letters of shapes as in `warehouse`."""

from typing import NamedTuple

from torch import Tensor


class Hall(NamedTuple):
    """State of all environments; int64, never changed in place."""

    keys: Tensor
    """(R, E): key of each environment's episodes."""
    episode: Tensor
    """(R, E): number of the episode."""
    time: Tensor
    """(R, E): env_steps since it began."""
    deliveries: Tensor
    """(R, E): shelves delivered in it."""
    shelves: Tensor
    """(R, E, C + 1): what stands in each cell: 0, or bits `SHELF` and `REQUESTED`; the last is outside, and empty."""
    pose: Tensor
    """(R, E, A): 4 * cell + direction of each agent."""
    load: Tensor
    """(R, E, A): what it carries: 0, or bits `SHELF`, `REQUESTED` and `DELIVERED`."""
    pose_before: Tensor
    """(R, E, A): `pose` before the last env_step."""
    load_before: Tensor
    """(R, E, A): `load` before the last env_step."""
    delivered: Tensor
    """(R, E, A): 1 where the agent delivered a shelf in the last env_step."""
    action: Tensor
    """(R, E, A): last action; -1 where the episode has just begun."""
