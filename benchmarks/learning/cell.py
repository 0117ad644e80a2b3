"""One cell of the table: an algorithm learns a case, all seeds as replicas of one run, and is measured on the way."""

import json
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

import also
from also import document, presets, seeds
from also.services.trainer import determinism
from also.services.trainer.evaluation import Evaluator
from also.services.trainer.run import Run
from also.v1.branch_pb2 import SeedPool
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from benchmarks.commits import described
from benchmarks.learning.cases import Case
from benchmarks.machine import machine

POINTS = 20
"""Measures along the way, the last one at the end."""

EPISODES = 64
"""Episodes of a measure, the same for every seed and algorithm."""

EVALUATION_SEED = 1
"""Seed of those episodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What an algorithm came to on a case."""

    case: str
    """Name of the case."""
    algorithm: str
    """Name of the algorithm."""
    seeds: list[int]
    """Seeds of the replicas."""
    env_steps: list[int]
    """env_steps of each seed at each measure, ascending."""
    returns: list[list[float]]
    """Mean return of each seed's episodes at each measure, units of task reward: one list a measure."""
    success: list[list[float]]
    """Share of them that reached the task's last milestone, in [0, 1], likewise."""
    seconds: float
    """CPU time of training and measuring, seconds."""
    learner: str
    """The learner's settings, every default filled in, as canonical JSON."""
    versions: str
    """Commit, machine and versions."""

    def write(self, folder: Path) -> None:
        """Write the cell to its file."""
        text = json.dumps(asdict(self), indent=1)
        path(folder, self.case, self.algorithm).write_text(text + "\n", encoding="utf-8")


def path(folder: Path, case: str, algorithm: str) -> Path:
    """Where a cell is kept."""
    return folder / f"{case}-{algorithm}.json"


def read(folder: Path, case: str, algorithm: str) -> Cell | None:
    """A cell that was written; None where it was not."""
    file = path(folder, case, algorithm)
    return Cell(**json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None


def train(case: Case, algorithm: str, given: list[int], *, part: int = 1) -> Cell:
    """Train and measure a cell on this process's core.

    Args:
        case: the case.
        algorithm: one of `cases.ALGORITHMS`.
        given: seeds, one a replica.
        part: the budget is divided by this.
    """
    determinism.prepare()
    torch.set_num_threads(1)
    campaign = document.read(Campaign, {**case.settings(algorithm), "seed": EVALUATION_SEED})
    presets.resolve(campaign)
    config = document.read(ShapingConfig, {"terms": [dict(term) for term in case.terms]})
    began = time.process_time()
    run = Run.start(campaign, [config] * len(given), [seeds.derive(seed, "run") for seed in given])
    evaluator = Evaluator(
        campaign,
        replicas=len(given),
        episodes=EPISODES,
        pool=SeedPool.SEED_POOL_REPORT,
        card=run.task.card,
    )
    updates = max(1, -(-case.budget_of(algorithm) // part // run.env_steps_per_update))
    moments = sorted({max(1, round(updates * (number + 1) / POINTS)) for number in range(POINTS)})
    env_steps, returns, success = [], [], []
    try:
        for update in range(1, updates + 1):
            run.advance()
            if update in moments:
                episodes = evaluator.play(run.learner.policy, run.collector.observations)
                env_steps.append(run.env_steps)
                returns.append(episodes.returns.mean(dim=1).tolist())
                success.append(episodes.reached[:, -1].tolist())
    finally:
        evaluator.close()
        run.close()
    return Cell(
        case=case.name,
        algorithm=algorithm,
        seeds=given,
        env_steps=env_steps,
        returns=returns,
        success=success,
        seconds=time.process_time() - began,
        learner=document.canonical(campaign.learner).decode(),
        versions=f"ALSO {also.__version__} at {described()}, {machine()}, Python {platform.python_version()}, "
        f"torch {torch.__version__}",
    )
