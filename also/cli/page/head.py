"""What a campaign came to: its task, its final return, what was measured beside it, and how it ended."""

from collections.abc import Iterator

from also import reasons, returns
from also.cli import describe
from also.cli.page.account import Account
from also.cli.page.chart import NARROW, Frame, dot, short, svg, ticks, twice
from also.cli.page.markup import Child, Html, element, joined
from also.v1.branch_pb2 import Evaluation
from also.v1.journal_pb2 import Promoted

_ROW = 30
"""Height of a row of the chart of ends, pixels."""

_Row = tuple[str, str, Evaluation]
"""Name, class and worth of a run."""


def head(account: Account) -> Html:
    """The page's head."""
    state = account.state
    return element(
        "header",
        element("p", "ALSO · campaign", class_="over"),
        element("h1", account.campaign_id),
        element("p", element("b", state.card.task), f" — {state.card.description}", class_="task"),
        element("div", element("p", *_outcome(account), class_="outcome"), _figures(account), class_="came"),
        twice(lambda width: _ends(account, width)) if state.reported is not None else None,
    )


def _outcome(account: Account) -> Iterator[Child]:
    """How it ended and what that is beside the others, in sentences; honest where it lost."""
    state = account.state
    if state.reported is None:
        yield f"The campaign is under way ({describe.step(state)}); nothing is final."
        if state.stages:
            last = state.stages[-1].trained.evidence
            yield f" The return of its last stage, {state.stages[-1].number}, is {describe.return_of(last)}."
        return
    final = state.reported.evaluation
    yield "The final policy has a return of "
    yield element("b", describe.evaluation(final))
    yield f", in task {state.card.task}. "
    for each in account.beside:
        if each.evaluation is not None:
            yield from _compared(final, each.evaluation, f"{each.name} ({each.about})")
    if not account.beside:
        yield "Nothing was measured beside it: the campaign did not ask for a reference. "
    if state.finished is not None:
        sentence = reasons.FINISHES[state.finished.reason]
        yield f"The campaign is over: {sentence[:1].lower()}{sentence[1:]}"
    else:
        yield "The campaign is about to end."


def _compared(final: Evaluation, other: Evaluation, name: str) -> Iterator[Child]:
    worth = describe.evaluation(other)
    if final.return_low > other.return_high:
        yield element("span", "That is more", class_="gain")
        yield f" than {worth} of {name}. "
    elif final.return_high < other.return_low:
        yield element("span", "That is less", class_="loss")
        yield f" than {worth} of {name}: here ALSO lost. "
    else:
        yield element("span", "No difference shows", class_="even")
        yield f" to {worth} of {name}: the intervals overlap. "


def _figures(account: Account) -> Html:
    state = account.state
    promotions = sum(isinstance(stage.decision, Promoted) for stage in state.stages)
    figures = [(f"{short(state.env_steps)}", "env_steps spent, branches included")]
    if state.reported is not None:
        figures.insert(0, (f"{state.reported.evaluation.success_rate:.0%}", "of the report episodes succeed"))
    figures.append((str(len(state.stages)), f"{'stage' if len(state.stages) == 1 else 'stages'} of the main run"))
    undone = f", {len(state.undone)} undone" if state.undone else ""
    figures.append((str(promotions), f"{'promotion' if promotions == 1 else 'promotions'}{undone}"))
    return element(
        "dl",
        *(element("div", element("dd", value), element("dt", words)) for value, words in figures),
        class_="figures",
    )


def _rows(account: Account) -> list[_Row]:
    assert account.state.reported is not None
    rows: list[_Row] = [("ALSO", "main", account.state.reported.evaluation)]
    return rows + [(each.name, each.class_, each.evaluation) for each in account.beside if each.evaluation is not None]


def _ends(account: Account, width: int) -> Html:
    """Every run's end with its interval, one below the other on one scale."""
    rows, card = _rows(account), account.state.card
    shown = [value for _, _, each in rows for value in (each.return_low, each.return_high, each.returns.mean)]
    low = min(card.baseline_return, *shown)
    high = max(returns.level(card, 1.0, *shown), *shown)
    reach = 0.02 * (high - low)
    frame = Frame(
        width=width,
        height=_ROW * len(rows) + 26,
        left=124 if width > NARROW else 108,
        right=196 if width > NARROW else 132,
        top=0,
        bottom=26,
        x_range=(low - reach, high + reach),
        y_range=(0, 1),
    )
    grid = []
    for value in ticks(low, high, 5 if width > NARROW else 2):
        at = frame.x(value)
        grid.append(element("line", x1=at, x2=at, y1=0, y2=frame.floor, class_="grid"))
        grid.append(element("text", short(value), x=at, y=frame.floor + 16, class_="tick", text_anchor="middle"))
    return svg(
        width,
        frame.height,
        "Returns in the end, with 95 % intervals",
        *grid,
        *(_end(frame, row, _ROW * (place + 0.5)) for place, row in enumerate(rows)),
        describes="; ".join(f"{name} {describe.evaluation(each)}" for name, _, each in rows),
    )


def _end(frame: Frame, row: _Row, y: float) -> Html:
    name, class_, worth = row
    return joined(
        [
            element("text", name, x=frame.left - 14, y=y + 4.5, class_="name", text_anchor="end"),
            element(
                "line", x1=frame.x(worth.return_low), x2=frame.x(worth.return_high), y1=y, y2=y, class_=f"bar {class_}"
            ),
            dot(frame.x(worth.returns.mean), y, 5.5, f"end {class_}"),
            element("text", describe.evaluation(worth), x=frame.end + 14, y=y + 4.5, class_="number"),
        ]
    )
