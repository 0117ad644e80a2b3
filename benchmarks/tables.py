"""Tables of what `benchmarks.turns` measured."""

import statistics
from collections.abc import Sequence

from benchmarks.turns import Turns


def head(*references: str) -> list[str]:
    """Heading of a table whose contenders are compared with `references`, two ratio columns for each."""
    ratios = [f"{name} ÷ it{kind}" for name in references for kind in (", wall", ", per CPU-second")]
    cells = ["contender", "start, s", "env_steps a second", "env_steps a CPU-second", *ratios]
    return [f"| {' | '.join(cells)} |", "|---" * len(cells) + "|"]


def rows(found: Sequence[Turns], *references: str) -> list[str]:
    """A row for each contender, under `head(*references)`; a reference is the name of a contender."""
    by_name = {turns.contender.name: turns for turns in found if turns.measurements}
    return [_row(turns, [by_name.get(name) for name in references]) for turns in found]


def _row(turns: Turns, references: Sequence[Turns | None]) -> str:
    name = turns.contender.name
    if not turns.measurements:
        return f"| {name} | not measured: {turns.missing.replace('|', '/')} |" + " |" * (2 + 2 * len(references))
    cells = [
        name,
        f"{turns.start_seconds:.1f}",
        figure([measurement.wall_rate for measurement in turns.measurements]),
        figure([measurement.cpu_rate for measurement in turns.measurements]),
        *(_ratio(reference, turns, rate) for reference in references for rate in ("wall_rate", "cpu_rate")),
    ]
    return f"| {' | '.join(cells)} |"


def _ratio(reference: Turns | None, turns: Turns, rate: str) -> str:
    if reference is None or reference is turns:
        return ""
    return f"{reference.ratio(turns, rate):.2f}"


def figure(values: Sequence[float]) -> str:
    """Median, with the smallest and the largest, in thousands."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle / 1000:.1f}k ({low / 1000:.1f}–{high / 1000:.1f})"
