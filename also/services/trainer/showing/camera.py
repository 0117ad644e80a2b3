"""Who looks at a task: one camera for each kind of state that ALSO draws, and one for environments that render."""

from collections.abc import Sequence
from typing import Protocol

from also.errors import TaskError
from also.services.trainer.showing.field import FieldCamera
from also.services.trainer.showing.hall import HallCamera
from also.services.trainer.showing.pictures import PictureCamera
from also.services.trainer.tasks.foraging.task import Foraging
from also.services.trainer.tasks.jaxmarl.layouts import KITCHEN, NAVIGATION, PREDATOR_PREY
from also.services.trainer.tasks.jaxmarl.task import JaxmarlTask
from also.services.trainer.tasks.parallel.task import ParallelTask
from also.services.trainer.tasks.vector_task import VectorTask
from also.services.trainer.tasks.warehouse.task import Warehouse
from also.v1.episode_pb2 import Frame, Ground, Scene
from also.v1.task_pb2 import TaskCard

_PLANES = (f"{NAVIGATION}/", f"{PREDATOR_PREY}/", "jaxmarl/MPE_simple_spread", "jaxmarl/MPE_simple_facmac")
_KITCHENS = (f"{KITCHEN}/", "jaxmarl/overcooked/")
_OWN = ("foraging/", "warehouse/", *_PLANES, *_KITCHENS)

DRAWABLE = (
    "foraging, warehouse, navigation, predator_prey, kitchen, MPE_simple_spread_v3, MPE_simple_facmac_* and overcooked "
    "of jaxmarl, and PettingZoo environments that render rgb_array"
)
"""What can be drawn, in words."""


class Camera(Protocol):
    """Looks at the environments of one replica."""

    def frame(self, lane: int) -> Frame:
        """The current state of an environment, without its reward.

        Raises:
            TaskError: the environment shows nothing.
        """

    def ground(self, scenes: Sequence[Scene]) -> Ground | None:
        """What stays as it is in an episode of these scenes; None where frames are pictures."""


def check_drawable(card: TaskCard) -> None:
    """Accept a task that can be drawn; whether an environment by import path renders is seen when it is asked.

    Raises:
        TaskError: it cannot.
    """
    if ":" not in card.task and not card.task.startswith(_OWN):
        raise TaskError(f"task {card.task!r} cannot be drawn; what can be is {DRAWABLE}")


def camera_of(task: VectorTask) -> Camera:
    """The camera of a task that `check_drawable` has accepted."""
    match task:
        case Foraging():
            return FieldCamera(task)
        case Warehouse():
            return HallCamera(task)
        case ParallelTask():
            return PictureCamera(task)
        case JaxmarlTask() if task.card.task.startswith(_KITCHENS):
            from also.services.trainer.showing.floor import FloorCamera  # loads JAX

            return FloorCamera(task)
        case JaxmarlTask():
            from also.services.trainer.showing.plane import PlaneCamera  # loads JAX

            return PlaneCamera(task)
        case _:
            raise AssertionError(task)
