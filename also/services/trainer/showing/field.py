"""Level-Based Foraging: agents and foods with their levels on a grid."""

from collections.abc import Sequence

from also.services.trainer.tasks.foraging.tables import LEVEL_BITS, LEVEL_MASK
from also.services.trainer.tasks.foraging.task import LOAD, Foraging
from also.v1.episode_pb2 import Frame, Ground, Item, ItemKind, Scene


class FieldCamera:
    """Looks at a field."""

    def __init__(self, task: Foraging) -> None:
        """Look at a task of one replica."""
        self._task, self._size = task, task.layout.size

    def frame(self, lane: int) -> Frame:
        """Foods that are left, then agents."""
        state = {name: tensor[0, lane].tolist() for name, tensor in self._task.state_dict().items()}
        items = [
            self._item(ItemKind.ITEM_KIND_FOOD, code >> LEVEL_BITS, label=str(code & LEVEL_MASK))
            for code in state["foods"]
            if code >> LEVEL_BITS < self._size**2
        ]
        agents = zip(state["cell"], state["level"], state["action"], strict=True)
        for number, (cell, level, action) in enumerate(agents, start=1):
            agent = self._item(ItemKind.ITEM_KIND_AGENT, cell, label=str(number))
            agent.badge, agent.marked = f"L{level}", action == LOAD
            items.append(agent)
        return Frame(scene=Scene(items=items))

    def ground(self, scenes: Sequence[Scene]) -> Ground:
        """An empty field."""
        del scenes
        return Ground(grid=True, width=self._size, height=self._size)

    def _item(self, kind: ItemKind, cell: int, *, label: str) -> Item:
        row, column = divmod(cell, self._size)
        return Item(kind=kind, x=column + 0.5, y=row + 0.5, label=label)
