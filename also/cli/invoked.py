"""How a person calls the command again: `also`, or the path of it where a shell would not find it."""

import os
import shlex
import shutil
import sys
from pathlib import Path

NAME = "also"
"""The command."""


def command(*arguments: str) -> str:
    """A command line that a person can copy from the screen.

    Args:
        arguments: what follows the command.
    """
    return shlex.join([_program(), *arguments])


def _program() -> str:
    """`also` where a shell finds it; else its path from the current folder, as under `make run`."""
    called = Path(sys.argv[0]).absolute()
    if shutil.which(NAME) is not None or called.name != NAME:
        return NAME
    path = os.path.relpath(called)
    return str(called) if path.startswith(os.pardir) else path
