"""Campaigns of a few records, and results of the study, made by hand."""

from collections.abc import Callable

import pytest

from also.campaign.state import Decision, Incumbent, Round, Stage, State
from also.v1.branch_pb2 import Evaluation
from also.v1.campaign_pb2 import Campaign, ValidationSettings
from also.v1.evidence_pb2 import CurvePoint, Distribution, Evidence
from also.v1.journal_pb2 import Held, Reported, StageTrained
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import Validation
from benchmarks.study.curve import Segment
from benchmarks.study.result import Result

INCUMBENT = Incumbent(config=ShapingConfig(), config_hash="", since=0)


@pytest.fixture
def stage() -> Callable[..., Stage]:
    """Makes a stage that trained, went through some rounds of validation and ended."""

    def make(
        number: int,
        *,
        env_steps: int = 100,
        run_env_steps: int = 100,
        mean_return: float = 0.0,
        points: tuple[tuple[int, float], ...] = (),
        validations: tuple[Validation, ...] = (),
        decision: Decision | None = None,
    ) -> Stage:
        evidence = Evidence(
            env_steps=run_env_steps,
            returns=Distribution(mean=mean_return),
            curve=[CurvePoint(env_steps=at, mean_return=value) for at, value in points],
        )
        return Stage(
            number=number,
            incumbent=INCUMBENT,
            trained=StageTrained(stage=number, evidence=evidence, env_steps=env_steps),
            rounds=tuple(Round(candidates=(), validation=validation) for validation in validations),
            decision=Held(stage=number) if decision is None else decision,
        )

    return make


@pytest.fixture
def over() -> Callable[..., State]:
    """Makes the state of a campaign that is over, from its stages and its final return."""

    def make(*stages: Stage, final: float = 0.0, confirm_seeds: int = 2) -> State:
        return State(
            campaign=Campaign(validation=ValidationSettings(confirm_seeds=confirm_seeds)),
            card=TaskCard(task="recorded/task", largest_return=1),
            incumbent=INCUMBENT,
            stages=stages,
            reported=Reported(evaluation=Evaluation(returns=Distribution(mean=final))),
        )

    return make


@pytest.fixture
def result() -> Callable[..., Result]:
    """Makes a result."""

    def make(method: str = "also", seed: int = 3, final: float = 0.5, **changes: object) -> Result:
        given = {
            "environment": "foraging",
            "task": "foraging-10x10-3p-3f-coop",
            "method": method,
            "seed": seed,
            "budget": 1000,
            "commit": "aaaaaaa",
            "checkout": "bbbbbbb",
            "key": f"{method}{seed}",
            "written": "",
            "campaign": {"seed": seed},
            "machine": "a machine, 2 cores",
            "torch": "2.15.0",
            "parallel": 2,
            "smallest_return": 0.25,
            "largest_return": 1.0,
            "final_return": final,
            "final_low": final,
            "final_high": final,
            "success_rate": 0.0,
            "episodes": 256,
            "area": final / 2,
            "env_steps": 900,
            "validation_env_steps": 300,
            "critical_path": 500,
            "promotions": 2,
            "standing": 1,
            "cpu_seconds": 10.0,
            "wall_seconds": 12.0,
            "tries": 1,
            "curve": (Segment(begin=0, end=500, value=0.0), Segment(begin=500, end=1000, value=final)),
        }
        return Result(**{**given, **changes})

    return make
