"""Evidence as a trainer would gather it, with one thing planted in it at a time."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import yaml

from also import document
from also.v1.critic_pb2 import STAGE_OUTCOME_PROMOTED, DiagnoseRequest
from also.v1.diagnosis_pb2 import LEARNING_PHASE_NO_SIGNAL
from also.v1.evidence_pb2 import CurvePoint, Distribution, Evidence
from also.v1.shaping_pb2 import ShapingConfig, TermActivity
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import OUTCOME_PROMOTED, OUTCOME_REJECTED

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


@pytest.fixture(scope="session")
def gather() -> Callable[..., Evidence]:
    """Builds evidence of a stage that goes well but for what the arguments plant."""

    def build(
        card: TaskCard,
        *,
        reached: Sequence[float] = (),
        mean: float = 0.0,
        median: float | None = None,
        curve: Sequence[float] = (),
        contributions: Sequence[float] = (),
        idle_rates: Sequence[float] = (),
        entropy: float = 0.6,
        kl: float = 0.01,
        clip_fraction: float = 0.1,
        terms: Sequence[TermActivity] = (),
        effect_sizes: dict[str, float] | None = None,
        first_step: float = 20.0,
        stage: int = 0,
    ) -> Evidence:
        reached = reached or [0.0] * len(card.milestones)
        evidence = Evidence(
            stage=stage,
            env_steps=200_000 * (stage + 1),
            returns=Distribution(
                mean=mean, median=mean if median is None else median, maximum=min(1.0, 2 * mean), count=64
            ),
            return_low=mean - 0.02,
            return_high=mean + 0.02,
            success_rate=reached[-1],
            milestone_score=sum(reached) / len(reached),
            mean_length=card.episode_limit * 0.8,
            terms=terms,
        )
        evidence.curve.extend(
            CurvePoint(env_steps=20_000 * index, mean_return=value) for index, value in enumerate(curve or [mean] * 12)
        )
        for milestone, share in zip(card.milestones, reached, strict=True):
            evidence.milestones.add(
                milestone=milestone.name,
                reached=share,
                mean_first_step=first_step if share > 0 else -1,
                agents_needed=milestone.agents_needed,
                best_value=share * milestone.threshold,
                threshold=milestone.threshold,
            )
        for feature in card.features:
            middle = (feature.minimum + feature.maximum) / 2
            effect = (effect_sizes or {}).get(feature.name, 0.0)
            evidence.features.add(feature=feature.name, mean=middle, mean_last=middle, effect_size=effect)
        for index, agent in enumerate(card.agents):
            evidence.agents.add(
                agent=agent,
                contribution=contributions[index] if contributions else mean,
                idle_rate=idle_rates[index] if idle_rates else 0.1,
                action_entropy=entropy,
            )
        evidence.optimisation.entropy = entropy
        evidence.optimisation.kl = kl
        evidence.optimisation.clip_fraction = clip_fraction
        return evidence

    return build


@pytest.fixture(scope="session")
def ask() -> Callable[..., DiagnoseRequest]:
    """Builds a request for stages' evidence."""

    def build(card: TaskCard, *evidence: Evidence, incumbent: ShapingConfig | None = None) -> DiagnoseRequest:
        return DiagnoseRequest(campaign_id="test", card=card, incumbent=incumbent, evidence=evidence)

    return build


@pytest.fixture(scope="session")
def injections() -> list[str]:
    """Texts that try to be more than data."""
    lines = (CARDS / "injections.txt").read_text(encoding="ascii").splitlines()
    return [line.encode().decode("unicode_escape") for line in lines]


@pytest.fixture(scope="session")
def full(foraging, gather) -> Callable[..., DiagnoseRequest]:
    """Builds a request with everything in it, and a text wherever a user's task or a mind may have written one."""

    def build(text: str = "harmless") -> DiagnoseRequest:
        card = TaskCard()
        card.CopyFrom(foraging)
        card.task, card.description = text, text
        card.agents[:] = [f"{text[:46]}{index}" for index in range(2)]
        card.roles.add(name=text[:48], agents=[0, 1])
        card.action_space.names[:] = [text] * 6
        for feature in card.features:
            feature.unit, feature.description = text[:24], text[:200]
        for milestone in card.milestones:
            milestone.description = text[:200]
        activity = TermActivity(term="approach", firing_rate=0.9, reward_share=0.8, mean_reward=0.01)
        early = gather(card, reached=[0.9, 0.1, 0, 0])
        late = gather(card, reached=[0.97, 0.12, 0, 0], mean=0.02, terms=[activity], idle_rates=[0.05, 0.6], stage=1)
        request = DiagnoseRequest(campaign_id="test", card=card, evidence=[early, late])
        request.incumbent.terms.add(
            name="approach",
            form=1,
            target=2,
            role=text[:48],
            feature="team_food_distance",
            weight=0.5,
            reason=text[:300],
        )
        past = request.past.add(stage=0, outcome=STAGE_OUTCOME_PROMOTED)
        past.diagnosis.phase = LEARNING_PHASE_NO_SIGNAL
        finding = past.diagnosis.findings.add(mode=3, severity=0.9, confidence=0.85, remedy=3, milestone="met_at_food")
        finding.agent, finding.summary = card.agents[0], text[:300]
        finding.citations.add(item=f"agents.{card.agents[0]}.idle_rate", value=0.1)
        for outcome, reason in ((OUTCOME_PROMOTED, 1), (OUTCOME_REJECTED, 8)):
            trial = request.trials.add(stage=0)
            trial.candidate.name = f"r0-c{outcome}"
            trial.candidate.config.CopyFrom(request.incumbent)
            trial.verdict.outcome, trial.verdict.reason, trial.verdict.detail = outcome, reason, text
            trial.verdict.test.measure, trial.verdict.test.pairs = "return", 12
            trial.verdict.terms.append(activity)
        return request

    return build
