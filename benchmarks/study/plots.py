"""The study's curves: the return over everything that was spent, one figure for each task and budget."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from benchmarks.study.curve import at
from benchmarks.study.groups import Section, labels
from benchmarks.study.statistics import iqm

POINTS = 400
"""Points that a curve is drawn with."""


def curves(section: Section, path: Path) -> None:
    """Draw each row's interquartile mean over its runs, with a band from the worst to the best run.

    A dashed line is the budget; dots on it are final returns.

    Args:
        section: the runs.
        path: PNG file to write.
    """
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes: Axes = figure.subplots()
    moments = np.linspace(0, section.budget, POINTS + 1)[1:]
    for name, row in zip(labels(section.rows), section.rows, strict=True):
        values = np.array([[at(run.curve, moment) for run in row.runs] for moment in moments])  # (points, runs)
        (line,) = axes.plot(moments, iqm(values), label=f"{name}, n = {len(row.runs)}")
        axes.plot([section.budget], [iqm(np.array(row.finals))], "o", color=line.get_color(), clip_on=False)
        axes.fill_between(moments, values.min(axis=1), values.max(axis=1), color=line.get_color(), alpha=0.12)
    axes.axvline(section.budget, color="black", linestyle="--", linewidth=1)
    axes.xaxis.set_major_formatter(EngFormatter())
    axes.set(title=section.task, xlabel="env_steps spent, branches included", ylabel="return (task reward)")
    axes.legend(loc="upper left", fontsize="small")
    figure.savefig(path, dpi=120)
