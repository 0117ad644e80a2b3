"""Curves of several groups of runs over everything that was spent, one figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from also.comparing.curve import Segment, at
from also.comparing.statistics import iqm

POINTS = 400
"""Points that a curve is drawn with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One group of runs."""

    name: str
    """What it is called."""
    curves: Sequence[Sequence[Segment]]
    """A curve for each run, without gaps, at least up to `env_steps`; at least one."""
    env_steps: int
    """Where its curve is to end, and its final return is drawn; above 0."""
    finals: Sequence[float]
    """Final return of each run, units of task reward."""


def curves(lines: Sequence[Line], env_steps: int, title: str, path: Path) -> None:
    """Draw each group's interquartile mean over its runs, with a band from the worst to the best run.

    A dot at the end of each is its final return.

    Args:
        lines: the groups.
        env_steps: where a dashed line is drawn: what campaigns may spend, or up to where their areas go.
        title: what it is a figure of.
        path: PNG file to write.
    """
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes: Axes = figure.subplots()
    for line in lines:
        moments = np.linspace(0, line.env_steps, POINTS + 1)[1:]
        values = np.array([[at(curve, moment) for curve in line.curves] for moment in moments])  # (points, runs)
        (drawn,) = axes.plot(moments, iqm(values), label=f"{line.name}, n = {len(line.curves)}")
        axes.plot([line.env_steps], [iqm(np.array(line.finals))], "o", color=drawn.get_color(), clip_on=False)
        axes.fill_between(moments, values.min(axis=1), values.max(axis=1), color=drawn.get_color(), alpha=0.12)
    axes.axvline(env_steps, color="black", linestyle="--", linewidth=1)
    axes.xaxis.set_major_formatter(EngFormatter())
    axes.set(title=title, xlabel="env_steps spent, branches included", ylabel="return (task reward)")
    axes.legend(loc="upper left", fontsize="small")
    figure.savefig(path, dpi=120)
