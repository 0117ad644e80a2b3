"""From a task in a campaign file to an environment: the function that it names, called with its arguments."""

from also.services.trainer.tasks.foreign.environment import resolve_foreign
from also.services.trainer.tasks.import_path import resolve
from also.services.trainer.tasks.parallel.arguments import plain_arguments
from also.services.trainer.tasks.parallel.environment import ParallelEnvironment
from also.services.trainer.tasks.parallel.picture import RGB_ARRAY, takes_render_mode
from also.v1 import task_pb2
from also.v1.task_pb2 import Seeding, Task


def open_environment(
    task: Task, seeding: Seeding = task_pb2.SEEDING_UNSPECIFIED, *, renders: bool = False
) -> ParallelEnvironment:
    """Import a task's function and build its environment.

    Args:
        task: the task.
        seeding: what its environments need for an episode to be decided by its seed.
        renders: whether its function is asked for an environment that can be rendered, if it takes that wish.

    Raises:
        TaskError: the function cannot be found, raises, or returns something else.
    """
    function = resolve_foreign(task) if task.python else resolve(task.name)
    arguments = plain_arguments(task)
    if renders and not task.python and takes_render_mode(function):
        arguments.setdefault("render_mode", RGB_ARRAY)
    return ParallelEnvironment(task.name, function, arguments, seeding)
