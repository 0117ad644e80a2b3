"""What depends only on where agents of the warehouse stand and how they face: tables over cells and poses.

A *pose* is 4 * cell + direction. The hall is small (at most 464 cells), so what an action does in a pose, what is seen
around a cell and how far it is from cell to cell are computed once; a look-up is one cheap tensor operation.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from also.services.trainer.tasks.warehouse.layout import Layout

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


class Way(IntEnum):
    """A distance from a cell to places."""

    REQUEST = 0
    """Cells to walk to a requested shelf that stands, under shelves too (Manhattan)."""
    ROUND = 1
    """env_steps to walk there, load the shelf and carry it to the nearer goal; turns not counted."""
    EMPTY = 2
    """Cells to carry a shelf to an empty place, along highways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Tables of one layout; C cells, P places, A agents. Indices of poses and actions are 5 * pose + action."""

    target: Tensor
    """int64 (C * 20,): cell that an action would lead to; the cell itself at a wall and without `FORWARD`."""
    turned: Tensor
    """int64 (C * 20,): pose after an action, where no walk succeeds."""
    walked: Tensor
    """int64 (C * 20,): pose after a walk that succeeds."""
    exchanges: Tensor
    """bool (C * 20,): whether a shelf may be loaded or put down by the action in this pose."""
    delivers: Tensor
    """bool (C * 32,): whether an agent of this key delivers; a key is 8 * pose + load."""
    places: Tensor
    """int64 (P,): cells of the places."""
    full: Tensor
    """int64 (C + 1,): `SHELF` in each place, 0 elsewhere; the last stands for what is outside."""
    around: Tensor
    """int64 (C * 4, 9): cells around and under each pose, row by row; C for what is outside."""
    own_view: Tensor
    """float32 (C * 32, 10): what an agent sees of itself, by its key, then two bits that only the state has."""
    shown: Tensor
    """int64 (C * 32,): what an agent of this key adds to the code of its cell."""
    cell_view: Tensor
    """float32 (20, 7): what an agent sees of a cell, by the cell's code."""
    place_view: Tensor
    """float32 (4, 2): a place in the state, by what stands there: whether it is a shelf, and a requested one."""
    between: Tensor
    """float32 (C, C): cells to walk between two cells, under shelves too (Manhattan)."""
    goal_haul: Tensor
    """float32 (C,): cells to carry a shelf to the nearer goal, along highways."""
    longest_round: Tensor
    """float32 (): the largest of `Way.ROUND`."""
    ways: Tensor
    """float32 (C, 3 * P): three distances from each cell to each place, see `Way`."""
    shut: Tensor
    """float32 (12,): by 4 * way + what stands in a place, 0 where the way leads there, else inf."""
    way_offsets: Tensor
    """int64 (3, 1): 4 * way."""

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
        around = _within(spot.unsqueeze(1) + window, height, width)

        key = torch.arange(cells * 32)
        on, facing, load = key >> 5, key >> 3 & 3, key & 7
        own = [spot[on, 1], spot[on, 0], load & SHELF, *functional.one_hot(facing, 4).unbind(-1), ~is_place[on]]
        only_in_state = [(load & bit) // bit for bit in (REQUESTED, DELIVERED)]
        code = torch.arange(5 * _AGENT)
        agent = code // _AGENT
        seen = [agent > 0, *functional.one_hot((agent - 1).clamp(min=0), 4).unbind(-1), code & 1, code >> 1 & 1]

        between = (spot.unsqueeze(1) - spot).abs().sum(-1).to(torch.float32)
        goal_haul = torch.tensor(layout.hauls(*layout.goals), dtype=torch.float32)
        to_place = between[:, places]
        haul = torch.tensor([layout.hauls(place) for place in layout.places], dtype=torch.float32).T
        ways = {Way.REQUEST: to_place, Way.ROUND: to_place + 1 + goal_haul[places], Way.EMPTY: haul}
        leads = {Way.REQUEST: WANTED, Way.ROUND: WANTED, Way.EMPTY: 0}
        shut = [torch.where(torch.arange(4) == leads[way], 0.0, torch.inf) for way in Way]
        tensors = {
            "target": target.flatten(),
            "turned": (4 * number.view(-1, 1, 1) + _TURNS).flatten(),
            "walked": (4 * target + torch.arange(4).unsqueeze(-1)).flatten(),
            "exchanges": exchanges.flatten(),
            "delivers": torch.isin(on, torch.tensor(layout.goals)) & ((load & REQUESTED) > 0),
            "places": places,
            "full": functional.pad(SHELF * is_place.to(torch.int64), (0, 1)),
            "around": around.repeat_interleave(4, dim=0),
            "own_view": torch.stack([*own, *only_in_state], dim=-1).to(torch.float32),
            "shown": _AGENT * (1 + facing) + (load & WANTED),
            "cell_view": torch.stack(seen, dim=-1).to(torch.float32),
            "place_view": torch.stack((torch.arange(4) & 1, torch.arange(4) >> 1), dim=-1).to(torch.float32),
            "between": between,
            "goal_haul": goal_haul,
            "longest_round": ways[Way.ROUND].amax(),
            "ways": torch.stack([ways[way] for way in Way], dim=1).flatten(1),
            "shut": torch.cat(shut),
            "way_offsets": 4 * torch.arange(len(Way)).unsqueeze(-1),
        }
        return cls(**{name: tensor.contiguous().to(device) for name, tensor in tensors.items()})

    def observations(self, shelves: Tensor, pose: Tensor, load: Tensor) -> tuple[Tensor, Tensor]:
        """What agents see, as the package flattens it; and what is told of themselves.

        Args:
            shelves: int64 (R, E, C + 1): what stands in each cell.
            pose: int64 (R, E, A).
            load: int64 (R, E, A): what each agent carries.

        Returns:
            float32 (R, E, A, 71) and (R, E, A, 10).
        """
        key = (pose << 3) + load
        own = functional.embedding(key, self.own_view)  # (R, E, A, 10)
        codes = shelves.scatter_add(-1, pose >> 2, self.shown.take(key))  # (R, E, C + 1)
        near = codes.gather(-1, functional.embedding(pose, self.around).flatten(-2))  # (R, E, A * 9)
        seen = functional.embedding(near, self.cell_view).view(*pose.shape, -1)
        return torch.cat((own[..., :8], seen), dim=-1), own

    def state(self, shelves: Tensor, own: Tensor) -> Tensor:
        """The state, float32 (R, E, A * 10 + P * 2): all agents, (R, E, A, 10), then all places."""
        places = functional.embedding(shelves.index_select(-1, self.places), self.place_view)
        return torch.cat((own.flatten(-2), places.flatten(-2)), dim=-1)

    def distances(self, shelves: Tensor, pose: Tensor) -> Tensor:
        """The shortest of each `Way` from where agents stand, float32 (R, E, A, 3); inf where it leads nowhere."""
        standing = shelves.index_select(-1, self.places).unsqueeze(-2)  # (R, E, 1, P)
        shut = self.shut.take(standing + self.way_offsets).unsqueeze(-3)  # (R, E, 1, 3, P)
        ways = functional.embedding(pose >> 2, self.ways).view(*pose.shape, len(Way), -1)
        return (ways + shut).amin(-1)


def _within(spot: Tensor, height: int, width: int) -> Tensor:
    """Cells, int64 (...), of rows and columns, int64 (..., 2); the number of all cells for what is outside."""
    row, column = spot.unbind(-1)
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    return torch.where(inside, row * width + column, height * width)
