"""The multi-robot warehouse: shelves in their places or on agents, requests, goals."""

from collections.abc import Sequence

from also.services.trainer.tasks.warehouse.tables import REQUESTED, SHELF
from also.services.trainer.tasks.warehouse.task import Warehouse
from also.v1.episode_pb2 import Frame, Ground, Heading, Item, ItemKind, Scene

_HEADINGS = (Heading.HEADING_NORTH, Heading.HEADING_SOUTH, Heading.HEADING_WEST, Heading.HEADING_EAST)
"""By the directions of a pose."""


class HallCamera:
    """Looks at a hall."""

    def __init__(self, task: Warehouse) -> None:
        """Look at a task of one replica."""
        self._task, self._layout = task, task.layout

    def frame(self, lane: int) -> Frame:
        """Shelves that stand, those that are carried, and agents."""
        hall = self._task.state_dict()
        shelves, poses, loads = (hall[name][0, lane].tolist() for name in ("shelves", "pose", "load"))
        items = [
            self._item(ItemKind.ITEM_KIND_SHELF, cell, marked=bool(bits & REQUESTED))
            for cell, bits in enumerate(shelves)
            if bits & SHELF
        ]
        for pose, load in zip(poses, loads, strict=True):
            if load & SHELF:
                shelf = self._item(ItemKind.ITEM_KIND_SHELF, pose >> 2, marked=bool(load & REQUESTED))
                shelf.carried = True
                items.append(shelf)
        for number, pose in enumerate(poses, start=1):
            agent = self._item(ItemKind.ITEM_KIND_AGENT, pose >> 2)
            agent.label, agent.heading = str(number), _HEADINGS[pose & 3]
            items.append(agent)
        return Frame(scene=Scene(items=items))

    def ground(self, scenes: Sequence[Scene]) -> Ground:
        """Places of shelves, and goals."""
        del scenes
        layout = self._layout
        items = [self._item(ItemKind.ITEM_KIND_SHELF_PLACE, cell) for cell in layout.places]
        items += [self._item(ItemKind.ITEM_KIND_GOAL, cell) for cell in layout.goals]
        return Ground(grid=True, width=layout.width, height=layout.height, items=items)

    def _item(self, kind: ItemKind, cell: int, *, marked: bool = False) -> Item:
        row, column = divmod(cell, self._layout.width)
        return Item(kind=kind, x=column + 0.5, y=row + 0.5, marked=marked)
