"""Small real campaigns for the trainer's tests."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from also import document, limits
from also.store import Store, open_store
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from services.trainer import determinism


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Train as the services do: one thread, deterministic kernels."""
    determinism.prepare()


@pytest.fixture
def store() -> Store:
    """An empty store in memory."""
    return open_store("memory:///")


@pytest.fixture
def make_campaign() -> Callable[..., Campaign]:
    """Builds a small campaign; keyword arguments are learner settings, `layout` and `seed` besides."""

    def make(layout: str = "5x5-2p-1f-coop", seed: int = 7, **learner: Any) -> Campaign:
        small = {"environments": 4, "rollout": 10, "epochs": 2, "minibatches": 2, "hidden": 16}
        campaign = document.read(
            Campaign,
            {
                "task": {"name": "foraging", "layout": layout},
                "seed": seed,
                "learner": small | learner,
                "evaluation": {"episodes": 8, "report_episodes": 16, "branch_points": 2},
            },
        )
        limits.fill_defaults(campaign)
        limits.check(campaign)
        return campaign

    return make


@pytest.fixture
def campaign(make_campaign: Callable[..., Campaign]) -> Campaign:
    """A small foraging campaign."""
    return make_campaign()


@pytest.fixture
def potential() -> ShapingConfig:
    """Potential on the team's distance to a common food."""
    return document.read(
        ShapingConfig,
        {
            "terms": [
                {
                    "name": "approach",
                    "form": "potential",
                    "target": "team",
                    "feature": "team_food_distance",
                    "transform": {"kind": "exp", "scale": 0.3},
                    "weight": 0.5,
                }
            ]
        },
    )


@pytest.fixture
def event() -> ShapingConfig:
    """An event for standing beside food, which keeps state over an episode."""
    return document.read(
        ShapingConfig,
        {
            "terms": [
                {
                    "name": "beside",
                    "form": "event",
                    "target": "agent",
                    "feature": "adjacent_to_food",
                    "weight": 0.01,
                    "episode_cap": 0.05,
                },
                {
                    "name": "rare",
                    "form": "novelty",
                    "target": "agent",
                    "feature": "nearest_food_distance",
                    "weight": 0.01,
                },
            ]
        },
    )


@pytest.fixture
def equal() -> Callable[[dict[str, torch.Tensor], dict[str, torch.Tensor]], None]:
    """Asserts that two states are equal bit for bit."""

    def check(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
        assert first.keys() == second.keys()
        for name, tensor in first.items():
            assert torch.equal(tensor, second[name]), name

    return check
