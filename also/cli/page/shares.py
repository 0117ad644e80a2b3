"""The share of the reward that each shaping term had in training, stage by stage; the rest is the task's own."""

from also.campaign.state import Stage
from also.cli.page.account import Account
from also.cli.page.chart import NARROW, Frame, column, stage_axis, svg, twice, y_axis
from also.cli.page.markup import Html, element, joined
from also.cli.page.tables import folded, table

_COLOURS = 8
"""Colours of terms; further terms begin again."""


def shares(account: Account) -> Html:
    """The chart, its legend and its table; a sentence where no stage had shaping."""
    names = _terms(account)
    if not names:
        return element("p", "No stage was trained under shaping: all reward was the task's.")
    entries = (
        element("li", element("span", class_=f"swatch term-{place % _COLOURS}"), name)
        for place, name in enumerate(names)
    )
    rows = [[str(span.stage.number), *(f"{each:.0%}" for each in _of(span.stage, names))] for span in account.spans]
    return joined(
        [
            twice(lambda width: _draw(account, names, width)),
            element("ul", *entries, class_="legend"),
            folded("These numbers as a table", table(("stage", *names), rows)),
        ]
    )


def _terms(account: Account) -> list[str]:
    """Names of all terms that any stage trained under, in order of appearance."""
    return list(dict.fromkeys(each.term for span in account.spans for each in span.stage.trained.evidence.terms))


def _of(stage: Stage, names: list[str]) -> list[float]:
    known = {each.term: each.reward_share for each in stage.trained.evidence.terms}
    return [known.get(name, 0.0) for name in names]


def _draw(account: Account, names: list[str], width: int) -> Html:
    frame = Frame(
        width=width,
        height=210 if width > NARROW else 190,
        left=44,
        right=8,
        x_range=(0, len(account.spans)),
        y_range=(0, 1),
    )
    parts = [y_axis(frame, (0.0, 0.5, 1.0), "{:.0%}".format)]
    for span in account.spans:
        place, below = span.stage.number, 0.0
        gap = min(1.5, 0.1 * (frame.x(1) - frame.x(0)))
        for number, share in enumerate(_of(span.stage, names)):
            if share > 0:
                top = frame.y(min(1.0, below + share))
                parts.append(
                    element(
                        "rect",
                        x=frame.x(place) + gap,
                        width=frame.x(place + 1) - frame.x(place) - 2 * gap,
                        y=top,
                        height=frame.y(below) - top,
                        class_=f"term-{number % _COLOURS}",
                    )
                )
            below = min(1.0, below + share)
    names_of = {span.stage.number: _words(span.stage, names) for span in account.spans}
    return svg(
        width,
        frame.height,
        "Share of the reward by shaping term and stage",
        *parts,
        stage_axis(frame, len(account.spans)),
        *(column(frame, stage, stage + 1, words) for stage, words in names_of.items()),
        describes="The table below has the same numbers.",
    )


def _words(stage: Stage, names: list[str]) -> str:
    shares = (f"{name} {share:.1%}" for name, share in zip(names, _of(stage, names), strict=True))
    return "\n".join([f"Stage {stage.number}", *shares])
