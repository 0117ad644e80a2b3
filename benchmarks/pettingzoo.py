"""PettingZoo tasks: what a worker adds to its environment, and whole training beside BenchMARL, in turns.

    python -m benchmarks.pettingzoo [--benchmarl PYTHON] [--repeats 5] [--seconds 2]

`benchmarks/contenders/` says what each of them does. `--benchmarl` is the interpreter of an environment that
`benchmarks/contenders/build_environment.sh` has made; `make bench` makes it.
"""

import argparse
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.commits import ROOT, described
from benchmarks.machine import machine
from benchmarks.tables import head, rows
from benchmarks.turns import Contender, Turns, measure

TASKS = {"plain": "mpe2's simple_spread", "example": "examples/simple_spread.py"}
DEFAULT_WORKERS = 2
BESIDE = "ALSO, 2 workers"


def main() -> None:
    """Measure, print, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmarl", type=Path, default=Path("benchmarl/bin/python"), help="interpreter with it")
    parser.add_argument("--repeats", type=int, default=5, help="turns of each contender")
    parser.add_argument("--seconds", type=float, default=2.0, help="wall time of a turn, at least")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the tables")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    lines = [
        "## What a worker adds",
        "",
        (
            "CPU time of an env_step, µs: the environment's methods called in a loop, and ALSO's worker with all "
            "that it does. The last column is the worker's beyond the environment's own `reset`, `step`, `state` and "
            "`features`."
        ),
        "",
        "| environment | `reset`, `step` | with `state` (and `features`) | worker | beyond |",
        "|---|---|---|---|---|",
    ]
    for task in TASKS:
        found = measure(sides(task), repeats=arguments.repeats, seconds=arguments.seconds)
        lines.append(share(TASKS[task], found))
    print("\n".join(lines), flush=True)
    found = measure(training(arguments.benchmarl), repeats=arguments.repeats, seconds=arguments.seconds)
    versions = {name: version for turns in found for name, version in turns.versions.items() if name != "root"}
    table = ["## Whole training", "", *head(BESIDE), *rows(found, BESIDE)]
    print("\n".join(table), flush=True)
    installed = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    preface = [
        "# PettingZoo tasks",
        "",
        (
            f"`python -m benchmarks.pettingzoo`: {arguments.repeats} turns of {arguments.seconds:g} s each, medians "
            f"(smallest to largest); ratios are medians over turns. ALSO is {described()}. Training is MAPPO with 16 "
            "environments × 50, 2 layers of 64, 4 epochs of 4 minibatches; `benchmarks/contenders/benchmarl_spread.py` "
            "says what BenchMARL does differently."
        ),
        "",
        f"{machine()}, load {load:.2f} at the start, Python {platform.python_version()}, {installed}.",
        "",
    ]
    arguments.output.write_text("\n".join([*preface, *lines, "", *table]) + "\n", encoding="utf-8")


def sides(task: str) -> Sequence[Contender]:
    """The environment alone, with what a worker calls beside, and in a worker."""
    sides = {"alone": ("alone", "step"), "all": ("alone", "all"), "worker": ("worker", "all")}
    return [
        ours(name, "spread_environment.py", "--task", task, "--side", side, "--calls", calls)
        for name, (side, calls) in sides.items()
    ]


def share(name: str, found: Sequence[Turns]) -> str:
    """A row: µs of CPU time an env_step on each side, and what the worker's are beyond the environment's."""
    missing = [turns.missing for turns in found if turns.missing]
    if missing:
        return f"| {name} | not measured: {missing[0].replace('|', '/')} | | | |"
    costs = [statistics.median(1e6 / measured.cpu_rate for measured in turns.measurements) for turns in found]
    beyond = found[1].ratio(found[2], "cpu_rate") - 1
    return f"| {name} | {costs[0]:.0f} | {costs[1]:.0f} | {costs[2]:.0f} | {beyond:.1%} |"


def training(benchmarl: Path) -> Sequence[Contender]:
    """ALSO with one worker and with two, on both environments, and BenchMARL."""
    also = {
        "ALSO, 1 worker": ("spread-16x50", 1),
        BESIDE: ("spread-16x50", DEFAULT_WORKERS),
        "ALSO, 2 workers, examples/simple_spread.py": ("example-16x50", DEFAULT_WORKERS),
    }
    theirs = {"BenchMARL": "spread-16x50", "BenchMARL, its own defaults (45 passes, 2 × 256)": "defaults"}
    return [
        *(
            ours(name, "also_training.py", "--case", case, "--workers", str(workers))
            for name, (case, workers) in also.items()
        ),
        *(
            Contender(
                name=name,
                python=benchmarl,
                script="benchmarl_spread.py",
                arguments=("--case", case),
                folder=ROOT,
                cores=2,
            )
            for name, case in theirs.items()
        ),
    ]


def ours(name: str, script: str, *given: str) -> Contender:
    """A contender of this checkout."""
    return Contender(name=name, python=Path(sys.executable), script=script, arguments=given, folder=ROOT, cores=2)


if __name__ == "__main__":
    main()
