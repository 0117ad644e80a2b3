"""The dashboard of validation: arms against control, verdicts, Jobs, readings."""

from tools.dashboards.board import Section, campaign, dashboard, decisions, namespace, release
from tools.dashboards.panels import Column, Json, Panel, bars, lines, number, table

_OURS = 'namespace=~"$namespace",release=~"$release",campaign="$campaign"'

_ROUND = "stage, round, pool"
"""Labels of the branches that are compared with each other."""


def validation() -> Json:
    """How candidates do against control, live and in the end, and where their branches run."""
    return dashboard(
        "validation",
        "How candidates do against control, live and in the end, and where their branches run.",
        [
            Section(title="Now", rows=[(4, _now())]),
            Section(title="Branches, live", rows=[(9, _live())]),
            Section(title="Last validated round", rows=[(8, _round())]),
            Section(title="Jobs", rows=[(8, _jobs())]),
            Section(title="What went wrong", rows=[(8, _faults())]),
        ],
        variables=[namespace(), release(), campaign(many=False)],
        annotations=decisions(_OURS),
    )


def _now() -> list[Panel]:
    done, planned = (f"sum(also_branch_group_env_steps{suffix}{{{_OURS}}})" for suffix in ("", "_planned"))
    return [
        number(
            "Rounds",
            "How often was it tried, and with what success? Rounds that were validated, and promotions by any reason.",
            (f"max(also_rounds_total{{{_OURS}}})", "rounds"),
            (f'sum(max by (reason) (also_decisions_total{{{_OURS},decision="promoted"}}))', "promoted"),
        ),
        number(
            "Done",
            "When is this round over? Share of the env_steps that the groups whose pods are up are to train.",
            (f"{done} / {planned}", "done"),
            unit="percentunit",
            decimals=0,
        ),
        number(
            "Failed branches",
            "Do branches fail? Those without a usable result so far.",
            (f"sum(max by (reason) (also_branch_failures_total{{{_OURS}}}))", "failed"),
            steps=[(0, "green"), (1, "orange")],
        ),
    ]


def _live() -> list[Panel]:
    def against_control(name: str) -> str:
        means = f"avg by ({_ROUND}, arm)"
        control = f'avg by ({_ROUND}) ({name}{{{_OURS},arm="control"}})'
        return f'{means} ({name}{{{_OURS},arm!="control"}}) - on ({_ROUND}) group_left () {control}'

    place = "{{arm}}, {{pool}} {{stage}}.{{round}}"
    done, planned = (f"max by (group) (also_branch_group_env_steps{suffix}{{{_OURS}}})" for suffix in ("", "_planned"))
    return [
        lines(
            "Return by arm",
            "How do the arms do? Mean over an arm's branches of their last evaluation's return, task reward only. The "
            "legend has arm, pool, stage.round.",
            (f"avg by ({_ROUND}, arm) (also_branch_return{{{_OURS}}})", place),
            least=None,
        ),
        lines(
            "Gain over control",
            "Does a candidate beat control? Mean return of an arm less control's, in the same stage, round and pool.",
            (against_control("also_branch_return"), place),
            least=None,
        ),
        lines(
            "Milestone score by arm",
            "Does a candidate come further, where returns are still 0? Mean over an arm's branches of their last "
            "evaluation's milestone score.",
            (f"avg by ({_ROUND}, arm) (also_branch_milestone_score{{{_OURS}}})", place),
            unit="percentunit",
            most=1,
        ),
        lines(
            "Groups",
            "Which group lags behind? Share of its env_steps that each has trained.",
            (f"{done} / {planned}", "{{group}}"),
            unit="percentunit",
            most=1,
        ),
    ]


def _round() -> list[Panel]:
    def gain(bound: str) -> str:
        return f'max by (arm, measure) (also_round_arm_gain{{{_OURS},bound="{bound}"}})'

    return [
        table(
            "Arms",
            "What did each arm reach? Means over its branches at their end, by pool of seeds.",
            [
                Column(title="return", expression=f"max by (arm, pool) (also_round_arm_return{{{_OURS}}})", decimals=4),
                Column(
                    title="milestone score",
                    expression=f"max by (arm, pool) (also_round_arm_milestone_score{{{_OURS}}})",
                    decimals=4,
                ),
            ],
            labels={"arm": "arm", "pool": "pool"},
        ),
        table(
            "Against control",
            "Was it more than chance? The last test of each candidate: gain with its 95 % interval in the measure's "
            "unit, and one-sided p.",
            [
                Column(title="gain", expression=gain("mean"), decimals=4),
                Column(title="low", expression=gain("low"), decimals=4),
                Column(title="high", expression=gain("high"), decimals=4),
                Column(title="p", expression=f"max by (arm, measure) (also_round_arm_p_value{{{_OURS}}})", decimals=4),
            ],
            labels={"arm": "arm", "measure": "measure"},
        ),
        bars(
            "Verdicts",
            "Why do candidates fall? Verdicts of all rounds so far, by outcome and named reason.",
            (f"max by (outcome, reason) (also_verdicts_total{{{_OURS}}})", "{{outcome}}: {{reason}}"),
        ),
    ]


def _jobs() -> list[Panel]:
    return [
        lines(
            "Jobs now",
            "Do branches wait for room? Groups that have not ended: running, pending (no pod runs), suspended (a "
            "queue has not admitted the Job), queued (`jobs.maxParallelJobs` others are under way).",
            (f"sum by (state) (also_jobs_now{{{_OURS}}})", "{{state}}"),
            stacked=True,
            stepped=True,
        ),
        lines(
            "Jobs so far",
            "What became of them? By outcome, counted by the validator that runs now.",
            (f"sum by (outcome) (also_jobs_total{{{_OURS}}})", "{{outcome}}"),
            stepped=True,
        ),
        lines(
            "Time of a Job",
            "How long does a group take? From a Job's creation to its result: median and 95 % quantile of those of the "
            "validator that runs now.",
            *_quantiles("also_job_seconds"),
            unit="s",
        ),
    ]


def _faults() -> list[Panel]:
    return [
        bars(
            "Why branches failed",
            "What do branches die of? Those without a usable result so far, by named reason.",
            (f"max by (reason) (also_branch_failures_total{{{_OURS}}})", "{{reason}}"),
        ),
        lines(
            "Readings of Prometheus",
            "Can metrics be used? Readings of groups and guard queries by outcome, counted by the validator that runs "
            "now.",
            (f"sum by (outcome) (also_metrics_readings_total{{{_OURS}}})", "{{outcome}}"),
            stepped=True,
        ),
        lines(
            "Wait for samples",
            "Does Prometheus hold rounds up? Time until a finished group's samples could be used, or were given up: "
            "median and 95 % quantile.",
            *_quantiles("also_metrics_wait_seconds"),
            unit="s",
        ),
    ]


def _quantiles(name: str) -> list[tuple[str, str]]:
    """Median and 95 % quantile over everything that the validator that runs now has seen."""
    counted = f"sum by (le) ({name}_bucket{{{_OURS}}})"
    return [(f"histogram_quantile({share}, {counted})", title) for share, title in ((0.5, "median"), (0.95, "95 %"))]
