"""What validation prefers, as data for preference training: two candidates of one prompt, one of them better.

Candidates of one question (a stage's round) were tried from the same checkpoint on the same seeds, so
their verdicts can be compared: a promoted one beats any other; beyond that, the one with the larger mean
gain over control, provided that the 95 % interval of its gain lies above the other's mean. A candidate
that the screen refused loses to every one that was tried. The rest says too little and makes no pair.

Pairs have the form that DPO trainers read (Rafailov 2023, arXiv 2305.18290): a prompt and two replies,
each a list of chat messages.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from also import document, enums, keys, reasons
from also.campaign.fold import fold
from also.campaign.state import Stage
from also.errors import DocumentError, MissingObjectError
from also.llm.exchange import stored_prompt
from also.llm.question import ReplyError
from also.llm.reading import answer_keys, read_reply
from also.store import Store
from also.v1.journal_pb2 import JournalRecord
from also.v1.llm_pb2 import LlmReply
from also.v1.verdict_pb2 import OUTCOME_INCONCLUSIVE, Outcome, Trial, VerdictReason

_SCREENED = (
    VerdictReason.VERDICT_REASON_INVALID_CONFIG,
    VerdictReason.VERDICT_REASON_DUPLICATE,
    VerdictReason.VERDICT_REASON_DEAD_TERM,
    VerdictReason.VERDICT_REASON_SATURATED_TERM,
    VerdictReason.VERDICT_REASON_NON_FINITE,
)

_PROMOTED = (Outcome.OUTCOME_PROMOTED, Outcome.OUTCOME_PROMOTED_PROVISIONALLY)


def pairs(records: Sequence[JournalRecord], campaign_id: str, store: Store) -> Iterator[dict[str, Any]]:
    """Preference pairs of a campaign's LLM generator, in order of stage and round.

    Args:
        records: the journal, not empty.
        campaign_id: the campaign's id.
        store: the object store that holds its exchanges.

    Yields:
        JSON data: `prompt`, `chosen` and `rejected` (chat messages), and `campaign`, `task`, `stage`, `round`, `model`,
        `exchange`, `chosen_verdict` and `rejected_verdict` besides.

    Raises:
        CampaignError: a record cannot follow the ones before it.
        DocumentError: a stored exchange is missing or damaged.
    """
    state = fold(records)
    for stage in state.stages:
        for number in range(len(stage.rounds)):
            trials = [each for each in stage.trials if each.round == number and each.candidate.HasField("origin")]
            for better, worse in _ordered(trials):
                yield {
                    **_messages(better, worse, campaign_id, store),
                    "campaign": campaign_id,
                    "task": state.card.task,
                    "stage": stage.number,
                    "round": number,
                    "model": _model(stage, better),
                    "exchange": better.candidate.origin.exchange,
                    "chosen_verdict": _verdict(better),
                    "rejected_verdict": _verdict(worse),
                }


def is_better(one: Trial, other: Trial) -> bool:
    """Whether validation prefers one candidate to another one of the same round."""
    if OUTCOME_INCONCLUSIVE in (one.verdict.outcome, other.verdict.outcome):
        return False
    if (one.verdict.outcome in _PROMOTED) != (other.verdict.outcome in _PROMOTED):
        return one.verdict.outcome in _PROMOTED
    if _is_screened(one) or _is_screened(other):
        return not _is_screened(one) and _is_screened(other)
    ours, theirs = one.verdict.test, other.verdict.test
    return ours.measure == theirs.measure != "" and ours.gain_low > theirs.mean_gain


def _is_screened(trial: Trial) -> bool:
    return trial.verdict.reason in _SCREENED


def _ordered(trials: Sequence[Trial]) -> Iterator[tuple[Trial, Trial]]:
    """Every (better, worse) of one question's trials."""
    for one in trials:
        for other in trials:
            if one.candidate.origin.exchange == other.candidate.origin.exchange and is_better(one, other):
                yield one, other


def _messages(better: Trial, worse: Trial, campaign_id: str, store: Store) -> dict[str, Any]:
    exchange = better.candidate.origin.exchange
    prompt = stored_prompt(store, campaign_id, exchange)
    if prompt is None:
        raise DocumentError(f"exchange {exchange} is not in the store: {keys.llm_prompt(campaign_id, exchange)}")
    known = answer_keys(prompt.schema)
    return {
        "prompt": [{"role": message.role, "content": message.content} for message in prompt.messages],
        "chosen": [{"role": "assistant", "content": _said(better, campaign_id, store, known)}],
        "rejected": [{"role": "assistant", "content": _said(worse, campaign_id, store, known)}],
    }


def _said(trial: Trial, campaign_id: str, store: Store, known: Sequence[str]) -> str:
    """What the LLM said for one candidate, as a whole reply of its own.

    Args:
        trial: the candidate's.
        campaign_id: the campaign.
        store: where its reply is.
        known: keys of the answer, as the prompt's schema has them.
    """
    origin = trial.candidate.origin
    key = keys.llm_reply(campaign_id, origin.exchange, origin.reply)
    try:
        body = read_reply(store.get_message(key, LlmReply), known)
        if isinstance(body, ReplyError):
            raise body
        data = body.choices[origin.choice].data
        if "reason" not in data:  # a list: its leads, and what follows them
            leads = [data[name] for name in known if name in data and name != "candidates"]
            data = {"candidates": [[*leads, *data.get("candidates", ())][origin.item]]}
    except (MissingObjectError, ReplyError, LookupError, TypeError):
        raise DocumentError(f"{key} has no candidate {origin.item} in choice {origin.choice}") from None
    return json.dumps(data, separators=(",", ":"))


def _model(stage: Stage, trial: Trial) -> str:
    uses = [use for use in stage.llm_uses if use.exchange == trial.candidate.origin.exchange]
    return uses[0].model if uses else ""


def _verdict(trial: Trial) -> dict[str, Any]:
    verdict = trial.verdict
    return {
        "candidate": verdict.candidate,
        "outcome": enums.short_name(Outcome.DESCRIPTOR, verdict.outcome),
        "reason": reasons.verdict(verdict.reason),
        "test": document.plain(verdict.test) if verdict.HasField("test") else None,
        "config": document.plain(trial.candidate.config),
    }
