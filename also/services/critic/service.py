"""The critic over gRPC: a request carries the whole history, so nothing is kept between calls."""

import grpc

from also import limits, settings
from also.limits import filled
from also.llm.asker import Asker
from also.llm.asking import Read
from also.llm.fitting import Render
from also.llm.question import Answered, Question, Unanswered, request_sha256
from also.services.critic import prompt, rules, schema
from also.services.critic.phase import learning_phase
from also.v1 import campaign_pb2, critic_pb2_grpc
from also.v1.critic_pb2 import CheckCriticRequest, CheckCriticResponse, DiagnoseRequest, DiagnoseResponse
from also.v1.diagnosis_pb2 import LEARNING_PHASE_SOLVED, Diagnosis, LearningPhase

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
        """Make sure that a backend can be used: an LLM is asked the request's question.

        Raises:
            EndpointError: it cannot.
            DocumentError: the question breaks a limit.
        """
        if not request.settings.HasField("llm"):
            return CheckCriticResponse()
        limits.check(request.question, "question")
        checked = self._asker.check(*_asked(request.question))
        return CheckCriticResponse(model=checked.model, context_tokens=checked.context_tokens, notes=checked.notes)


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


def _asked(request: DiagnoseRequest) -> tuple[Question, Render, Read[Diagnosis]]:
    """What an LLM is asked, and how its answer is read."""
    question = Question(
        mind="critic",
        campaign_id=request.campaign_id,
        stage=request.evidence[-1].stage,
        round=0,
        request_sha256=request_sha256(request),
        prompt_sha256=prompt.sha256(),
        endpoint=filled(request.settings.llm),
        allowance=request.allowance,
    )
    return question, lambda count, room: prompt.render(request, count, room), lambda reply: schema.read(reply, request)


def _ask(request: DiagnoseRequest, asker: Asker) -> DiagnoseResponse:
    match asker.ask(*_asked(request), instead=lambda: _instead(request)):
        case Answered(value=diagnosis, use=use):
            return DiagnoseResponse(diagnosis=diagnosis, llm=use)
        case Unanswered(failure=failure, use=use):
            return DiagnoseResponse(failure=failure, llm=use)


def _instead(request: DiagnoseRequest) -> Diagnosis:
    diagnosis = rules.diagnose(request)
    diagnosis.backend = INSTEAD
    return diagnosis


def _phase(request: DiagnoseRequest) -> LearningPhase:
    return learning_phase(request.evidence, request.card)


def register(server: grpc.Server) -> None:
    """Add the critic to a server."""
    critic_pb2_grpc.add_CriticServiceServicer_to_server(CriticService(Asker(settings.from_environment())), server)
