"""Floors of Overcooked's kitchens: how far it is to walk to each kind of place."""

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

PLACES = {"onion": "onion_pile_idx", "plate": "plate_pile_idx", "pot": "pot_idx", "delivery": "goal_idx"}
"""Kinds of places, and the names of their cells in JaxMARL's layouts."""


def floor_cells(layout: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Cells that a cook may stand on, (height, width)."""
    floor = np.ones(layout["height"] * layout["width"], bool)
    floor[np.asarray(layout["wall_idx"])] = False
    return floor.reshape(layout["height"], layout["width"])


def walking_distances(layout: Mapping[str, Any], place: str) -> NDArray[np.float32]:
    """Cells to walk from each cell until a place of this kind is beside, (height, width).

    Where there is no way, it is the number of cells of the floor, which no way is as long as.

    Args:
        layout: of JaxMARL's.
        place: one of `PLACES`.
    """
    floor = floor_cells(layout)
    height, width = floor.shape
    found = np.full((height, width), float(floor.sum()), np.float32)
    reached: deque[tuple[int, int]] = deque()
    for cell in np.asarray(layout[PLACES[place]]).tolist():
        for row, column in _beside(cell // width, cell % width, floor):
            found[row, column] = 0
            reached.append((row, column))
    while reached:
        row, column = reached.popleft()
        for beside in _beside(row, column, floor):
            if found[beside] > found[row, column] + 1:
                found[beside] = found[row, column] + 1
                reached.append(beside)
    return found


def _beside(row: int, column: int, floor: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Cells of the floor beside a cell."""
    height, width = floor.shape
    near = ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))
    return [(r, c) for r, c in near if 0 <= r < height and 0 <= c < width and floor[r, c]]
