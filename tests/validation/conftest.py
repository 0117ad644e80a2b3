"""Builders of rounds and results, as the judge gets them."""

from collections.abc import Callable, Sequence

import pytest

from also import presets
from also.shaping.identity import config_hash
from also.v1.branch_pb2 import BranchRecord, Measure, SeedPool
from also.v1.campaign_pb2 import Campaign, Proof, ValidationSettings
from also.v1.shaping_pb2 import ShapingConfig, ShapingForm, ShapingTerm, TargetKind, TermActivity
from also.v1.task_pb2 import Task, TaskCard
from also.v1.verdict_pb2 import ArmResult, Candidate, Verdict
from also.validation.round import Round

INCUMBENT = ShapingConfig()


def config(weight: float) -> ShapingConfig:
    return ShapingConfig(
        terms=[
            ShapingTerm(
                name="approach",
                form=ShapingForm.SHAPING_FORM_POTENTIAL,
                target=TargetKind.TARGET_KIND_TEAM,
                feature="distance",
                weight=weight,
            )
        ]
    )


@pytest.fixture
def candidates() -> list[Candidate]:
    """Four candidates of round 0."""
    made = []
    for number in range(4):
        shaping = config(0.1 * (number + 1))
        made.append(Candidate(name=f"r0-c{number}", config=shaping, config_hash=config_hash(shaping)))
    return made


@pytest.fixture
def make_round(candidates: list[Candidate]) -> Callable[..., Round]:
    """A round of the first `count` candidates, all let through by the screen, with settings changed."""

    def make(count: int = 4, *, largest_return: float = 1.0, **settings: float) -> Round:
        filled = {
            "search_rungs": 1,
            "search_seeds": 2,
            "search_env_steps": 3200,
            "confirm_seeds": 6,
            "confirm_waves": 1,
            "confirm_env_steps": 3200,
            "proof": Proof.PROOF_CONFIRMED,
            **settings,
        }
        campaign = Campaign(task=Task(name="foraging", layout="5x5-2p-1f"), validation=ValidationSettings(**filled))
        presets.resolve(campaign)
        chosen = candidates[:count]
        return Round(
            campaign=campaign,
            card=TaskCard(task="foraging/5x5-2p-1f", agents=["a", "b"], largest_return=largest_return),
            control_hash=config_hash(INCUMBENT),
            candidates=tuple(chosen),
            screen=tuple(Verdict(candidate=each.name, config_hash=each.config_hash) for each in chosen),
        )

    return make


@pytest.fixture
def arm(candidates: list[Candidate]) -> Callable[..., ArmResult]:
    """Results of one arm: a return (and a milestone score) for each seed; a list of lists has one list a rung."""
    hashes = {"control": config_hash(INCUMBENT), **{each.name: each.config_hash for each in candidates}}

    def make(
        name: str,
        pool: SeedPool,
        returns: Sequence[float] | Sequence[Sequence[float]],
        milestones: Sequence[float] | None = None,
        *,
        reported_hash: str | None = None,
    ) -> ArmResult:
        rungs = returns if isinstance(returns[0], list) else [returns]
        scores = milestones or [0.0] * len(rungs[0])
        return ArmResult(
            arm=name,
            pool=pool,
            records=[
                BranchRecord(
                    arm=name,
                    seed_index=index,
                    config_hash=hashes[name] if reported_hash is None else reported_hash,
                    checkpoint_id=f"{name}-{SeedPool.Name(pool)[10:].lower()}-{index}-{rung}",
                    measures=[
                        Measure(env_steps=1, mean_return=0.5, milestone_score=0.5),
                        Measure(env_steps=2 + rung, mean_return=each[index], milestone_score=scores[index]),
                    ],
                    terms=[TermActivity(term="approach", firing_rate=0.1 * (index + 1), finite=True)],
                    env_steps=3200,
                )
                for index in range(len(rungs[0]))
                for rung, each in enumerate(rungs)
                if index < len(each)
            ],
        )

    return make
