"""The console that subcommands print tables and lines to."""

import sys

from rich.console import Console

PIPE_WIDTH = 160
"""Columns where standard output is no terminal."""


def console() -> Console:
    """Standard output; what is printed is text, never markup, since some of it comes from users."""
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(markup=False, emoji=False, highlight=False, width=width)
