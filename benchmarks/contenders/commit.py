"""Modules of ALSO's trainer by their names, in whichever commit is first on PYTHONPATH: they have moved once."""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

TRAINER = "also.services.trainer" if find_spec("also.services") is not None else "services.trainer"
"""The package of the trainer."""


def has(name: str) -> bool:
    """Whether the commit has a module of the trainer, e.g. "tasks.warehouse"."""
    return find_spec(f"{TRAINER}.{name}") is not None


def trainer(name: str) -> ModuleType:
    """A module of the trainer, e.g. "run".

    Raises:
        ModuleNotFoundError: the commit has none of that name.
    """
    return import_module(f"{TRAINER}.{name}")
