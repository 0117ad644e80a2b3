"""Every Prometheus metric of ALSO, declared here and nowhere else.

`docs/metrics.md` is generated from this file (`make docs`) and a test compares them. Labels come
from closed sets or from ids that ALSO itself made: a user's text never becomes a label's value.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from also.errors import AddressError

REGISTRY = CollectorRegistry()
"""Registry of this process."""

GRPC_HANDLED = Counter(
    "grpc_server_handled_total",
    "Calls that a service has answered, by status code.",
    ["grpc_service", "grpc_method", "grpc_code"],
    registry=REGISTRY,
)
GRPC_SECONDS = Histogram(
    "grpc_server_handling_seconds",
    "Time that a service took to answer a call, seconds.",
    ["grpc_service", "grpc_method"],
    buckets=(0.01, 0.1, 1, 10, 60, 600, 3600),
    registry=REGISTRY,
)
ENV_STEPS = Counter(
    "also_env_steps_total",
    "env_steps trained by this process.",
    ["campaign", "run"],
    registry=REGISTRY,
)
TRAINING_RETURN = Gauge(
    "also_training_return",
    "Mean return of the last training episodes, units of task reward, shaping off.",
    ["campaign", "run"],
    registry=REGISTRY,
)
STAGE = Gauge("also_campaign_stage", "Stage that a campaign is in.", ["campaign"], registry=REGISTRY)
STAGE_RETURN = Gauge(
    "also_stage_return",
    "Mean evaluated return of the main run at the end of its last stage, units of task reward.",
    ["campaign"],
    registry=REGISTRY,
)
DECISIONS = Counter(
    "also_decisions_total",
    "Decisions of a campaign, by kind (promoted, held, rolled_back) and named reason.",
    ["campaign", "decision", "reason"],
    registry=REGISTRY,
)
BRANCH_ENV_STEPS = Counter(
    "also_branch_env_steps_total",
    "env_steps spent on validation branches.",
    ["campaign"],
    registry=REGISTRY,
)
BRANCH_GROUPS = Counter(
    "also_branch_groups_total",
    "Branch groups by what became of them (finished, adopted, failed).",
    ["campaign", "outcome"],
    registry=REGISTRY,
)

LLM_CALLS = Counter(
    "also_llm_calls_total",
    "Calls of LLMs, by mind (critic, generator) and outcome (answered, failed).",
    ["campaign", "mind", "outcome"],
    registry=REGISTRY,
)
LLM_SECONDS = Histogram(
    "also_llm_seconds",
    "Time that an LLM took to answer a call, seconds.",
    ["campaign", "mind"],
    buckets=(0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320),
    registry=REGISTRY,
)
LLM_TOKENS = Counter(
    "also_llm_tokens_total",
    "Tokens of LLM calls by kind (prompt, completion; completions include thinking), by the server's count.",
    ["campaign", "mind", "kind"],
    registry=REGISTRY,
)
LLM_INVALID = Counter(
    "also_llm_invalid_total",
    "Replies of LLMs that could not be used as a whole.",
    ["campaign", "mind"],
    registry=REGISTRY,
)
LLM_REPAIRED = Counter(
    "also_llm_repaired_total",
    "Answers of LLMs that came from the repair of an unusable reply.",
    ["campaign", "mind"],
    registry=REGISTRY,
)
LLM_UNANSWERED = Counter(
    "also_llm_unanswered_total",
    "Questions that an LLM did not answer, by named reason.",
    ["campaign", "mind", "reason"],
    registry=REGISTRY,
)
LLM_COST = Counter(
    "also_llm_cost_total",
    "Cost of LLM calls by the endpoint's prices, in their currency.",
    ["campaign", "mind"],
    registry=REGISTRY,
)


_BRANCH = ["campaign", "stage", "round", "pool", "step", "group", "arm", "seed", "config_hash"]

BRANCH_RETURN = Gauge(
    "also_branch_return",
    "Mean return of a branch's last evaluation, units of task reward, shaping off.",
    _BRANCH,
    registry=REGISTRY,
)
BRANCH_MILESTONE_SCORE = Gauge(
    "also_branch_milestone_score",
    "Milestone score of a branch's last evaluation, in [0, 1].",
    _BRANCH,
    registry=REGISTRY,
)
BRANCH_SUCCESS_RATE = Gauge(
    "also_branch_success_rate",
    "Share of the episodes of a branch's last evaluation that reached the last milestone, in [0, 1].",
    _BRANCH,
    registry=REGISTRY,
)
BRANCH_MEASURED_ENV_STEPS = Gauge(
    "also_branch_measured_env_steps",
    "env_steps of the run at a branch's last evaluation.",
    _BRANCH,
    registry=REGISTRY,
)
BRANCH_EVALUATION_EPISODES = Counter(
    "also_branch_evaluation_episodes_total",
    "Evaluation episodes of a branch so far.",
    _BRANCH,
    registry=REGISTRY,
)
BRANCH_GROUP_ENV_STEPS = Gauge(
    "also_branch_group_env_steps",
    "env_steps that a group's branches have trained for, together.",
    ["campaign", "group"],
    registry=REGISTRY,
)
BRANCH_GROUP_ENV_STEPS_PLANNED = Gauge(
    "also_branch_group_env_steps_planned",
    "env_steps that a group's branches are to train for, together.",
    ["campaign", "group"],
    registry=REGISTRY,
)
METRICS_READINGS = Counter(
    "also_metrics_readings_total",
    "Readings of branch groups and guard queries from Prometheus, by outcome (Usable, or the named fault).",
    ["campaign", "outcome"],
    registry=REGISTRY,
)
METRICS_WAIT_SECONDS = Histogram(
    "also_metrics_wait_seconds",
    "Time until a finished group's samples could be used, or were given up, seconds.",
    ["campaign"],
    buckets=(0.5, 1, 2, 5, 10, 20, 40, 80, 160),
    registry=REGISTRY,
)


def expose(port: int, address: str) -> None:
    """Serve `/metrics` for Prometheus in a thread.

    Args:
        port: port to serve on, in [0, 65535]; 0 takes a free one.
        address: address of this machine to serve on, see `Settings.metrics_host`.

    Raises:
        AddressError: the port is in use or not allowed.
    """
    try:
        start_http_server(port, address, REGISTRY)
    except (OSError, OverflowError) as error:
        raise AddressError(f"metrics port {port} on {address} cannot be used: {error}") from None
