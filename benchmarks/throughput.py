"""env_steps a second: whole training, the environments alone, and the update alone.

    python -m benchmarks.throughput [--repeats 5] [--output benchmarks/throughput.md]

One process with one thread, as ALSO trains. For each number of replicas R the three figures are
taken in turn, repeat after repeat, so that they share the machine's moods; medians are printed with
the smallest and the largest. `update share` is the part of the training time that the update takes.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from also import document, limits
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from benchmarks.machine import machine
from services.trainer import determinism
from services.trainer.run import Run
from services.trainer.streams import mix, uniform

REPLICAS = (1, 10, 30)
LAYOUTS = ("8x8-2p-2f-coop", "10x10-3p-3f-coop")
SEED = 0


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="measurements of each figure")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the table")
    arguments = parser.parse_args()
    determinism.prepare()
    lines = [
        "# Throughput",
        "",
        (
            f"`python -m benchmarks.throughput --repeats {arguments.repeats}`: medians of {arguments.repeats} "
            f"(smallest to largest), one thread, seed {SEED}, default learner (MAPPO, 64 environments, "
            "rollouts of 50, 4 epochs of 4 minibatches, 2 layers of 64), one potential term."
        ),
        "",
        f"{machine()}, Python {platform.python_version()}, torch {torch.__version__}.",
        "",
        "| layout | R | training, env_steps/s | environments alone | update alone | update share |",
        "|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    for layout in LAYOUTS:
        for replicas in REPLICAS:
            line = row(layout, replicas, arguments.repeats)
            lines.append(line)
            print(line, flush=True)
    arguments.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


def row(layout: str, replicas: int, repeats: int) -> str:
    """One line of the table."""
    run = start(layout, replicas)
    run.advance()
    training, environments, update = [], [], []
    for repeat in range(repeats):
        rollout = run.collector.collect(run.learner.policy, mix(run.keys, repeat))
        env_steps = run.env_steps_per_update * replicas
        training.append(env_steps / seconds(lambda: run.advance()))
        environments.append(env_steps / seconds(lambda: step_environments(run, replicas)))
        update.append(env_steps / seconds(lambda: run.learner.update(rollout, run.keys)))  # noqa: B023
    share = statistics.median(training) / statistics.median(update)
    figures = " | ".join(figure(values) for values in (training, environments, update))
    return f"| {layout} | {replicas} | {figures} | {share:.0%} |"


def start(layout: str, replicas: int) -> Run:
    """A run of R replicas under one potential term."""
    campaign = document.read(Campaign, {"task": {"name": "foraging", "layout": layout}})
    limits.fill_defaults(campaign)
    term = {
        "name": "approach",
        "form": "potential",
        "target": "team",
        "feature": "team_food_distance",
        "transform": {"kind": "exp", "scale": 0.3},
        "weight": 0.5,
    }
    config = document.read(ShapingConfig, {"terms": [term]})
    return Run.start(campaign, [config] * replicas, [SEED + replica for replica in range(replicas)])


def step_environments(run: Run, replicas: int) -> None:
    """Step the task as often as a rollout does, under random actions, and look at what agents see."""
    task, settings = run.task, run.campaign.learner
    shape = (replicas, settings.rollout, settings.environments, len(task.card.agents))
    count = settings.rollout * settings.environments * len(task.card.agents)
    draws = uniform(run.keys, count).view(shape)
    actions = (draws * task.card.action_space.size).long()
    for t in range(settings.rollout):
        outcome = task.step(actions[:, t])
        done = outcome.terminated | outcome.truncated
        if bool(done.any()):
            task.restart(done)
        task.view()


def seconds(work: Callable[[], object]) -> float:
    """Wall time of some work."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def figure(values: list[float]) -> str:
    """Median, with the smallest and the largest, in thousands."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle / 1000:.1f}k ({low / 1000:.1f}–{high / 1000:.1f})"


if __name__ == "__main__":
    main()
