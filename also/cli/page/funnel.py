"""The milestone funnel: which share of each stage's episodes reached which milestone on the way to success."""

from also.cli.page.account import Account
from also.cli.page.chart import NARROW, Frame, column, stage_axis, svg, twice
from also.cli.page.markup import Html, element, joined
from also.cli.page.tables import folded, table

_ROW = 26
"""Height of a milestone's row, pixels."""


def funnel(account: Account) -> Html:
    """A row for each milestone, in the card's order, and a column for each stage: the darker, the more reached it."""
    if not account.spans or not account.state.card.milestones:
        return element("p", "No stage has been trained yet." if not account.spans else "The task has no milestones.")
    return joined([twice(lambda width: _draw(account, width)), _table(account)])


def _names(account: Account) -> list[str]:
    return [milestone.name for milestone in account.state.card.milestones]


def _reached(account: Account) -> list[list[float]]:
    """Share in [0, 1] by stage and milestone."""
    return [
        [share.get(name, 0.0) for name in _names(account)]
        for share in (
            {each.milestone: each.reached for each in span.stage.trained.evidence.milestones} for span in account.spans
        )
    ]


def _draw(account: Account, width: int) -> Html:
    names, shares = _names(account), _reached(account)
    wide = width > NARROW
    row = _ROW if wide else _ROW + 16
    frame = Frame(
        width=width,
        height=row * len(names) + 34,
        left=min(220.0, 16 + 7.4 * max(len(name) for name in names)) if wide else 0,
        right=48,
        top=0,
        bottom=34,
        x_range=(0, len(shares)),
        y_range=(0, 1),
    )
    rows = [
        _row(frame, name, [share[place] for share in shares], row * place + (0 if wide else 16), wide=wide)
        for place, name in enumerate(names)
    ]
    told = ("\n".join([f"Stage {stage}", *map(_line, names, share)]) for stage, share in enumerate(shares))
    return svg(
        width,
        frame.height,
        "Share of evaluation episodes that reached each milestone, by stage",
        *rows,
        stage_axis(frame, len(shares)),
        *(column(frame, stage, stage + 1, words) for stage, words in enumerate(told)),
        describes="The table below has the same numbers.",
    )


def _row(frame: Frame, name: str, shares: list[float], top: float, *, wide: bool) -> Html:
    """A milestone's name (above its row where there is no room beside it), its cells, and its last share."""
    x, y, anchor = (frame.left - 12, top + 17, "end") if wide else (0.0, top - 3, "start")
    place = {"y": top + 2, "height": _ROW - 4}
    return joined(
        [
            element("text", name, x=x, y=y, class_="name", text_anchor=anchor),
            element("rect", x=frame.left, width=frame.end - frame.left, class_="cell none", **place),
            *(
                element(
                    "rect",
                    x=frame.x(stage),
                    width=frame.x(stage + 1) - frame.x(stage),
                    class_="cell",
                    fill_opacity=share,
                    **place,
                )
                for stage, share in enumerate(shares)
                if share >= 0.005
            ),
            element("text", f"{shares[-1]:.0%}", x=frame.end + 8, y=top + 17, class_="number"),
        ]
    )


def _line(name: str, share: float) -> str:
    return f"{name} {share:.0%}"


def _table(account: Account) -> Html:
    rows = [
        [str(span.stage.number), *(f"{each:.0%}" for each in share)]
        for span, share in zip(account.spans, _reached(account), strict=True)
    ]
    return folded("These numbers as a table", table(("stage", *_names(account)), rows))
