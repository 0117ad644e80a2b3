"""A card with evidence, the largest card that there can be, and texts that try to be more than data."""

from pathlib import Path

import pytest
import yaml

from also import document
from also.v1.evidence_pb2 import Distribution, Evidence
from also.v1.task_pb2 import FeatureScope, TaskCard

CARDS = Path(__file__).parent.parent / "cards"
LONGEST = 48
UGLY = -0.000123456
"""A number that takes many characters."""


@pytest.fixture
def foraging() -> TaskCard:
    """Card of two agents, four milestones and twelve features; a fresh copy for each test."""
    return document.read(TaskCard, yaml.safe_load((CARDS / "foraging.yaml").read_text()))


@pytest.fixture(scope="session")
def injections() -> list[str]:
    """Texts that try to be more than data."""
    lines = (CARDS / "injections.txt").read_text(encoding="ascii").splitlines()
    return [line.encode().decode("unicode_escape") for line in lines]


def gather(card: TaskCard, number: float = 0.25) -> Evidence:
    """Evidence in which every number is the given one, but for a return now and then."""
    span = Distribution(mean=number, minimum=0, maximum=1, count=64)
    evidence = Evidence(stage=3, env_steps=1_824_000, success_rate=number, returns=span)
    for point in range(12):
        evidence.curve.add(env_steps=1_700_000 + point * 10_000, mean_return=number)
    for milestone in card.milestones:
        evidence.milestones.add(milestone=milestone.name, reached=number, threshold=milestone.threshold)
    for feature in card.features:
        evidence.features.add(feature=feature.name, mean=number, mean_successful=number, effect_size=number)
    own = [feature for feature in card.features if feature.scope == FeatureScope.FEATURE_SCOPE_AGENT]
    for agent in card.agents:
        evidence.agents.add(agent=agent, contribution=number, idle_rate=number, feature_means=[number] * len(own))
    evidence.optimisation.entropy = number
    return evidence


@pytest.fixture
def evidence(foraging) -> Evidence:
    """Evidence of the foraging card."""
    return gather(foraging)


@pytest.fixture(scope="session")
def largest() -> TaskCard:
    """64 agents, 64 features, 16 milestones, all with the longest names."""
    card = TaskCard(task="largest", agents=[_name("agent", index) for index in range(64)], episode_limit=50)
    for index in range(64):
        card.features.add(name=_name("feature", index), scope=1 + index % 3, minimum=0, maximum=1)
    for index in range(16):
        feature, way = card.features[3 * index].name, card.features[3 * index + 1].name
        card.milestones.add(name=_name("milestone", index), feature=feature, threshold=1, progress_feature=way)
    return card


@pytest.fixture(scope="session")
def largest_evidence(largest) -> Evidence:
    """Evidence of the largest card, with eight terms and the longest numbers."""
    evidence = gather(largest, UGLY)
    for index in range(8):
        evidence.terms.add(term=_name("term", index), firing_rate=UGLY, reward_share=index / 8, mean_reward=UGLY)
    return evidence


def _name(kind: str, index: int) -> str:
    return f"{kind}_{index}_".ljust(LONGEST, "x")
