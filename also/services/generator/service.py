"""The generator over gRPC: a request carries the whole history, so nothing is kept between calls."""

import grpc

from also import limits, settings
from also.limits import filled
from also.llm.asker import Asker
from also.llm.asking import Read
from also.llm.fitting import Render
from also.llm.question import Answered, Question, Unanswered, request_sha256
from also.services.generator.controls import mutation, sampling
from also.services.generator.expert import rules
from also.services.generator.llm import prompt
from also.services.generator.llm.reading import read
from also.services.generator.proposal import Proposal, candidates_wanted, collect
from also.shaping.rules import check_fit
from also.v1 import campaign_pb2, generator_pb2_grpc
from also.v1.generator_pb2 import (
    CheckGeneratorRequest,
    CheckGeneratorResponse,
    ProposeRequest,
    ProposeResponse,
)


class GeneratorService(generator_pb2_grpc.GeneratorServiceServicer):
    """Answers with the backend that the request names."""

    def __init__(self, asker: Asker) -> None:
        """A generator.

        Args:
            asker: asks LLMs.
        """
        self._asker = asker

    def Propose(self, request: ProposeRequest, context: grpc.ServicerContext) -> ProposeResponse:
        """Propose candidates.

        Raises:
            DocumentError: the request breaks a limit, its diagnosis names what the card does not have, or a
                stored prompt or reply is damaged.
            ShapingError: the incumbent is of another task, or breaks a limit.
            StoreError: the object store cannot be used.
        """
        return propose(request, self._asker)

    def CheckGenerator(self, request: CheckGeneratorRequest, context: grpc.ServicerContext) -> CheckGeneratorResponse:
        """Make sure that a backend can be used: an LLM is asked the request's question.

        Raises:
            EndpointError: it cannot.
            DocumentError: the question breaks a limit.
        """
        if not request.settings.HasField("llm"):
            return CheckGeneratorResponse()
        limits.check(request.question, "question")
        checked = self._asker.check(*_asked(request.question))
        return CheckGeneratorResponse(model=checked.model, context_tokens=checked.context_tokens, notes=checked.notes)


def propose(request: ProposeRequest, asker: Asker) -> ProposeResponse:
    """The answer of the backend that the request names; unset is `rules`.

    Raises:
        DocumentError, ShapingError, StoreError: as `GeneratorService.Propose`.
    """
    check_fit(request.incumbent, request.card)
    rules.check_names(request)
    match request.settings.backend:
        case campaign_pb2.GENERATOR_BACKEND_RULES | campaign_pb2.GENERATOR_BACKEND_UNSPECIFIED:
            return ProposeResponse(candidates=collect(request, rules.proposals(request)))
        case campaign_pb2.GENERATOR_BACKEND_RANDOM:
            return ProposeResponse(candidates=collect(request, sampling.proposals(request)))
        case campaign_pb2.GENERATOR_BACKEND_MUTATE:
            return ProposeResponse(candidates=collect(request, mutation.proposals(request)))
        case campaign_pb2.GENERATOR_BACKEND_LLM:
            return _ask(request, asker)
        case unknown:
            raise AssertionError(f"generator backend {unknown} has passed the limits")


def _asked(request: ProposeRequest) -> tuple[Question, Render, Read[list[Proposal]]]:
    """What an LLM is asked, and how its answer is read."""
    by_choices = request.settings.sampling == campaign_pb2.SAMPLING_CHOICES
    question = Question(
        mind="generator",
        campaign_id=request.campaign_id,
        stage=request.stage,
        round=request.round,
        request_sha256=request_sha256(request),
        prompt_sha256=prompt.sha256(),
        endpoint=filled(request.settings.llm),
        allowance=request.allowance,
        choices=candidates_wanted(request) if by_choices else 1,
    )
    return question, lambda count, room: prompt.render(request, count, room), lambda reply: read(reply, request)


def _ask(request: ProposeRequest, asker: Asker) -> ProposeResponse:
    match asker.ask(*_asked(request), instead=lambda: rules.proposals(request)):  # its candidates have no origin
        case Answered(value=proposals, use=use):
            return ProposeResponse(candidates=collect(request, proposals), llm=use)
        case Unanswered(failure=failure, use=use):
            return ProposeResponse(failure=failure, llm=use)


def register(server: grpc.Server) -> None:
    """Add the generator to a server."""
    generator_pb2_grpc.add_GeneratorServiceServicer_to_server(
        GeneratorService(Asker(settings.from_environment())), server
    )
