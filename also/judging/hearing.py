"""One backend on one situation: evidence → diagnosis → candidates → screen, by the services themselves.

The generator hears the backend's own diagnosis. Where an LLM gave none, the rules' one stands in, so that candidates
are judged all the same; a diagnosis that asks for no change ends the stage there, as in a campaign. The screen is the
validator's own, asked for a round that no branch can be paid for.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from also import rpc
from also.campaign import calls, requests
from also.campaign.decide import asks_for_change
from also.campaign.processes import Services
from also.campaign.state import State
from also.errors import ServiceUnavailable, TaskError
from also.judging import backends, moments
from also.judging.backends import Backend
from also.judging.recorded import Recorded
from also.v1.diagnosis_pb2 import Diagnosis
from also.v1.situation_pb2 import Answer
from also.v1.validator_pb2_grpc import ValidatorServiceStub
from also.v1.verdict_pb2 import Verdict

T = TypeVar("T")

SCREEN_SECONDS = 600.0
"""Deadline of a screen."""


def hear(recorded: Recorded, backend: Backend, services: Services) -> Answer:
    """What a backend makes of a situation.

    Args:
        recorded: the situation.
        backend: the backend.
        services: critic, generator, validator and trainer, over a store that holds the situation's checkpoint.

    Raises:
        InputError: a service refused a request.
        ServiceError: a service failed for good.
    """
    answer = Answer(situation=recorded.situation.id)
    diagnosis = _diagnose(recorded, backend, services, answer)
    state = moments.before_proposal(recorded, diagnosis, backend.critic, backend.generator)
    if asks_for_change(state, moments.open_stage(state)):
        _propose(recorded, state, services, answer)
        answer.verdicts.extend(_screen(recorded, state, services, answer))
    return answer


def _diagnose(recorded: Recorded, backend: Backend, services: Services, answer: Answer) -> Diagnosis:
    """Ask the critic; the diagnosis that the generator is to hear."""
    state = moments.before_diagnosis(recorded, backend.critic, backend.generator)
    request = requests.diagnose(recorded.campaign_id, state, moments.open_stage(state))
    response, answer.diagnosis_seconds = _timed(
        lambda: services.persist("critic", lambda _: calls.diagnose(services, request))
    )
    if response.HasField("llm"):
        answer.diagnosis_llm.CopyFrom(response.llm)
    if response.WhichOneof("answer") == "diagnosis":
        answer.diagnosis.CopyFrom(response.diagnosis)
        return response.diagnosis
    answer.diagnosis_failure.CopyFrom(response.failure)
    request.settings.CopyFrom(backends.rules().critic)
    return services.persist("critic", lambda _: calls.diagnose(services, request)).diagnosis


def _propose(recorded: Recorded, state: State, services: Services, answer: Answer) -> None:
    """Ask the generator."""
    request = requests.propose(recorded.campaign_id, state, moments.open_stage(state))
    answer.proposal_asked = True
    response, answer.proposal_seconds = _timed(
        lambda: services.persist("generator", lambda _: calls.propose(services, request))
    )
    if response.HasField("llm"):
        answer.proposal_llm.CopyFrom(response.llm)
    if response.HasField("failure"):
        answer.proposal_failure.CopyFrom(response.failure)
    answer.candidates.extend(response.candidates)


def _screen(recorded: Recorded, state: State, services: Services, answer: Answer) -> list[Verdict]:
    """The screen's verdicts on the candidates; none where there are none, or the task cannot be built here."""
    if not answer.candidates:
        return []
    state = moments.with_round(state, answer.candidates)
    request = requests.validate(recorded.campaign_id, state, moments.open_stage(state))
    request.env_steps_left = 0

    def validate() -> list[Verdict]:
        stub = ValidatorServiceStub(services.channel("validator"))
        for response in rpc.stream(stub.Validate, request, seconds=SCREEN_SECONDS):
            if response.HasField("result"):
                return list(response.result.verdicts)
        raise ServiceUnavailable("it ended the screen without a result")

    try:
        return services.persist("validator", lambda _: validate())
    except TaskError:
        return []


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    """What some work gives, and how long it took, seconds."""
    began = time.monotonic()
    return work(), time.monotonic() - began
