"""Panels of a dashboard, as Grafana's JSON has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
"""The Prometheus that the dashboard's reader has chosen."""

Json = dict[str, Any]
"""A part of a dashboard."""

_LINES = {"lineWidth": 2, "fillOpacity": 10, "showPoints": "auto", "spanNulls": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel, without its place."""

    kind: str
    """Grafana's type of panel."""
    title: str
    """Title."""
    description: str
    """One sentence or two, shown with the title."""
    unit: str
    """Grafana's id of the values' unit."""
    queries: Sequence[tuple[str, str]]
    """Expression and legend of each query."""
    instant: bool = False
    """Whether it shows the last value only."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Further defaults of its fields."""
    overrides: Sequence[Json] = ()
    """Fields that differ."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of its type."""
    transformations: Sequence[Json] = ()
    """What is made of the answers before they are shown."""

    def placed(self, number: int, place: Json) -> Json:
        """Its JSON.

        Args:
            number: its id.
            place: its `gridPos`.
        """
        document: Json = {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": DATASOURCE,
            "gridPos": place,
            "fieldConfig": {
                "defaults": {"unit": self.unit, **self.defaults},
                "overrides": list(self.overrides),
            },
            "options": dict(self.options),
            "targets": [self._target(each, chr(ord("A") + index)) for index, each in enumerate(self.queries)],
        }
        if self.transformations:
            document["transformations"] = list(self.transformations)
        return document

    def _target(self, query: tuple[str, str], name: str) -> Json:
        expression, legend = query
        how: Json = {"instant": True, "range": False} if self.instant else {"range": True}
        if self.kind == "table":
            how["format"] = "table"
        return {
            "datasource": DATASOURCE,
            "editorMode": "code",
            "expr": expression,
            "legendFormat": legend,
            **how,
            "refId": name,
        }


def lines(
    title: str,
    description: str,
    *queries: tuple[str, str],
    unit: str = "short",
    stacked: bool = False,
    stepped: bool = False,
    least: float | None = 0,
    most: float | None = None,
    band: tuple[str, str] | None = None,
) -> Panel:
    """Lines over time.

    Args:
        title: title.
        description: what they show.
        queries: expression and legend of each query.
        unit: Grafana's id of their unit.
        stacked: whether they are parts of a whole.
        stepped: whether a value holds until the next one, instead of leading to it.
        least: lower end of the axis; None takes the data's.
        most: upper end of the axis; None takes the data's.
        band: legends of the lower and the upper end of an interval, which is shown as a band; None is none.
    """
    custom: Json = {**_LINES, "stacking": {"mode": "normal" if stacked else "none", "group": "A"}}
    if stacked:
        custom["fillOpacity"] = 30
    if stepped:
        custom["lineInterpolation"] = "stepAfter"
    return Panel(
        kind="timeseries",
        title=title,
        description=description,
        unit=unit,
        queries=queries,
        defaults={**_ends(least, most), "custom": custom},
        overrides=_band(*band) if band else [],
        options={
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    )


def number(
    title: str,
    description: str,
    *queries: tuple[str, str],
    unit: str = "short",
    steps: Sequence[tuple[float, str]] = (),
    names: bool = False,
    decimals: int | None = None,
) -> Panel:
    """Last values, large.

    Args:
        title: title.
        description: what they show.
        queries: expression and legend of each query.
        unit: Grafana's id of their unit.
        steps: from which value on it has which colour; empty is one colour.
        names: whether the legend is shown in place of the value.
        decimals: digits after the point; None leaves them to Grafana.
    """
    defaults: Json = {"decimals": decimals} if decimals is not None else {}
    return Panel(
        kind="stat",
        title=title,
        description=description,
        unit=unit,
        queries=queries,
        instant=True,
        defaults={**defaults, **_colours(steps)},
        options={
            "reduceOptions": _LAST,
            "colorMode": "value",
            "graphMode": "none",
            "textMode": "name" if names else "auto",
            "orientation": "auto",
            "justifyMode": "auto",
        },
    )


def bars(
    title: str,
    description: str,
    *queries: tuple[str, str],
    unit: str = "short",
    most: float | None = None,
    steps: Sequence[tuple[float, str]] = (),
) -> Panel:
    """Last values as bars beside each other.

    Args:
        title: title.
        description: what they show.
        queries: expression and legend of each query.
        unit: Grafana's id of their unit.
        most: value of a full bar; None takes the largest one's.
        steps: from which value on it has which colour; empty is one colour.
    """
    return Panel(
        kind="bargauge",
        title=title,
        description=description,
        unit=unit,
        queries=queries,
        instant=True,
        defaults={**_ends(0, most), **_colours(steps)},
        options={
            "reduceOptions": _LAST,
            "displayMode": "basic",
            "orientation": "horizontal",
            "valueMode": "color",
            "showUnfilled": True,
            "namePlacement": "left",
        },
    )


def states(title: str, description: str, *queries: tuple[str, str]) -> Panel:
    """When each of several states held: queries whose value is 1 then, and 0 else."""
    return Panel(
        kind="state-timeline",
        title=title,
        description=description,
        unit="short",
        queries=queries,
        defaults={
            "custom": {"lineWidth": 0, "fillOpacity": 80, "spanNulls": False},
            "color": {"mode": "thresholds"},
            "mappings": [
                {"type": "value", "options": {"0": {"text": " ", "index": 0}, "1": {"text": " ", "index": 1}}}
            ],
            "thresholds": {"mode": "absolute", "steps": [_step(None, "transparent"), _step(1, "blue")]},
        },
        options={
            "showValue": "never",
            "mergeValues": True,
            "rowHeight": 0.8,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
            "tooltip": {"mode": "single", "sort": "none"},
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table, beside its labels."""

    title: str
    """Head of the column."""
    expression: str
    """Query whose value it shows."""
    unit: str = "short"
    """Grafana's id of its unit."""
    decimals: int | None = None
    """Digits after the point; None leaves them to Grafana."""
    hidden: bool = False
    """Whether only the labels of its query are shown."""


def table(
    title: str, description: str, columns: Sequence[Column], *, labels: Mapping[str, str], links: Sequence[Json] = ()
) -> Panel:
    """Last values, a row for each set of labels.

    Args:
        title: title.
        description: what it shows.
        columns: its columns.
        labels: heads of the columns with the queries' labels, by label, in order.
        links: where the first label's cells lead to.
    """
    values = {f"Value #{chr(ord('A') + index)}": column for index, column in enumerate(columns)}
    if len(columns) == 1:
        values = {"Value": columns[0]}
    shown = {name: column.title for name, column in values.items() if not column.hidden}
    hidden = {name: True for name, column in values.items() if column.hidden}
    overrides: list[Json] = [
        {
            "matcher": {"id": "byName", "options": column.title},
            "properties": [
                {"id": "unit", "value": column.unit},
                *([{"id": "decimals", "value": column.decimals}] if column.decimals is not None else []),
            ],
        }
        for column in columns
        if not column.hidden
    ]
    if links:
        head = next(iter(labels.values()))
        overrides.append(
            {"matcher": {"id": "byName", "options": head}, "properties": [{"id": "links", "value": list(links)}]}
        )
    return Panel(
        kind="table",
        title=title,
        description=description,
        unit="short",
        queries=[(column.expression, column.title) for column in columns],
        instant=True,
        overrides=overrides,
        options={"showHeader": True, "cellHeight": "sm", "footer": {"show": False}},
        transformations=[
            *([{"id": "merge", "options": {}}] if len(columns) > 1 else []),
            {
                "id": "organize",
                "options": {
                    "excludeByName": {"Time": True, **hidden},
                    "indexByName": {name: index for index, name in enumerate([*labels, *values])},
                    "renameByName": {**labels, **shown},
                },
            },
        ],
    )


def _band(low: str, high: str) -> list[Json]:
    """Overrides by which the space between two lines is filled, and the lines themselves are not seen."""
    edge: list[Json] = [
        {"id": "custom.lineWidth", "value": 0},
        {"id": "custom.showPoints", "value": "never"},
        {"id": "custom.hideFrom", "value": {"legend": True, "tooltip": False, "viz": False}},
    ]
    fills: dict[str, list[Json]] = {
        low: [{"id": "custom.fillOpacity", "value": 0}],
        high: [{"id": "custom.fillOpacity", "value": 20}, {"id": "custom.fillBelowTo", "value": low}],
    }
    return [{"matcher": {"id": "byName", "options": name}, "properties": [*edge, *fills[name]]} for name in (low, high)]


_LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def _step(value: float | None, colour: str) -> Json:
    return {"color": colour, "value": value}


def _colours(steps: Sequence[tuple[float, str]]) -> Json:
    if not steps:
        return {"color": {"mode": "fixed", "fixedColor": "blue"}}
    (_, first), *others = steps
    named = [_step(None, first), *(_step(value, colour) for value, colour in others)]
    return {"color": {"mode": "thresholds"}, "thresholds": {"mode": "absolute", "steps": named}}


def _ends(least: float | None, most: float | None) -> Json:
    return {name: value for name, value in (("min", least), ("max", most)) if value is not None}
