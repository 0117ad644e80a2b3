"""The critic over a real gRPC server in this process."""

import pytest

from also import rpc
from also.errors import DocumentError
from also.services.critic import rules
from also.services.critic.service import register
from also.v1 import campaign_pb2, critic_pb2_grpc
from also.v1 import diagnosis_pb2 as pb
from also.v1.critic_pb2 import DiagnoseRequest
from tools.loopback import served


@pytest.fixture(scope="module")
def critic():
    """Stub of a running critic."""
    with served(register) as address, rpc.connect(address) as channel:
        yield critic_pb2_grpc.CriticServiceStub(channel)


def test_a_diagnosis_survives_the_wire(critic, foraging, gather, ask):
    """The service returns what the rules return."""
    request = ask(foraging, gather(foraging, reached=[0.97, 0.12, 0, 0]))
    assert rpc.call(critic.Diagnose, request, seconds=10).diagnosis == rules.diagnose(request)


def test_backend_none_returns_the_phase_alone(critic, foraging, gather, ask):
    """The control that shows what findings are worth."""
    request = ask(foraging, gather(foraging))
    request.settings.backend = campaign_pb2.CRITIC_BACKEND_NONE
    diagnosis = rpc.call(critic.Diagnose, request, seconds=10).diagnosis
    assert diagnosis == pb.Diagnosis(phase=pb.LEARNING_PHASE_NO_SIGNAL, backend="none")


def test_a_request_without_evidence_is_the_callers_error(critic, foraging):
    """It is refused with the field's name."""
    with pytest.raises(DocumentError, match="evidence is missing"):
        rpc.call(critic.Diagnose, DiagnoseRequest(campaign_id="test", card=foraging), seconds=10)


def test_a_backend_that_does_not_exist_is_the_callers_error(critic, foraging, gather, ask):
    """Unknown numbers are not taken for the default."""
    request = ask(foraging, gather(foraging))
    request.settings.backend = 77
    with pytest.raises(DocumentError, match=r"settings\.backend 77"):
        rpc.call(critic.Diagnose, request, seconds=10)


def test_evidence_that_is_not_finite_is_the_callers_error(critic, foraging, gather, ask):
    """A diverged run is not diagnosed as if it were a number."""
    request = ask(foraging, gather(foraging, mean=float("nan")))
    with pytest.raises(DocumentError, match="not a finite number"):
        rpc.call(critic.Diagnose, request, seconds=10)
