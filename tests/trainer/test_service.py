"""The trainer over gRPC, against a real store."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from also import keys, rpc
from also.errors import CheckpointError, DocumentError, ShapingError, StoreError, TaskError
from also.services.trainer.service import Trainer
from also.shaping.identity import config_hash
from also.store import Store, open_store
from also.v1 import branch_pb2, trainer_pb2, trainer_pb2_grpc
from also.v1.campaign_pb2 import Campaign, Device, LearnerSettings
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import Task
from tools.loopback import served


@pytest.fixture
def stub(store: Store) -> Iterator[trainer_pb2_grpc.TrainerServiceStub]:
    """A trainer in this process, called through a real channel."""
    register = partial(trainer_pb2_grpc.add_TrainerServiceServicer_to_server, Trainer(lambda: store))
    with served(register) as address, rpc.connect(address) as channel:
        yield trainer_pb2_grpc.TrainerServiceStub(channel)


@pytest.fixture
def request_stage(campaign: Campaign, potential: ShapingConfig) -> trainer_pb2.TrainStageRequest:
    """A first stage of two updates."""
    return trainer_pb2.TrainStageRequest(
        campaign_id="c", run="main", stage=0, campaign=campaign, config=potential, env_steps=80, gather_evidence=True
    )


def _result(
    stub: trainer_pb2_grpc.TrainerServiceStub, request: trainer_pb2.TrainStageRequest
) -> trainer_pb2.StageResult:
    responses = list(rpc.stream(stub.TrainStage, request, seconds=60))
    assert all(response.HasField("progress") for response in responses[:-1])
    return responses[-1].result


def test_a_stage_reports_the_config_that_its_learner_trained_under(
    stub: trainer_pb2_grpc.TrainerServiceStub, request_stage: trainer_pb2.TrainStageRequest, potential: ShapingConfig
) -> None:
    """Progress and result carry the hash; evidence and checkpoint come with the result."""
    responses = list(rpc.stream(stub.TrainStage, request_stage, seconds=60))
    assert responses[-2].progress.config_hash == config_hash(potential)
    result = responses[-1].result
    assert result.config_hash == result.evidence.config_hash == config_hash(potential)
    assert (result.env_steps, result.run_env_steps) == (80, 80)


def test_a_stage_is_told_when_it_begins_and_when_it_ends(
    stub: trainer_pb2_grpc.TrainerServiceStub, request_stage: trainer_pb2.TrainStageRequest, told
) -> None:
    """Once each; nothing where its result is found."""
    result = _result(stub, request_stage)
    _result(stub, request_stage)
    subject = {"campaign": "c", "run": "main", "stage": 0}
    begun, ended = told()
    assert begun == {"event": "StageBegun", **subject, "env_steps": 80}
    assert ended.pop("seconds") > 0
    assert ended == {"event": "StageEnded", **subject, "env_steps": 80, "checkpoint": result.checkpoint_id}


def test_a_checkpoint_that_cannot_be_stored_is_told(
    request_stage: trainer_pb2.TrainStageRequest, tmp_path: Path, told
) -> None:
    """Once, with its stage, and so is the stage that fails by it."""
    store = open_store(str(tmp_path / "store"))
    register = partial(trainer_pb2_grpc.add_TrainerServiceServicer_to_server, Trainer(lambda: store))
    blobs = Path(store.uri) / keys.campaign("c") / "blobs"
    blobs.parent.mkdir(parents=True)
    blobs.write_text("", encoding="utf-8")
    with (
        served(register) as address,
        rpc.connect(address) as channel,
        pytest.raises(StoreError) as raised,
    ):
        _result(trainer_pb2_grpc.TrainerServiceStub(channel), request_stage)
    lines = told()
    assert [line["event"] for line in lines] == ["StageBegun", "CheckpointNotStored", "StageFailed"]
    assert all((line["campaign"], line["run"], line["stage"]) == ("c", "main", 0) for line in lines)
    assert lines[1]["error"] == lines[2]["detail"] == str(raised.value)


def test_a_finished_stage_is_not_trained_again(
    stub: trainer_pb2_grpc.TrainerServiceStub, request_stage: trainer_pb2.TrainStageRequest
) -> None:
    """The same request gets the stored result, at once and without progress."""
    first = _result(stub, request_stage)
    again = list(rpc.stream(stub.TrainStage, request_stage, seconds=60))
    assert len(again) == 1
    assert again[0].result == first


@pytest.mark.slow
def test_stages_follow_one_another(
    stub: trainer_pb2_grpc.TrainerServiceStub, request_stage: trainer_pb2.TrainStageRequest
) -> None:
    """The next stage goes on from the checkpoint, under another config."""
    request = trainer_pb2.TrainStageRequest()
    request.CopyFrom(request_stage)
    request.stage = 1
    request.checkpoint_id = _result(stub, request_stage).checkpoint_id
    request.config.Clear()
    result = _result(stub, request)
    assert result.run_env_steps == 160
    assert result.config_hash == config_hash(ShapingConfig())


@pytest.mark.slow
def test_an_evaluation_is_computed_once_and_kept(
    stub: trainer_pb2_grpc.TrainerServiceStub,
    request_stage: trainer_pb2.TrainStageRequest,
    campaign: Campaign,
    store: Store,
) -> None:
    """The report pool plays its own number of episodes, and the store keeps the answer."""
    checkpoint_id = _result(stub, request_stage).checkpoint_id
    request = trainer_pb2.EvaluateRequest(
        campaign_id="c", campaign=campaign, checkpoint_id=checkpoint_id, pool=branch_pb2.SEED_POOL_REPORT
    )
    evaluation = rpc.call(stub.Evaluate, request, seconds=60).evaluation
    assert evaluation.returns.count == 16
    assert len(store.find("campaigns/c/evaluations/")) == 1
    assert rpc.call(stub.Evaluate, request, seconds=60).evaluation == evaluation


@pytest.mark.slow
def test_a_probe_tells_live_terms_from_dead_ones(
    stub: trainer_pb2_grpc.TrainerServiceStub,
    request_stage: trainer_pb2.TrainStageRequest,
    campaign: Campaign,
    potential: ShapingConfig,
) -> None:
    """A potential on distance varies; a penalty behind a gate that never opens does not fire."""
    dead = ShapingConfig()
    dead.CopyFrom(potential)
    dead.terms[0].name = "shut"
    dead.terms[0].gate.feature = "food_eaten"
    dead.terms[0].gate.comparison = 1
    dead.terms[0].gate.value = 1
    request = trainer_pb2.ProbeShapingRequest(
        campaign_id="c",
        campaign=campaign,
        checkpoint_id=_result(stub, request_stage).checkpoint_id,
        configs=[potential, dead, ShapingConfig()],
    )
    probes = rpc.call(stub.ProbeShaping, request, seconds=60).probes
    assert probes[0].varies
    assert probes[0].terms[0].firing_rate > 0.1
    assert not probes[2].varies
    assert rpc.call(stub.ProbeShaping, request, seconds=60).probes == probes


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        (lambda r: r.campaign.task.ClearField("name"), DocumentError, "task.name is missing"),
        (lambda r: setattr(r.campaign.task, "layout", "8x8"), TaskError, "8x8"),
        (lambda r: setattr(r.campaign.task, "name", "no_such.module:make"), TaskError, "no_such"),
        (lambda r: setattr(r, "checkpoint_id", "f" * 64), CheckpointError, "does not exist"),
        (lambda r: setattr(r.config.terms[0], "feature", "colour"), ShapingError, "colour"),
        (lambda r: setattr(r, "env_steps", 0), DocumentError, "env_steps"),
    ],
)
def test_bad_input_comes_back_as_the_same_error_and_writes_nothing(
    stub: trainer_pb2_grpc.TrainerServiceStub,
    request_stage: trainer_pb2.TrainStageRequest,
    store: Store,
    change: Callable[[trainer_pb2.TrainStageRequest], None],
    kind: type[Exception],
    text: str,
) -> None:
    """The error's class and message survive the wire."""
    change(request_stage)
    with pytest.raises(kind, match=text):
        _result(stub, request_stage)
    assert store.find("campaigns/") == []


def test_a_task_is_described(stub: trainer_pb2_grpc.TrainerServiceStub) -> None:
    """The card names the task and its layout."""
    request = trainer_pb2.DescribeTaskRequest(task=Task(name="foraging", layout="8x8-2p-2f-coop"))
    card = rpc.call(stub.DescribeTask, request, seconds=60).card
    assert card.task == "foraging/8x8-2p-2f-coop"


def test_the_trainer_says_where_it_trains(stub: trainer_pb2_grpc.TrainerServiceStub) -> None:
    """The device that is asked for, in words."""
    request = trainer_pb2.CheckTrainerRequest(learner=LearnerSettings(device=Device.DEVICE_CPU))
    assert rpc.call(stub.CheckTrainer, request, seconds=60).device == "cpu"
