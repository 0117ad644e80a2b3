"""One sentence for each named reason; the same words in journal, metrics, CLI and documents."""

from also import enums
from also.v1 import journal_pb2, verdict_pb2

VERDICTS: dict[int, str] = {
    verdict_pb2.VERDICT_REASON_GAIN_CONFIRMED: "The gain on fresh seeds is significant and large enough.",
    verdict_pb2.VERDICT_REASON_MILESTONES_CONFIRMED: "The return is silent; the milestone gain is significant.",
    verdict_pb2.VERDICT_REASON_INVALID_CONFIG: "The config breaks a rule of the schema or a bound.",
    verdict_pb2.VERDICT_REASON_DUPLICATE: "An equal config was tried before, or is the incumbent.",
    verdict_pb2.VERDICT_REASON_DEAD_TERM: "A term never fires on the checkpoint's rollouts.",
    verdict_pb2.VERDICT_REASON_SATURATED_TERM: "A term is constant or nearly always cut on the checkpoint's rollouts.",
    verdict_pb2.VERDICT_REASON_NON_FINITE: "A term's value is not finite.",
    verdict_pb2.VERDICT_REASON_LOST_SEARCH: "Other candidates did better on the search seeds.",
    verdict_pb2.VERDICT_REASON_BELOW_CONTROL: "It did not beat control on the search seeds.",
    verdict_pb2.VERDICT_REASON_NOT_SIGNIFICANT: "The gain on fresh seeds is not significant.",
    verdict_pb2.VERDICT_REASON_GAIN_TOO_SMALL: "The gain on fresh seeds is significant but too small.",
    verdict_pb2.VERDICT_REASON_TOO_FEW_SEEDS: "So few pairs can never reach the level of significance.",
    verdict_pb2.VERDICT_REASON_NO_EVIDENCE: "All returns and milestone scores are equal.",
    verdict_pb2.VERDICT_REASON_CONTROL_FAILED: "The control arm failed, so the fault is not the candidate's.",
    verdict_pb2.VERDICT_REASON_BRANCH_FAILED: "The candidate's branches failed although control's did not.",
    verdict_pb2.VERDICT_REASON_HASH_MISMATCH: "A live learner reported another config hash.",
    verdict_pb2.VERDICT_REASON_BUDGET_SPENT: "The budget did not suffice.",
}
"""Why a candidate has its outcome."""

HOLDS: dict[int, str] = {
    journal_pb2.HOLD_REASON_NOTHING_TO_CHANGE: "The diagnosis asks for no change.",
    journal_pb2.HOLD_REASON_NO_CANDIDATES: "The generator has no new candidate.",
    journal_pb2.HOLD_REASON_NOTHING_PROMOTED: "No candidate beat control.",
    journal_pb2.HOLD_REASON_CONTROL_FAILED: "The control arm failed.",
    journal_pb2.HOLD_REASON_BUDGET_SPENT: "The rest of the budget does not suffice for a round.",
    journal_pb2.HOLD_REASON_CRITIC_FAILED: "The critic could not be reached, or failed.",
    journal_pb2.HOLD_REASON_GENERATOR_FAILED: "The generator could not be reached, or failed.",
    journal_pb2.HOLD_REASON_LLM_UNAVAILABLE: "A mind's LLM could not be reached, failed, or refused the request.",
    journal_pb2.HOLD_REASON_LLM_BUDGET_SPENT: "The budget of LLM calls or tokens does not suffice.",
    journal_pb2.HOLD_REASON_LLM_REPLY_INVALID: "No reply of a mind's LLM could be used.",
}
"""Why a stage holds."""

ROLLBACKS: dict[int, str] = {
    journal_pb2.ROLLBACK_REASON_RETURN_FELL: "The return fell below control's by more than the margin.",
    journal_pb2.ROLLBACK_REASON_NOT_CONFIRMED: "A provisional promotion lost its lead, or had no return in time.",
}
"""Why a promotion is undone."""

FINISHES: dict[int, str] = {
    journal_pb2.FINISH_REASON_STAGES_DONE: "All stages are done.",
    journal_pb2.FINISH_REASON_BUDGET_SPENT: "The budget does not suffice for another stage.",
}
"""Why a campaign is over."""


def verdict(reason: int) -> str:
    """Name of a verdict's reason, e.g. "GainConfirmed"."""
    return enums.camel(verdict_pb2.VerdictReason, reason)


def hold(reason: int) -> str:
    """Name of a hold's reason, e.g. "NothingPromoted"."""
    return enums.camel(journal_pb2.HoldReason, reason)


def rollback(reason: int) -> str:
    """Name of a rollback's reason, e.g. "ReturnFell"."""
    return enums.camel(journal_pb2.RollbackReason, reason)


def finish(reason: int) -> str:
    """Name of a finish's reason, e.g. "StagesDone"."""
    return enums.camel(journal_pb2.FinishReason, reason)
