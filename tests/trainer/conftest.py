"""Small real campaigns for the trainer's tests."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from also import algorithms, document, keys, limits, presets
from also.services.trainer import checkpoint, determinism
from also.services.trainer.run import Run
from also.store import Store, open_store
from also.v1 import branch_pb2
from also.v1.campaign_pb2 import Campaign, LearnerSettings
from also.v1.shaping_pb2 import ShapingConfig


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
    """Builds a small campaign; keyword arguments are learner settings, `layout`, `seed` and `task` besides."""

    def make(layout: str = "5x5-2p-1f-coop", seed: int = 7, task: str = "foraging", **learner: Any) -> Campaign:
        small = {"environments": 4, "rollout": 10, "epochs": 2, "minibatches": 2, "hidden": 16}
        campaign = document.read(
            Campaign,
            {
                "task": {"name": task, "layout": layout},
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
def make_q_campaign() -> Callable[..., Campaign]:
    """Builds a small campaign of Q-learning, QMIX by default; keyword arguments are learner settings, those of
    `value_learning` among them, `layout` and `seed` besides."""

    def make(layout: str = "5x5-2p-1f-coop", seed: int = 7, **learner: Any) -> Campaign:
        of_learner = {field.name for field in LearnerSettings.DESCRIPTOR.fields}
        small = {"algorithm": "qmix", "environments": 4, "rollout": 10, "hidden": 16}
        small |= {name: value for name, value in learner.items() if name in of_learner}
        own = {"replay_env_steps": 1000, "batch_episodes": 2, "batches": 2, "epsilon_env_steps": 1000}
        own |= {name: value for name, value in learner.items() if name not in of_learner}
        campaign = document.read(
            Campaign,
            {
                "task": {"name": "foraging", "layout": layout},
                "seed": seed,
                "learner": small | {"value_learning": own},
                "evaluation": {"episodes": 8, "report_episodes": 16, "branch_points": 2},
            },
        )
        algorithms.check_given(campaign.learner)
        presets.resolve(campaign)
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
def every_form() -> ShapingConfig:
    """A term of every form, one with a gate, one with a schedule, and one that its cap cuts."""
    beside = {"target": "agent", "feature": "adjacent_to_food", "weight": 0.02}
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
                    "schedule": {"kind": "linear", "begin": 20, "end": 2000, "floor": 0.1},
                },
                {"name": "beside", "form": "event", "episode_cap": 0.05, "event": {"cooldown": 2}, **beside},
                {"name": "together", "form": "synchrony", "episode_cap": 0.03, "synchrony": {"window": 3}, **beside},
                {
                    "name": "rare",
                    "form": "novelty",
                    "target": "agent",
                    "feature": "nearest_food_distance",
                    "weight": 0.01,
                },
                {
                    "name": "apart",
                    "form": "penalty",
                    "target": "agent",
                    "feature": "nearest_food_distance",
                    "weight": 0.01,
                    "episode_cap": 0.02,
                    "gate": {"feature": "adjacent_to_food", "comparison": "at_most", "value": 0.5},
                },
                {"name": "shared", "form": "credit", "target": "agent", "credit": {"alpha": 0.7}},
            ]
        },
    )


@pytest.fixture
def make_group(potential: ShapingConfig, every_form: ShapingConfig) -> Callable[..., branch_pb2.BranchGroup]:
    """Builds a group of three arms and two seeds from one checkpoint, 24 updates long, stored under its key."""

    def make(campaign: Campaign, store: Store, *, updates: int = 24) -> branch_pb2.BranchGroup:
        run = Run.start(campaign, [ShapingConfig()], [1])
        run.advance()
        start = checkpoint.save(store, "c", campaign, run.task.card, run.snapshots()[0])
        arms = {"control": ShapingConfig(), "r0-c0": potential, "r0-c1": every_form}
        group = branch_pb2.BranchGroup(
            campaign_id="c",
            name="g",
            campaign=campaign,
            pool=branch_pb2.SEED_POOL_CONFIRM,
            env_steps=run.env_steps_per_update * updates,
            branches=[
                branch_pb2.Branch(arm=arm, seed_index=index, seed=100 + index, config=config, checkpoint_id=start)
                for arm, config in arms.items()
                for index in range(2)
            ],
            stage=3,
            round=1,
            step=2,
        )
        run.close()
        store.create_message(keys.branch_group("c", "g"), group)
        return group

    return make


@pytest.fixture
def equal() -> Callable[[dict[str, torch.Tensor], dict[str, torch.Tensor]], None]:
    """Asserts that two states are equal bit for bit."""

    def check(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
        assert first.keys() == second.keys()
        for name, tensor in first.items():
            assert torch.equal(tensor, second[name]), name

    return check
