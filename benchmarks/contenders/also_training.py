"""ALSO's trainer: whole training in one process, of the checkout in which this is run.

    PYTHONPATH=. .venv/bin/python benchmarks/contenders/also_training.py --case ippo-64x25 --repeats 5

Cases are curated tasks under one potential term, native ones and JaxMARL's, at the sizes that JaxMARL is measured at,
and PettingZoo tasks, at the sizes that BenchMARL is measured at: mpe2's simple_spread as it is, and that of examples/.
Nothing but `Run.start` and `Run.advance` is used, so that any commit can be measured: put its root first into
PYTHONPATH.
"""

import argparse
import inspect
from pathlib import Path
from typing import Any

import torch
from commit import trainer
from serving import Meter

import also
from also import document, limits
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig

Run: Any = trainer("run").Run

FORAGING = {"name": "foraging", "layout": "10x10-3p-3f-coop"}
APPROACH = {
    "name": "approach",
    "form": "potential",
    "target": "team",
    "feature": "team_food_distance",
    "transform": {"kind": "exp", "scale": 0.3},
    "weight": 0.5,
}
ROUND = APPROACH | {"target": "agent", "feature": "delivery_distance"}


def curated(name: str, layout: str, feature: str, rollout: int, **more: Any) -> dict[str, Any]:
    """A case of a curated task of JaxMARL's, under IPPO with 64 environments, and a term of a feature of the team."""
    task, terms = {"name": name, "layout": layout}, [APPROACH | {"feature": feature}]
    return {"algorithm": "ippo", "environments": 64, "rollout": rollout, "task": task, "terms": terms} | more


SPREAD: dict[str, Any] = {"algorithm": "mappo", "environments": 16, "rollout": 50, "terms": []}
CASES: dict[str, dict[str, Any]] = {
    "ippo-64x25": {"algorithm": "ippo", "environments": 64, "rollout": 25},
    "mappo-64x25": {"algorithm": "mappo", "environments": 64, "rollout": 25},
    "ippo-64x25-r10": {"algorithm": "ippo", "environments": 64, "rollout": 25, "replicas": 10},
    "ippo-64x50-r30": {"algorithm": "ippo", "environments": 64, "rollout": 50, "replicas": 30},
    "ippo-1024x25": {"algorithm": "ippo", "environments": 1024, "rollout": 25},
    **{
        f"warehouse-{layout}-64x50": {
            "algorithm": "ippo",
            "environments": 64,
            "rollout": 50,
            "task": {"name": "warehouse", "layout": layout},
            "terms": [ROUND],
        }
        for layout in ("tiny-2ag", "tiny-4ag", "small-4ag")
    },
    "navigation-64x25": curated("navigation", "spread-3", "landmark_distance", 25),
    "navigation-64x25-r10": curated("navigation", "spread-3", "landmark_distance", 25, replicas=10),
    "predator_prey-64x25": curated("predator_prey", "facmac", "second_distance", 25),
    "kitchen-64x50": curated("kitchen", "cramped_room", "carried_onion_distance", 50),
    "smax-64x50": curated("smax", "3m", "enemy_damage", 50),
    "spread-16x50": SPREAD | {"task": {"name": "mpe2.simple_spread_v3:parallel_env"}},
    "example-16x50": SPREAD | {"task": {"name": "examples.simple_spread:make_env"}},
}


def main() -> None:
    """Warm up, then measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, required=True)
    parser.add_argument(
        "--threads", type=int, default=1, help="threads of the learner, where the commit has the choice"
    )
    parser.add_argument("--workers", type=int, help="processes of a PettingZoo task")
    meter = Meter(parser)
    trainer("determinism").prepare()
    run = start(meter.arguments.case, threads=meter.arguments.threads, workers=meter.arguments.workers)
    meter.versions = {"torch": torch.__version__, "root": str(Path(also.__path__[0]).parent)}
    replicas = CASES[meter.arguments.case].get("replicas", 1)
    processes = getattr(run.task, "_processes", None)
    meter.workers = processes.pids if processes is not None else ()
    run.advance()
    while True:
        run.advance()
        meter.tick(replicas * run.env_steps_per_update)


def start(name: str, *, threads: int, workers: int | None) -> Any:
    """A run of a case, with seeds from 0."""
    case: dict[str, Any] = {"replicas": 1, "task": FORAGING, "terms": [APPROACH]} | CASES[name]
    learner = {name: case[name] for name in ("algorithm", "environments", "rollout")}
    task = case["task"] | ({} if workers is None else {"workers": workers})
    campaign = document.read(Campaign, {"task": task, "learner": learner | {"epochs": 4, "minibatches": 4}})
    limits.fill_defaults(campaign)
    config = document.read(ShapingConfig, {"terms": case["terms"]})
    # A commit whose learner has no notion of threads has one.
    choices: dict[str, Any] = {"threads": threads} if "threads" in inspect.signature(Run.start).parameters else {}
    return Run.start(campaign, [config] * case["replicas"], range(case["replicas"]), **choices)


if __name__ == "__main__":
    main()
