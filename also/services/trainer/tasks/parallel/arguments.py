"""Arguments of a user's function, from a task's scalars to Python's."""

from typing import Any

from also.v1.task_pb2 import Scalar, Task


def plain_arguments(task: Task) -> dict[str, Any]:
    """Keyword arguments of a task's function, by name; numbers without a fraction are whole numbers."""
    return {name: _plain(task.arguments[name]) for name in sorted(task.arguments)}


def _plain(scalar: Scalar) -> float | int | str | bool:
    match scalar.WhichOneof("value"):
        case "number":
            return int(scalar.number) if scalar.number.is_integer() else scalar.number
        case "text":
            return scalar.text
        case _:
            return scalar.flag
