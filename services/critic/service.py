"""The critic over gRPC: a request carries the whole history, so nothing is kept between calls."""

import grpc

from also.v1 import campaign_pb2, critic_pb2_grpc
from also.v1.critic_pb2 import DiagnoseRequest, DiagnoseResponse
from also.v1.diagnosis_pb2 import Diagnosis
from services.critic import rules
from services.critic.phase import learning_phase


class CriticService(critic_pb2_grpc.CriticServiceServicer):
    """Answers with the backend that the request names."""

    def Diagnose(self, request: DiagnoseRequest, context: grpc.ServicerContext) -> DiagnoseResponse:
        """Diagnose the request's last stage.

        Raises:
            DocumentError: the request breaks a limit.
        """
        return DiagnoseResponse(diagnosis=diagnose(request))


def diagnose(request: DiagnoseRequest) -> Diagnosis:
    """The diagnosis of the backend that the request names; unset is `rules`."""
    match request.settings.backend:
        case campaign_pb2.CRITIC_BACKEND_RULES | campaign_pb2.CRITIC_BACKEND_UNSPECIFIED:
            return rules.diagnose(request)
        case campaign_pb2.CRITIC_BACKEND_NONE:
            return Diagnosis(phase=learning_phase(request.evidence, request.card), backend="none")
        case unknown:
            raise AssertionError(f"critic backend {unknown} has passed the limits")


def register(server: grpc.Server) -> None:
    """Add the critic to a server."""
    critic_pb2_grpc.add_CriticServiceServicer_to_server(CriticService(), server)
