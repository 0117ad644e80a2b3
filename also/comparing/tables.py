"""A comparison in words: tables, the settings in which groups differ, and what to bear in mind."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from also.comparing.comparison import Comparison, Row
from also.words import markdown_table

COLUMNS = (
    "group",
    "seeds",
    "final return",
    "area",
    "success",
    "env_steps",
    "in branches",
    "promotions",
    "LLM",
)
"""Columns of `rows`. Returns are interquartile means with 95 % intervals; success and env_steps are means."""

PAIR_COLUMNS = ("a run of", "is better than one of", "by final return", "by area")
"""Columns of `pairs`: probabilities with 95 % intervals."""

NOTHING = "–"
"""Shown where there is nothing to show."""


def title(comparison: Comparison) -> str:
    """What is compared."""
    return f"{comparison.task}: interquartile means over seeds, 95 % intervals by bootstrap"


def rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """One row a group, see `COLUMNS`."""
    return [
        (
            row.group.name,
            ", ".join(str(run.seed) for run in row.group.runs),
            str(row.final),
            str(row.area),
            f"{row.success:.0%}",
            f"{row.env_steps:,.0f}",
            f"{row.branch_share:.0%}",
            _promotions(row),
            _llm(row),
        )
        for row in comparison.rows
    ]


def pairs(comparison: Comparison) -> list[tuple[str, ...]]:
    """One row for every two groups, see `PAIR_COLUMNS`."""
    return [(pair.first, pair.second, str(pair.final), str(pair.area)) for pair in comparison.pairs]


def settings(comparison: Comparison) -> list[tuple[str, ...]]:
    """One row for each setting in which groups differ: its path, and its value in each group."""
    return [(each.path, *map(_value, each.values)) for each in comparison.settings]


def markdown(comparison: Comparison) -> str:
    """The whole comparison as a Markdown document."""
    return "\n".join(_document(comparison)) + "\n"


def _document(comparison: Comparison) -> Iterator[str]:
    yield f"# {', '.join(row.group.name for row in comparison.rows)}: {comparison.task}\n"
    yield from _table(COLUMNS, rows(comparison))
    yield (
        "\nReturns are interquartile means over seeds (a quarter of the runs, rounded down, is left out at each end) "
        "with 95 % intervals by stratified bootstrap (Agarwal 2021, arXiv 2108.13264), in units of the task's reward. "
        "The area is that under the return over all env_steps, branches included, up to "
        f"{comparison.env_steps:,}, divided by them. Success and env_steps are means."
    )
    if comparison.pairs:
        yield "\n## How probable it is that a run is better\n"
        yield from _table(PAIR_COLUMNS, pairs(comparison))
        yield "\nEqual runs count one half."
    if comparison.settings:
        yield "\n## In what the campaign files differ\n"
        names = [row.group.name for row in comparison.rows]
        yield from _table(("setting", *names), settings(comparison))
    if comparison.notes:
        yield "\n## To bear in mind\n"
        yield from (f"- {note}" for note in comparison.notes)
    yield "\n## Campaigns\n"
    yield from _table(("group", "campaign", "seed", "final return", "env_steps"), _campaigns(comparison))


def _campaigns(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    for row in comparison.rows:
        for run, cost in zip(row.group.runs, row.costs, strict=True):
            yield row.group.name, run.campaign_id, str(run.seed), f"{run.final_return:.3f}", f"{cost.env_steps:,}"


def _promotions(row: Row) -> str:
    promotions = sum(each.promotions for each in row.costs)
    return f"{sum(each.standing for each in row.costs)} of {promotions} stood" if promotions else "none"


def _llm(row: Row) -> str:
    if not row.llm_calls:
        return NOTHING
    cost = f", cost {row.llm_cost:.2f}" if row.llm_cost else ""
    return f"{row.llm_tokens:,} tokens{cost}"


def _value(value: Any) -> str:
    return NOTHING if value is None else str(value)


def _table(columns: Sequence[str], given: Iterable[Sequence[str]]) -> Iterator[str]:
    return markdown_table(columns, given, rule=" --- ")
