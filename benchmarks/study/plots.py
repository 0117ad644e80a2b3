"""The study's curves: the return over everything that was spent, one figure for each task and budget."""

from pathlib import Path

from also.comparing import plots
from also.comparing.plots import Line
from benchmarks.study.groups import Section, labels


def curves(section: Section, path: Path) -> None:
    """Draw each row's curves up to the budget.

    Args:
        section: the runs.
        path: PNG file to write.
    """
    lines = [
        Line(name=name, curves=[run.curve for run in row.runs], finals=row.finals, env_steps=section.budget)
        for name, row in zip(labels(section.rows), section.rows, strict=True)
    ]
    plots.curves(lines, section.budget, section.task, path)
