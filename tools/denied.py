"""What the diagnoses of a journal say against their own evidence: none of it may have reached a decision."""

from collections.abc import Iterable

from also.campaign import requests
from also.campaign.fold import event_of, fold
from also.services.critic.case import read_case
from also.services.critic.choices import may_be_well
from also.services.critic.contradictions import contradictions
from also.v1.diagnosis_pb2 import FAILURE_MODE_NONE
from also.v1.journal_pb2 import Diagnosed, JournalRecord


def denied(records: Iterable[JournalRecord], campaign_id: str) -> list[str]:
    """One sentence for each thing that a diagnosis of a campaign says against the evidence of its stage.

    Args:
        records: the campaign's journal.
        campaign_id: its id.
    """
    found, until = [], list[JournalRecord]()
    for record in records:
        event = event_of(record)
        if isinstance(event, Diagnosed):
            state = fold(until)
            assert state.open_stage is not None, "a diagnosis lies inside a stage"
            case = read_case(requests.diagnose(campaign_id, state, state.open_stage))
            if event.diagnosis.phase != case.phase:
                found.append(f"stage {event.stage}: the phase is {case.phase}, not {event.diagnosis.phase}")
            for finding in event.diagnosis.findings:
                found += [f"stage {event.stage}: {text}" for text in contradictions(finding, case)]
                if finding.mode == FAILURE_MODE_NONE and not may_be_well(case):
                    found.append(f"stage {event.stage}: nothing is wrong, and the rules find what is")
        until.append(record)
    return found
