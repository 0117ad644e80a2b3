"""A dashboard's panels as one picture, in their places, from what a Prometheus answers.

It draws what the JSON says: titles, queries, legends, units, colours of thresholds, marks of annotations. A panel
without an answer says "No data", as in Grafana.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tools.dashboards import units
from tools.dashboards.expressions import filled
from tools.dashboards.prometheus import Prometheus, Series, Window

_CELL = (0.78, 0.44)
"""Width and height of a cell of the grid, inches."""

_PALETTE = (
    "#5794f2",
    "#73bf69",
    "#ff9830",
    "#f2495c",
    "#b877d9",
    "#8ab8ff",
    "#c8a500",
    "#37872d",
    "#e02f44",
    "#806eb7",
)

_NAMED = {
    "green": "#56a64b",
    "orange": "#ff780a",
    "red": "#e02f44",
    "blue": "#3274d9",
    "transparent": "#ffffff00",
}
"""Grafana's names of colours."""

_TEXT, _FAINT, _EDGE = "#24292e", "#6e7681", "#d0d7de"

_TITLE, _SMALL = 11.0, 8.5
"""Sizes of letters, points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whom to ask, and for what."""

    prometheus: Prometheus
    """The Prometheus."""
    campaign: str
    """Id of the campaign for `$campaign`, or `.*` for all."""
    namespace: str
    """Regular expression, for `$namespace`."""
    window: Window
    """Span of time that is shown; single values are those of its end."""

    def fill(self, text: str) -> str:
        """An expression without variables."""
        return filled(text, campaign=self.campaign, namespace=self.namespace, step=self.window.step)


def picture(document: Mapping[str, Any], asked: Asked) -> Figure:
    """Draw a dashboard.

    Args:
        document: its JSON.
        asked: whom to ask, and for what.

    Raises:
        EndpointError: the Prometheus cannot be reached, or refuses an expression.
    """
    panels = _with_data(document["panels"], asked)
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels) + 1
    figure = Figure(figsize=(24 * _CELL[0], bottom * _CELL[1]), facecolor="#f4f5f5")
    figure.text(0.008, 1 - 0.6 / bottom, document["title"], size=17, weight="bold", color=_TEXT, va="center")
    about = "all campaigns" if asked.campaign == ".*" else f"campaign {asked.campaign}"
    shown = f"{about}, {units.text(asked.window.end - asked.window.start, 's')}"
    figure.text(0.992, 1 - 0.6 / bottom, shown, size=11, color=_FAINT, va="center", ha="right")
    marks = _marks(document, asked)
    for panel in panels:
        place = panel["gridPos"]
        top = place["y"] + 1
        if panel["type"] == "row":
            where = 1 - (top + 0.62) / bottom
            figure.text(0.008, where, panel["title"], size=13, weight="bold", color=_TEXT, va="center")
            continue
        box = (place["x"] / 24 + 0.004, 1 - (top + place["h"]) / bottom, place["w"] / 24 - 0.008, place["h"] / bottom)
        axes = figure.add_axes((box[0], box[1] + 0.1 / bottom, box[2], box[3] - 0.2 / bottom), facecolor="white")
        axes.set(xticks=[], yticks=[], xlim=(0, 1), ylim=(0, 1))
        for spine in axes.spines.values():
            spine.set_color(_EDGE)
        _Panel(panel, figure, axes, asked, marks).draw()
    return figure


def _with_data(panels: Sequence[Mapping[str, Any]], asked: Asked) -> list[Mapping[str, Any]]:
    """The panels, but of a section of which no panel has data only the heading, which says so."""
    sections: list[list[Mapping[str, Any]]] = []
    for panel in panels:
        if panel["type"] == "row":
            sections.append([])
        sections[-1].append(panel)
    shown: list[Mapping[str, Any]] = []
    up = 0
    for heading, *section in sections:
        known = any(
            asked.prometheus.over(asked.fill(target["expr"]), asked.window)
            for panel in section
            for target in panel["targets"]
        )
        title = heading["title"] if known else f"{heading['title']}: no data"
        for panel in [{**heading, "title": title}, *(section if known else [])]:
            place = panel["gridPos"]
            shown.append({**panel, "gridPos": {**place, "y": place["y"] - up}})
        if not known:
            up += max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in section) - heading["gridPos"]["y"] - 1
    return shown


def _marks(document: Mapping[str, Any], asked: Asked) -> list[tuple[float, str]]:
    """Moments of the dashboard's annotations, with their colours."""
    return [
        (time, _NAMED.get(each["iconColor"], _FAINT))
        for each in document["annotations"]["list"]
        for series in asked.prometheus.over(asked.fill(each["expr"]), asked.window)
        for time in series.times
    ]


class _Panel:
    """One panel and its frame."""

    def __init__(
        self, panel: Mapping[str, Any], figure: Figure, frame: Axes, asked: Asked, marks: Sequence[tuple[float, str]]
    ) -> None:
        self._panel, self._frame, self._asked, self._marks = panel, frame, asked, marks
        self._defaults: Mapping[str, Any] = panel["fieldConfig"]["defaults"]
        self._unit: str = self._defaults["unit"]
        self._decimals: int | None = self._defaults.get("decimals")
        self._figure = figure
        width, height = figure.get_size_inches() * frame.get_position().size
        self._inch = (1 / width, 1 / height)

    def draw(self) -> None:
        """Draw the title, and what the panel shows."""
        self._frame.text(
            0.1 * self._inch[0],
            1 - 0.2 * self._inch[1],
            self._panel["title"],
            size=_TITLE,
            weight="bold",
            color=_TEXT,
            va="center",
        )
        match self._panel["type"]:
            case "timeseries":
                self._lines(self._named(instant=False))
            case "state-timeline":
                self._states(self._named(instant=False))
            case "stat":
                self._numbers(self._named(instant=True))
            case "bargauge":
                self._bars(self._named(instant=True))
            case "table":
                self._table()
            case other:
                self._say(f"cannot draw a {other}")

    def _ask(self, expression: str, *, instant: bool) -> list[Series]:
        text, window = self._asked.fill(expression), self._asked.window
        asked = self._asked.prometheus
        return asked.at(text, window.end) if instant else asked.over(text, window)

    def _named(self, *, instant: bool) -> list[tuple[str, Series]]:
        """Series of all queries with their legends, in order of these."""
        found = [
            (units.legend(target["legendFormat"], series.labels), series)
            for target in self._panel["targets"]
            for series in sorted(
                self._ask(target["expr"], instant=instant), key=lambda each: sorted(each.labels.items())
            )
        ]
        if not found:
            self._say("No data")
        return found

    def _say(self, text: str) -> None:
        self._frame.text(0.5, 0.45, text, size=_TITLE, color=_FAINT, ha="center", va="center")

    def _inner(self, *, left: float, bottom: float, right: float = 0.15) -> Axes:
        """Axes inside the frame, with margins in inches."""
        box = self._frame.get_position()
        x, y = self._inch[0] * box.width, self._inch[1] * box.height
        axes: Axes = self._figure.add_axes(
            (box.x0 + left * x, box.y0 + bottom * y, box.width - (left + right) * x, box.height - (bottom + 0.42) * y)
        )
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color(_EDGE)
        axes.tick_params(length=0, labelsize=_SMALL, labelcolor=_FAINT)
        return axes

    def _over_time(self, axes: Axes) -> None:
        window = self._asked.window
        axes.set_xlim(0, (window.end - window.start) / 60)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} min"))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6))

    def _minutes(self, series: Series) -> list[float]:
        return [(time - self._asked.window.start) / 60 for time in series.times]

    def _lines(self, named: Sequence[tuple[str, Series]]) -> None:
        if not named:
            return
        custom = self._defaults["custom"]
        stepped = custom.get("lineInterpolation") == "stepAfter"
        columns = max(1, int(1 / self._inch[0] / 1.9))
        rows = min(-(-len(named) // columns), 3)
        axes = self._inner(left=0.72, bottom=0.42 + 0.19 * rows)
        axes.grid(axis="y", color="#eceef0", linewidth=0.8)
        if custom["stacking"]["mode"] == "normal":
            self._stack(axes, named, stepped=stepped)
        else:
            named = self._band(axes, named)
            for index, (name, series) in enumerate(named):
                axes.plot(
                    self._minutes(series),
                    series.values,
                    color=_PALETTE[index % len(_PALETTE)],
                    linewidth=1.6,
                    drawstyle="steps-post" if stepped else "default",
                    marker="o" if len(series.values) == 1 else None,
                    markersize=4,
                    label=name,
                )
        for time, colour in self._marks:
            axes.axvline((time - self._asked.window.start) / 60, color=colour, linestyle=(0, (4, 3)), linewidth=1.1)
        self._over_time(axes)
        low, high = axes.get_ylim()
        least = self._defaults.get("min", low)
        axes.set_ylim(
            least, max(high, least + 1e-9) if "max" not in self._defaults else max(self._defaults["max"] * 1.03, 0)
        )
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: units.text(value, self._unit, self._decimals)))
        shown = named[: columns * rows - 1] if len(named) > columns * rows else named
        handles, _ = axes.get_legend_handles_labels()
        names = [name for name, _ in shown] + (
            [f"and {len(named) - len(shown)} more"] if len(shown) < len(named) else []
        )
        self._frame.legend(
            handles[: len(names)],
            names,
            loc="lower left",
            ncols=columns,
            fontsize=_SMALL,
            frameon=False,
            handlelength=1.0,
            handletextpad=0.4,
            columnspacing=1.0,
            labelcolor=_TEXT,
            borderaxespad=0.25,
        )

    def _band(self, axes: Axes, named: Sequence[tuple[str, Series]]) -> Sequence[tuple[str, Series]]:
        """Fill between the two ends of an interval, where the panel has one; the other lines."""
        ends = {
            each["matcher"]["options"]: one["value"]
            for each in self._panel["fieldConfig"]["overrides"]
            for one in each["properties"]
            if one["id"] == "custom.fillBelowTo"
        }
        known = dict(named)
        for high, low in ends.items():
            if high in known and low in known:
                above = dict(zip(known[high].times, known[high].values, strict=True))
                below = dict(zip(known[low].times, known[low].values, strict=True))
                times = sorted(above.keys() & below.keys())
                axes.fill_between(
                    [(time - self._asked.window.start) / 60 for time in times],
                    [below[time] for time in times],
                    [above[time] for time in times],
                    color=_PALETTE[1],
                    alpha=0.2,
                    linewidth=0,
                )
        hidden = {*ends, *ends.values()}
        return [each for each in named if each[0] not in hidden]

    def _stack(self, axes: Axes, named: Sequence[tuple[str, Series]], *, stepped: bool) -> None:
        """Parts of a whole, each upon the ones before; one that is not there counts nothing."""
        times = sorted({time for _, series in named for time in series.times})
        minutes = [(time - self._asked.window.start) / 60 for time in times]
        below = [0.0] * len(times)
        for index, (name, series) in enumerate(named):
            values = dict(zip(series.times, series.values, strict=True))
            above = [base + values.get(time, 0.0) for base, time in zip(below, times, strict=True)]
            colour = _PALETTE[index % len(_PALETTE)]
            axes.fill_between(
                minutes,
                below,
                above,
                color=colour,
                alpha=0.45,
                linewidth=0,
                step="post" if stepped else None,
                label=name,
            )
            axes.plot(minutes, above, color=colour, linewidth=1.4, drawstyle="steps-post" if stepped else "default")
            below = above

    def _states(self, named: Sequence[tuple[str, Series]]) -> None:
        if not named:
            return
        axes = self._inner(left=1.15, bottom=0.35)
        step = self._asked.window.step / 60
        for row, (_, series) in enumerate(named):
            held = [minute for minute, value in zip(self._minutes(series), series.values, strict=True) if value == 1]
            spans = [(minute, step) for minute in held]
            axes.broken_barh(spans, (row - 0.4, 0.8), color=_NAMED["blue"], linewidth=0)
            axes.axhspan(row - 0.4, row + 0.4, color="#f0f2f4", zorder=0)
        axes.set_yticks(range(len(named)), [name for name, _ in named])
        axes.tick_params(axis="y", labelcolor=_TEXT)
        axes.set_ylim(len(named) - 0.5, -0.5)
        self._over_time(axes)

    def _numbers(self, named: Sequence[tuple[str, Series]]) -> None:
        names = self._panel["options"]["textMode"] == "name"
        for index, (name, series) in enumerate(named):
            place = (index + 0.5) / len(named)
            value = series.values[-1]
            said = name if names else units.text(value, self._unit, self._decimals)
            room = 1 / self._inch[0] / len(named)
            size = min(24.0, 105 * room / max(len(said), 3))
            self._frame.text(
                place, 0.46, said, size=size, weight="bold", color=self._colour(value), ha="center", va="center"
            )
            if not names and len(named) > 1:
                self._frame.text(place, 0.15, name, size=_SMALL, color=_FAINT, ha="center", va="center")

    def _bars(self, named: Sequence[tuple[str, Series]]) -> None:
        if not named:
            return
        ordered = sorted(named, key=lambda each: -each[1].values[-1])
        most = self._defaults.get("max") or max(max(series.values[-1] for _, series in named), 1e-9)
        longest = max(len(name) for name, _ in ordered)
        axes = self._inner(left=min(0.25 + 0.075 * longest, 0.55 / self._inch[0]), bottom=0.1, right=0.75)
        for row, (_, series) in enumerate(ordered):
            value = series.values[-1]
            axes.barh(row, most, color="#f0f2f4", height=0.7)
            axes.barh(row, min(value, most), color=self._colour(value), height=0.7)
            said = units.text(value, self._unit, self._decimals)
            axes.text(most * 1.02, row, said, size=_SMALL + 0.5, color=_TEXT, va="center")
        axes.set_yticks(range(len(ordered)), [name for name, _ in ordered])
        axes.tick_params(axis="y", labelcolor=_TEXT)
        axes.set(xticks=[], xlim=(0, most), ylim=(max(len(ordered), 4) - 0.5, -0.5))
        axes.spines["bottom"].set_visible(False)

    def _colour(self, value: float) -> str:
        """Colour of the last threshold that a value has reached."""
        if "thresholds" not in self._defaults:
            return _NAMED[self._defaults["color"]["fixedColor"]]
        reached = [
            step["color"]
            for step in self._defaults["thresholds"]["steps"]
            if step["value"] is None or value >= step["value"]
        ]
        return _NAMED[reached[-1]]

    def _table(self) -> None:
        heads, rows = _cells(self._panel, [self._ask(each["expr"], instant=True) for each in self._panel["targets"]])
        if not rows:
            self._say("No data")
            return
        widths = [max(len(each) for each in column) + 2 for column in zip(heads, *rows, strict=True)]
        step = min(0.3 * self._inch[1], 0.86 / (len(rows) + 1))
        for line, cells in enumerate([heads, *rows]):
            height = 1 - 0.5 * self._inch[1] - step * (line + 0.5)
            for column, cell in enumerate(cells):
                self._frame.text(
                    0.1 * self._inch[0] + sum(widths[:column]) / sum(widths) * 0.98,
                    height,
                    cell,
                    size=_SMALL + 1,
                    color=_FAINT if line == 0 else _TEXT,
                    weight="bold" if line == 0 else "normal",
                    va="center",
                )
            self._frame.axhline(height - step / 2, color="#eceef0", linewidth=0.8)


def _cells(panel: Mapping[str, Any], answers: Sequence[Sequence[Series]]) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of a table: answers joined where the labels that they share are equal, as Grafana merges them."""
    organised = next(each["options"] for each in panel["transformations"] if each["id"] == "organize")
    names = ["Value"] if len(answers) == 1 else [f"Value #{target['refId']}" for target in panel["targets"]]
    rows: list[dict[str, str]] = []
    how = {
        each["matcher"]["options"]: {one["id"]: one["value"] for one in each["properties"]}
        for each in panel["fieldConfig"]["overrides"]
    }
    for name, answer in zip(names, answers, strict=True):
        settings = how.get(organised["renameByName"].get(name, ""), {})
        for series in answer:
            value = units.text(series.values[-1], settings.get("unit", "short"), settings.get("decimals"))
            labels = {label: text for label, text in series.labels.items() if label in organised["renameByName"]}
            same = [row for row in rows if all(row.get(label, text) == text for label, text in labels.items())]
            if same and len(answers) > 1:
                same[0].update({**labels, name: value})
            else:
                rows.append({**labels, name: value})
    columns = sorted(organised["indexByName"], key=organised["indexByName"].__getitem__)
    shown = [each for each in columns if not organised["excludeByName"].get(each) and any(each in row for row in rows)]
    return [organised["renameByName"].get(each, each) for each in shown], [
        [row.get(each, "") for each in shown] for row in rows
    ]
