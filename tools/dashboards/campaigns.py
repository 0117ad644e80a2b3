"""The dashboard of all campaigns."""

from tools.dashboards.board import Section, campaign, dashboard, decisions, namespace, release, to_dashboard
from tools.dashboards.panels import Column, Json, Panel, lines, number, table

_OURS = 'namespace=~"$namespace",release=~"$release",campaign=~"$campaign"'

_BY = "max by (namespace, release, campaign)"
"""One value for each campaign, also while a new conductor takes over from an old one."""


def campaigns() -> Json:
    """All campaigns beside each other."""
    return dashboard(
        "campaigns",
        "All campaigns beside each other: how far they are, what they have reached, decided and spent.",
        [
            Section(title="All", rows=[(4, _totals()), (9, [_table()])]),
            Section(title="Learning", rows=[(8, _learning())]),
            Section(title="Decisions and cost", rows=[(8, _decisions())]),
        ],
        variables=[namespace(), release(), campaign(many=True)],
        annotations=decisions(_OURS),
    )


def _totals() -> list[Panel]:
    finished = f"{_BY} (also_campaign_finished{{{_OURS}}})"
    unusable = f'also_decisions_total{{{_OURS},decision="held",reason=~"Metrics.*|Llm.*|.*Failed"}}'
    by_reason = "max by (namespace, release, campaign, reason)"
    return [
        number(
            "Campaigns",
            "How many are there? Those that run, and those that are over.",
            (f"sum(1 - {finished})", "running"),
            (f"sum({finished})", "over"),
        ),
        number(
            "Held for a fault",
            "Did a stage go to waste? It held because metrics, an LLM, a mind or control failed, and not for lack of a "
            "better candidate.",
            (f"sum({by_reason} ({unusable}))", "holds"),
            steps=[(0, "green"), (1, "orange")],
        ),
        number(
            "Spent",
            "What have they cost? env_steps of main runs and branches together, and LLM calls by their endpoints' "
            "prices, in their currency.",
            (f'sum({_BY} (also_campaign_spent{{{_OURS},resource="env_steps"}}))', "env_steps"),
            (f"sum({_BY} (also_campaign_llm_cost{{{_OURS}}}))", "LLM cost"),
        ),
    ]


def _table() -> Panel:
    by_reason = "sum by (namespace, release, campaign) (max by (namespace, release, campaign, reason)"
    decided = {
        kind: f'{by_reason} (also_decisions_total{{{_OURS},decision="{kind}"}}))'
        for kind in ("promoted", "held", "rolled_back")
    }
    link = f"{to_dashboard('campaign')}&var-campaign=${{__value.text}}&var-namespace=${{__data.fields.namespace}}"
    return table(
        "Campaigns",
        "How far is each, and what has it reached, decided and spent? What it is at is empty once it is over; the "
        "phase is the last diagnosis's.",
        [
            Column(
                title="at",
                expression=f"max by (namespace, release, campaign, work) (also_campaign_work{{{_OURS}}}) == 1",
                hidden=True,
            ),
            Column(
                title="phase",
                expression=f"max by (namespace, release, campaign, phase) (also_campaign_phase{{{_OURS}}}) == 1",
                hidden=True,
            ),
            Column(title="stage", expression=f"{_BY} (also_campaign_stage{{{_OURS}}})"),
            Column(title="of", expression=f"{_BY} (also_campaign_stages{{{_OURS}}})"),
            Column(title="return", expression=f"{_BY} (also_stage_return{{{_OURS}}})", decimals=3),
            Column(title="milestone score", expression=f"{_BY} (also_stage_milestone_score{{{_OURS}}})", decimals=3),
            Column(title="success", expression=f"{_BY} (also_stage_success_rate{{{_OURS}}})", unit="percentunit"),
            Column(title="promoted", expression=decided["promoted"]),
            Column(title="held", expression=decided["held"]),
            Column(title="rolled back", expression=decided["rolled_back"]),
            Column(title="env_steps", expression=f'{_BY} (also_campaign_spent{{{_OURS},resource="env_steps"}})'),
            Column(title="LLM tokens", expression=f'{_BY} (also_campaign_spent{{{_OURS},resource="llm_tokens"}})'),
            Column(title="LLM cost", expression=f"{_BY} (also_campaign_llm_cost{{{_OURS}}})", decimals=2),
            Column(title="over", expression=f"{_BY} (also_campaign_finished{{{_OURS}}})", unit="bool_yes_no"),
        ],
        labels={"campaign": "campaign", "namespace": "namespace", "release": "release", "work": "at", "phase": "phase"},
        links=[{"title": "Campaign", "url": link, "targetBlank": False}],
    )


def _learning() -> list[Panel]:
    return [
        lines(
            "Return",
            "Which team earns more? Mean evaluated return of the main run at the end of its last stage, units of task "
            "reward, shaping off.",
            (f"{_BY} (also_stage_return{{{_OURS}}})", "{{campaign}} {{namespace}}"),
            stepped=True,
            least=None,
        ),
        lines(
            "Milestone score",
            "Which team comes further on its way? Mean over the task's milestones of the share of episodes that "
            "reached them.",
            (f"{_BY} (also_stage_milestone_score{{{_OURS}}})", "{{campaign}} {{namespace}}"),
            unit="percentunit",
            stepped=True,
            most=1,
        ),
    ]


def _decisions() -> list[Panel]:
    by_reason = "max by (namespace, release, campaign, decision, reason)"
    share = (
        f"max by (namespace, release, campaign, resource) (also_campaign_spent{{{_OURS}}}) "
        f"/ max by (namespace, release, campaign, resource) (also_campaign_budget{{{_OURS}}} > 0)"
    )
    return [
        lines(
            "Decisions",
            "What is decided, and why? Decisions of all campaigns so far; reasons that never came are left out.",
            (
                f"sum by (decision, reason) ({by_reason} (also_decisions_total{{{_OURS}}})) > 0",
                "{{decision}}: {{reason}}",
            ),
            stepped=True,
        ),
        lines(
            "Share of budgets",
            "Which campaign ends next? What is spent of each budget; a campaign ends in order when one does not "
            "suffice for another step.",
            (share, "{{campaign}}: {{resource}}"),
            unit="percentunit",
            stepped=True,
            most=1,
        ),
        table(
            "Alerts",
            "What needs a person? Alerts of ALSO that wait or fire; what to do is in docs/operations.md.",
            [Column(title="state", expression='ALERTS{namespace=~"$namespace",alertname=~"Also.*"}', hidden=True)],
            labels={"alertname": "alert", "alertstate": "state", "namespace": "namespace", "campaign": "campaign"},
        ),
    ]
