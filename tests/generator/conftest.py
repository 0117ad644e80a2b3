"""Requests as a campaign would make them."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from also import document
from also.v1 import diagnosis_pb2 as pb
from also.v1 import shaping_pb2 as shaping
from also.v1.diagnosis_pb2 import Finding
from also.v1.generator_pb2 import ProposeRequest
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import TaskCard

CARDS = Path(__file__).parent.parent / "cards"


@pytest.fixture(scope="session")
def foraging() -> TaskCard:
    """Card with directions and a funnel of milestones."""
    return document.read(TaskCard, yaml.safe_load((CARDS / "foraging.yaml").read_text()))


@pytest.fixture(scope="session")
def unnamed() -> TaskCard:
    """Card of numbered observations, without directions."""
    return document.read(TaskCard, yaml.safe_load((CARDS / "unnamed.yaml").read_text()))


@pytest.fixture
def incumbent() -> ShapingConfig:
    """A potential and an event on foraging."""
    config = ShapingConfig()
    config.terms.add(
        name="approach_food",
        form=shaping.SHAPING_FORM_POTENTIAL,
        target=shaping.TARGET_KIND_TEAM,
        feature="team_food_distance",
        weight=0.5,
        transform=shaping.Transform(kind=shaping.TRANSFORM_KIND_EXP, scale=0.3),
    )
    config.terms.add(
        name="load_bonus",
        form=shaping.SHAPING_FORM_EVENT,
        target=shaping.TARGET_KIND_TEAM,
        feature="joint_loading",
        weight=0.1,
        episode_cap=0.1,
    )
    return config


@pytest.fixture(scope="session")
def ask() -> Callable[..., ProposeRequest]:
    """Builds a request for candidates."""

    def build(
        card: TaskCard,
        *findings: Finding,
        incumbent: ShapingConfig | None = None,
        candidates: int = 4,
        backend: int = 0,
        stage: int = 0,
        round_: int = 0,
        seed: int = 7,
        effect_sizes: dict[str, float] | None = None,
        phase: int = pb.LEARNING_PHASE_PLATEAU,
    ) -> ProposeRequest:
        request = ProposeRequest(
            campaign_id="test",
            seed=seed,
            stage=stage,
            round=round_,
            card=card,
            incumbent=incumbent,
            diagnosis=pb.Diagnosis(phase=phase, findings=findings),
            stage_env_steps=200_000,
        )
        request.settings.candidates = candidates
        if backend:
            request.settings.backend = backend
        for feature in card.features:
            request.evidence.features.add(feature=feature.name, effect_size=(effect_sizes or {}).get(feature.name, 0.0))
        return request

    return build


@pytest.fixture(scope="session")
def find() -> Callable[..., Finding]:
    """Builds a finding that asks for a remedy."""

    def build(remedy: int, *, mode: int = pb.FAILURE_MODE_COORDINATION, **about: str) -> Finding:
        return Finding(
            mode=mode,
            severity=0.8,
            confidence=0.8,
            remedy=remedy,
            citations=[pb.Citation(item="returns.mean", value=0)],
            **about,
        )

    return build
