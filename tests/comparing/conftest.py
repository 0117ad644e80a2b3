"""Campaigns of a few stages, made by hand."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from also import keys
from also.campaign.state import Decision, Incumbent, Stage, StageRound, State
from also.comparing.groups import Group, Run
from also.document import canonical, read
from also.store import Store, open_store
from also.v1.branch_pb2 import Evaluation
from also.v1.campaign_pb2 import Campaign, ValidationSettings
from also.v1.evidence_pb2 import CurvePoint, Distribution, Evidence
from also.v1.journal_pb2 import Held, JournalRecord, Reported, StageTrained
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import Validation

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
            rounds=tuple(StageRound(candidates=(), validation=validation) for validation in validations),
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
def group(over, stage) -> Callable[..., Group]:
    """Makes a group of campaigns that are over, from their final returns by seed."""

    def make(
        name: str,
        finals: dict[int, float],
        *,
        stages: tuple[Stage, ...] = (),
        task: str = "recorded/task",
        largest: float = 1.0,
        measured: bool = False,
        greedy: bool = False,
        gamma: float | None = None,
        gamma_of_last: float | None = None,
        arguments: dict[str, float] | None = None,
        under_way: tuple[int, ...] = (),
        repeated: int | None = None,
    ) -> Group:
        def run(seed: int, state: State, campaign_id: str = "") -> Run:
            campaign = state.campaign
            campaign.seed, campaign.evaluation.greedy = seed, greedy
            if gamma is not None:
                campaign.learner.gamma = gamma
            for argument, value in (arguments or {}).items():
                campaign.task.arguments[argument].number = value
            card = TaskCard(task=task, largest_return=largest, largest_measured=measured)
            return Run(campaign_id=campaign_id or f"{name}-s{seed}", state=replace(state, card=card))

        stages = stages or (stage(0),)
        runs = [run(seed, over(*stages, final=final)) for seed, final in finals.items()]
        if repeated is not None:
            runs.append(run(repeated, over(*stages), f"{name}-again"))
        if gamma_of_last is not None:
            runs[-1].state.campaign.learner.gamma = gamma_of_last
        unfinished = [run(seed, replace(over(*stages), reported=None)) for seed in under_way]
        return Group(name=name, runs=tuple(runs), unfinished=tuple(unfinished))

    return make


@pytest.fixture
def finished(tmp_path) -> Callable[..., Store]:
    """Writes the journals of campaigns that are over, and of some that were just begun, by id and seed; the store."""
    recorded = Path(__file__).parent.parent / "cli" / "recorded.jsonl"
    records = [read(JournalRecord, json.loads(line)) for line in recorded.read_text(encoding="utf-8").splitlines()]

    def write(over: dict[str, int], begun: dict[str, int] | None = None) -> Store:
        store = open_store(str(tmp_path / "store"))
        for campaign_id, seed in {**over, **(begun or {})}.items():
            previous = ""
            for record in records if campaign_id in over else records[:4]:
                chained = JournalRecord()
                chained.CopyFrom(record)
                chained.previous_sha256 = previous
                if chained.WhichOneof("event") == "started":
                    chained.started.campaign.seed = seed
                store.create(keys.journal_record(campaign_id, record.sequence), canonical(chained))
                previous = hashlib.sha256(canonical(chained)).hexdigest()
        return store

    return write
