"""How many worker processes the environments of a PettingZoo task are spread over, and whether there is room."""

import os
from collections.abc import Sequence
from pathlib import Path

from also.errors import TaskError
from also.services.trainer import host_memory
from also.v1.task_pb2 import Task

MOST_WORKERS = 1024
"""Workers of one task at most, however much memory there is."""

_MIB = 1 << 20


def worker_count(task: Task, lanes: int) -> int:
    """Workers for so many environments: `workers`, or more where `environments_per_process` asks for them.

    Raises:
        TaskError: that is more than any machine is asked for.
    """
    count = min(task.workers, lanes)
    if task.environments_per_process:
        count = max(count, -(-lanes // task.environments_per_process))
    if count > MOST_WORKERS:
        raise TaskError(f"{_asked(task, lanes, count)}; at most {MOST_WORKERS:,} are started{_REMEDY}")
    return count


def check_room(task: Task, lanes: int, count: int, pids: Sequence[int]) -> None:
    """Refuse more workers than this machine has memory for, going by one that holds an environment already.

    Args:
        task: the task.
        lanes: its environments.
        count: workers.
        pids: process ids of the one, and of the interpreter that it has started, if any.

    Raises:
        TaskError: there is no room for them.
    """
    each, free = sum(map(_resident_bytes, pids)), host_memory.available_bytes()
    if free is not None and each * count > free:
        raise TaskError(
            f"{_asked(task, lanes, count)} of about {each // _MIB:,} MiB each; {free // _MIB:,} MiB are free{_REMEDY}"
        )


_REMEDY = "; lower learner.environments and evaluation.episodes, or raise task.environments_per_process"


def _asked(task: Task, lanes: int, count: int) -> str:
    return (
        f"task {task.name!r}: {lanes:,} environments with task.environments_per_process "
        f"{task.environments_per_process} take {count:,} processes"
    )


def _resident_bytes(pid: int) -> int:
    """Memory of a process; 0 where the system does not say."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
