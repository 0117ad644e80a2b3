"""The dashboard of one campaign."""

from tools.dashboards.board import Section, dashboard, decisions, namespace, release
from tools.dashboards.board import campaign as campaign_variable
from tools.dashboards.panels import Json, Panel, bars, lines, number, states

_OURS = 'namespace=~"$namespace",release=~"$release",campaign="$campaign"'


def campaign() -> Json:
    """One campaign: what its team learns, by which signal, what was decided, and what it costs."""
    return dashboard(
        "campaign",
        "One campaign: what its team learns, by which signal, what was decided, and what it costs.",
        [
            Section(title="Now", rows=[(4, _now())]),
            Section(title="Main run", rows=[(9, _learning()), (6, _states())]),
            Section(title="Learning signal", rows=[(8, _signal())]),
            Section(title="Decisions", rows=[(8, _decided())]),
            Section(title="Cost", rows=[(8, _cost()), (7, _speed())]),
        ],
        variables=[namespace(), release(), campaign_variable(many=False)],
        annotations=decisions(_OURS),
    )


def _last(name: str, *matchers: str, by: str = "") -> str:
    """A gauge's value, also while a new conductor takes over from an old one."""
    return f"max{f' by ({by}) ' if by else ''}({name}{{{','.join([_OURS, *matchers])}}})"


def _now() -> list[Panel]:
    return [
        number(
            "Stage",
            "Stage that the campaign is in, from 0, and how many it is to have.",
            (_last("also_campaign_stage"), "stage"),
            (_last("also_campaign_stages"), "of"),
        ),
        number(
            "Phase",
            "Learning phase of the last diagnosis.",
            (f"{_last('also_campaign_phase', by='phase')} == 1", "{{phase}}"),
            names=True,
        ),
        number(
            "Return",
            "Mean evaluated return at the end of the last stage, units of task reward, shaping off.",
            (_last("also_stage_return"), "return"),
            decimals=3,
        ),
        number(
            "Success",
            "Share of that evaluation's episodes that reached the last milestone.",
            (_last("also_stage_success_rate"), "success"),
            unit="percentunit",
            decimals=0,
        ),
        number(
            "On the report seeds",
            "Mean return of the final policy, and of the same learner without shaping, once the campaign is over.",
            (_last("also_campaign_reported_return", by="policy"), "{{policy}}"),
            decimals=3,
        ),
        number(
            "Over",
            "1 when the campaign is over.",
            (_last("also_campaign_finished"), "over"),
            unit="bool_yes_no",
            steps=[(0, "blue"), (1, "green")],
        ),
    ]


def _learning() -> list[Panel]:
    training = "avg by (run) (also_training_return{" + _OURS + "})"
    return [
        lines(
            "Return",
            "Task reward only, shaping off: mean of the last training episodes, and what was evaluated at the end of "
            "the last stage, with its 95 % interval.",
            (training, "training {{run}}"),
            (_last("also_stage_return"), "evaluated"),
            (_last("also_stage_return_bound", by="bound"), "95 % {{bound}}"),
            least=None,
            faint="^95 %",
        ),
        lines(
            "Milestones and success",
            "Mean over milestones of the share of episodes that reached them, and share that reached the last one.",
            (_last("also_stage_milestone_score"), "milestone score"),
            (_last("also_stage_success_rate"), "success"),
            unit="percentunit",
            stepped=True,
            most=1,
        ),
    ]


def _states() -> list[Panel]:
    return [
        states(
            "What it is at",
            "Work that the campaign waits for.",
            (_last("also_campaign_work", by="work"), "{{work}}"),
        ),
        states(
            "Phase of learning",
            "What the critic says of each stage.",
            (_last("also_campaign_phase", by="phase"), "{{phase}}"),
        ),
    ]


def _signal() -> list[Panel]:
    return [
        lines(
            "Weight of the incumbent's terms",
            "By the term's index in the shaping config, before clip and schedule. `also status` names the terms.",
            (_last("also_incumbent_term_weight", by="term, form"), "{{term}} {{form}}"),
            stepped=True,
            least=None,
        ),
        lines(
            "Share of |reward|",
            "Share of all |reward| that each term had in the last stage; the rest is the task's.",
            (_last("also_incumbent_term_share", by="term, form"), "{{term}} {{form}}"),
            unit="percentunit",
            stacked=True,
            stepped=True,
            most=1,
        ),
        bars(
            "Why the team is not learning",
            "Severity of the last diagnosis's findings, by failure mode.",
            (_last("also_finding_severity", 'mode!="None"', by="mode"), "{{mode}}"),
            most=1,
            steps=[(0, "green"), (0.5, "orange"), (0.8, "red")],
        ),
    ]


def _decided() -> list[Panel]:
    return [
        bars(
            "Decisions",
            "Decisions so far, by kind and named reason; reasons that never came are left out.",
            (f"{_last('also_decisions_total', by='decision, reason')} > 0", "{{decision}} {{reason}}"),
        ),
        bars(
            "Verdicts",
            "Verdicts of all rounds so far, by outcome and named reason.",
            (_last("also_verdicts_total", by="outcome, reason"), "{{outcome}} {{reason}}"),
        ),
        lines(
            "Journal",
            "Records of the journal, and rounds that were validated.",
            (_last("also_campaign_journal_records"), "records"),
            (_last("also_rounds_total"), "rounds"),
            stepped=True,
        ),
    ]


def _cost() -> list[Panel]:
    share = f"{_last('also_campaign_spent', by='resource')} / max by (resource) (also_campaign_budget{{{_OURS}}} > 0)"
    return [
        lines(
            "env_steps spent",
            "env_steps of the main run's stages and of all branches.",
            (_last("also_campaign_env_steps", by="part"), "{{part}}"),
            stacked=True,
            stepped=True,
        ),
        bars(
            "Share of budgets",
            "What is spent of each budget. The campaign ends in order when one does not suffice for another step.",
            (share, "{{resource}}"),
            unit="percentunit",
            most=1,
            steps=[(0, "green"), (0.9, "orange")],
        ),
        number(
            "LLM",
            "Calls, tokens, and cost by the endpoints' prices, in their currency.",
            (_last("also_campaign_spent", 'resource="llm_calls"'), "calls"),
            (_last("also_campaign_spent", 'resource="llm_tokens"'), "tokens"),
            (_last("also_campaign_llm_cost"), "cost"),
        ),
    ]


def _speed() -> list[Panel]:
    return [
        lines(
            "env_steps a second",
            "Training speed of the main run, of the reference, and of branches (counted as groups end).",
            (f"sum by (run) (rate(also_env_steps_total{{{_OURS}}}[$__rate_interval]))", "{{run}}"),
            (f"sum(rate(also_branch_env_steps_total{{{_OURS}}}[$__rate_interval]))", "branches"),
        ),
        lines(
            "env_steps of the main run",
            "Where the main run stands: a promotion goes on from the branch that won, a rollback goes back.",
            (_last("also_campaign_run_env_steps"), "env_steps"),
            stepped=True,
        ),
        lines(
            "Signs of progress",
            "How often the campaign came further a minute: a record was written, or more env_steps were trained.",
            (f"60 * sum(rate(also_campaign_progress_total{{{_OURS}}}[$__rate_interval]))", "a minute"),
        ),
    ]
