"""The page and the pictures of what was learnt."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from also.services.trainer.evaluation import mean_interval
from benchmarks.learning.cases import ALGORITHMS, CASES, Case
from benchmarks.learning.cell import EPISODES, Cell, read


def page(folder: Path, pictures: Path) -> list[str]:
    """The lines of the page, of all cells that are there; draws a picture a case.

    Args:
        folder: where the cells are.
        pictures: folder for the PNG files.
    """
    found = {
        case.name: [cell for name in ALGORITHMS if (cell := read(folder, case.name, name))] for case in CASES.values()
    }
    cells = [cell for each in found.values() for cell in each]
    lines = [
        "# What the learner learns",
        "",
        (
            "`python -m benchmarks.learning`: every seed is a replica of one run on one core. Returns are those of "
            f"{EPISODES} episodes on fixed seeds, without shaping; actions are drawn as in training (MAPPO, IPPO) or "
            "are the best ones but for a tenth at random (VDN, QMIX). *Best* is the largest mean over the seeds of any "
            "measure on the way, as Papoudakis 2021 (arXiv 2006.07869) reports, with the 95 % bootstrap interval of "
            "that mean; *last* is the one at the end, with the lowest and the highest seed's."
        ),
        "",
        *[f"- {text}" for text in dict.fromkeys(cell.versions for cell in cells)],
        "",
        "| task | algorithm | seeds | env_steps a seed | best | last | success | CPU-minutes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, each in found.items():
        lines += [_row(CASES[name], cell) for cell in each]
    for name, each in found.items():
        if each:
            picture = pictures / f"{name}.png"
            _draw(CASES[name], each, picture)
            lines += ["", f"## {name}", "", f"![Return over env_steps of {name}]({picture.name})"]
            lines += ["", CASES[name].note] if CASES[name].note else []
    return lines


def _row(case: Case, cell: Cell) -> str:
    returns = np.array(cell.returns)  # (measures, seeds)
    means = returns.mean(axis=1)
    best = int(means.argmax())
    low, high = mean_interval(torch.from_numpy(returns[best]))
    return " | ".join(
        [
            f"| {case.name}",
            cell.algorithm.upper(),
            str(len(cell.seeds)),
            f"{cell.env_steps[-1]:,}",
            f"{means[best]:.3f} [{low:.3f}, {high:.3f}]",
            f"{means[-1]:.3f} ({returns[-1].min():.3f} to {returns[-1].max():.3f})",
            f"{np.mean(cell.success[-1]):.0%}",
            f"{cell.seconds / 60:.0f} |",
        ]
    )


def _draw(case: Case, cells: Sequence[Cell], path: Path) -> None:
    """Mean over the seeds, with a band from the worst to the best of them."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes: Axes = figure.subplots()
    for cell in cells:
        returns = np.array(cell.returns)
        (line,) = axes.plot(
            cell.env_steps, returns.mean(axis=1), label=f"{cell.algorithm.upper()}, n = {len(cell.seeds)}"
        )
        axes.fill_between(cell.env_steps, returns.min(axis=1), returns.max(axis=1), color=line.get_color(), alpha=0.12)
    axes.xaxis.set_major_formatter(EngFormatter())
    axes.set(title=case.name, xlabel="env_steps of each seed", ylabel="return (task reward)")
    axes.legend(loc="upper left", fontsize="small")
    figure.savefig(path, dpi=110)
