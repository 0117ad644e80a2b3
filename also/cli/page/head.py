"""The head of a report: the campaign's task, its final return, what was measured beside it, and how it ended."""

from collections.abc import Iterator

from also import reasons, returns
from also.cli import describe
from also.cli.page.account import Account
from also.cli.page.chart import NARROW, Frame, dot, down_lines, frame_of_rows, row_words, short, svg, twice
from also.cli.page.markup import Html, element, joined
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
        element(
            "p",
            element("b", state.card.task),
            f" — {state.card.description}" if state.card.description else None,
            class_="task",
        ),
        element("div", element("ul", *_outcome(account), class_="outcome"), _figures(account), class_="came"),
        twice(lambda width: _ends(account, width)) if state.reported is not None else None,
    )


def _outcome(account: Account) -> Iterator[Html]:
    """How it ended and what that is beside the others, a sentence each; honest where it lost."""
    state = account.state
    if state.reported is None:
        yield element("li", f"The campaign is under way ({describe.step(state)}); nothing is final.")
        if state.stages:
            last = state.stages[-1]
            yield element("li", f"The return of stage {last.number} is {describe.return_of(last.trained.evidence)}.")
        return
    final = state.reported.evaluation
    yield element("li", "The final return is ", element("b", describe.return_of(final)), ".")
    for each in account.beside:
        if each.evaluation is not None:
            yield _compared(final, each.evaluation, f"{each.name} ({each.about})")
    if not account.beside:
        yield element("li", "Nothing was measured beside it, so whether it was worth its cost does not show here.")
    if state.finished is not None:
        sentence = reasons.FINISHES[state.finished.reason]
        yield element("li", f"The campaign is over: {sentence[:1].lower()}{sentence[1:]}")


def _compared(final: Evaluation, other: Evaluation, about: str) -> Html:
    worth = describe.return_of(other)
    if final.return_low > other.return_high:
        return element("li", element("b", "More", class_="gain"), f" than {about}: {worth}.")
    if final.return_high < other.return_low:
        return element("li", element("b", "Less", class_="loss"), f" than {about}: {worth}. Here ALSO lost.")
    return element("li", element("b", "No clear difference"), f" to {about}: {worth}; the intervals overlap.")


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
    reach, wide = 0.02 * (high - low), width > NARROW
    row = _ROW if wide else _ROW + 10
    frame = frame_of_rows(width, row * len(rows), label=124, x_range=(low - reach, high + reach))
    return svg(
        width,
        frame.height,
        "Returns in the end, with 95 % intervals",
        down_lines(frame, low, high),
        *(_end(frame, each, row * (place + 0.5), wide=wide) for place, each in enumerate(rows)),
        describes="; ".join(f"{name} {describe.return_of(each)}" for name, _, each in rows),
    )


def _end(frame: Frame, row: _Row, y: float, *, wide: bool) -> Html:
    name, class_, worth = row
    low, high = frame.x(worth.return_low), frame.x(worth.return_high)
    at = y if wide else y + 9
    return joined(
        [
            row_words(frame, name, describe.return_of(worth), y, wide=wide),
            element("line", x1=low, x2=high, y1=at, y2=at, class_=f"bar {class_}"),
            dot(frame.x(worth.returns.mean), at, 5.5, f"end {class_}"),
        ]
    )
