"""The critic over gRPC: a request carries the whole history, so nothing is kept between calls."""

import grpc

from also import settings
from also.limits import filled
from also.llm.asker import Asker
from also.llm.question import Answered, Question, Unanswered, falls_back, request_sha256
from also.v1 import campaign_pb2, critic_pb2_grpc
from also.v1.critic_pb2 import CheckCriticRequest, CheckCriticResponse, DiagnoseRequest, DiagnoseResponse
from also.v1.diagnosis_pb2 import LEARNING_PHASE_SOLVED, Diagnosis, LearningPhase
from services.critic import prompt, rules, schema
from services.critic.phase import learning_phase

INSTEAD = "rules, after LlmContradicted"
"""`backend` of the rules' diagnoses in an LLM's place."""


class CriticService(critic_pb2_grpc.CriticServiceServicer):
    """Answers with the backend that the request names."""

    def __init__(self, asker: Asker) -> None:
        """A critic.

        Args:
            asker: asks LLMs.
        """
        self._asker = asker

    def Diagnose(self, request: DiagnoseRequest, context: grpc.ServicerContext) -> DiagnoseResponse:
        """Diagnose the request's last stage.

        Raises:
            DocumentError: the request breaks a limit, or a stored prompt or reply is damaged.
            StoreError: the object store cannot be used.
        """
        return diagnose(request, self._asker)

    def CheckCritic(self, request: CheckCriticRequest, context: grpc.ServicerContext) -> CheckCriticResponse:
        """Make sure that a backend can be used.

        Raises:
            EndpointError: it cannot.
        """
        if not request.settings.HasField("llm"):
            return CheckCriticResponse()
        served = self._asker.check(filled(request.settings.llm))
        return CheckCriticResponse(model=served.name, context_tokens=served.context_tokens)


def diagnose(request: DiagnoseRequest, asker: Asker) -> DiagnoseResponse:
    """The answer of the backend that the request names; unset is `rules`.

    Raises:
        DocumentError, StoreError: as `CriticService.Diagnose`.
    """
    match request.settings.backend:
        case campaign_pb2.CRITIC_BACKEND_RULES | campaign_pb2.CRITIC_BACKEND_UNSPECIFIED:
            return DiagnoseResponse(diagnosis=rules.diagnose(request))
        case campaign_pb2.CRITIC_BACKEND_NONE:
            return DiagnoseResponse(diagnosis=Diagnosis(phase=_phase(request), backend="none"))
        case campaign_pb2.CRITIC_BACKEND_LLM if _phase(request) == LEARNING_PHASE_SOLVED:
            return DiagnoseResponse(diagnosis=rules.diagnose(request))  # there is nothing to ask
        case campaign_pb2.CRITIC_BACKEND_LLM:
            return _ask(request, asker)
        case unknown:
            raise AssertionError(f"critic backend {unknown} has passed the limits")


def _ask(request: DiagnoseRequest, asker: Asker) -> DiagnoseResponse:
    endpoint = filled(request.settings.llm)
    question = Question(
        mind="critic",
        campaign_id=request.campaign_id,
        stage=request.evidence[-1].stage,
        round=0,
        request_sha256=request_sha256(request),
        prompt_sha256=prompt.sha256(),
        endpoint=endpoint,
        allowance=request.allowance,
    )
    answer = asker.ask(
        question,
        lambda count: prompt.render(request, count, endpoint.evidence_tokens),
        lambda reply: schema.read(reply, request),
    )
    match answer:
        case Answered(value=diagnosis, use=use):
            return DiagnoseResponse(diagnosis=diagnosis, llm=use)
        case Unanswered(failure=failure, use=use) if falls_back(failure, endpoint):
            diagnosis = rules.diagnose(request)
            diagnosis.backend = INSTEAD
            return DiagnoseResponse(diagnosis=diagnosis, llm=use)
        case Unanswered(failure=failure, use=use):
            return DiagnoseResponse(failure=failure, llm=use)


def _phase(request: DiagnoseRequest) -> LearningPhase:
    return learning_phase(request.evidence, request.card)


def register(server: grpc.Server) -> None:
    """Add the critic to a server."""
    critic_pb2_grpc.add_CriticServiceServicer_to_server(CriticService(Asker(settings.from_environment())), server)
