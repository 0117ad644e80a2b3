"""Compact tables: a header row, then one row a line, cells apart by " | ", numbers with 3 significant digits."""

import re
from collections.abc import Iterable, Sequence

from also.llm.quoting import quoted

NOTHING = "-"
"""Cell of what is not there."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_LONGEST_NAME = 48
_PLAIN_FROM, _PLAIN_BELOW = 1e-4, 1e9


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as text, without a line break at its end.

    Args:
        header: names of the columns.
        rows: cells of each row, as many as there are columns.
    """
    return "\n".join(" | ".join(cells) for cells in (header, *rows))


def number(value: float) -> str:
    """A number in few characters: whole numbers exactly, others with 3 significant digits."""
    if isinstance(value, int):
        return str(value)
    rounded = float(f"{value:.3g}")
    if rounded == 0:
        return "0"
    if _PLAIN_FROM <= abs(rounded) < _PLAIN_BELOW:
        return f"{rounded:.10f}".rstrip("0").rstrip(".")
    return f"{value:.3g}"


def interval(mean: float, low: float, high: float) -> str:
    """A mean with its interval, e.g. "0.177 [0.135, 0.219]"."""
    return f"{number(mean)} [{number(low)}, {number(high)}]"


def name(text: str) -> str:
    """A name of a feature, milestone or term as it is, "-" where it is empty, and anything else quoted."""
    if not text:
        return NOTHING
    return text if is_name(text) else quoted(text, _LONGEST_NAME)


def is_name(text: str) -> bool:
    """Whether a text has the form of names, which can hold nothing but a name."""
    return _NAME.fullmatch(text) is not None
