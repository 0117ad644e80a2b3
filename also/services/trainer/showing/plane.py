"""Particle environments of JaxMARL: agents, preys, landmarks and obstacles as circles in a plane."""

from collections.abc import Sequence

from also.services.trainer.tasks.jaxmarl import kinds as jaxmarl_kinds
from also.services.trainer.tasks.jaxmarl.layouts import NAVIGATION, find_layout
from also.services.trainer.tasks.jaxmarl.task import JaxmarlTask
from also.services.trainer.tasks.navigation import RADIUS
from also.v1.episode_pb2 import Frame, Ground, Item, ItemKind, Scene

_LEAST = 1.1
"""Half the width of the smallest view; episodes begin in a square 2 wide."""


class PlaneCamera:
    """Looks at a plane."""

    def __init__(self, task: JaxmarlTask) -> None:
        """Look at a task of one replica."""
        suite, _, name = task.card.task.partition("/")
        environment = jaxmarl_kinds.make(find_layout(suite, name)).environment
        self._task = task
        self._agents = len(task.card.agents)
        self._bodies = int(environment.num_agents)  # preys are JaxMARL's agents, too
        self._radii = [float(radius) for radius in environment.rad]
        self._covered = RADIUS if suite == NAVIGATION else 0.0
        self._has_preys = self._bodies > self._agents

    def frame(self, lane: int) -> Frame:
        """Landmarks or obstacles, then preys, then agents; coordinates are the task's own, with y upwards."""
        places = self._task.state_dict()["state.p_pos"][0, lane].tolist()
        agents = places[: self._agents]
        items = []
        for place, radius in list(zip(places, self._radii, strict=True))[self._bodies :]:
            kind = ItemKind.ITEM_KIND_OBSTACLE if self._has_preys else ItemKind.ITEM_KIND_LANDMARK
            item = _item(kind, place, self._covered or radius)
            reach = self._covered or radius
            item.marked = not self._has_preys and any(_distance(place, agent) < reach for agent in agents)
            items.append(item)
        for index in range(self._agents, self._bodies):
            items.append(_item(ItemKind.ITEM_KIND_PREY, places[index], self._radii[index]))
        for index, place in enumerate(agents):
            item = _item(ItemKind.ITEM_KIND_AGENT, place, self._radii[index])
            item.label = str(index + 1)
            items.append(item)
        return Frame(scene=Scene(items=items))

    def ground(self, scenes: Sequence[Scene]) -> Ground:
        """A square around the middle that holds all of an episode; its scenes are moved into it."""
        reach = [abs(at) + item.radius for scene in scenes for item in scene.items for at in (item.x, item.y)]
        half = max(_LEAST, *reach)
        for scene in scenes:
            for item in scene.items:
                item.x, item.y = half + item.x, half - item.y
        return Ground(width=2 * half, height=2 * half)


def _item(kind: ItemKind, place: Sequence[float], radius: float) -> Item:
    return Item(kind=kind, x=place[0], y=place[1], radius=radius)


def _distance(first: Sequence[float], second: Sequence[float]) -> float:
    return float(((first[0] - second[0]) ** 2 + (first[1] - second[1]) ** 2) ** 0.5)
