"""What a campaign cost: env_steps by what they were for, LLMs by calls and tokens, and time."""

from collections.abc import Sequence
from datetime import datetime

from also.cli import describe
from also.cli.page.account import Account
from also.cli.page.chart import NARROW, Frame, svg, twice
from also.cli.page.markup import Child, Html, element, joined
from also.cli.page.tables import table
from also.v1.branch_pb2 import SeedPool
from also.words import counted

_Part = tuple[str, str, int]
"""What env_steps were for, the class of its mark, and how many."""


def costs(account: Account) -> Html:
    """Bars and a table of env_steps, and what else was spent."""
    return joined(
        [
            twice(lambda width: _draw(account, width)),
            table(("env_steps of", "number", "share"), _rows(account)),
            element("dl", *(_pair(*each) for each in _others(account)), class_="pairs"),
        ]
    )


def _parts(account: Account) -> list[_Part]:
    """The campaign's own env_steps, which `budget.env_steps` limits."""
    pools = {SeedPool.SEED_POOL_SEARCH: 0, SeedPool.SEED_POOL_CONFIRM: 0}
    for span in account.spans:
        for validation in span.stage.validations:
            for arm in validation.arms:
                pools[arm.pool] = pools.get(arm.pool, 0) + sum(record.env_steps for record in arm.records)
    return [
        ("main run", "main", sum(span.stage.trained.env_steps for span in account.spans)),
        ("branches: search and races", "search", pools[SeedPool.SEED_POOL_SEARCH]),
        ("branches: confirmation", "confirm", pools[SeedPool.SEED_POOL_CONFIRM]),
    ]


def _rows(account: Account) -> list[tuple[Child, str, str]]:
    total = max(account.state.env_steps, 1)
    rows: list[tuple[Child, str, str]] = [
        (_swatched(name, class_), f"{count:,}", f"{count / total:.0%}") for name, class_, count in _parts(account)
    ]
    rows.append(("the campaign in all", f"{account.state.env_steps:,}", "100%" if account.spans else describe.NOTHING))
    return rows + [
        (_swatched(f"beside it: {each.name}", each.class_), f"{each.env_steps:,}", "not counted")
        for each in account.beside
    ]


def _swatched(name: str, class_: str) -> Html:
    return joined([element("span", class_=f"swatch {class_}"), name])


def _draw(account: Account, width: int) -> Html:
    bars: list[tuple[str, Sequence[_Part]]] = [("campaign", _parts(account))]
    bars += [(each.name, [(each.name, each.class_, each.env_steps)]) for each in account.beside]
    largest = max([sum(count for _, _, count in parts) for _, parts in bars] + [1])
    left, row = (124 if width > NARROW else 114), 30
    frame = Frame(
        width=width, height=row * len(bars), left=left, right=4, top=0, bottom=0, x_range=(0, largest), y_range=(0, 1)
    )
    drawn = []
    for place, (name, parts) in enumerate(bars):
        drawn.append(element("text", name, x=left - 14, y=row * place + 19.5, class_="name", text_anchor="end"))
        begin = 0
        for what, class_, count in parts:
            drawn.append(
                element(
                    "rect",
                    element("title", f"{what}: {count:,}"),
                    x=frame.x(begin),
                    width=frame.x(begin + count) - frame.x(begin),
                    y=row * place + 5,
                    height=row - 10,
                    class_=f"part {class_}",
                )
            )
            begin += count
    said = "; ".join(f"{what} {count:,}" for _, parts in bars for what, _, count in parts)
    return joined([svg(width, frame.height, "env_steps by what they were for", *drawn, describes=said)])


def _others(account: Account) -> list[tuple[str, str]]:
    found = []
    uses = [use for span in account.spans for use in span.stage.llm_uses]
    if uses:
        calls, prompt = sum(use.calls for use in uses), sum(use.prompt_tokens for use in uses)
        cached = sum(use.cached_tokens for use in uses)
        told = f"{counted(calls, 'call')} of {describe.models(uses)}; {prompt:,} prompt tokens"
        told += f" ({cached:,} from the prefix cache)" if cached else ""
        told += f" and {sum(use.completion_tokens for use in uses):,} completion tokens"
        cost, seconds = sum(use.cost for use in uses), sum(use.seconds for use in uses)
        told += f"; cost {cost:.2f}" if cost else ""
        found.append(("LLMs", told + (f"; replies took {describe.duration(seconds)}" if seconds else "")))
    else:
        found.append(("LLMs", "none was asked"))
    seconds_taken = _seconds(account.begun_at, account.written_at)
    if seconds_taken is not None:
        words = describe.duration(seconds_taken)
        found.append(("Time", f"{words} from the first record of the journal to the last, pauses included"))
    return found


def _seconds(begun: str, ended: str) -> float | None:
    """Time between two moments of a clock that may have been set; None where they cannot be read."""
    try:
        taken = datetime.fromisoformat(ended) - datetime.fromisoformat(begun)
    except (ValueError, TypeError):  # no time, or one with and one without a zone
        return None
    return max(taken.total_seconds(), 0.0)


def _pair(name: str, words: str) -> Html:
    return element("div", element("dt", name), element("dd", words))
