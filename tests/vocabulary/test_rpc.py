"""gRPC as all parts of ALSO use it: one way to serve, one way to call."""

import threading

import grpc
import pytest

from also import errors, rpc
from also.registry import REGISTRY
from also.v1 import (
    critic_pb2,
    critic_pb2_grpc,
    diagnosis_pb2,
    evidence_pb2,
    task_pb2,
    trainer_pb2,
    trainer_pb2_grpc,
)
from tools.loopback import served

MINUTE = 60.0

ERRORS = [cls for cls in vars(errors).values() if isinstance(cls, type)]


class Critic(critic_pb2_grpc.CriticServiceServicer):
    """Answers with a diagnosis, or raises the error that the campaign's id names."""

    def __init__(self):
        self.waiting = threading.Event()

    def Diagnose(self, request, context):
        if request.campaign_id == "wait":
            self.waiting.wait()
        raised = getattr(errors, request.campaign_id, None)
        if raised is not None:
            raise raised(f"weight 3.2 is outside [-1, 1], “{request.settings.backend}”")
        if request.campaign_id == "bug":
            raise KeyError("a bug")
        if request.campaign_id == "long":
            raise errors.TaskError("x" * 100_000)
        return critic_pb2.DiagnoseResponse(diagnosis=diagnosis_pb2.Diagnosis(backend=request.campaign_id))


class Trainer(trainer_pb2_grpc.TrainerServiceServicer):
    """Streams progress for ever, or raises after the first message."""

    def __init__(self):
        self.ended = threading.Event()

    def TrainStage(self, request, context):
        try:
            step = 0
            while True:
                step += 1
                yield trainer_pb2.TrainStageResponse(progress=trainer_pb2.TrainingProgress(env_steps=step))
                if request.campaign_id == "diverges" and step == 3:
                    raise errors.DivergedError("the loss is nan")
                if request.campaign_id == "ends" and step == 3:
                    return
        finally:
            self.ended.set()


@pytest.fixture
def critic():
    """The critic's servicer behind `address`."""
    servicer = Critic()
    yield servicer
    servicer.waiting.set()


@pytest.fixture
def trainer():
    """The trainer's servicer behind `address`."""
    return Trainer()


@pytest.fixture
def address(critic, trainer):
    """Address of a running server with both services."""

    def register(server):
        critic_pb2_grpc.add_CriticServiceServicer_to_server(critic, server)
        trainer_pb2_grpc.add_TrainerServiceServicer_to_server(trainer, server)

    with served(register) as address:
        yield address
        critic.waiting.set()


@pytest.fixture
def channel(address):
    """A channel to the server."""
    with rpc.connect(address) as channel:
        yield channel


@pytest.fixture
def diagnose(channel):
    """Calls the critic with a campaign id."""
    stub = critic_pb2_grpc.CriticServiceStub(channel)

    def call(campaign_id, *, seconds=MINUTE):
        request = critic_pb2.DiagnoseRequest(
            campaign_id=campaign_id,
            card=task_pb2.TaskCard(task="foraging/x", agents=["a"], action_space=task_pb2.ActionSpace(size=2)),
            evidence=[evidence_pb2.Evidence()],
        )
        return rpc.call(stub.Diagnose, request, seconds=seconds).diagnosis.backend

    return call


@pytest.fixture
def train(channel):
    """Streams a stage's progress for a campaign id."""
    stub = trainer_pb2_grpc.TrainerServiceStub(channel)

    def stream(campaign_id):
        request = trainer_pb2.TrainStageRequest(campaign_id=campaign_id, run="main", env_steps=1)
        request.campaign.task.name = "foraging"
        return rpc.stream(stub.TrainStage, request, seconds=MINUTE)

    return stream


def handled(method, code):
    """Calls that were counted with a status."""
    service = {"Diagnose": "also.v1.CriticService", "TrainStage": "also.v1.TrainerService"}[method]
    labels = {"grpc_service": service, "grpc_method": method, "grpc_code": code}
    return REGISTRY.get_sample_value("grpc_server_handled_total", labels) or 0


def test_an_answer_comes_back(diagnose):
    """A call returns the service's response, and is counted as OK."""
    before = handled("Diagnose", "OK")
    assert diagnose("hello") == "hello"
    assert handled("Diagnose", "OK") == before + 1


@pytest.mark.parametrize("raised", ERRORS, ids=lambda raised: raised.__name__)
def test_an_error_crosses_with_its_class_and_its_words(diagnose, raised):
    """What a service raises on purpose is what the caller catches, to the letter."""
    with pytest.raises(errors.AlsoError) as caught:
        diagnose(raised.__name__)
    assert type(caught.value) is raised
    assert str(caught.value) == "weight 3.2 is outside [-1, 1], “0”"


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (errors.ShapingError, "INVALID_ARGUMENT"),
        (errors.MissingObjectError, "NOT_FOUND"),
        (errors.ServiceUnavailable, "UNAVAILABLE"),
        (errors.DivergedError, "FAILED_PRECONDITION"),
    ],
)
def test_an_error_is_a_status_code_for_others(diagnose, raised, code):
    """Clients that do not know ALSO see the usual codes, and so do metrics."""
    before = handled("Diagnose", code)
    with pytest.raises(raised):
        diagnose(raised.__name__)
    assert handled("Diagnose", code) == before + 1


def test_a_bug_is_a_service_error(diagnose):
    """What a service did not mean to raise is told as its failure, not as the caller's."""
    before = handled("Diagnose", "UNKNOWN")
    with pytest.raises(errors.ServiceError, match=r"^UNKNOWN: .*a bug") as caught:
        diagnose("bug")
    assert type(caught.value) is errors.ServiceError
    assert handled("Diagnose", "UNKNOWN") == before + 1


def test_a_very_long_error_still_arrives(diagnose):
    """gRPC drops long trailers; the error's beginning comes through with its class."""
    with pytest.raises(errors.TaskError, match=r"^x+$"):
        diagnose("long")


def test_a_request_is_checked_before_the_service_sees_it(diagnose):
    """A request that breaks a limit is refused with the field's path."""
    with pytest.raises(errors.DocumentError, match="campaign_id is missing; it must be set"):
        diagnose("")
    with pytest.raises(errors.DocumentError, match="campaign_id has 65 characters; at most 64 are allowed"):
        diagnose("x" * 65)


def test_a_service_that_is_not_there_is_unavailable_at_once():
    """A refused connection does not wait for the deadline."""
    with rpc.connect("127.0.0.1:1") as channel:
        stub = critic_pb2_grpc.CriticServiceStub(channel)
        with pytest.raises(errors.ServiceUnavailable):
            rpc.call(stub.Diagnose, critic_pb2.DiagnoseRequest(), seconds=24 * 3600)


def test_a_call_ends_at_its_deadline(diagnose):
    """A service that does not answer in time is unavailable."""
    with pytest.raises(errors.ServiceUnavailable, match="Deadline"):
        diagnose("wait", seconds=0.2)


def test_a_stream_yields_all_responses(train):
    """A stream ends when the service ends it."""
    assert [response.progress.env_steps for response in train("ends")] == [1, 2, 3]


def test_a_stream_may_fail_after_some_responses(train):
    """Responses before an error arrive, then the error."""
    seen = []
    with pytest.raises(errors.DivergedError, match="the loss is nan"):
        seen.extend(response.progress.env_steps for response in train("diverges"))
    assert len(seen) <= 3


def test_leaving_a_stream_ends_the_work(train, trainer):
    """Ending the iteration cancels the call, and the service's generator is closed."""
    before = handled("TrainStage", "CANCELLED")
    responses = train("endless")
    assert next(responses).progress.env_steps == 1
    responses.close()
    assert trainer.ended.wait(MINUTE)
    while handled("TrainStage", "CANCELLED") == before:
        pass


@pytest.mark.slow
def test_runs_of_many_campaigns_leave_a_service_free_to_answer(train, diagnose):
    """Each holds a thread as long as it lasts; others answer what else is asked, a health check for one."""
    streams = [train(f"endless-{number}") for number in range(16 * 3)]
    assert {next(stream).progress.env_steps for stream in streams} == {1}
    assert diagnose("hello", seconds=20) == "hello"
    for stream in streams:
        stream.close()


def test_an_address_in_use_is_refused(address):
    """Two servers cannot share a port."""
    server = rpc.answering(lambda server: None)
    with pytest.raises(errors.AddressError, match=rf"address {address} cannot be bound: the port is in use"):
        rpc.bind(server, address)


@pytest.mark.parametrize("address", ["", "8080", "localhost", ":8080", "host:", "host:http", "host:65536", "host:-1"])
def test_a_malformed_address_is_refused(address):
    """An address is host:port."""
    with pytest.raises(errors.AddressError, match=r"is not allowed; host:port with a port in \[0, 65535\]"):
        rpc.bind(rpc.answering(lambda server: None), address)


def test_a_foreign_host_is_refused():
    """A server cannot bind another machine's address."""
    with pytest.raises(errors.AddressError, match="the host is not this machine's"):
        rpc.bind(rpc.answering(lambda server: None), "203.0.113.1:0")


def test_a_code_of_another_server_is_a_service_error(channel):
    """A method that the server does not have is the service's failure."""
    method = channel.unary_unary(
        "/also.v1.CriticService/Missing",
        request_serializer=critic_pb2.DiagnoseRequest.SerializeToString,
        response_deserializer=critic_pb2.DiagnoseResponse.FromString,
    )
    with pytest.raises(errors.ServiceError, match=grpc.StatusCode.UNIMPLEMENTED.name):
        rpc.call(method, critic_pb2.DiagnoseRequest(), seconds=MINUTE)
