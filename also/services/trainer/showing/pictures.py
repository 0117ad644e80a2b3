"""Environments by import path, as their own `render` shows them."""

from collections.abc import Sequence

from also.services.trainer.tasks.parallel.task import ParallelTask
from also.v1.episode_pb2 import Frame, Scene


class PictureCamera:
    """Asks an environment for its picture."""

    def __init__(self, task: ParallelTask) -> None:
        """Look at a task of one replica."""
        self._task = task

    def frame(self, lane: int) -> Frame:
        """A picture; errors as of `ParallelTask.picture`."""
        return Frame(picture=self._task.picture(lane))

    def ground(self, scenes: Sequence[Scene]) -> None:
        """Nothing: it is in the pictures."""
        del scenes
