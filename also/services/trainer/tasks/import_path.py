"""Import paths of user code, "package.module:function", and the one place that touches `sys.path`.

What can go wrong while a stranger's module is imported is the user's to mend, so each way has its
own sentence.
"""

import importlib
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from also.errors import TaskError

_IMPORT_PATH = re.compile(r"(?P<module>[A-Za-z_]\w*(\.[A-Za-z_]\w*)*):(?P<function>[A-Za-z_]\w*)")


_folders: list[str] = []
"""Folders that are searched before installed packages: the current one, and that of the campaign file."""


def search_in(folders: Sequence[str], beside: str = "") -> None:
    """Look for modules in the current folder first, then beside the campaign file, then among installed packages.

    Args:
        folders: another process's `sys.path`.
        beside: folder of the campaign file; empty where none is known.
    """
    here = str(Path.cwd())
    _folders[:] = dict.fromkeys([here, *([beside] if beside else [])])
    sys.path[:] = dict.fromkeys([*_folders, *(folder for folder in folders if folder)])


def check_import_path(name: str) -> None:
    """Refuse what does not look like an import path.

    Raises:
        TaskError: it does not.
    """
    module, _, function = name.partition(":")
    if module.endswith(".py"):
        plain = module.removesuffix(".py").replace("/", ".")
        raise TaskError(f"task {name!r} names a file; its module is expected, without .py: '{plain}:{function}'")
    if not _IMPORT_PATH.fullmatch(name):
        raise TaskError(f"task {name!r} is not an import path; 'package.module:function' is expected")


def resolve(name: str) -> Callable[..., Any]:
    """The function that an import path names.

    Raises:
        TaskError: the module is missing or raises, or has no such function.
    """
    check_import_path(name)
    module_name, function_name = name.split(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module_name}.".startswith(f"{error.name}."):
            raise missing_module(name, error.name, sys.executable) from None
        raise TaskError(f"task {name!r}: importing {module_name!r} raised {describe_error(error)}") from error
    except (Exception, SystemExit) as error:
        raise TaskError(f"task {name!r}: importing {module_name!r} raised {describe_error(error)}") from error
    function = getattr(module, function_name, None)
    if not callable(function):
        raise missing_name(name, module_name, function_name, "attribute" if function is None else "function")
    return function  # type: ignore[no-any-return]


def folders_searched() -> list[str]:
    """Folders that are searched before installed packages."""
    return list(_folders)


def missing_module(name: str, module: str, python: str) -> TaskError:
    """The error of a task whose module is nowhere: which one, and where it was looked for, with which interpreter."""
    beside = [f"in the current folder {_folders[0]}"] if _folders else ["in the current folder"]
    beside += [f"beside the campaign file in {folder}" for folder in _folders[1:]]
    return TaskError(
        f"task {name!r}: there is no module {module!r} {', '.join(beside)} or among the packages of {python}"
    )


def missing_name(name: str, module: str, function: str, what: str) -> TaskError:
    """The error of a task whose module has no such attribute, or no function of that name."""
    return TaskError(f"task {name!r}: module {module!r} has no {what} {function!r}")


def describe_error(error: BaseException) -> str:
    """Type and first line of an exception of user code, short enough for one line."""
    text = str(error).strip().split("\n", 1)[0][:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
