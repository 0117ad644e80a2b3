"""Into how many minibatches a pass of PPO is best cut, and at what step size.

    python -m benchmarks.minibatches [--seeds 4] [--jobs 2] [--quick] [--output benchmarks/minibatches.md]

Every setting learns every task for as many env_steps, in four passes over each rollout of 64 environments × 50: what
differs is how often the nets are changed, by how much, and from how many samples at once. CPU time is about the same.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean

from benchmarks.learning import cell
from benchmarks.learning.cases import Case
from benchmarks.learning.cell import Cell
from benchmarks.study.tasks import approach

SETTINGS = ((2, 0.001), (4, 0.0005), (16, 0.0005))
"""Minibatches of a pass, and Adam's step size: the presets' until ADR 44, the defaults until then, and the defaults."""

CASES = (
    Case(name="8x8-2p-2f-coop", task={"name": "foraging", "layout": "8x8-2p-2f-coop"}, budget=500_000),
    Case(name="10x10-3p-3f", task={"name": "foraging", "layout": "10x10-3p-3f"}, budget=500_000),
    Case(
        name="10x10-3p-3f-coop, shaped",
        task={"name": "foraging", "layout": "10x10-3p-3f-coop"},
        budget=1_500_000,
        terms=[approach("team_food_distance")],
    ),
    Case(name="warehouse tiny-2ag", task={"name": "warehouse", "layout": "tiny-2ag"}, budget=1_000_000),
)
"""What is learnt: tasks that pay seldom, one of them under the shaping that campaigns begin with."""


def main() -> None:
    """Train, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=4, help="replicas of each cell, seeds from 1 on")
    parser.add_argument("--jobs", type=int, default=2, help="cells at once, a core each")
    parser.add_argument("--quick", action="store_true", help="a fiftieth of the env_steps: a smoke run")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the page")
    arguments = parser.parse_args()
    part = 50 if arguments.quick else 1
    jobs = [
        (replace(case, learner={"minibatches": minibatches, "learning_rate": step_size}), arguments.seeds, part)
        for case in CASES
        for minibatches, step_size in SETTINGS
    ]
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        cells = list(pool.map(_train, jobs))
    text = "\n".join(report(cells)) + "\n"
    print(text)
    arguments.output.write_text(text, encoding="utf-8")


def report(cells: Sequence[Cell]) -> Iterator[str]:
    """The page, line by line, a row for each cell."""
    yield "# Minibatches"
    yield ""
    yield (
        f"`python -m benchmarks.minibatches --seeds {len(cells[0].seeds)}`: MAPPO with 64 environments × 50 and four "
        "passes over each rollout. *Area* is the mean return of 64 episodes over twenty measures on the way, *last* is "
        "the mean of the last, both over the seeds, in units of task reward; in brackets the lowest and the highest "
        "seed's last. Nothing is shaped but where it says so, by 0.5 · exp(-team_food_distance / 0.3)."
    )
    yield ""
    yield f"{cells[0].versions}."
    yield ""
    yield "| task | env_steps a seed | minibatches | step size | area | last | CPU-minutes |"
    yield "|---" * 7 + "|"
    for found in cells:
        learner, last = json.loads(found.learner), found.returns[-1]
        yield (
            f"| {found.case} | {found.env_steps[-1]:,} | {learner['minibatches']} | {learner['learning_rate']:g} "
            f"| {fmean(map(fmean, found.returns)):.3f} | {fmean(last):.3f} ({min(last):.3f} to {max(last):.3f}) "
            f"| {found.seconds / 60:.1f} |"
        )


def _train(job: tuple[Case, int, int]) -> Cell:
    case, count, part = job
    return cell.train(case, "mappo", list(range(1, count + 1)), part=part)


if __name__ == "__main__":
    main()
