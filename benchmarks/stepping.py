"""env_steps a second of the native tasks and of the packages that they equal, one after the other in one run.

    python -m benchmarks.stepping [--seconds 2] [--repeats 5]

Then what stepping and features take of whole training, by the parts of `benchmarks/contenders/also_parts.py`.

Random actions, one thread. A package steps one environment at a time and gives observations with each step; so ours is
timed as stepping alone, and as stepping with observations and global state (`view`). Episodes end in both as they do.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from itertools import count
from pathlib import Path

import gymnasium
import lbforaging  # noqa: F401  (registers the package's environments)
import rware  # noqa: F401  (likewise)
import torch

from also.services.trainer.streams import mix
from also.services.trainer.tasks.opening import open_task
from also.services.trainer.tasks.vector_task import VectorTask
from also.v1.task_pb2 import Task
from benchmarks.commits import ROOT, described
from benchmarks.machine import machine
from benchmarks.parts import measured

CASES = {
    ("foraging", "10x10-3p-3f-coop"): "Foraging-10x10-3p-3f-coop-v3",
    ("warehouse", "tiny-2ag"): "rware-tiny-2ag-v2",
    ("warehouse", "tiny-4ag"): "rware-tiny-4ag-v2",
    ("warehouse", "small-4ag"): "rware-small-4ag-v2",
    ("warehouse", "large-8ag"): "rware-large-8ag-v2",
}
"""Name in the package of each of our tasks."""

TRAINED = {
    "ippo-64x25": "foraging/10x10-3p-3f-coop, 64 × 25",
    "warehouse-tiny-2ag-64x50": "warehouse/tiny-2ag, 64 × 50",
    "warehouse-tiny-4ag-64x50": "warehouse/tiny-4ag, 64 × 50",
    "warehouse-small-4ag-64x50": "warehouse/small-4ag, 64 × 50",
    "navigation-64x25": "navigation/spread-3, 64 × 25",
    "predator_prey-64x25": "predator_prey/facmac, 64 × 25",
    "kitchen-64x50": "kitchen/cramped_room, 64 × 50",
    "smax-64x50": "smax/3m, 64 × 50",
}
"""Cases of training whose parts are measured: curated tasks, R = 1, 64 environments, one potential term."""

SIZES = ((1, 64), (1, 1024), (30, 64))
"""(R, E) that ours is measured at."""

_SEED = 5
_ACTIONS = 64
"""Joint actions that are drawn before the clock runs, and used in turn."""


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="processor time of a repeat, at least")
    parser.add_argument("--repeats", type=int, default=5, help="medians are over so many")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the table")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    torch.set_num_threads(1)
    sizes = [f"R = {replicas}, E = {environments:,}" for replicas, environments in SIZES]
    lines = [
        "# Stepping",
        "",
        (
            "`python -m benchmarks.stepping`: env_steps a second of processor time, which other work changes little, "
            f"under random actions (seed {_SEED}): medians of {arguments.repeats} repeats of {arguments.seconds:g} s, "
            "one thread. In each cell of ours: stepping, how many times the package's speed that is, and the same with "
            "observations and state."
        ),
        "",
        (
            f"{machine()}, load {load:.2f} at the start, Python {platform.python_version()}, torch "
            f"{torch.__version__}, lbforaging {version('lbforaging')}, rware {version('rware')}, jax {version('jax')}, "
            f"jaxmarl {version('jaxmarl')}. Ours is {described()}."
        ),
        "",
        f"| task | package | {' | '.join(sizes)} |",
        f"|---|---|{'---|' * len(sizes)}",
    ]
    for (name, layout), package in CASES.items():
        theirs = _median(_of_package(package), arguments.repeats, arguments.seconds)
        cells = []
        for replicas, environments in SIZES:
            task = open_task(Task(name=name, layout=layout), replicas=replicas, environments=environments)
            alone, seen = (
                _median(_of_ours(task, replicas, environments, view=view), arguments.repeats, arguments.seconds)
                for view in (False, True)
            )
            cells.append(f"{alone:,.0f} ({alone / theirs:,.0f}×), {seen:,.0f} ({seen / theirs:,.0f}×)")
        lines.append(f"| {name}/{layout} | {theirs:,.0f} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    lines += [
        "",
        "Of whole training (IPPO, R = 1, 64 environments, one potential term), µs of one processor an env_step:",
        "",
        "| task | all | environment | features | both, share |",
        "|---|---|---|---|---|",
    ]
    for case, name in TRAINED.items():
        found = measured(ROOT, case, arguments.repeats)
        spent = [found["parts"][part]["microseconds"] for part in ("environment", "features")]
        share = sum(spent) / found["microseconds"]
        lines.append(f"| {name} | {found['microseconds']:.1f} | {spent[0]:.1f} | {spent[1]:.1f} | {share:.0%} |")
    print("\n".join(lines))
    arguments.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _median(step: Callable[[int], int], repeats: int, seconds: float) -> float:
    """Median env_steps a second of the processor; `step` makes step n and returns how many env_steps that was."""
    rates = []
    for _ in range(repeats):
        begin, done = time.thread_time(), 0
        for number in count():
            done += step(number)
            if (passed := time.thread_time() - begin) >= seconds:
                break
        rates.append(done / passed)
    return statistics.median(rates)


def _of_package(name: str) -> Callable[[int], int]:
    env = gymnasium.make(name, disable_env_checker=True).unwrapped
    env.reset(seed=_SEED)
    env.action_space.seed(_SEED)
    actions = [env.action_space.sample() for _ in range(_ACTIONS)]

    def step(number: int) -> int:
        _, _, terminated, truncated, _ = env.step(actions[number % _ACTIONS])
        if terminated or truncated:
            env.reset()
        return 1

    return step


def _of_ours(task: VectorTask, replicas: int, environments: int, *, view: bool) -> Callable[[int], int]:
    task.reset(mix(torch.arange(replicas * environments).view(replicas, environments), _SEED))
    shape = (_ACTIONS, replicas, environments, len(task.card.agents))
    generator = torch.Generator().manual_seed(_SEED)
    actions = torch.randint(0, task.card.action_space.size, shape, generator=generator)

    def step(number: int) -> int:
        with torch.inference_mode():
            outcome = task.step(actions[number % _ACTIONS])
            task.restart(outcome.terminated | outcome.truncated)
            if view:
                task.view()
        return replicas * environments

    return step


if __name__ == "__main__":
    main()
