"""Trainer and validator as two real processes, with branches that really train."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from also import lifeline, rpc
from also.errors import AddressError, EndpointError
from also.services.validator.service import register
from also.store import Store
from also.v1.campaign_pb2 import Campaign
from also.v1.trainer_pb2 import DescribeTaskRequest, TrainStageRequest
from also.v1.trainer_pb2_grpc import TrainerServiceStub
from also.v1.validator_pb2 import ValidateRequest
from also.v1.validator_pb2_grpc import ValidatorServiceStub
from also.v1.verdict_pb2 import Candidate, Validation, VerdictReason
from also.validation import cost
from also.validation.judge import rejudge

Connect = Callable[[str], grpc.Channel]


@pytest.fixture
def connect(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Starts a service as a process; later ones find the earlier ones by the environment."""
    monkeypatch.setenv("ALSO_STORE", store.uri)
    monkeypatch.setenv("ALSO_LOGS", str(tmp_path / "logs"))
    processes, channels = [], []

    def start(name: str) -> grpc.Channel:
        process = lifeline.spawn(f"also.services.{name}", [], log=tmp_path / f"{name}.log", stdout=subprocess.PIPE)
        processes.append(process)
        word, address = process.stdout.readline().decode().split()
        assert word == rpc.READY
        monkeypatch.setenv(f"ALSO_{name.upper()}", address)
        channels.append(rpc.connect(address))
        return channels[-1]

    yield start
    for channel in channels:
        channel.close()
    lifeline.end(processes)
    for process in processes:
        process.stdout.close()


@pytest.mark.slow
def test_round_is_trained_once_and_judged_the_same_again(
    connect: Connect,
    store: Store,
    tmp_path: Path,
    make_campaign: Callable[..., Campaign],
    make_candidate: Callable[..., Candidate],
) -> None:
    """Two rungs and a wave of real branches; repeated and replayed, the same validation without a process."""
    trainer = TrainerServiceStub(connect("trainer"))
    validator = ValidatorServiceStub(connect("validator"))
    campaign = make_campaign(search_rungs=2, search_env_steps=160, parallel_groups=1)
    stage = TrainStageRequest(campaign_id="c", run="main", campaign=campaign, env_steps=80)
    *_, trained = rpc.stream(trainer.TrainStage, stage, seconds=120)
    request = ValidateRequest(
        campaign_id="c",
        campaign=campaign,
        card=rpc.call(trainer.DescribeTask, DescribeTaskRequest(task=campaign.task), seconds=60).card,
        checkpoint_id=trained.result.checkpoint_id,
        candidates=[make_candidate(0), make_candidate(1), make_candidate(0, feature="teleporters")],
        env_steps_left=10**6,
    )
    request.candidates[2].name = "r0-c2"

    result = validate(validator, request)
    assert [verdict.candidate for verdict in result.verdicts] == ["r0-c0", "r0-c1", "r0-c2"]
    assert result.verdicts[2].reason == VerdictReason.VERDICT_REASON_INVALID_CONFIG
    assert all(verdict.reason and verdict.detail for verdict in result.verdicts)
    assert store.exists(f"campaigns/c/checkpoints/{result.adopted_checkpoint_id}.json")
    assert store.exists(f"campaigns/c/checkpoints/{result.control_checkpoint_id}.json")
    assert result.env_steps in (cost.search_cost(campaign, 2), cost.least_cost(campaign, 2))
    control = result.arms[0]
    assert [(record.seed_index, record.measures[-1].env_steps) for record in control.records] == [
        (0, 160),
        (0, 240),
        (1, 160),
        (1, 240),
    ]

    shutil.rmtree(tmp_path / "logs")
    assert validate(validator, request) == result
    assert not (tmp_path / "logs").exists()  # every process has a log: none was started

    derived = rejudge(
        result,
        campaign=campaign,
        card=request.card,
        incumbent=request.incumbent,
        candidates=request.candidates,
        stage_return=request.stage_return,
        stage_milestone_score=request.stage_milestone_score,
    )
    assert derived == result


def validate(stub: ValidatorServiceStub, request: ValidateRequest) -> Validation:
    *progress, last = rpc.stream(stub.Validate, request, seconds=120)
    assert all(each.HasField("progress") for each in progress)
    return last.result


def test_validator_needs_the_trainers_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Said when it starts, not when it is first called."""
    monkeypatch.delenv("ALSO_TRAINER", raising=False)
    with pytest.raises(AddressError, match="ALSO_TRAINER is not set"):
        rpc.answering(register)


def test_jobs_need_a_cluster(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither a pod's account nor a KUBECONFIG: said when the validator starts."""
    monkeypatch.setenv("ALSO_TRAINER", "127.0.0.1:1")
    monkeypatch.setenv("ALSO_STORE", store.uri)
    monkeypatch.setenv("ALSO_LAUNCHER", "kubernetes")
    monkeypatch.setenv("ALSO_NAMESPACE", "tests")
    monkeypatch.setenv("ALSO_JOB_TEMPLATE", "template")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "missing"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(EndpointError, match="no cluster is known to launch Jobs in"):
        rpc.answering(register)
