"""The return over everything that was spent: main run, what was trained beside it, and where decisions fell."""

from also import returns
from also.cli import describe
from also.cli.page import decisions
from also.cli.page.account import Account, Beside, Span
from also.cli.page.chart import (
    WIDE,
    Frame,
    Point,
    column,
    dot,
    line,
    short,
    span_of,
    svg,
    thinned,
    ticks,
    twice,
    whisker,
    x_axis,
    y_axis,
)
from also.cli.page.markup import Html, element, joined
from also.v1.branch_pb2 import Evaluation

_STRIP = 26
"""Height of the strip above the axes that holds the decisions' marks, pixels."""

_DOTS = 60
"""Stages up to which each stage's evaluation has a dot."""


def curve(account: Account) -> Html:
    """The chart with its legend."""
    return joined([twice(lambda width: _draw(account, width)), _legend(account)])


def _draw(account: Account, width: int) -> Html:
    wide = width == WIDE
    spent = max([account.state.env_steps, *(each.env_steps for each in account.beside), 1])
    frame = Frame(
        width=width,
        height=400 if wide else 300,
        left=44 if wide else 34,
        right=14,
        top=_STRIP + 6,
        bottom=38,
        x_range=(0, spent),
        y_range=span_of(_values(account), least=account.state.card.baseline_return, largest=_largest(account)),
    )
    return svg(
        width,
        frame.height,
        "Return over all env_steps that were spent",
        _branches(account, frame),
        y_axis(frame, ticks(*frame.y_range, 5)),
        x_axis(frame, "env_steps spent, branches included", ticks(0, spent, 6 if wide else 4)),
        *(_lines_down(account, span, frame) for span in account.spans),
        *(line(frame, thinned(each.curve, _points(width)), each.class_) for each in account.beside),
        _evaluations(account, frame),
        *(line(frame, points, "main") for points in _between_branches(account, _points(width))),
        *(_end(frame, each) for each in account.beside),
        _final(account, frame),
        *(_mark(account, span, frame) for span in account.spans),
        *(_hit(account, span, frame) for span in account.spans),
        describes="The table of stages below has the same numbers.",
    )


def _branches(account: Account, frame: Frame) -> Html:
    """Pale bands where branches were tried and the main run waited."""
    bands = [(frame.x(span.trained), frame.x(span.end)) for span in account.spans if span.end > span.trained]
    return joined(
        element("rect", x=low, width=high - low, y=frame.top, height=frame.floor - frame.top, class_="branches")
        for low, high in bands
    )


def _points(width: int) -> int:
    """Points of a line at most, about: training returns of few episodes jump, and more would only blur."""
    return width // 4


def _between_branches(account: Account, most: int) -> list[list[Point]]:
    """The main run's curve, in pieces: it waits while branches are tried, and continues with one of them."""
    pieces: list[list[Point]] = [[]]
    for span in account.spans:
        pieces[-1] += thinned(span.curve, most // len(account.spans))
        if span.end > span.trained:
            pieces.append([])
    return pieces


def _evaluations(account: Account, frame: Frame) -> Html:
    """What the policy was worth at the end of each stage's training, with its interval."""
    parts = []
    for span in account.spans:
        evidence = span.stage.trained.evidence
        parts.append(whisker(frame, span.trained, evidence.return_low, evidence.return_high, "main"))
        if len(account.spans) <= _DOTS:
            parts.append(dot(frame.x(span.trained), frame.y(evidence.returns.mean), 2.4, "dot main"))
    return joined(parts)


def _lines_down(account: Account, span: Span, frame: Frame) -> Html:
    kind = decisions.kind(account.state, span.stage)
    if kind not in decisions.KINDS or kind == "held":
        return Html("")
    at = frame.x(span.end)
    return element("line", x1=at, x2=at, y1=_STRIP, y2=frame.floor, class_=f"decided {kind}")


def _mark(account: Account, span: Span, frame: Frame) -> Html:
    return decisions.glyph(decisions.kind(account.state, span.stage), frame.x(span.end), _STRIP - 10) or Html("")


def _hit(account: Account, span: Span, frame: Frame) -> Html:
    """What tells of a stage where it is pointed at, and leads to it."""
    stage = span.stage
    words = f"Stage {stage.number}: {describe.decision(stage)}\nreturn {describe.return_of(stage.trained.evidence)}"
    undone = decisions.undone_in(account.state, stage)
    if undone is not None:
        words += f"\nundone in stage {undone}"
    return element(
        "a",
        column(frame, span.begin, span.end, words),
        href=f"#stage-{stage.number}",
        tabindex="-1",
        aria_label=f"Stage {stage.number}",
    )


def _final(account: Account, frame: Frame) -> Html:
    reported = account.state.reported
    return _end_mark(frame, reported.env_steps, reported.evaluation, "main") if reported is not None else Html("")


def _end(frame: Frame, run: Beside) -> Html:
    return _end_mark(frame, run.env_steps, run.evaluation, run.class_) if run.evaluation is not None else Html("")


def _end_mark(frame: Frame, env_steps: int, evaluation: Evaluation, class_: str) -> Html:
    at = dot(frame.x(env_steps), frame.y(evaluation.returns.mean), 5, f"end {class_}")
    return joined([whisker(frame, env_steps, evaluation.return_low, evaluation.return_high, class_), at])


def _legend(account: Account) -> Html:
    entries = [_entry(_swatch("main"), "ALSO: the main run")]
    entries += [_entry(_swatch(each.class_), f"{each.name}: {each.about}") for each in account.beside]
    kinds = [decisions.kind(account.state, stage) for stage in account.state.stages]
    entries += [_entry(decisions.icon(kind), words) for kind, words in decisions.KINDS.items() if kind in kinds]
    if any(span.end > span.trained for span in account.spans):
        entries.append(_entry(element("span", class_="swatch branches"), "branches are tried, the main run waits"))
    return element("ul", *entries, class_="legend")


def _entry(swatch: Html, words: str) -> Html:
    return element("li", swatch, words)


def _swatch(class_: str) -> Html:
    drawn = element("line", x1=1, x2=19, y1=8, y2=8, class_=f"line {class_}")
    return element("svg", drawn, viewBox="0 0 20 16", class_="icon", aria_hidden="true")


def _values(account: Account) -> list[float]:
    """All returns that the chart shows."""
    found = [value for _, value in account.points]
    found += [value for each in account.beside for _, value in each.curve]
    for stage in account.state.stages:
        found += [stage.trained.evidence.return_low, stage.trained.evidence.return_high]
    ends = [each.evaluation for each in account.beside if each.evaluation is not None]
    if account.state.reported is not None:
        ends.append(account.state.reported.evaluation)
    return found + [value for each in ends for value in (each.return_low, each.return_high)]


def _largest(account: Account) -> float:
    return returns.level(account.state.card, 1.0, *_values(account))


def caption(account: Account) -> str:
    """What the lines are, in words."""
    spent = short(account.state.env_steps)
    return (
        "Lines are mean returns of training episodes, shaping off; bars on the main run are 95 % intervals of what the "
        f"policy was worth at the end of each stage. All lies over the {spent} env_steps that the campaign spent: what "
        "branches took counts." + _unkept(account)
    )


def _unkept(account: Account) -> str:
    names = [each.name for each in account.beside if not each.curve and each.env_steps]
    return f" Of {' and '.join(names)} the end alone is known: an older ALSO kept no curve." if names else ""
