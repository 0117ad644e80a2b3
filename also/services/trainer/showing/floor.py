"""Overcooked's kitchens: cooks with what they hold, pots, piles, counters and what lies on them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxmarl.environments.overcooked.common import OBJECT_TO_INDEX
from jaxmarl.environments.overcooked.overcooked import POT_EMPTY_STATUS, POT_FULL_STATUS, POT_READY_STATUS
from numpy.typing import NDArray

from also.services.trainer.tasks.jaxmarl import kinds as jaxmarl_kinds
from also.services.trainer.tasks.jaxmarl.layouts import find_layout
from also.services.trainer.tasks.jaxmarl.task import JaxmarlTask
from also.v1.episode_pb2 import Frame, Ground, Heading, Item, ItemKind, Scene

_FIXED = {
    "onion_pile_idx": ItemKind.ITEM_KIND_ONION_PILE,
    "plate_pile_idx": ItemKind.ITEM_KIND_PLATE_PILE,
    "goal_idx": ItemKind.ITEM_KIND_GOAL,
}
"""What stands where JaxMARL's layouts say; pots change, so they are of the scene."""

_THINGS = {
    OBJECT_TO_INDEX["onion"]: ItemKind.ITEM_KIND_ONION,
    OBJECT_TO_INDEX["plate"]: ItemKind.ITEM_KIND_PLATE,
    OBJECT_TO_INDEX["dish"]: ItemKind.ITEM_KIND_SOUP,
}
"""What can be held, or lie on a counter."""

_HEADINGS = (Heading.HEADING_NORTH, Heading.HEADING_SOUTH, Heading.HEADING_EAST, Heading.HEADING_WEST)
"""By JaxMARL's directions."""


class FloorCamera:
    """Looks at a kitchen."""

    def __init__(self, task: JaxmarlTask) -> None:
        """Look at a task of one replica."""
        suite, _, name = task.card.task.partition("/")
        self._task = task
        self._layout: dict[str, Any] = jaxmarl_kinds.make(find_layout(suite, name)).environment.layout
        self._height, self._width = int(self._layout["height"]), int(self._layout["width"])

    def frame(self, lane: int) -> Frame:
        """Pots, what lies on counters, cooks, and what they hold."""
        state = self._task.state_dict()
        parts = ("maze_map", "agent_pos", "agent_dir_idx", "agent_inv", "pot_pos")
        maze, places, headings, held, pots = (state[f"state.{name}"][0, lane].numpy() for name in parts)
        cells = self._without_border(maze)
        items = [_pot(int(x), int(y), int(cells[y, x, 2])) for x, y in pots.tolist()]
        for y, x in np.argwhere(np.isin(cells[..., 0], list(_THINGS))).tolist():
            items.append(_item(_THINGS[int(cells[y, x, 0])], x, y))
        for number, (x, y) in enumerate(places.tolist(), start=1):
            cook = _item(ItemKind.ITEM_KIND_AGENT, x, y)
            cook.label, cook.heading = str(number), _HEADINGS[int(headings[number - 1])]
            items.append(cook)
            if (thing := _THINGS.get(int(held[number - 1]))) is not None:
                carried = _item(thing, x, y)
                carried.carried = True
                items.append(carried)
        return Frame(scene=Scene(items=items))

    def ground(self, scenes: Sequence[Scene]) -> Ground:
        """Counters, piles, and where soups are delivered."""
        del scenes
        items = [self._at(ItemKind.ITEM_KIND_WALL, cell) for cell in np.asarray(self._layout["wall_idx"]).tolist()]
        for name, kind in _FIXED.items():
            items += [self._at(kind, cell) for cell in np.asarray(self._layout[name]).tolist()]
        return Ground(grid=True, width=self._width, height=self._height, items=items)

    def _without_border(self, maze: NDArray[Any]) -> NDArray[Any]:
        """The map (height, width, 3), without the border that JaxMARL adds."""
        border = (maze.shape[0] - self._height) // 2
        return maze[border : border + self._height, border : border + self._width]

    def _at(self, kind: ItemKind, cell: int) -> Item:
        row, column = divmod(cell, self._width)
        return _item(kind, column, row)


def _item(kind: ItemKind, column: int, row: int) -> Item:
    return Item(kind=kind, x=column + 0.5, y=row + 0.5)


def _pot(column: int, row: int, status: int) -> Item:
    """A pot: JaxMARL counts down, first by onions, then while it cooks."""
    pot = _item(ItemKind.ITEM_KIND_POT, column, row)
    onions = POT_EMPTY_STATUS - max(status, POT_FULL_STATUS)
    pot.label = str(onions) if onions else ""
    pot.badge = str(status) if POT_READY_STATUS < status < POT_FULL_STATUS else ""
    pot.marked = status == POT_READY_STATUS
    return pot
