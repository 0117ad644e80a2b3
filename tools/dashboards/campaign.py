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
            Section(title="Decisions and cost", rows=[(8, _decided()), (7, _cost())]),
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
            "How far is it? The stage that it is in, from 0, and how many it is to have.",
            (_last("also_campaign_stage"), "stage"),
            (_last("also_campaign_stages"), "of"),
        ),
        number(
            "Success",
            "Does the team solve its task? Share of the last stage's evaluated episodes that reached the last "
            "milestone.",
            (_last("also_stage_success_rate"), "success"),
            unit="percentunit",
            decimals=0,
        ),
        number(
            "On the report seeds",
            "What was it worth in the end? Mean return of the final policy, and of the same learner without shaping, "
            "once the campaign is over.",
            (_last("also_campaign_reported_return", by="policy"), "{{policy}}"),
            decimals=3,
        ),
        number(
            "LLM",
            "What did the minds ask for? Calls, tokens, and cost by the endpoints' prices, in their currency.",
            (_last("also_campaign_spent", 'resource="llm_calls"'), "calls"),
            (_last("also_campaign_spent", 'resource="llm_tokens"'), "tokens"),
            (_last("also_campaign_llm_cost"), "cost"),
        ),
    ]


def _learning() -> list[Panel]:
    training = "avg by (run) (also_training_return{" + _OURS + "})"
    return [
        lines(
            "Return",
            "Does the team learn? Task reward only, shaping off: mean of the last training episodes, and what was "
            "evaluated at the end of the last stage; the band is its 95 % interval.",
            (training, "training, {{run}}"),
            (_last("also_stage_return"), "evaluated"),
            (_last("also_stage_return_bound", 'bound="low"'), "95 % low"),
            (_last("also_stage_return_bound", 'bound="high"'), "95 % high"),
            least=None,
            band=("95 % low", "95 % high"),
        ),
        lines(
            "Milestones and success",
            "How far does it come on its way? Mean over milestones of the share of episodes that reached them, and "
            "share that reached the last one.",
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
            "What does the campaign wait for? It is at nothing once it is over.",
            (_last("also_campaign_work", by="work"), "{{work}}"),
        ),
        states(
            "Phase of learning",
            "How does learning go, by the critic? What it says of each stage.",
            (_last("also_campaign_phase", by="phase"), "{{phase}}"),
        ),
    ]


def _signal() -> list[Panel]:
    return [
        lines(
            "Weight of the incumbent's terms",
            "By which signal does the team learn now? Weights by the term's index in the shaping config, before clip "
            "and schedule; `also status` names the terms.",
            (_last("also_incumbent_term_weight", by="term, form"), "term {{term}}: {{form}}"),
            stepped=True,
            least=None,
        ),
        lines(
            "Share of |reward|",
            "Does shaping drown the task? Share of all |reward| that each term had in the last stage; the rest is the "
            "task's.",
            (_last("also_incumbent_term_share", by="term, form"), "term {{term}}: {{form}}"),
            unit="percentunit",
            stacked=True,
            stepped=True,
            most=1,
        ),
        bars(
            "Why the team is not learning",
            "What stands in its way? Severity of the last diagnosis's findings, by failure mode.",
            (_last("also_finding_severity", 'mode!="None"', by="mode"), "{{mode}}"),
            most=1,
            steps=[(0, "green"), (0.5, "orange"), (0.8, "red")],
        ),
    ]


def _decided() -> list[Panel]:
    share = f"{_last('also_campaign_spent', by='resource')} / max by (resource) (also_campaign_budget{{{_OURS}}} > 0)"
    return [
        bars(
            "Decisions",
            "What was decided, and why? So far, by kind and named reason; reasons that never came are left out.",
            (f"{_last('also_decisions_total', by='decision, reason')} > 0", "{{decision}}: {{reason}}"),
        ),
        bars(
            "Share of budgets",
            "Which budget ends it first? What is spent of each; the campaign ends in order when one does not suffice "
            "for another step.",
            (share, "{{resource}}"),
            unit="percentunit",
            most=1,
            steps=[(0, "green"), (0.9, "orange")],
        ),
    ]


def _cost() -> list[Panel]:
    return [
        lines(
            "env_steps spent",
            "What does validation cost beside training? env_steps of the main run's stages and of all branches.",
            (_last("also_campaign_env_steps", by="part"), "{{part}}"),
            stacked=True,
            stepped=True,
        ),
        lines(
            "env_steps a second",
            "How fast does it train? The main run, the reference, and branches (counted as groups end).",
            (f"sum by (run) (rate(also_env_steps_total{{{_OURS}}}[$__rate_interval]))", "{{run}}"),
            (f"sum(rate(also_branch_env_steps_total{{{_OURS}}}[$__rate_interval]))", "branches"),
        ),
    ]
