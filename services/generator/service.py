"""The generator over gRPC: a request carries the whole history, so nothing is kept between calls."""

import grpc

from also.shaping.rules import check_config
from also.v1 import campaign_pb2, generator_pb2_grpc
from also.v1.generator_pb2 import ProposeRequest, ProposeResponse
from also.v1.verdict_pb2 import Candidate
from services.generator import mutation, rules, sampling
from services.generator.proposal import collect


class GeneratorService(generator_pb2_grpc.GeneratorServiceServicer):
    """Answers with the backend that the request names."""

    def Propose(self, request: ProposeRequest, context: grpc.ServicerContext) -> ProposeResponse:
        """Propose candidates.

        Raises:
            DocumentError: the request breaks a limit, or its diagnosis names what the card does not have.
            ShapingError: the incumbent breaks a rule.
        """
        return ProposeResponse(candidates=propose(request))


def propose(request: ProposeRequest) -> list[Candidate]:
    """Candidates of the backend that the request names; unset is `rules`.

    Raises:
        DocumentError: the diagnosis names what is neither in the card nor in the incumbent.
        ShapingError: the incumbent breaks a rule.
    """
    check_config(request.incumbent, request.card)
    match request.settings.backend:
        case campaign_pb2.GENERATOR_BACKEND_RULES | campaign_pb2.GENERATOR_BACKEND_UNSPECIFIED:
            return collect(request, rules.proposals(request))
        case campaign_pb2.GENERATOR_BACKEND_RANDOM:
            return collect(request, sampling.proposals(request))
        case campaign_pb2.GENERATOR_BACKEND_MUTATE:
            return collect(request, mutation.proposals(request))
        case unknown:
            raise AssertionError(f"generator backend {unknown} has passed the limits")


def register(server: grpc.Server) -> None:
    """Add the generator to a server."""
    generator_pb2_grpc.add_GeneratorServiceServicer_to_server(GeneratorService(), server)
