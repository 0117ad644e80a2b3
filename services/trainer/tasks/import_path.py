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


_looked: list[str] = []
"""Where modules are looked for before installed packages, in words."""


def search_in(folders: Sequence[str], beside: str = "") -> None:
    """Look for modules in the current folder first, then beside the campaign file, then among installed packages.

    Args:
        folders: another process's `sys.path`.
        beside: folder of the campaign file; empty where none is known.
    """
    here = str(Path.cwd())
    sys.path[:] = dict.fromkeys([here, *([beside] if beside else []), *(folder for folder in folders if folder)])
    _looked[:] = [f"in the current folder {here}", *([f"beside the campaign file in {beside}"] if beside else [])]


def check_import_path(name: str) -> None:
    """Refuse what does not look like an import path.

    Raises:
        TaskError: it does not.
    """
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
            raise TaskError(
                f"task {name!r}: there is no module {error.name!r} {', '.join(_looked) or 'in the current folder'} or "
                f"among the packages of {sys.executable}"
            ) from None
        raise TaskError(f"task {name!r}: importing {module_name!r} raised {describe_error(error)}") from error
    except (Exception, SystemExit) as error:
        raise TaskError(f"task {name!r}: importing {module_name!r} raised {describe_error(error)}") from error
    function = getattr(module, function_name, None)
    if not callable(function):
        what = "no attribute" if function is None else "no function"
        raise TaskError(f"task {name!r}: module {module_name!r} has {what} {function_name!r}")
    return function  # type: ignore[no-any-return]


def describe_error(error: BaseException) -> str:
    """Type and first line of an exception of user code, short enough for one line."""
    text = str(error).strip().split("\n", 1)[0][:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
