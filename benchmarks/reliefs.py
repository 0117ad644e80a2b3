"""How strong shaping should be once it has led to the first rewards.

    python -m benchmarks.reliefs [--seeds 21 22 23] [--jobs 2] [--quick] [--output benchmarks/reliefs.md]

A run trains under the first candidate of the rules, `0.5 * exp(-team_food_distance / 0.3)`. Where its training return
first comes to a level, branches go on from that checkpoint under the same stream: at the whole weight, at a
half, at a quarter, and without. What they come to after as long as a race, and after longer, is told side by side.
"""

import argparse
import platform
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import torch

from also import document, presets, seeds
from also.services.trainer import determinism
from also.services.trainer.run import Run
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from benchmarks.horizon_points import config
from benchmarks.machine import machine

LAYOUTS = ("10x10-3p-3f-coop", "15x15-3p-3f-coop", "2s-10x10-3p-3f-coop")
"""Foraging tasks on which sparse reward alone teaches nothing."""

LEVELS = (0.15, 0.5)
"""Training returns at which the branches begin, shares of the largest return."""

ARMS = {"whole": 0.5, "half": 0.25, "quarter": 0.125, "none": 0.0}
"""Weight of the potential, units of task reward."""

POINTS = (128_000, 256_000, 512_000, 800_000)
"""env_steps of a branch at which its return is told; the first is the length of a frugal race."""

WINDOW, STAGE, LIMIT = 64_000, 96_000, 3_000_000
"""env_steps: of the episodes before a point that count, between two looks at the return, and of a run at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the branches of one seed and level came to."""

    layout: str
    """Layout of the task."""
    seed: int
    """Seed of the run."""
    level: float
    """Level that its training return came to, a share of the largest return."""
    env_steps: int
    """env_steps of the run there."""
    returns: tuple[tuple[float, ...], ...]
    """Mean training return of the window before each point, a tuple of the arms each, units of task reward."""


def main() -> None:
    """Train, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22, 23], help="seeds of the runs")
    parser.add_argument("--jobs", type=int, default=2, help="runs at once, a core each")
    parser.add_argument("--quick", action="store_true", help="a twentieth of all env_steps, from no level on")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the page")
    arguments = parser.parse_args()
    jobs = [(layout, seed, arguments.quick) for layout in LAYOUTS for seed in arguments.seeds]
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
        cases = [case for found in pool.map(_cases, jobs) for case in found]
    text = "\n".join(report(cases, arguments.seeds)) + "\n"
    print(text)
    arguments.output.write_text(text, encoding="utf-8")


def train(layout: str, seed: int, *, levels: Sequence[float] = LEVELS, part: int = 1) -> Iterator[Case]:
    """The cases of one run, in order of level; a level that it does not come to has none.

    Args:
        layout: layout of the task.
        seed: seed of the run, in [0, 2^53).
        levels: rising; of several that are come to at once only the last has a case.
        part: env_steps are divided by this.
    """
    determinism.prepare()
    campaign = document.read(Campaign, {"task": {"name": "foraging", "layout": layout}, "learner": {"device": "cpu"}})
    presets.resolve(campaign)
    run = Run.start(campaign, [_potential(ARMS["whole"])], [seed])
    left = list(levels)
    while left and run.env_steps < LIMIT // part:
        reached = _trained(run, STAGE // part)[0]
        passed = [level for level in left if reached >= level]
        if passed:
            left = left[len(passed) :]
            yield _branched(campaign, run, layout, seed, passed[-1], part)
    run.close()


def report(cases: Sequence[Case], seed_list: Sequence[int]) -> Iterator[str]:
    """The page, line by line."""
    yield "# How strong shaping should be once it has led to the first rewards"
    yield ""
    yield (
        f"`python -m benchmarks.reliefs --seeds {' '.join(map(str, seed_list))}`: `foraging`, the learner's defaults, "
        "under 0.5 · exp(-team_food_distance / 0.3). From where the training return of 96,000 env_steps first came to "
        "a level, branches went on at the whole weight, at a half, at a quarter, and without it. Returns are those of "
        f"the training episodes of the last {WINDOW:,} env_steps."
    )
    yield ""
    yield f"{machine()}, Python {platform.python_version()}, torch {torch.__version__}."
    yield ""
    yield f"| layout | seed | level | at env_steps | {' | '.join(f'after {point:,}' for point in POINTS)} |"
    yield "|---" * (4 + len(POINTS)) + "|"
    for case in cases:
        told = [" / ".join(f"{value:.3f}" for value in arms) for arms in case.returns]
        yield f"| {case.layout} | {case.seed} | {case.level:g} | {case.env_steps:,} | {' | '.join(told)} |"
    yield ""
    yield f"Each cell: {' / '.join(ARMS)}."
    yield ""
    for index, point in enumerate(POINTS):
        for place, arm in enumerate(ARMS):
            gains = [case.returns[index][place] - case.returns[index][0] for case in cases]
            if place and gains:
                better = sum(gain > 0 for gain in gains)
                span = f"{min(gains):+.3f} to {max(gains):+.3f}"
                yield f"- {arm} after {point:,}: above the whole weight in {better} of {len(gains)} cases, by {span}."


def _cases(job: tuple[str, int, bool]) -> list[Case]:
    layout, seed, quick = job
    torch.set_num_threads(1)
    return list(train(layout, seed, levels=[0.0], part=20) if quick else train(layout, seed))


def _branched(campaign: Campaign, run: Run, layout: str, seed: int, level: float, part: int) -> Case:
    """Go on from a run's present state under each arm."""
    snapshot, begin = run.snapshots()[0], run.env_steps
    configs = [_potential(weight) for weight in ARMS.values()]
    stream = seeds.derive(seed, "reliefs", str(level))
    branches = Run.restore(campaign, configs, [snapshot] * len(configs), [stream] * len(configs))
    returns = []
    for point in POINTS:
        _trained(branches, begin + (point - WINDOW) // part - branches.env_steps)
        returns.append(tuple(_trained(branches, WINDOW // part)))
    branches.close()
    return Case(layout=layout, seed=seed, level=level, env_steps=begin, returns=tuple(returns))


def _trained(run: Run, env_steps: int) -> list[float]:
    """Train for so many env_steps, in whole updates; mean return of the episodes that ended, of each replica."""
    end = run.env_steps + env_steps
    while run.env_steps < end:
        run.advance()
    returned, episodes = run.collector.take_finished()
    means: list[float] = (returned / episodes.clamp(min=1)).tolist()
    return means


def _potential(weight: float) -> ShapingConfig:
    return config({"team_food_distance": weight} if weight else {})


if __name__ == "__main__":
    main()
