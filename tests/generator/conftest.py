"""Requests as a campaign would make them."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
import yaml
from hypothesis import strategies as st

from also import document, settings
from also.errors import ShapingError
from also.llm.asker import Asker
from also.llm.question import Choice, Reply
from also.services.generator import service
from also.services.generator.configs import fit_caps
from also.services.generator.controls.sampling import draw_term
from also.shaping.rules import check_config
from also.v1 import diagnosis_pb2 as pb
from also.v1 import shaping_pb2 as shaping
from also.v1.diagnosis_pb2 import Finding
from also.v1.generator_pb2 import ProposeRequest
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import AGGREGATE_MAX, TELLS_OF_ACTION, TELLS_OF_STATE, TELLS_OF_TRANSITION, Role, TaskCard
from also.v1.verdict_pb2 import Candidate

CARDS = Path(__file__).parent.parent / "cards"


@pytest.fixture(scope="session")
def foraging() -> TaskCard:
    """Card with directions and a funnel of milestones."""
    return document.read(TaskCard, yaml.safe_load((CARDS / "foraging.yaml").read_text()))


@pytest.fixture(scope="session")
def warehouse() -> TaskCard:
    """Card of the warehouse: agents take turns at what they do, and nothing tells of the team."""
    return document.read(TaskCard, yaml.safe_load((CARDS / "warehouse.yaml").read_text()))


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
            gamma=0.99,
        )
        request.settings.candidates = candidates
        if backend:
            request.settings.backend = backend
        for feature in card.features:
            request.evidence.features.add(feature=feature.name, effect_size=(effect_sizes or {}).get(feature.name, 0.0))
        return request

    return build


@pytest.fixture(scope="session")
def propose() -> Callable[[ProposeRequest], list[Candidate]]:
    """Candidates of a backend that asks no LLM."""
    asker = Asker(settings.from_environment())
    return lambda request: list(service.propose(request, asker).candidates)


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


@pytest.fixture(scope="session")
def alone(foraging) -> TaskCard:
    """The foraging card for a team of one."""
    card = TaskCard()
    card.CopyFrom(foraging)
    del card.agents[1:]
    return card


@pytest.fixture(scope="session")
def crowd(foraging) -> TaskCard:
    """64 agents in 64 roles, 64 features with the longest names, 16 milestones; agents' names are no identifiers."""
    card = TaskCard()
    card.CopyFrom(foraging)
    card.agents[:] = [f"Agent No. {index}" for index in range(64)]
    del card.features[:]
    del card.milestones[:]
    for index in range(64):
        card.features.add(name=f"feature_{index:02d}_{'x' * 37}", scope=1 + index % 3, minimum=-1, maximum=3)
        card.features[index].tells_of = (TELLS_OF_STATE, TELLS_OF_ACTION, TELLS_OF_TRANSITION, 0)[index % 4]
    for index in range(16):
        shown, approached = card.features[60 - 3 * index].name, card.features[60 - 3 * index + 1].name
        milestone = card.milestones.add(name=f"milestone_{index}", feature=shown, progress_feature=approached)
        milestone.aggregate, milestone.threshold, milestone.agents_needed = AGGREGATE_MAX, 1, index
    card.roles.extend(Role(name=f"Role {index}", agents=range(index, 64)) for index in range(64))
    return card


@pytest.fixture(scope="session")
def grow() -> Callable[..., ShapingConfig]:
    """Builds a valid incumbent of so many terms that pay, drawn at random."""

    def build(card: TaskCard, count: int, *, seed: int = 0, mixed: bool = False) -> ShapingConfig:
        numbers, config = Random(seed), ShapingConfig()
        while len(config.terms) < count:
            term = draw_term(
                numbers, ProposeRequest(card=card, stage_env_steps=1000, gamma=0.99), f"term_{len(config.terms)}"
            )
            grown = fit_caps(ShapingConfig(terms=[*config.terms, term]), card, 0.99)
            try:
                check_config(grown, card, 0.99)
            except ShapingError:
                continue
            config = grown
        if mixed:
            mixer = config.terms.add(name="mix", form=shaping.SHAPING_FORM_CREDIT, target=shaping.TARGET_KIND_AGENT)
            mixer.credit.alpha = 0.5
        return config

    return build


@pytest.fixture(scope="session")
def following() -> Callable[..., st.SearchStrategy]:
    """JSON data that follow a schema."""

    def strategy(schema: dict) -> st.SearchStrategy:
        if "anyOf" in schema:
            return st.one_of([strategy(option) for option in schema["anyOf"]])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        match schema["type"]:
            case "null":
                return st.none()
            case "string":
                return st.text(max_size=schema["maxLength"])
            case "array":
                items = strategy(schema["items"])
                return st.lists(items, min_size=schema["minItems"], max_size=schema["maxItems"])
            case "object":
                return st.fixed_dictionaries({name: strategy(part) for name, part in schema["properties"].items()})

    return strategy


@pytest.fixture(scope="session")
def say() -> Callable[..., Reply]:
    """Builds a reply of choices with these data."""

    def build(*data: object, number: int = 0) -> Reply:
        choices = [Choice(index=index, data=item) for index, item in enumerate(data)]
        return Reply(exchange="exchange-1", number=number, choices=choices)

    return build


@pytest.fixture(scope="session")
def injections() -> list[str]:
    """Texts that try to be more than data."""
    lines = (CARDS / "injections.txt").read_text(encoding="ascii").splitlines()
    return [line.encode().decode("unicode_escape") for line in lines]
