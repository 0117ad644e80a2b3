"""Every Prometheus metric of ALSO, declared here and nowhere else.

`docs/metrics.md` is generated from this file (`make docs`) and a test compares them. Labels come
from closed sets or from ids that ALSO itself made: a user's text never becomes a label's value.
"""

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from also.registry import Counter, Gauge, Histogram, JournalMetric

BUILD = Gauge("also_build_info", "1; its label is the version of ALSO that the process runs.", ["version"])

GRPC_HANDLED = Counter(
    "grpc_server_handled_total",
    "Calls that a service has answered, by status code.",
    ["grpc_service", "grpc_method", "grpc_code"],
)
GRPC_SECONDS = Histogram(
    "grpc_server_handling_seconds",
    "Time that a service took to answer a call, seconds.",
    ["grpc_service", "grpc_method"],
    buckets=(0.01, 0.1, 1, 10, 60, 600, 3600),
)
ENV_STEPS = Counter("also_env_steps_total", "env_steps trained by this process.", ["campaign", "run"])
TRAINING_RETURN = Gauge(
    "also_training_return",
    "Mean return of the last training episodes, units of task reward, shaping off.",
    ["campaign", "run"],
)

PROGRESS = Counter(
    "also_campaign_progress_total",
    "Times that a campaign came further while this process conducted it: a record was written, more env_steps trained.",
    ["campaign"],
)
RECORDS = JournalMetric(GaugeMetricFamily, "also_campaign_journal_records", "Records of a campaign's journal.")
FINISHED = JournalMetric(GaugeMetricFamily, "also_campaign_finished", "1 when a campaign is over, else 0.")
STAGE = JournalMetric(GaugeMetricFamily, "also_campaign_stage", "Stage that a campaign is in, from 0.")
STAGES = JournalMetric(GaugeMetricFamily, "also_campaign_stages", "Stages that a campaign is to have.")
WORK = JournalMetric(
    GaugeMetricFamily,
    "also_campaign_work",
    "1 for the work that a campaign is at (train_stage, diagnose, propose, validate, review, report), else 0.",
    ["work"],
)
PHASE = JournalMetric(
    GaugeMetricFamily, "also_campaign_phase", "1 for the learning phase of the last diagnosis, else 0.", ["phase"]
)
RUN_ENV_STEPS = JournalMetric(
    GaugeMetricFamily, "also_campaign_run_env_steps", "env_steps that the main run has taken to where it stands."
)
CAMPAIGN_ENV_STEPS = JournalMetric(
    GaugeMetricFamily,
    "also_campaign_env_steps",
    "env_steps that a campaign has spent, by part (main_run, branches).",
    ["part"],
)
BUDGET = JournalMetric(
    GaugeMetricFamily,
    "also_campaign_budget",
    "What a campaign may spend, by resource (env_steps, llm_calls, llm_tokens).",
    ["resource"],
)
SPENT = JournalMetric(
    GaugeMetricFamily, "also_campaign_spent", "What a campaign has spent, by resource, as its budget.", ["resource"]
)
CAMPAIGN_LLM_COST = JournalMetric(
    GaugeMetricFamily,
    "also_campaign_llm_cost",
    "Cost of a campaign's LLM calls by their endpoints' prices, in their currency.",
)
STAGE_RETURN = JournalMetric(
    GaugeMetricFamily,
    "also_stage_return",
    "Mean evaluated return of the main run at the end of its last stage, units of task reward.",
)
STAGE_RETURN_BOUND = JournalMetric(
    GaugeMetricFamily,
    "also_stage_return_bound",
    "Bootstrap 95 % interval of that return, by bound (low, high), units of task reward.",
    ["bound"],
)
STAGE_MILESTONE_SCORE = JournalMetric(
    GaugeMetricFamily, "also_stage_milestone_score", "Milestone score of that evaluation, in [0, 1]."
)
STAGE_SUCCESS_RATE = JournalMetric(
    GaugeMetricFamily, "also_stage_success_rate", "Share of that evaluation's episodes with success, in [0, 1]."
)
REPORTED_RETURN = JournalMetric(
    GaugeMetricFamily,
    "also_campaign_reported_return",
    "Mean return on the report seeds, units of task reward, by policy: final, reference (without shaping), one-shot "
    "(under the first candidate).",
    ["policy"],
)
FINDINGS = JournalMetric(
    CounterMetricFamily, "also_findings", "Findings of a campaign's diagnoses, by failure mode.", ["mode"]
)
FINDING_SEVERITY = JournalMetric(
    GaugeMetricFamily,
    "also_finding_severity",
    "Severity of the last diagnosis's findings, by failure mode, in [0, 1]; 0 where it has none.",
    ["mode"],
)
INCUMBENT = JournalMetric(
    GaugeMetricFamily,
    "also_incumbent",
    "First stage that the incumbent is trained in, by its config's hash.",
    ["config_hash"],
)
TERM_WEIGHT = JournalMetric(
    GaugeMetricFamily,
    "also_incumbent_term_weight",
    "Weight of each term of the incumbent, by its index in the config, units of task reward.",
    ["term", "form"],
)
TERM_SHARE = JournalMetric(
    GaugeMetricFamily,
    "also_incumbent_term_share",
    "Share of |reward| that each term had in the last stage, by its index in that stage's config, in [0, 1].",
    ["term", "form"],
)
DECISIONS = JournalMetric(
    CounterMetricFamily,
    "also_decisions",
    "Decisions of a campaign, by kind (promoted, held, rolled_back) and named reason.",
    ["decision", "reason"],
)
ROUNDS = JournalMetric(CounterMetricFamily, "also_rounds", "Rounds of a campaign that were validated.")
VERDICTS = JournalMetric(
    CounterMetricFamily, "also_verdicts", "Verdicts of a campaign, by outcome and named reason.", ["outcome", "reason"]
)
BRANCH_FAILURES = JournalMetric(
    CounterMetricFamily, "also_branch_failures", "Branches without a usable result, by named reason.", ["reason"]
)
ARM_RETURN = JournalMetric(
    GaugeMetricFamily,
    "also_round_arm_return",
    "Mean return of an arm's branches at their end in the last validated round, units of task reward.",
    ["pool", "arm"],
)
ARM_MILESTONE_SCORE = JournalMetric(
    GaugeMetricFamily,
    "also_round_arm_milestone_score",
    "Mean milestone score of an arm's branches at their end in the last validated round, in [0, 1].",
    ["pool", "arm"],
)
ARM_GAIN = JournalMetric(
    GaugeMetricFamily,
    "also_round_arm_gain",
    "Gain over control in an arm's last test, by bound (mean; low, high of the 95 % interval), in the measure's unit.",
    ["arm", "measure", "bound"],
)
ARM_P_VALUE = JournalMetric(
    GaugeMetricFamily,
    "also_round_arm_p_value",
    "p of an arm's last test against control, in (0, 1].",
    ["arm", "measure"],
)
BRANCH_ENV_STEPS = Counter("also_branch_env_steps_total", "env_steps spent on validation branches.", ["campaign"])
BRANCH_GROUPS = Counter(
    "also_branch_groups_total", "Branch groups by outcome (finished, adopted, failed).", ["campaign", "outcome"]
)

LLM_CALLS = Counter(
    "also_llm_calls_total",
    "Calls of LLMs, by mind (critic, generator) and outcome (answered, failed). Those before a campaign begins are of "
    "campaign `preflight`.",
    ["campaign", "mind", "outcome"],
)
LLM_SECONDS = Histogram(
    "also_llm_seconds",
    "Time that an LLM took to answer a call, seconds.",
    ["campaign", "mind"],
    buckets=(0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320),
)
LLM_TOKENS = Counter(
    "also_llm_tokens_total",
    "Tokens of LLM calls by kind (prompt, completion; completions include thinking), by the server's count.",
    ["campaign", "mind", "kind"],
)
LLM_CACHED = Counter(
    "also_llm_cached_tokens_total",
    "Prompt tokens of LLM calls that the server took from its prefix cache; they are in also_llm_tokens_total too.",
    ["campaign", "mind"],
)
LLM_INVALID = Counter(
    "also_llm_invalid_total", "Replies of LLMs that could not be used as a whole.", ["campaign", "mind"]
)
LLM_REPAIRED = Counter(
    "also_llm_repaired_total", "Answers of LLMs that came from the repair of an unusable reply.", ["campaign", "mind"]
)
LLM_UNANSWERED = Counter(
    "also_llm_unanswered_total",
    "Questions that an LLM did not answer, by named reason.",
    ["campaign", "mind", "reason"],
)
LLM_COST = Counter(
    "also_llm_cost_total", "Cost of LLM calls by the endpoint's prices, in their currency.", ["campaign", "mind"]
)


_BRANCH = ["owner", "campaign", "stage", "round", "pool", "step", "group", "arm", "seed", "config_hash"]

BRANCH_RETURN = Gauge(
    "also_branch_return", "Mean return of a branch's last evaluation, units of task reward, shaping off.", _BRANCH
)
BRANCH_MILESTONE_SCORE = Gauge(
    "also_branch_milestone_score", "Milestone score of a branch's last evaluation, in [0, 1].", _BRANCH
)
BRANCH_SUCCESS_RATE = Gauge(
    "also_branch_success_rate",
    "Share of the episodes of a branch's last evaluation that reached the last milestone, in [0, 1].",
    _BRANCH,
)
BRANCH_MEASURED_ENV_STEPS = Gauge(
    "also_branch_measured_env_steps", "env_steps of the run at a branch's last evaluation.", _BRANCH
)
BRANCH_EVALUATION_EPISODES = Counter(
    "also_branch_evaluation_episodes_total", "Evaluation episodes of a branch so far.", _BRANCH
)
BRANCH_GROUP_ENV_STEPS = Gauge(
    "also_branch_group_env_steps",
    "env_steps that a group's branches have trained for, together.",
    ["owner", "campaign", "group"],
)
BRANCH_GROUP_ENV_STEPS_PLANNED = Gauge(
    "also_branch_group_env_steps_planned",
    "env_steps that a group's branches are to train for, together.",
    ["owner", "campaign", "group"],
)
JOBS = Counter(
    "also_jobs_total",
    "Jobs of branch groups by outcome (created, adopted, recreated, shown again, or the named failure).",
    ["campaign", "outcome"],
)
JOBS_NOW = Gauge(
    "also_jobs_now",
    "Branch groups that have not ended by what their Jobs do: running, pending (no pod runs), suspended (not "
    "admitted), queued (there is no Job yet, as others take the places).",
    ["campaign", "state"],
)
JOB_SECONDS = Histogram(
    "also_job_seconds",
    "Time from the creation of a branch group's Job to its result, seconds.",
    ["campaign"],
    buckets=(1, 5, 10, 30, 60, 300, 1800, 7200, 43200),
)
METRICS_READINGS = Counter(
    "also_metrics_readings_total",
    "Readings of branch groups and guard queries from Prometheus, by outcome (Usable, or the named fault).",
    ["campaign", "outcome"],
)
METRICS_WAIT_SECONDS = Histogram(
    "also_metrics_wait_seconds",
    "Time until a finished group's samples could be used, or were given up, seconds.",
    ["campaign"],
    buckets=(0.5, 1, 2, 5, 10, 20, 40, 80, 160),
)
METRICS_AWAY_SECONDS = Gauge(
    "also_metrics_away_seconds",
    "How long a round has waited for a Prometheus that gives no answer, seconds; 0 where it answers.",
    ["campaign"],
)
