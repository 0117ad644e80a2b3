"""Arms that go on from one start, each seed under each config, and what they have come to at points on the way.

A start is trained once for each seed. Every arm then goes on from the same state of that seed under the same new
stream, all of them in one batch, so that only the config differs between the arms of a seed.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from also import document, presets, seeds
from also.services.trainer import determinism
from also.services.trainer.evaluation import Evaluator
from also.services.trainer.run import Run, Snapshot
from also.v1.branch_pb2 import SeedPool
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig

TASK = {"name": "foraging", "layout": "10x10-3p-3f-coop"}

LEARNER = {"learning_rate": 0.001, "minibatches": 2}
"""The learner of `campaigns/foraging.yaml` until ADR 44, which these pages were measured with."""

Config = Mapping[str, float]
"""Weight of a potential on each of some features, units of task reward."""

ARMS: Mapping[str, Config] = {
    "team 0.5": {"team_food_distance": 0.5},
    "team 0.25": {"team_food_distance": 0.25},
    "own 0.5": {"nearest_food_distance": 0.5},
    "own 0.25": {"nearest_food_distance": 0.25},
    "both 0.25": {"team_food_distance": 0.25, "nearest_food_distance": 0.25},
    "no shaping": {},
}
"""Policy-invariant configs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What all arms go on from."""

    name: str
    """Its name."""
    control: str
    """Arm under which it is trained, and which nothing changes for."""
    env_steps: int
    """env_steps of its training; whole updates."""
    candidates: tuple[str, ...]
    """All other arms, in a race's order of preference: what the rules propose first comes first."""


STARTS = (
    Start(
        name="silent",
        control="no shaping",
        env_steps=96_000,
        candidates=("team 0.5", "own 0.5", "both 0.25", "own 0.25", "team 0.25"),
    ),
    Start(
        name="way back",
        control="own 0.5",
        env_steps=601_600,
        candidates=("no shaping", "own 0.25", "team 0.5", "both 0.25", "team 0.25"),
    ),
)
"""What the arms go on from. Where the task pays, the way back comes first."""

POINTS = (64_000, 96_000, 128_000, 256_000, 512_000, 768_000, 1_024_000)
"""env_steps after the start at which is looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What one arm of one seed has come to."""

    start: str
    """Name of the start."""
    arm: str
    """Name of the arm."""
    seed: int
    """Seed of the run."""
    env_steps: int
    """env_steps since the start; 0 is the start itself."""
    training_return: float
    """Mean task return of the training episodes that ended since the point before, units of task reward."""
    mean_return: float
    """Mean return of evaluation episodes, units of task reward."""
    milestone_score: float
    """Milestone score of the same episodes. In [0, 1]."""


def read_campaign() -> Campaign:
    """The campaign whose task and learner are used, every default filled in."""
    campaign = document.read(Campaign, {"task": TASK, "learner": LEARNER})
    presets.resolve(campaign)
    return campaign


def train(start: Start, seed_list: Sequence[int], points: Sequence[int]) -> Iterator[Point]:
    """Points of all arms, in the order in which they are reached, from 0 on.

    Args:
        start: what to begin from.
        seed_list: seeds of the runs.
        points: env_steps after the start, rising, in whole updates.
    """
    determinism.prepare()
    campaign = read_campaign()
    snapshots = _begin(campaign, start, seed_list)
    places = [(arm, index) for arm in ARMS for index in range(len(seed_list))]
    run = Run.restore(
        campaign,
        [config(ARMS[arm]) for arm, _ in places],
        [snapshots[index] for _, index in places],
        [seeds.derive(seed_list[index], "horizons", start.name) for _, index in places],
    )
    evaluator = Evaluator(
        campaign,
        replicas=len(places),
        episodes=campaign.evaluation.episodes,
        pool=SeedPool.SEED_POOL_SEARCH,
        device=run.device,
    )
    for point in (0, *points):
        while run.env_steps < start.env_steps + point:
            run.advance()
        returns, episodes = run.collector.take_finished()
        played = evaluator.play(run.learner.policy, run.collector.observations)
        for replica, (arm, index) in enumerate(places):
            measure = played.measure(replica, point)
            yield Point(
                start=start.name,
                arm=arm,
                seed=seed_list[index],
                env_steps=point,
                training_return=(returns[replica] / episodes[replica].clamp(min=1)).item(),
                mean_return=measure.mean_return,
                milestone_score=measure.milestone_score,
            )
    evaluator.close()
    run.close()


def _begin(campaign: Campaign, start: Start, seed_list: Sequence[int]) -> list[Snapshot]:
    """The start's state of each seed."""
    run = Run.start(campaign, [config(ARMS[start.control])] * len(seed_list), seed_list)
    while run.env_steps < start.env_steps:
        run.advance()
    snapshots = run.snapshots()
    run.close()
    return snapshots


def config(weights: Config) -> ShapingConfig:
    """Potentials weight · exp(-distance / 0.3), the team's along its own distance, each agent's along its own."""
    terms = [
        {
            "name": feature,
            "form": "potential",
            "target": "team" if feature.startswith("team") else "agent",
            "feature": feature,
            "weight": weight,
            "transform": {"kind": "exp", "scale": 0.3},
        }
        for feature, weight in weights.items()
    ]
    return document.read(ShapingConfig, {"terms": terms})


def begin_file(path: Path) -> None:
    """An empty table of points."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerow(field.name for field in fields(Point))


def append(path: Path, point: Point) -> None:
    """One more point at a table's end."""
    with path.open("a", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerow(asdict(point).values())


def read(path: Path) -> list[Point]:
    """All points of a table, in its order."""
    with path.open(newline="", encoding="utf-8") as file:
        return [
            Point(
                start=row["start"],
                arm=row["arm"],
                seed=int(row["seed"]),
                env_steps=int(row["env_steps"]),
                training_return=float(row["training_return"]),
                mean_return=float(row["mean_return"]),
                milestone_score=float(row["milestone_score"]),
            )
            for row in csv.DictReader(file)
        ]
