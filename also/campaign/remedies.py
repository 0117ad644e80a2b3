"""What became of an LLM's diagnoses, as data for preference training: a remedy that helped against one that did not.

A remedy *helped* when a candidate that answered its finding was promoted, the promotion lasted, and a later stage had a
larger mean return. It was tried *in vain* when all candidates that answered its finding were rejected in that stage. A
pair has two replies to the prompt of the stage where the one helped:

- against another finding of the same diagnosis, whose remedy was tried in vain in that stage;
- against the same finding with another remedy, that was tried in vain against the same trouble (mode, milestone and
  agent) in an earlier stage. Only the remedy's word differs then.

Each reply has one finding, in the words in which the LLM wrote it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from also import enums
from also.campaign import exchanges
from also.campaign.preferences import model_of
from also.campaign.state import Stage, State
from also.errors import DocumentError
from also.store import Store
from also.v1.diagnosis_pb2 import FailureMode, Finding, Remedy
from also.v1.journal_pb2 import Promoted
from also.v1.llm_pb2 import LlmUse
from also.v1.verdict_pb2 import OUTCOME_REJECTED, Candidate

BACKEND = "llm"
"""`backend` of the diagnoses that an LLM gave itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Helped:
    """A finding of an LLM whose remedy helped."""

    stage: Stage
    """Its stage."""
    finding: Finding
    """The finding."""
    use: LlmUse
    """The exchange that it is from."""


def helped(state: State) -> Iterator[Helped]:
    """Findings of LLMs whose remedies led to a promotion that lasted, in order of stage."""
    for stage in state.lineage:
        use = _asked_critic(stage)
        index = _promoted_finding(stage)
        if use is None or index is None or stage.number in state.undone or not _rose_after(state, stage):
            continue
        assert stage.diagnosis is not None, "what was promoted answered a diagnosis"
        yield Helped(stage=stage, finding=stage.diagnosis.findings[index], use=use)


def pairs(state: State, campaign_id: str, store: Store) -> Iterator[dict[str, Any]]:
    """Preference pairs of a campaign's LLM critic, in order of stage.

    Args:
        state: the campaign's.
        campaign_id: the campaign's id.
        store: the object store that holds its exchanges.

    Yields:
        JSON data: `prompt`, `chosen` and `rejected` (chat messages), and `mind`, `campaign`, `task`, `stage`, `model`,
        `exchange`, `chosen_remedy`, `rejected_remedy` and `rejected_in` (the stage where it was tried in vain) besides.

    Raises:
        DocumentError: a stored exchange is missing or damaged.
    """
    for each in helped(state):
        written = words(each.finding, each.use, campaign_id, store)
        for other, tried_in in _in_vain(state, each):
            rejected = written | {"remedy": _remedy(other)}
            if tried_in == each.stage.number:
                rejected = words(other, each.use, campaign_id, store)
            yield {
                "mind": "critic",
                "prompt": exchanges.asked(campaign_id, each.use.exchange, store),
                "chosen": exchanges.said({"findings": [written]}),
                "rejected": exchanges.said({"findings": [rejected]}),
                "campaign": campaign_id,
                "task": state.card.task,
                "stage": each.stage.number,
                "model": model_of(each.stage, each.use.exchange),
                "exchange": each.use.exchange,
                "chosen_remedy": _remedy(each.finding),
                "rejected_remedy": _remedy(other),
                "rejected_in": tried_in,
            }


def words(finding: Finding, use: LlmUse, campaign_id: str, store: Store) -> dict[str, Any]:
    """A finding as the LLM wrote it: the severest of its mode and milestone, which is what was read.

    Raises:
        DocumentError: the reply is missing or damaged, or has no such finding.
    """
    mode = enums.short_name(FailureMode.DESCRIPTOR, finding.mode)
    written = exchanges.findings(campaign_id, use.exchange, int(use.repaired), store)
    same = [each for each in written if (each.get("mode"), each.get("milestone")) == (mode, finding.milestone)]
    if not same:
        raise DocumentError(f"exchange {use.exchange} has no finding of {mode} {finding.milestone}".rstrip())
    return max(same, key=lambda each: float(each.get("severity", 0)))


def promoted_candidate(stage: Stage) -> Candidate | None:
    """The candidate that a stage ended with; None where it promoted none."""
    if not isinstance(stage.decision, Promoted):
        return None
    return next(each.candidate for each in stage.trials if each.candidate.name == stage.decision.candidate)


def _asked_critic(stage: Stage) -> LlmUse | None:
    """What the critic's LLM cost, where it gave the stage's diagnosis: the first use of a stage."""
    if stage.diagnosis is None or stage.diagnosis.backend != BACKEND or not stage.llm_uses:
        return None
    return stage.llm_uses[0]


def _promoted_finding(stage: Stage) -> int | None:
    """Index of the finding that the promoted candidate answered; None where there is none."""
    candidate = promoted_candidate(stage)
    if candidate is None or stage.diagnosis is None:
        return None
    return candidate.finding if 0 <= candidate.finding < len(stage.diagnosis.findings) else None


def _rose_after(state: State, stage: Stage) -> bool:
    """Whether a later stage that came through the promotion has a larger mean return."""
    return any(each.mean_return > stage.mean_return for each in state.lineage if each.number > stage.number)


def _in_vain(state: State, one: Helped) -> Iterator[tuple[Finding, int]]:
    """Findings whose remedies were tried in vain against the same, each remedy once, with the stage where they were."""
    seen = {one.finding.remedy}
    for stage in reversed([each for each in state.stages if each.number <= one.stage.number]):
        for index, finding in enumerate(stage.diagnosis.findings if stage.diagnosis is not None else ()):
            same = _trouble(finding) == _trouble(one.finding)
            here = stage.number == one.stage.number
            trials = [each for each in stage.trials if each.candidate.finding == index]
            failed = bool(trials) and all(each.verdict.outcome == OUTCOME_REJECTED for each in trials)
            if failed and here and finding != one.finding:
                yield finding, stage.number
            elif failed and same and not here and finding.remedy not in seen:
                seen.add(finding.remedy)
                yield finding, stage.number


def _trouble(finding: Finding) -> tuple[int, str, str]:
    return finding.mode, finding.milestone, finding.agent


def _remedy(finding: Finding) -> str:
    return enums.short_name(Remedy.DESCRIPTOR, finding.remedy)
