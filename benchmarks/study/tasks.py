"""The tasks of the study, as data: a campaign file, what is laid over it, a budget, and shaping that a person wrote.

Budgets are env_steps of everything together, main run and branches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.commits import ROOT

Terms = Sequence[Mapping[str, Any]]
"""Terms of a shaping config, as a campaign file has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task, and how every method learns it."""

    name: str
    """Name in the tables: letters, digits and '-'."""
    environment: str
    """Family of tasks that it is one of."""
    file: Path
    """Campaign file with its learner and the lengths of its stages and branches."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What is laid over that file: values by dotted key."""
    budget: int
    """env_steps of a campaign, branches included."""
    expert: Terms
    """Fixed shaping that a person who knows the task wrote."""
    novelty: Terms
    """Fixed count-based novelty."""
    quick: Mapping[str, Any]
    """What `--quick` lays over it, its budget left out."""
    quick_budget: int
    """env_steps of a campaign with `--quick`."""


def approach(feature: str) -> dict[str, Any]:
    """0.5 · exp(-feature / 0.3), the feature as a share of its range, as a potential of the team."""
    return {
        "name": f"approach_{feature}",
        "form": "potential",
        "target": "team",
        "feature": feature,
        "transform": {"kind": "exp", "scale": 0.3},
        "weight": 0.5,
    }


def _rare(feature: str, target: str, cap: float) -> dict[str, Any]:
    """Cap / sqrt(visits of the feature's bin), at most `cap` in an episode, units of task reward."""
    return {
        "name": f"explore_{feature}",
        "form": "novelty",
        "target": target,
        "feature": feature,
        "weight": cap,
        "episode_cap": cap,
        "novelty": {"bins": 16},
    }


def _foraging(layout: str, budget: int) -> Task:
    return Task(
        name=f"foraging-{layout}",
        environment="foraging",
        file=ROOT / "campaigns" / "foraging.yaml",
        settings={"task.layout": layout},
        budget=budget,
        expert=[approach("team_food_distance")],
        novelty=[_rare("nearest_food_distance", "agent", 0.1), _rare("team_food_distance", "team", 0.1)],
        quick={
            "stages.env_steps": 6_400,
            "validation.race_env_steps": 3_200,
            "validation.search_env_steps": 3_200,
            "validation.confirm_env_steps": 3_200,
            "validation.confirm_seeds": 5,
            "generator.candidates": 2,
            "evaluation.report_episodes": 64,
        },
        quick_budget=160_000,
    )


def _suite(
    name: str,
    environment: str,
    *,
    budget: int,
    expert: Terms,
    novelty: Terms,
    quick_budget: int,
    settings: Mapping[str, Any] | None = None,
) -> Task:
    """A task of one of ALSO's suites, learnt as the suite's own campaign file says."""
    return Task(
        name=name,
        environment=environment,
        file=ROOT / "also" / "campaign" / f"{environment}.yaml",
        settings=settings or {},
        budget=budget,
        expert=expert,
        novelty=novelty,
        quick={
            "stages.env_steps": 6_400,
            "validation.race_env_steps": 3_200,
            "validation.search_env_steps": 3_200,
            "validation.confirm_env_steps": 3_200,
            "generator.candidates": 2,
            "evaluation.report_episodes": 16,
        },
        quick_budget=quick_budget,
    )


TASKS = {
    task.name: task
    for task in (
        _foraging("8x8-2p-2f-coop", 4_256_000),
        _foraging("10x10-3p-3f-coop", 8_500_000),
        _foraging("15x15-3p-3f-coop", 6_400_000),
        _foraging("2s-10x10-3p-3f-coop", 6_400_000),
        _foraging("10x10-4p-4f-coop", 6_400_000),
        _suite(
            "warehouse-tiny-2ag",
            "warehouse",
            budget=4_000_000,
            settings={"task.layout": "tiny-2ag"},
            expert=[approach("delivery_distance") | {"target": "agent"}],
            novelty=[_rare("delivery_distance", "agent", 0.2)],
            quick_budget=160_000,
        ),
        _suite(
            "warehouse-tiny-2ag-hard",
            "warehouse",
            budget=4_000_000,
            settings={"task.layout": "tiny-2ag-hard"},
            expert=[approach("delivery_distance") | {"target": "agent"}],
            novelty=[_rare("delivery_distance", "agent", 0.2)],
            quick_budget=160_000,
        ),
        _suite(
            "navigation-spread-3",
            "navigation",
            budget=4_000_000,
            expert=[approach("landmark_distance")],
            novelty=[_rare("nearest_landmark_distance", "agent", 0.2), _rare("landmark_distance", "team", 0.2)],
            quick_budget=80_000,
        ),
        _suite(
            "predator-prey-facmac",
            "predator-prey",
            budget=2_000_000,
            expert=[approach("second_distance")],
            novelty=[_rare("prey_distance", "agent", 0.2), _rare("second_distance", "team", 0.2)],
            quick_budget=80_000,
        ),
        _suite(
            "kitchen-cramped_room",
            "kitchen",
            budget=2_000_000,
            expert=[{**approach("soup_stage"), "transform": {"kind": "identity"}}],
            novelty=[_rare("soup_stage", "team", 0.2)],
            quick_budget=80_000,
        ),
        Task(
            name="spread-sparse",
            environment="spread",
            file=ROOT / "campaigns" / "spread.yaml",
            budget=2_000_000,
            expert=[approach("landmark_distance")],
            novelty=[_rare("nearest_landmark_distance", "agent", 0.2), _rare("landmark_distance", "team", 0.2)],
            quick={
                "stages.env_steps": 1_600,
                "validation.race_env_steps": 800,
                "validation.search_env_steps": 800,
                "validation.confirm_env_steps": 800,
                "generator.candidates": 2,
                "evaluation.report_episodes": 32,
            },
            quick_budget=20_000,
        ),
    )
}
"""All tasks by name."""

QUICK = ("foraging-8x8-2p-2f-coop", "spread-sparse")
"""Tasks of a smoke run: a native one and a PettingZoo one."""
