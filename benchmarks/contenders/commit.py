"""Modules of ALSO's trainer by their names, in whichever commit is first on PYTHONPATH: they have moved twice."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import also

TRAINER = "also.services.trainer" if (Path(also.__path__[0]) / "services").is_dir() else "services.trainer"
"""The package of the trainer; an installation in place would find `also.services` elsewhere for a commit without."""


def has(name: str) -> bool:
    """Whether the commit has a module of the trainer, e.g. "tasks.warehouse"."""
    package = name.rpartition(".")[0]
    return (not package or has(package)) and find_spec(f"{TRAINER}.{name}") is not None


def trainer(*names: str) -> ModuleType:
    """A module of the trainer, e.g. "run", by the first of its names that the commit has.

    Raises:
        ModuleNotFoundError: the commit has none of that name.
    """
    return import_module(f"{TRAINER}.{next(filter(has, names), names[0])}")
