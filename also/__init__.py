"""ALSO: adaptive learning-signal optimisation for cooperative multi-agent reinforcement learning.

`Campaign`, `open` and `Result` are the Python interface (`also/api.py`); they are loaded when they are asked for first.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from also.api import Campaign, Result, open  # noqa: A004  (read as also.open)

__all__ = ["Campaign", "Result", "__version__", "open"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in ("Campaign", "Result", "open"):
        return getattr(import_module("also.api"), name)
    raise AttributeError(f"module 'also' has no attribute {name!r}")
