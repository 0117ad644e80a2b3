"""Asking the minds again: every diagnosis and every list of candidates of a journal, from the same requests.

    for each record of a mind:  ask the service what the campaign asked it → what it said then must be what it says now

Nothing is paid: the request allows an LLM no call, so that only replies in the object store can answer.
Where the prompts' files have changed since, the old question can no longer be asked, and that is said.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from also.campaign import calls, requests
from also.campaign.fold import advance, begin, event_of
from also.campaign.processes import Services
from also.campaign.state import State
from also.v1.critic_pb2 import DiagnoseResponse
from also.v1.generator_pb2 import ProposeResponse
from also.v1.journal_pb2 import Diagnosed, JournalRecord, Proposed
from also.v1.llm_pb2 import LlmAllowance


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAgain:
    """The result of asking again for one record."""

    sequence: int
    """Number of the record."""
    difference: str = ""
    """How the answer differs; empty where it agrees."""
    outdated: bool = False
    """Whether it could not be asked again, because the prompt's files have changed."""


def hear_again(records: Sequence[JournalRecord], campaign_id: str, services: Services) -> Iterator[AskedAgain]:
    """Ask for every diagnosis and every list of candidates again.

    Args:
        records: all records, in order.
        campaign_id: the campaign's id.
        services: the minds.

    Raises:
        CampaignError: a record cannot follow the ones before it.
        InputError, ServiceError: a mind cannot answer.
    """
    state = begin(records[0])
    for record in records[1:]:
        match event_of(record):
            case Diagnosed() as diagnosed:
                yield _diagnosis(record.sequence, diagnosed, _diagnose(campaign_id, state, services))
            case Proposed() as proposed:
                yield _candidates(record.sequence, proposed, _propose(campaign_id, state, services))
        state = advance(state, record)


def _diagnose(campaign_id: str, state: State, services: Services) -> DiagnoseResponse:
    request = requests.diagnose(campaign_id, state, state.stage_under_way)
    request.allowance.CopyFrom(LlmAllowance())
    return services.persist("critic", lambda _: calls.diagnose(services, request))


def _propose(campaign_id: str, state: State, services: Services) -> ProposeResponse:
    request = requests.propose(campaign_id, state, state.stage_under_way)
    request.allowance.CopyFrom(LlmAllowance())
    return services.persist("generator", lambda _: calls.propose(services, request))


def _diagnosis(sequence: int, then: Diagnosed, now: DiagnoseResponse) -> AskedAgain:
    difference = "the critic says something else now" if then.diagnosis != now.diagnosis else ""
    return _answered(sequence, then, now, "diagnosis", difference)


def _candidates(sequence: int, then: Proposed, now: ProposeResponse) -> AskedAgain:
    difference = "the generator proposes something else now" if list(then.candidates) != list(now.candidates) else ""
    return _answered(sequence, then, now, "candidates", difference)


def _answered(
    sequence: int, then: Diagnosed | Proposed, now: DiagnoseResponse | ProposeResponse, what: str, difference: str
) -> AskedAgain:
    """How an answer differs, if the same question was answered; `what` names answers of its kind."""
    if then.llm.prompt_sha256 != now.llm.prompt_sha256:
        return AskedAgain(sequence=sequence, outdated=True)
    if now.HasField("failure"):
        difference = f"the stored replies give no {what}: {now.failure.detail}"
    return AskedAgain(sequence=sequence, difference=difference)
