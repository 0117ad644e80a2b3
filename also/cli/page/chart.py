"""What charts are made of: a frame with scales, round ticks, lines, bands.

A chart is drawn twice, for wide and for narrow screens, so that letters have one size; the style shows one of the two.
Colours are classes, so that the page's light and dark palettes hold for them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from also.cli.page.markup import Html, decimal, element, joined

WIDE, NARROW = 960, 358
"""Widths of the two drawings, pixels."""

Point = tuple[float, float]
"""A value on the x axis and one on the y axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where a chart's values lie on its drawing, pixels from the left and from the top."""

    width: float
    """Width of the whole drawing."""
    height: float
    """Height of the whole drawing."""
    left: float = 44
    """Space left of the axes."""
    right: float = 12
    """Space right of them."""
    top: float = 8
    """Space above them."""
    bottom: float = 34
    """Space below them."""
    x_range: tuple[float, float]
    """Values at the left and at the right; the second is larger."""
    y_range: tuple[float, float]
    """Values at the bottom and at the top; the second is larger."""

    def x(self, value: float) -> float:
        """Where a value of the x axis lies."""
        low, high = self.x_range
        return self.left + (value - low) / (high - low) * (self.width - self.left - self.right)

    def y(self, value: float) -> float:
        """Where a value of the y axis lies."""
        low, high = self.y_range
        return self.height - self.bottom - (value - low) / (high - low) * (self.height - self.top - self.bottom)

    @property
    def floor(self) -> float:
        """Where the x axis lies."""
        return self.height - self.bottom

    @property
    def end(self) -> float:
        """Where the axes end at the right."""
        return self.width - self.right


def twice(draw: Callable[[int], Html]) -> Html:
    """A chart for wide and for narrow screens; `draw` gets the width."""
    return joined(
        [element("div", draw(WIDE), class_="wide"), element("div", draw(NARROW), class_="narrow")],
    )


def svg(width: float, height: float, title: str, *children: Html, describes: str = "") -> Html:
    """A drawing with its name and what it shows, for those who do not see it."""
    return element(
        "svg",
        element("desc", describes) if describes else None,
        *children,
        viewBox=f"0 0 {decimal(width)} {decimal(height)}",
        role="img",
        aria_label=title,
    )


def ticks(low: float, high: float, count: int) -> list[float]:
    """Round values from `low` to `high`, about so many: multiples of 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    rough = (high - low) / max(count, 1)
    power = 10 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough * 0.9)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def short(value: float) -> str:
    """A number in few letters: "0.25", "640k", "6.4M"."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def y_axis(frame: Frame, values: Sequence[float], words: Callable[[float], str] = short) -> Html:
    """Lines across with their values."""
    parts = []
    for value in values:
        at = frame.y(value)
        parts.append(element("line", x1=frame.left, x2=frame.end, y1=at, y2=at, class_="grid"))
        parts.append(element("text", words(value), x=frame.left - 7, y=at + 4, class_="tick", text_anchor="end"))
    return joined(parts)


def x_axis(frame: Frame, label: str, values: Sequence[float]) -> Html:
    """The floor with values below it, and what they are."""
    parts = [element("line", x1=frame.left, x2=frame.end, y1=frame.floor, y2=frame.floor, class_="axis")]
    for value in values:
        at = frame.x(value)
        parts.append(element("text", short(value), x=at, y=frame.floor + 16, class_="tick", text_anchor="middle"))
    parts.append(element("text", label, x=frame.end, y=frame.floor + 31, class_="tick", text_anchor="end"))
    return joined(parts)


def down_lines(frame: Frame, low: float, high: float) -> Html:
    """Upright lines with their values below, for values that lie along the x axis."""
    parts = []
    for value in ticks(low, high, 5 if frame.width > NARROW else 3):
        at = frame.x(value)
        parts.append(element("line", x1=at, x2=at, y1=0, y2=frame.floor, class_="grid"))
        parts.append(element("text", short(value), x=at, y=frame.floor + 16, class_="tick", text_anchor="middle"))
    return joined(parts)


def frame_of_rows(width: int, height: float, *, label: int, x_range: tuple[float, float]) -> Frame:
    """A frame for rows on one scale, with room for their names and values beside them where it is wide.

    Args:
        width: width of the drawing, pixels.
        height: height of all rows together, pixels.
        label: room for names, pixels.
        x_range: smallest and largest value.
    """
    wide = width > NARROW
    return Frame(
        width=width,
        height=height + 26,
        left=label if wide else 8,
        right=196 if wide else 8,
        top=0,
        bottom=26,
        x_range=x_range,
        y_range=(0, 1),
    )


def row_words(frame: Frame, name: str, value: str, y: float, *, wide: bool) -> Html:
    """A row's name and value: at its left and right, or above it where there is no room beside it."""
    if wide:
        return joined(
            [
                element("text", name, x=frame.left - 14, y=y + 4.5, class_="name", text_anchor="end"),
                element("text", value, x=frame.end + 14, y=y + 4.5, class_="number"),
            ]
        )
    return joined(
        [
            element("text", name, x=0, y=y - 5, class_="name"),
            element("text", value, x=frame.width, y=y - 5, class_="number", text_anchor="end"),
        ]
    )


def line(frame: Frame, points: Sequence[Point], class_: str) -> Html:
    """A line through points; nothing where there are none."""
    if not points:
        return Html("")
    places = " ".join(f"{decimal(frame.x(x))},{decimal(frame.y(y))}" for x, y in points)
    return element("polyline", points=places, class_=f"line {class_}")


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """At most so many points, about: each the mean of as many neighbours."""
    size = max(1, -(-len(points) // max(most, 1)))
    groups = (points[begin : begin + size] for begin in range(0, len(points), size))
    return [(sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group)) for group in groups]


def whisker(frame: Frame, at: float, low: float, high: float, class_: str) -> Html:
    """An interval, upright."""
    x = frame.x(at)
    return element("line", x1=x, x2=x, y1=frame.y(low), y2=frame.y(high), class_=f"whisker {class_}")


def dot(x: float, y: float, radius: float, class_: str) -> Html:
    """A filled circle, pixels."""
    return element("circle", cx=x, cy=y, r=radius, class_=class_)


def span_of(values: Sequence[float], *, least: float, largest: float) -> tuple[float, float]:
    """A range for an axis of returns: all values, what no shaping earns, and the largest return where it is near.

    Args:
        values: what is shown; may be empty.
        least: return of a team that does nothing.
        largest: largest return of the task.
    """
    finite = [value for value in values if math.isfinite(value)]
    low, high = min([least, *finite]), max([least, *finite])
    if high - low < 1e-12 or high >= low + 0.5 * (largest - low):
        high = max(high, largest)
    if not high > low:
        high = low + 1.0
    return low, high + 0.03 * (high - low)


def stage_axis(frame: Frame, count: int) -> Html:
    """Numbers of stages below their columns; the x axis goes from 0 to their number."""
    numbers = [value for value in ticks(0, count - 1, 10 if frame.width > NARROW else 5) if value == int(value)]
    parts = [
        element("text", f"{value:.0f}", x=frame.x(value + 0.5), y=frame.floor + 15, class_="tick", text_anchor="middle")
        for value in numbers
    ]
    parts.append(element("text", "stage", x=frame.end, y=frame.floor + 30, class_="tick", text_anchor="end"))
    return joined(parts)


def column(frame: Frame, begin: float, end: float, words: str) -> Html:
    """What says `words` where a part of the chart is pointed at."""
    low, high = frame.x(begin), frame.x(end)
    return element("rect", element("title", words), x=low, width=high - low, y=0, height=frame.floor, class_="hit")
