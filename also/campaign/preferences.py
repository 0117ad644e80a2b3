"""What validation prefers, as data for preference training: two candidates of one prompt, one of them better.

Candidates of one question (a stage's round) were tried from the same checkpoint on the same seeds, so
their verdicts can be compared: a promoted one beats any other; beyond that, the one with the larger mean
gain over control, provided that the 95 % interval of its gain lies above the other's mean. A candidate
that the screen refused loses to every one that was tried. The rest says too little and makes no pair.

Pairs have the form that DPO trainers read (Rafailov 2023, arXiv 2305.18290): a prompt and two replies,
each a list of chat messages.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from also import document, enums, reasons
from also.campaign import exchanges
from also.campaign.state import Stage, State
from also.store import Store
from also.v1.verdict_pb2 import OUTCOME_INCONCLUSIVE, Outcome, Trial, VerdictReason
from also.validation.judge import PROMOTED

_SCREENED = (
    VerdictReason.VERDICT_REASON_INVALID_CONFIG,
    VerdictReason.VERDICT_REASON_DUPLICATE,
    VerdictReason.VERDICT_REASON_DEAD_TERM,
    VerdictReason.VERDICT_REASON_SATURATED_TERM,
    VerdictReason.VERDICT_REASON_NON_FINITE,
)


def pairs(state: State, campaign_id: str, store: Store) -> Iterator[dict[str, Any]]:
    """Preference pairs of a campaign's LLM generator, in order of stage and round.

    Arguments and errors are those of `remedies.pairs`.

    Yields:
        JSON data: `prompt`, `chosen` and `rejected` (chat messages), and `mind`, `campaign`, `task`, `stage`, `round`,
        `model`, `exchange`, `chosen_verdict` and `rejected_verdict` besides.
    """
    for stage in state.stages:
        for number in range(len(stage.rounds)):
            trials = [each for each in stage.trials if each.round == number and each.candidate.HasField("origin")]
            for better, worse in _ordered(trials):
                exchange = better.candidate.origin.exchange
                yield {
                    "mind": "generator",
                    "prompt": exchanges.asked(campaign_id, exchange, store),
                    "chosen": exchanges.proposed(better.candidate, campaign_id, store),
                    "rejected": exchanges.proposed(worse.candidate, campaign_id, store),
                    "campaign": campaign_id,
                    "task": state.card.task,
                    "stage": stage.number,
                    "round": number,
                    "model": model_of(stage, exchange),
                    "exchange": exchange,
                    "chosen_verdict": _verdict(better),
                    "rejected_verdict": _verdict(worse),
                }


def is_better(one: Trial, other: Trial) -> bool:
    """Whether validation prefers one candidate to another one of the same round."""
    if OUTCOME_INCONCLUSIVE in (one.verdict.outcome, other.verdict.outcome):
        return False
    if (one.verdict.outcome in PROMOTED) != (other.verdict.outcome in PROMOTED):
        return one.verdict.outcome in PROMOTED
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


def model_of(stage: Stage, exchange: str) -> str:
    """The model that answered an exchange of a stage; empty where none did."""
    return next((use.model for use in stage.llm_uses if use.exchange == exchange), "")


def _verdict(trial: Trial) -> dict[str, Any]:
    verdict = trial.verdict
    return {
        "candidate": verdict.candidate,
        "outcome": enums.short_name(Outcome.DESCRIPTOR, verdict.outcome),
        "reason": reasons.verdict(verdict.reason),
        "test": document.plain(verdict.test) if verdict.HasField("test") else None,
        "config": document.plain(trial.candidate.config),
    }
