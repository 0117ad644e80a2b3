"""What depends only on where agents of the warehouse stand and how they face: tables over cells and poses.

A *pose* is 4 * cell + direction. The hall is small (at most 464 cells), so what an action does in a pose, what is seen
around a cell and how far it is from cell to cell are computed once; a look-up is one cheap tensor operation.
"""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from services.trainer.tasks.warehouse_layout import Layout

NOOP, FORWARD, LEFT, RIGHT, TOGGLE = range(5)
"""Actions, in the package's order; `TOGGLE` loads the shelf above, or puts the carried one down."""

ACTIONS = 5
"""How many actions there are."""

SHELF, REQUESTED, DELIVERED = 1, 2, 4
"""Bits of what is in a place or on an agent: a shelf, which is requested, or was delivered and not yet put back."""

WANTED, SPENT = SHELF | REQUESTED, SHELF | DELIVERED
"""A shelf that is requested, and one that has been delivered."""

_STEPS = torch.tensor([[-1, 0], [1, 0], [0, -1], [0, 1]])
"""(row, column) of the directions up, down, left, right."""

_TURNS = torch.tensor([[0, 0, 2, 3, 0], [1, 1, 3, 2, 1], [2, 2, 1, 0, 2], [3, 3, 0, 1, 3]])
"""Direction after an action: rows are directions, columns actions."""

_AGENT = 4
"""In a code of a cell, 4 * (1 + direction) of the agent there, above two bits for a shelf and whether it is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Tables of one layout; C cells, P places, A agents. Indices of poses and actions are 5 * pose + action."""

    target: Tensor
    """int64 (C * 20,): cell that an action would lead to; the cell itself at a wall and without `FORWARD`."""
    turned: Tensor
    """int64 (C * 20,): pose after an action, without the walk."""
    walked: Tensor
    """int64 (C * 20,): what the walk adds to the pose, where it succeeds."""
    exchanges: Tensor
    """bool (C * 20,): whether a shelf may be loaded or put down by the action in this pose."""
    goal: Tensor
    """bool (C * 4,): whether a pose is on a goal."""
    places: Tensor
    """int64 (P,): cells of the places."""
    full: Tensor
    """int64 (C,): `SHELF` in each place, 0 elsewhere."""
    around: Tensor
    """int64 (C, 9): cells around and under each cell, row by row; C for what is outside."""
    own_view: Tensor
    """float32 (C * 8, 8): what an agent sees of itself, by 2 * pose + whether it carries a shelf."""
    cell_view: Tensor
    """float32 (20, 7): what it sees of a cell, by the cell's code."""
    load_view: Tensor
    """float32 (8, 3): bits of a load."""
    between: Tensor
    """float32 (C, C): cells to walk between two cells, under shelves too (Manhattan)."""
    to_place: Tensor
    """float32 (C, P): cells to walk to a place, under shelves too (Manhattan)."""
    round: Tensor
    """float32 (C, P): env_steps to walk to a place, load its shelf and deliver it; turns not counted."""
    haul: Tensor
    """float32 (C, P): cells to carry a shelf to a place, along highways."""
    goal_haul: Tensor
    """float32 (C,): cells to carry a shelf to the nearer goal, along highways."""

    @classmethod
    def build(cls, layout: Layout, device: torch.device) -> Self:
        """Tables of a layout on a device."""
        height, width, places = layout.height, layout.width, torch.tensor(layout.places)
        cells = height * width
        number = torch.arange(cells)
        spot = torch.stack((number // width, number % width), dim=-1)  # (C, 2)
        is_place = torch.zeros(cells, dtype=torch.bool).index_fill(0, places, True)

        ahead = _within(spot.unsqueeze(1) + _STEPS, height, width)  # (C, 4)
        ahead = torch.where(ahead < cells, ahead, number.unsqueeze(1))
        forward = torch.arange(ACTIONS) == FORWARD
        target = torch.where(forward, ahead.unsqueeze(-1), number.view(-1, 1, 1))  # (C, 4, 5)
        exchanges = is_place.view(-1, 1, 1) & (torch.arange(ACTIONS) == TOGGLE).expand(cells, 4, ACTIONS)

        window = torch.cartesian_prod(torch.arange(-1, 2), torch.arange(-1, 2))  # (9, 2)
        own = torch.stack((spot[:, 1], spot[:, 0]), dim=-1).view(cells, 1, 1, 2).expand(cells, 4, 2, 2)
        carries = torch.arange(2).view(1, 1, 2, 1).expand(cells, 4, 2, 1)
        facing = torch.eye(4).view(1, 4, 1, 4).expand(cells, 4, 2, 4)
        highway = ~is_place.view(-1, 1, 1, 1).expand(cells, 4, 2, 1)

        code = torch.arange(5 * _AGENT)
        agent = code // _AGENT
        seen = [agent > 0, *functional.one_hot((agent - 1).clamp(min=0), 4).unbind(-1), code & 1, code >> 1 & 1]

        goal_haul = torch.tensor(layout.hauls(*layout.goals), dtype=torch.float32)
        between = (spot.unsqueeze(1) - spot).abs().sum(-1).to(torch.float32)
        tensors = {
            "target": target.flatten(),
            "turned": (4 * number.view(-1, 1, 1) + _TURNS).flatten(),
            "walked": (4 * (target - number.view(-1, 1, 1))).flatten(),
            "exchanges": exchanges.flatten(),
            "goal": torch.isin(number, torch.tensor(layout.goals)).repeat_interleave(4),
            "places": places,
            "full": SHELF * is_place.to(torch.int64),
            "around": _within(spot.unsqueeze(1) + window, height, width),
            "own_view": torch.cat((own, carries, facing, highway), dim=-1).to(torch.float32).view(8 * cells, 8),
            "cell_view": torch.stack(seen, dim=-1).to(torch.float32),
            "load_view": (torch.arange(8).unsqueeze(-1) >> torch.arange(3) & 1).to(torch.float32),
            "between": between,
            "to_place": between[:, places],
            "round": between[:, places] + 1 + goal_haul[places],
            "haul": torch.tensor([layout.hauls(place) for place in layout.places], dtype=torch.float32).T,
            "goal_haul": goal_haul,
        }
        return cls(**{name: tensor.contiguous().to(device) for name, tensor in tensors.items()})

    def seen_around(self, shelves: Tensor, pose: Tensor, load: Tensor) -> Tensor:
        """What agents see of the nine cells around them, as the package flattens it.

        Args:
            shelves: int64 (R, E, C): what stands in each cell.
            pose: int64 (R, E, A).
            load: int64 (R, E, A): what each agent carries.

        Returns:
            float32 (R, E, A, 63).
        """
        cell = pose >> 2
        shown = ((pose & 3) << 2) + ((load & WANTED) + _AGENT)
        codes = functional.pad(shelves, (0, 1)).scatter_add(-1, cell, shown)  # (R, E, C + 1)
        around = self.around[cell]  # (R, E, A, 9)
        near = codes.gather(-1, around.flatten(-2)).view_as(around)
        return functional.embedding(near, self.cell_view).flatten(-2)


def _within(spot: Tensor, height: int, width: int) -> Tensor:
    """Cells, int64 (...), of rows and columns, int64 (..., 2); the number of all cells for what is outside."""
    row, column = spot.unbind(-1)
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    return torch.where(inside, row * width + column, height * width)
