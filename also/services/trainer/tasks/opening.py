"""From the name in a campaign file to a task: a native one, or a PettingZoo environment by import path."""

from copy import deepcopy

import torch

from also import limits
from also.errors import TaskError
from also.services.trainer.tasks.parallel.task import ParallelTask, describe_parallel
from also.services.trainer.tasks.suites import SUITES, suite_of
from also.services.trainer.tasks.vector_task import VectorTask
from also.v1.task_pb2 import Task, TaskCard


def describe(task: Task, card: TaskCard | None = None) -> TaskCard:
    """The card of a task; nothing is left open.

    Args:
        task: the task.
        card: the card that a task which is tried has in its campaign's journal: it is not tried again then. None or an
            empty one where there is none.

    Raises:
        TaskError: there is no such task or layout, or its environment cannot be built or breaks the API.
        ServiceUnavailable: the process that tried the environment died.
    """
    checked = _checked(task)
    if checked.name in SUITES:
        suite = suite_of(checked.name)
        return card if suite.measured and card is not None and card.task else suite.describe(checked.layout)
    return card if card is not None and card.task else describe_parallel(checked)


def open_task(
    task: Task,
    *,
    replicas: int,
    environments: int,
    device: str | torch.device = "cpu",
    card: TaskCard | None = None,
    renders: bool = False,
) -> VectorTask:
    """Open a task; its owner closes it.

    Args:
        task: the task.
        replicas: R.
        environments: E, environments of each replica.
        device: device of all tensors that it returns.
        card: as of `describe`; an environment that does not fit it is refused.
        renders: whether environments by import path are asked for pictures (`ParallelTask.picture`).

    Raises:
        TaskError: there is no such task or layout, or its environment cannot be built, breaks the API or does not fit
            the card.
        ServiceUnavailable: a worker process died.
    """
    checked = _checked(task)
    known = card if card is not None and card.task else None
    if checked.name in SUITES:
        suite = suite_of(checked.name)
        measured = {"card": known} if suite.measured else {}
        return suite.open(checked.layout, replicas=replicas, environments=environments, device=device, **measured)
    return ParallelTask(
        checked, replicas=replicas, environments=environments, device=device, card=known, renders=renders
    )


def _checked(given: Task) -> Task:
    """The task with its defaults, once its fields go together."""
    task = deepcopy(given)
    limits.fill_defaults(task)
    if ":" in task.name:
        if task.layout:
            raise TaskError(f"task {task.name!r} has layout {task.layout!r}; only native tasks have layouts")
    elif task.name not in SUITES:
        raise TaskError(
            f"there is no task {task.name!r}; there are {', '.join(SUITES)}, and import paths such as "
            "'my_package.my_module:make_env'"
        )
    elif task.arguments:
        names = ", ".join(sorted(task.arguments))
        raise TaskError(f"task {task.name!r} has arguments ({names}); only import-path tasks have arguments")
    else:
        foreign = [name for name in ("python", "unseeded", "environments_per_process") if getattr(task, name)]
        if foreign:
            value = getattr(task, foreign[0])
            raise TaskError(f"task {task.name!r} has {foreign[0]} {value!r}; only import-path tasks have it")
    return task
