"""What depends only on where entities of Level-Based Foraging stand: tables over cells.

The field is small (at most 361 cells), so moves, distances and neighbourhoods of all cells and of
all pairs of cells are computed once; a look-up is one cheap tensor operation.
"""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from also.services.trainer.tasks.foraging.layout import Layout

LEVEL_BITS = 3
"""A code is a cell, shifted by so many bits, plus a level."""

LEVEL_MASK = 7
"""Takes the level out of a code; levels of agents and foods are at most 6, that of what is gone is 7."""

_STEPS = torch.tensor([[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1], [0, 0]])
"""(row, column) of the actions idle, north, south, west, east, load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Tables of one layout; C cells, A agents, F foods. Cell C, where distances allow it, is "gone"."""

    gone: Tensor
    """int64 (): code of a food that was eaten or never found a cell; larger than all others."""
    entities: Tensor
    """float32 (8 * C + 8, 3): row, column and level of each code; (-1, -1, 0) for `gone`."""
    moves: Tensor
    """int64 (C * 6,): cell that an action leads to; the cell itself at a wall."""
    distances: Tensor
    """float32 (C, C + 1): cells to walk between two cells (Manhattan); inf for "gone"."""
    contacts: Tensor
    """bool (C, C + 1): whether the distance is 1."""
    inner: Tensor
    """bool (C,): whether food may lie there: not at the border."""
    apart: Tensor
    """bool (C, C): whether food may lie in the second cell when there is food in the first."""
    seen_order: Tensor
    """int64 (A * (F + A),): for each agent, foods, then itself, then the others, as places in (F + A)."""
    corner: Tensor
    """float32 (C, 1, 2): row and column of the first cell that is seen from a cell."""
    reach: Tensor
    """float32 (C, F + A, 2): last row and column, counted from the corner, at which an entity is seen."""
    slots: Tensor
    """int64 (F + A): place of a seen entity in the order of what is observed."""
    hidden_slots: Tensor
    """int64 (F + A): place of a hidden one: behind the seen ones of its kind."""

    @classmethod
    def build(cls, layout: Layout, device: torch.device) -> Self:
        """Tables of a layout on a device."""
        size, agents, foods, sight = layout.size, layout.agents, layout.foods, layout.sight
        cells = size * size
        place = torch.stack((torch.arange(cells) // size, torch.arange(cells) % size), dim=-1)  # (C, 2)

        target = place.unsqueeze(1) + _STEPS  # (C, 6, 2)
        on_field = ((target >= 0) & (target < size)).all(-1)
        moves = torch.where(on_field, target[..., 0] * size + target[..., 1], torch.arange(cells).unsqueeze(1))

        offset = (place.unsqueeze(1) - place).abs()  # (C, C, 2)
        walk, near = offset.sum(-1), offset.amax(-1)
        straight = offset.amin(-1) == 0
        distances = torch.cat((walk.to(torch.float32), torch.full((cells, 1), torch.inf)), dim=1)

        code = torch.arange(8 * cells)
        entities = torch.cat((place[code >> LEVEL_BITS], (code & LEVEL_MASK).unsqueeze(-1)), dim=1)
        nothing = torch.tensor([[-1, -1, 0]]).expand(8, 3)

        others = [[agent, *(a for a in range(agents) if a != agent)] for agent in range(agents)]
        order = [[*range(foods), *(foods + a for a in row)] for row in others]

        # A food is seen within `sight` cells. An agent is seen, as the package has it, within a window of
        # 2 * sight + 1 rows and columns that begins at the corner: near row or column 0 that is further.
        ahead = (place.clamp(max=sight) + sight).unsqueeze(1)  # (C, 1, 2)
        window = torch.full((cells, agents, 2), 2 * sight)

        index = torch.arange(foods + agents)
        tensors = {
            "gone": torch.tensor(8 * cells + LEVEL_MASK),
            "entities": torch.cat((entities, nothing)).to(torch.float32),
            "moves": moves.flatten(),
            "distances": distances,
            "contacts": distances == 1,
            "inner": ((place > 0) & (place < size - 1)).all(-1),
            "apart": (near > 1) & ~(straight & (near <= 2)),
            "seen_order": torch.tensor(order).flatten(),
            "corner": (place - sight).clamp(min=0).to(torch.float32).unsqueeze(1),
            "reach": torch.cat((ahead.expand(-1, foods, -1), window), dim=1).to(torch.float32),
            "slots": torch.where(index < foods, index, index + foods),
            "hidden_slots": torch.where(index < foods, index + foods, index + foods + agents),
        }
        return cls(**{name: tensor.contiguous().to(device) for name, tensor in tensors.items()})

    def entity(self, codes: Tensor) -> Tensor:
        """Row, column and level, float32 (..., 3), of each code, int64 (...)."""
        return functional.embedding(codes, self.entities)

    def distance_to(self, cell: Tensor, food_cell: Tensor) -> Tensor:
        """Cells to walk from each cell, (..., A), to each food's, (..., 1, F): float32 (..., A, F)."""
        return self.distances.take(self._pair(cell, food_cell))

    def beside(self, cell: Tensor, food_cell: Tensor) -> Tensor:
        """Whether each cell, (..., A), is beside each food's, (..., 1, F): bool (..., A, F)."""
        return self.contacts.take(self._pair(cell, food_cell))

    def hide(self, seen: Tensor, cell: Tensor) -> Tensor:
        """Observations under limited sight.

        Args:
            seen: float32 (R, E, A, F + A, 3): entities in the order that each agent sees them in.
            cell: int64 (R, E, A): cell of each agent.

        Returns:
            The same, with rows and columns counted from the corner of the agent's window, and what
            it does not see moved behind, as (-1, -1, 0).
        """
        place = seen[..., :2] - self.corner[cell]
        visible = ((place >= 0) & (place <= self.reach[cell])).all(-1)  # what is gone has row -1
        local = torch.cat((place, seen[..., 2:]), dim=-1)
        local = torch.where(visible.unsqueeze(-1), local, self.entities[-1])
        order = torch.where(visible, self.slots, self.hidden_slots).argsort(-1)
        return local.gather(-2, order.unsqueeze(-1).expand_as(local))

    def _pair(self, cell: Tensor, food_cell: Tensor) -> Tensor:
        return torch.add(food_cell, cell.unsqueeze(-1), alpha=self.contacts.shape[1])
