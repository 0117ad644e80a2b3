"""What a conductor asks the minds, critic and generator: a mind that fails for good ends in a hold, not in an error."""

from collections.abc import Callable
from typing import TypeVar

from also import limits
from also.campaign import calls, requests
from also.campaign.decide import hold, hold_without_answer
from also.campaign.processes import Services
from also.campaign.state import State
from also.campaign.waits import Waits
from also.errors import AlsoError
from also.v1.campaign_pb2 import CriticSettings, GeneratorSettings
from also.v1.journal_pb2 import Diagnosed, Held, HoldReason, Proposed

Answer = TypeVar("Answer", Diagnosed, Proposed)


def diagnose(services: Services, waits: Waits, campaign_id: str, state: State) -> Diagnosed | Held:
    """Have the critic diagnose the open stage."""
    stage = state.stage_under_way
    request = requests.diagnose(campaign_id, state, stage)

    def ask() -> Diagnosed | Held:
        with waits.during("critic", _llm(request.settings)):
            response = calls.diagnose(services, request)
        if response.HasField("failure"):
            return hold_without_answer(state, stage, response.failure, response.llm)
        limits.check(response.diagnosis, "diagnosis")
        return Diagnosed(stage=stage.number, diagnosis=response.diagnosis, llm=calls.use_of(response))

    return _or_hold(services, "critic", ask, state, HoldReason.HOLD_REASON_CRITIC_FAILED)


def propose(services: Services, waits: Waits, campaign_id: str, state: State) -> Proposed | Held:
    """Have the generator propose candidates for the open stage's next round."""
    stage = state.stage_under_way
    request = requests.propose(campaign_id, state, stage)

    def ask() -> Proposed | Held:
        with waits.during("generator", _llm(request.settings)):
            response = calls.propose(services, request)
        if response.HasField("failure"):
            return hold_without_answer(state, stage, response.failure, response.llm)
        limits.check(response)
        return Proposed(
            stage=stage.number, round=request.round, candidates=response.candidates, llm=calls.use_of(response)
        )

    return _or_hold(services, "generator", ask, state, HoldReason.HOLD_REASON_GENERATOR_FAILED)


def _or_hold(
    services: Services, service: str, ask: Callable[[], Answer | Held], state: State, reason: HoldReason
) -> Answer | Held:
    """What a mind answers; where it fails for good the stage holds, and training goes on."""
    try:
        return services.persist(service, lambda _: ask())
    except AlsoError as error:
        return hold(state, state.stage_under_way, reason, str(error))


def _llm(settings: CriticSettings | GeneratorSettings) -> str:
    """What a mind waits for while it answers, in words; empty for one that asks nobody."""
    return f"the LLM at {settings.llm.url}" if settings.HasField("llm") else ""
