"""A dashboard from its rows of panels: places, ids, variables, links and annotations."""

from collections.abc import Sequence
from dataclasses import dataclass

from tools.dashboards.panels import DATASOURCE, Json, Panel

WIDTH = 24
"""Columns of Grafana's grid."""

NAMES = {
    "campaigns": "ALSO / Campaigns",
    "campaign": "ALSO / Campaign",
    "validation": "ALSO / Validation",
    "services-and-llm": "ALSO / Services and LLM",
}
"""Titles of the dashboards by file; a dashboard's uid is `also-FILE`."""

DECISIONS = {"promoted": "green", "held": "blue", "rolled_back": "red"}
"""Colours of decisions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Panels under a heading."""

    title: str
    """Heading."""
    rows: Sequence[tuple[int, Sequence[Panel]]]
    """Height of each row, and its panels, which share its width."""


def namespace() -> Json:
    """The variable with the namespaces; all of them, and none, where there is no such label."""
    return _variable("namespace", "Namespace", "label_values(also_build_info, namespace)", many=True)


def release() -> Json:
    """The variable with the releases of the chart; all of them, and none, where there is no such label."""
    query = 'label_values(also_build_info{namespace=~"$namespace"}, release)'
    return _variable("release", "Release", query, many=True)


def campaign(*, many: bool) -> Json:
    """The variable with the campaigns.

    Args:
        many: whether several, or all, can be chosen.
    """
    query = 'label_values(also_campaign_stage{namespace=~"$namespace",release=~"$release"}, campaign)'
    return _variable("campaign", "Campaign", query, many=many)


def model() -> Json:
    """The variable with the models that are served; all of them, where there are several."""
    return _variable("model", "Model", "label_values(vllm:num_requests_running, model_name)", many=True)


def decisions(scope: str) -> list[Json]:
    """Annotations of a campaign's decisions: one where a count is above what it was a step before.

    Args:
        scope: the selector's matchers.
    """
    return [
        {
            "name": name.replace("_", " "),
            "datasource": DATASOURCE,
            "enable": True,
            "iconColor": colour,
            "expr": rise(f'also_decisions_total{{{scope},decision="{name}"}}'),
            "step": "15s",
            "titleFormat": "{{campaign}} {{decision}}",
            "textFormat": "{{reason}}",
            "tagKeys": "decision",
            "useValueForTime": False,
        }
        for name, colour in DECISIONS.items()
    ]


def rise(selector: str) -> str:
    """Where a count is above what it was a step before; exact over restarts, as the counts are the journal's."""
    by = "max by (namespace, release, campaign, decision, reason)"
    return f"{by} ({selector}) - {by} ({selector} offset $__interval) > 0"


def dashboard(
    name: str,
    description: str,
    sections: Sequence[Section],
    *,
    variables: Sequence[Json],
    annotations: Sequence[Json] = (),
) -> Json:
    """The JSON of a dashboard.

    Args:
        name: its file, without `.json`.
        description: what it is for.
        sections: its panels.
        variables: its variables beside the datasource.
        annotations: its annotations.
    """
    return {
        "uid": f"also-{name}",
        "title": NAMES[name],
        "description": description,
        "tags": ["also"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": list(annotations)},
        "links": [_link(other) for other in NAMES if other != name],
        "templating": {"list": [_DATASOURCE_VARIABLE, *variables]},
        "panels": _placed(sections),
    }


def to_dashboard(name: str) -> str:
    """Address of a dashboard that keeps the time and the datasource."""
    return f"/d/also-{name}?${{__url_time_range}}&${{datasource:queryparam}}"


def _link(name: str) -> Json:
    return {
        "title": NAMES[name].removeprefix("ALSO / "),
        "type": "link",
        "url": f"/d/also-{name}",
        "icon": "dashboard",
        "keepTime": True,
        "includeVars": True,
        "asDropdown": False,
        "targetBlank": False,
        "tags": [],
        "tooltip": "",
    }


def _variable(name: str, label: str, query: str, *, many: bool) -> Json:
    document: Json = {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "definition": query,
        "query": {"query": query, "refId": f"{name}s"},
        "includeAll": many,
        "multi": many,
        "current": {"text": ["All"], "value": ["$__all"]} if many else {},
        "refresh": 2,
        "sort": 1,
        "hide": 0,
    }
    return {**document, "allValue": ".*"} if many else document


_DATASOURCE_VARIABLE: Json = {
    "name": "datasource",
    "label": "Data source",
    "type": "datasource",
    "query": "prometheus",
    "current": {},
    "hide": 0,
}


def _placed(sections: Sequence[Section]) -> list[Json]:
    panels: list[Json] = []
    top = 0
    for section in sections:
        heading = {"x": 0, "y": top, "w": WIDTH, "h": 1}
        panels.append(
            {
                "id": len(panels) + 1,
                "type": "row",
                "title": section.title,
                "collapsed": False,
                "gridPos": heading,
                "panels": [],
            }
        )
        top += 1
        for height, row in section.rows:
            for index, panel in enumerate(row):
                left, right = WIDTH * index // len(row), WIDTH * (index + 1) // len(row)
                place = {"x": left, "y": top, "w": right - left, "h": height}
                panels.append(panel.placed(len(panels) + 1, place))
            top += height
    return panels
