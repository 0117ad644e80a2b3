"""The four algorithms beside each other: speed, what they keep, and what a team comes to.

    python -m benchmarks.algorithms [--replicas 1 10] [--env-steps 400000] [--seeds 1 2]

Speed is of foraging 10x10-3p-3f-coop under one potential term with the default learner, in env_steps a second of
processor time: one thread trains, and the algorithms take turns, so that what else the machine does counts little.
The return is of 8x8-2p-2f-coop under the same term, mean over seeds of 256 episodes, by the best actions and as in the
end of training.
"""

import argparse
import platform
import time
from pathlib import Path
from statistics import median

import torch

from also import document
from also.campaign import spec
from also.services.trainer import determinism
from also.services.trainer.evaluation import Evaluator
from also.services.trainer.run import Run
from also.v1 import branch_pb2
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from benchmarks.machine import machine

ALGORITHMS = ("mappo", "ippo", "vdn", "qmix")

TURNS = 5
"""Updates that are timed."""

EPISODES = 256
"""Episodes of an evaluation."""


def main() -> None:
    """Measure, print, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicas", type=int, nargs="+", default=[1, 10], help="numbers of replicas")
    parser.add_argument("--env-steps", type=int, default=400_000, help="env_steps of a team that learns")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2], help="seeds of the teams")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the tables")
    arguments = parser.parse_args()
    determinism.prepare()
    lines = [
        "# Algorithms",
        "",
        (
            "`python -m benchmarks.algorithms`: foraging under 0.5 · exp(-team_food_distance / 0.3), default learner "
            "(64 environments × 50, 2 layers of 64; PPO with 16 minibatches). Speed and size on 10x10-3p-3f-coop, "
            f"env_steps a second of processor time; return on 8x8-2p-2f-coop after {arguments.env_steps:,} env_steps, "
            f"mean over seeds {', '.join(map(str, arguments.seeds))} of {EPISODES} episodes each."
        ),
        "",
        f"{machine()}, Python {platform.python_version()}, torch {torch.__version__}.",
        "",
        "| algorithm | "
        + " | ".join(f"R = {replicas}" for replicas in arguments.replicas)
        + " | checkpoint, MiB | return, best actions | return, as in the end of training |",
        "|---" * (4 + len(arguments.replicas)) + "|",
    ]
    speeds = {replicas: speed(replicas) for replicas in arguments.replicas}
    for algorithm in ALGORITHMS:
        cells = [f"{speeds[replicas][algorithm]:,.0f}" for replicas in arguments.replicas]
        greedy, sampled = returns(algorithm, arguments.env_steps, arguments.seeds)
        cells += [f"{size(algorithm):.1f}", f"{greedy:.2f}", f"{sampled:.2f}"]
        lines.append(f"| {algorithm} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    print("\n".join(lines))
    arguments.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


def campaign(algorithm: str, layout: str) -> Campaign:
    """The default learner with an algorithm on a layout."""
    given = {"task": {"name": "foraging", "layout": layout}, "learner": {"algorithm": algorithm, "device": "cpu"}}
    return spec.resolved(document.read(Campaign, given))


def approach() -> ShapingConfig:
    """The potential term."""
    term = {"name": "approach", "form": "potential", "target": "team", "feature": "team_food_distance", "weight": 0.5}
    return document.read(ShapingConfig, {"terms": [term | {"transform": {"kind": "exp", "scale": 0.3}}]})


def speed(replicas: int) -> dict[str, float]:
    """env_steps of all R replicas a second of processor time, by algorithm, median over turns."""
    runs = {
        name: Run.start(campaign(name, "10x10-3p-3f-coop"), [approach()] * replicas, range(replicas))
        for name in ALGORITHMS
    }
    taken: dict[str, list[float]] = {name: [] for name in ALGORITHMS}
    for turn in range(2 + TURNS):  # two to warm up, after which replays have a batch
        for name, run in runs.items():
            began = time.process_time()
            run.advance()
            if turn >= 2:
                taken[name].append(time.process_time() - began)
    return {name: replicas * run.env_steps_per_update / median(taken[name]) for name, run in runs.items()}


def size(algorithm: str) -> float:
    """MiB of a checkpoint's tensors."""
    run = Run.start(campaign(algorithm, "10x10-3p-3f-coop"), [approach()], [1])
    return sum(tensor.nbytes for tensor in run.snapshots()[0].tensors.values()) / 2**20


def returns(algorithm: str, env_steps: int, seeds: list[int]) -> tuple[float, float]:
    """Mean returns of teams that have learnt for so many env_steps: by the best actions, and as in training."""
    given = campaign(algorithm, "8x8-2p-2f-coop")
    run = Run.start(given, [approach()] * len(seeds), seeds)
    while run.env_steps < env_steps:
        run.advance()
    found = []
    for greedy in (True, False):
        given.evaluation.greedy = greedy
        evaluator = Evaluator(given, replicas=len(seeds), episodes=EPISODES, pool=branch_pb2.SEED_POOL_REPORT)
        found.append(evaluator.play(run.learner.policy, run.collector.observations).returns.mean().item())
    return found[0], found[1]


if __name__ == "__main__":
    main()
