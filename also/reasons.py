"""One sentence for each named reason; the same words in journal, metrics, CLI and documents."""

from also import enums
from also.v1 import branch_pb2, journal_pb2, reading_pb2, verdict_pb2

METRICS_FAULTS: dict[int, str] = {
    reading_pb2.METRICS_FAULT_UNAVAILABLE: "Prometheus could not be reached, answered with an error, or too late.",
    reading_pb2.METRICS_FAULT_INCOMPLETE: "Series are missing, or Prometheus warned that its answer is not whole.",
    reading_pb2.METRICS_FAULT_STALE: "The last sample is older than allowed, or from the future.",
    reading_pb2.METRICS_FAULT_NOT_FINITE: "A sample is not a finite number.",
    reading_pb2.METRICS_FAULT_AMBIGUOUS: "There are several series where one is expected.",
    reading_pb2.METRICS_FAULT_MISMATCH: "Samples and the records in the object store disagree.",
}
"""Why what Prometheus says cannot be used; a verdict and a hold for it have the same name and sentence."""

FAILURES: dict[int, str] = {
    branch_pb2.BRANCH_FAILURE_DIVERGED: "A number of its training was not finite.",
    branch_pb2.BRANCH_FAILURE_OUT_OF_MEMORY: "Its Job's container was killed for its memory, each time.",
    branch_pb2.BRANCH_FAILURE_DEADLINE_EXCEEDED: "Its Job ran longer than its deadline.",
    branch_pb2.BRANCH_FAILURE_IMAGE_UNAVAILABLE: "The image of its Job cannot be pulled.",
    branch_pb2.BRANCH_FAILURE_QUOTA_EXCEEDED: "A quota of the namespace refused its Job or its pods.",
    branch_pb2.BRANCH_FAILURE_UNSCHEDULABLE: "No node could take its pod in time.",
    branch_pb2.BRANCH_FAILURE_NOT_ADMITTED: "Its Job waited in a queue for longer than allowed.",
    branch_pb2.BRANCH_FAILURE_NODE_LOST: "The node of its pod was lost, and no other pod took over in time.",
    branch_pb2.BRANCH_FAILURE_CRASHED: "Its process ended without a result, each time.",
}
"""Why a branch has no usable result."""

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
    verdict_pb2.VERDICT_REASON_TOO_FEW_SEEDS: "So few pairs cannot prove the gain: chance or rare losses explain it.",
    verdict_pb2.VERDICT_REASON_NO_EVIDENCE: "All returns and milestone scores are equal.",
    verdict_pb2.VERDICT_REASON_CONTROL_FAILED: "The control arm failed, so the fault is not the candidate's.",
    verdict_pb2.VERDICT_REASON_BRANCH_FAILED: "The candidate's branches failed although control's did not.",
    verdict_pb2.VERDICT_REASON_HASH_MISMATCH: "A live learner reported another config hash.",
    verdict_pb2.VERDICT_REASON_BUDGET_SPENT: "The budget did not suffice.",
    verdict_pb2.VERDICT_REASON_METRICS_UNAVAILABLE: METRICS_FAULTS[reading_pb2.METRICS_FAULT_UNAVAILABLE],
    verdict_pb2.VERDICT_REASON_METRICS_INCOMPLETE: METRICS_FAULTS[reading_pb2.METRICS_FAULT_INCOMPLETE],
    verdict_pb2.VERDICT_REASON_METRICS_STALE: METRICS_FAULTS[reading_pb2.METRICS_FAULT_STALE],
    verdict_pb2.VERDICT_REASON_METRICS_NOT_FINITE: METRICS_FAULTS[reading_pb2.METRICS_FAULT_NOT_FINITE],
    verdict_pb2.VERDICT_REASON_METRICS_AMBIGUOUS: METRICS_FAULTS[reading_pb2.METRICS_FAULT_AMBIGUOUS],
    verdict_pb2.VERDICT_REASON_METRICS_MISMATCH: METRICS_FAULTS[reading_pb2.METRICS_FAULT_MISMATCH],
    verdict_pb2.VERDICT_REASON_GUARD_FAILED: "The condition of a guard query does not hold.",
    verdict_pb2.VERDICT_REASON_RACE_WON: "It came furthest in the race.",
    verdict_pb2.VERDICT_REASON_RACE_LOST: "Another candidate came further in the race.",
    verdict_pb2.VERDICT_REASON_RACE_STOOD_STILL: "It came no further in the race than control, or than where it began.",
    verdict_pb2.VERDICT_REASON_NOT_TRIED: "It was not tried in this round.",
    verdict_pb2.VERDICT_REASON_TRUSTED: "The return is silent; the first policy-invariant candidate enters on trust.",
    verdict_pb2.VERDICT_REASON_UNPROVEN: "The campaign asks for no proof.",
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
    journal_pb2.HOLD_REASON_LLM_CONTRADICTED: "A mind's LLM contradicted the evidence, in the repaired reply too.",
    journal_pb2.HOLD_REASON_METRICS_UNAVAILABLE: METRICS_FAULTS[reading_pb2.METRICS_FAULT_UNAVAILABLE],
    journal_pb2.HOLD_REASON_METRICS_INCOMPLETE: METRICS_FAULTS[reading_pb2.METRICS_FAULT_INCOMPLETE],
    journal_pb2.HOLD_REASON_METRICS_STALE: METRICS_FAULTS[reading_pb2.METRICS_FAULT_STALE],
    journal_pb2.HOLD_REASON_METRICS_NOT_FINITE: METRICS_FAULTS[reading_pb2.METRICS_FAULT_NOT_FINITE],
    journal_pb2.HOLD_REASON_METRICS_AMBIGUOUS: METRICS_FAULTS[reading_pb2.METRICS_FAULT_AMBIGUOUS],
    journal_pb2.HOLD_REASON_METRICS_MISMATCH: METRICS_FAULTS[reading_pb2.METRICS_FAULT_MISMATCH],
    journal_pb2.HOLD_REASON_STILL_LEARNING: "The main run makes progress, or has not had the time to.",
    journal_pb2.HOLD_REASON_SHARE_SPENT: "A round would take more than the branches' share of env_steps.",
    journal_pb2.HOLD_REASON_DRY_RUN: "A candidate would have been promoted, and the campaign only tries.",
    journal_pb2.HOLD_REASON_REJECTED: "A candidate would have been promoted, and a person rejected it.",
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


def failure(reason: int) -> str:
    """Name of a branch's failure, e.g. "OutOfMemory"."""
    return enums.camel(branch_pb2.BranchFailure, reason)


def metrics_fault(reason: int) -> str:
    """Name of a fault of metrics, as verdicts and holds have it, e.g. "MetricsStale"."""
    return f"Metrics{enums.camel(reading_pb2.MetricsFault, reason)}"


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
