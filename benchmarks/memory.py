"""Memory of a process that trains R replicas of the default learner: resident at most, and a replica's share.

    python -m benchmarks.memory [--replicas 1 30 100]

A fresh process for each R (`--measure R` is such a one), foraging 10x10-3p-3f-coop under one potential term, MAPPO,
64 environments × 50, three updates and an evaluation of 64 episodes, as a branch group has it. What PyTorch takes
before anything is trained is told apart: its build for CUDA maps libraries that a build for the CPU does not have.
"""

import argparse
import platform
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from also import document, limits
from also.services.trainer import determinism
from also.services.trainer.evaluation import Evaluator
from also.services.trainer.run import Run
from also.v1 import branch_pb2
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from benchmarks.machine import machine

_MIB = 1024
"""KiB of a MiB, as `getrusage` counts on Linux."""


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicas", type=int, nargs="+", default=[1, 10, 30, 100], help="numbers of replicas")
    parser.add_argument("--measure", type=int, metavar="R", help="measure R in this process, and print two numbers")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the table")
    arguments = parser.parse_args()
    if arguments.measure is not None:
        before = peak()
        train(arguments.measure)
        print(before, peak())
        return
    command = [sys.executable, "-m", "benchmarks.memory", "--measure"]
    found = {}
    for replicas in arguments.replicas:
        told = subprocess.run([*command, str(replicas)], check=True, stdout=subprocess.PIPE, text=True).stdout
        found[replicas] = [int(number) for number in told.split()]
    lines = [
        "# Memory",
        "",
        (
            "`python -m benchmarks.memory`: resident memory at most of a process that trains R replicas (default "
            "learner: MAPPO, 64 environments × 50, 4 epochs of 16 minibatches, 2 layers of 64), with an evaluation; "
            "MiB."
        ),
        "",
        f"{machine()}, Python {platform.python_version()}, torch {torch.__version__}.",
        "",
        "| R | with PyTorch and our modules loaded | at most | training's own | a replica's share |",
        "|---|---|---|---|---|",
    ]
    for replicas, (before, after) in found.items():
        own = after - before
        lines.append(f"| {replicas} | {before} | {after} | {own} | {own / replicas:.1f} |")
    print("\n".join(lines))
    arguments.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


def train(replicas: int) -> None:
    """Train and evaluate R replicas."""
    determinism.prepare()
    campaign = document.read(Campaign, {"task": {"name": "foraging", "layout": "10x10-3p-3f-coop"}})
    limits.fill_defaults(campaign)
    term = {"name": "approach", "form": "potential", "target": "team", "feature": "team_food_distance", "weight": 0.5}
    config = document.read(ShapingConfig, {"terms": [term]})
    run = Run.start(campaign, [config] * replicas, range(replicas))
    episodes, pool = campaign.evaluation.episodes, branch_pb2.SEED_POOL_SEARCH
    evaluator = Evaluator(campaign, replicas=replicas, episodes=episodes, pool=pool)
    work: list[Callable[[], object]] = [run.advance] * 3
    work += [lambda: evaluator.play(run.learner.policy, run.collector.observations)]
    for each in work:
        each()


def peak() -> int:
    """Largest resident memory of this process so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _MIB


if __name__ == "__main__":
    main()
