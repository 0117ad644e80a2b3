"""One backend on one situation, by the services themselves: each mind is asked alone.

    evidence → critic → diagnosis
    evidence and the rules' diagnosis → generator → candidates → screen

All generators hear the rules' diagnosis, so that a critic's mistakes are not charged to a generator; where it asks for
no change none is asked, as in a campaign. The screen is the validator's own, asked for a round that no branch can be
paid for.

A further sample is the same question under another campaign's id: its exchange, and with it the seed of the sampling,
is another one.
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
from also.v1.critic_pb2 import DiagnoseRequest
from also.v1.diagnosis_pb2 import Diagnosis
from also.v1.situation_pb2 import Answer
from also.v1.validator_pb2_grpc import ValidatorServiceStub
from also.v1.verdict_pb2 import Verdict

T = TypeVar("T")

SCREEN_SECONDS = 600.0
"""Deadline of a screen."""

RULES = backends.rules()
"""The expert system, whose diagnosis generators hear."""


def rules_diagnosis(recorded: Recorded, services: Services) -> Diagnosis:
    """What the rules say of a situation.

    Raises:
        InputError: the critic refused the request.
        ServiceError: it failed for good.
    """
    request = _diagnose_request(recorded, RULES)
    return services.persist("critic", lambda _: calls.diagnose(services, request)).diagnosis


def hear(
    recorded: Recorded, backend: Backend, sample: int, heard: Diagnosis, services: Services, *, screen: bool
) -> Answer:
    """What a backend makes of a situation.

    Args:
        recorded: the situation.
        backend: the backend.
        sample: which sample, from 0.
        heard: the rules' diagnosis, which the generator hears.
        services: critic, generator, validator and trainer, over a store that holds the situation's checkpoint.
        screen: whether candidates are screened.

    Raises:
        InputError: a service refused a request.
        ServiceError: a service failed for good.
    """
    answer = Answer(situation=recorded.situation.id, sample=sample)
    if backend.diagnoses:
        _diagnose(recorded, backend, sample, services, answer)
    if backend.generator is not None:
        generator = backend.generator_of(recorded.situation.id)
        state = moments.before_proposal(recorded, heard, RULES.critic_of(""), generator)
        if asks_for_change(state, state.stage_under_way):
            _propose(recorded, state, sample, services, answer)
            if screen:
                answer.verdicts.extend(_screen(recorded, state, services, answer))
    return answer


def campaign_id(recorded: Recorded, sample: int) -> str:
    """The campaign under which a sample is asked: that which was recorded, or one of the sample's own."""
    return recorded.campaign_id if sample == 0 else f"{recorded.campaign_id}-sample-{sample}"


def _diagnose_request(recorded: Recorded, backend: Backend, sample: int = 0) -> DiagnoseRequest:
    critic = backend.critic_of(recorded.situation.id)
    state = moments.before_diagnosis(recorded, critic, RULES.generator_of(""))
    return requests.diagnose(campaign_id(recorded, sample), state, state.stage_under_way)


def _diagnose(recorded: Recorded, backend: Backend, sample: int, services: Services, answer: Answer) -> None:
    """Ask the critic."""
    request = _diagnose_request(recorded, backend, sample)
    response, seconds = _timed(lambda: services.persist("critic", lambda _: calls.diagnose(services, request)))
    answer.diagnosis_seconds = seconds
    if response.HasField("llm"):
        answer.diagnosis_llm.CopyFrom(response.llm)
        answer.diagnosis_seconds = response.llm.seconds
    if response.WhichOneof("answer") == "diagnosis":
        answer.diagnosis.CopyFrom(response.diagnosis)
    else:
        answer.diagnosis_failure.CopyFrom(response.failure)


def _propose(recorded: Recorded, state: State, sample: int, services: Services, answer: Answer) -> None:
    """Ask the generator."""
    request = requests.propose(campaign_id(recorded, sample), state, state.stage_under_way)
    answer.proposal_asked = True
    response, seconds = _timed(lambda: services.persist("generator", lambda _: calls.propose(services, request)))
    answer.proposal_seconds = seconds
    if response.HasField("llm"):
        answer.proposal_llm.CopyFrom(response.llm)
        answer.proposal_seconds = response.llm.seconds
    if response.HasField("failure"):
        answer.proposal_failure.CopyFrom(response.failure)
    answer.candidates.extend(response.candidates)


def _screen(recorded: Recorded, state: State, services: Services, answer: Answer) -> list[Verdict]:
    """The screen's verdicts on the candidates; none where there are none, or the task cannot be built here."""
    if not answer.candidates:
        return []
    state = moments.with_round(state, answer.candidates)
    request = requests.validate(recorded.campaign_id, state, state.stage_under_way)
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
