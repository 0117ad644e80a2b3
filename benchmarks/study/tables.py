"""The study's tables: what a section's methods came to, what that cost, and the same over all tasks."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from also.comparing.statistics import improvement, interquartile_mean
from also.words import markdown_table
from benchmarks.study.groups import Row, Section
from benchmarks.study.methods import ONE_SHOT, SPARSE_ONLY
from benchmarks.study.result import Result

RETURNS = (
    "method",
    "commit",
    "seeds",
    "final return",
    "area",
    f"better than {ONE_SHOT}: final return",
    "area",
    f"better than {SPARSE_ONLY}: final return",
    "area",
)
"""Columns of the tables with returns."""

COSTS = (
    "method",
    "commit",
    "env_steps",
    "of them validation",
    "promotions that stood",
    "CPU-seconds",
    "critical path, env_steps",
)
"""Columns of the table with costs."""


def returns(section: Section) -> list[str]:
    """A section's returns, units of task reward: interquartile means, and probabilities of improvement."""
    return _table(
        RETURNS,
        (
            [
                row.method,
                ", ".join(row.commits),
                ", ".join(str(run.seed) for run in row.runs),
                str(interquartile_mean([row.finals])),
                str(interquartile_mean([row.areas])),
                *_comparisons(row.method, row.commit, [section]),
            ]
            for row in section.rows
        ),
    )


def costs(section: Section) -> list[str]:
    """A section's costs, means over runs."""
    return _table(COSTS, ([row.method, ", ".join(row.commits), *_costs(row.runs)] for row in section.rows))


def overall(sections: Sequence[Section]) -> list[str]:
    """All tasks together, in shares of each task's largest return; a row has the tasks that its method ran on."""
    names = list(dict.fromkeys((row.method, row.commit) for section in sections for row in section.rows))
    return _table(
        [name if name != "seeds" else "tasks, runs" for name in RETURNS],
        (_over_all(method, commit, sections) for method, commit in names),
    )


def _over_all(method: str, commit: str, sections: Sequence[Section]) -> list[str]:
    mine = [
        (section, row) for section in sections for row in section.rows if (row.method, row.commit) == (method, commit)
    ]
    return [
        method,
        ", ".join(sorted({commit for _, row in mine for commit in row.commits})),
        f"{len(mine)}, {sum(len(row.runs) for _, row in mine)}",
        str(interquartile_mean([_shares(row.finals, section) for section, row in mine])),
        str(interquartile_mean([_shares(row.areas, section) for section, row in mine])),
        *_comparisons(method, commit, [section for section, _ in mine]),
    ]


def _shares(values: Sequence[float], section: Section) -> list[float]:
    return [value / section.largest_return for value in values]


def _comparisons(method: str, commit: str, sections: Sequence[Section]) -> Iterator[str]:
    """Probabilities that a method is better than each baseline, over the tasks that both ran on; else empty."""
    for baseline in (ONE_SHOT, SPARSE_ONLY):
        pairs = [
            (ours, theirs)
            for section in sections
            if (ours := section.row(method, commit)) and (theirs := section.row(baseline, commit))
        ]
        for scores in (_finals, _areas):
            if baseline == method or not pairs:
                yield ""
            else:
                yield str(improvement([scores(ours) for ours, _ in pairs], [scores(theirs) for _, theirs in pairs]))


def _finals(row: Row) -> list[float]:
    return row.finals


def _areas(row: Row) -> list[float]:
    return row.areas


def _costs(runs: Sequence[Result]) -> Iterator[str]:
    yield f"{_mean(runs, lambda run: run.env_steps):,.0f}"
    yield f"{_mean(runs, lambda run: run.validation_share):.1%}"
    promotions = sum(run.promotions for run in runs)
    yield f"{sum(run.standing for run in runs)} of {promotions}" if promotions else "none"
    seconds = [run.cpu_seconds for run in runs if run.cpu_seconds is not None]
    unknown = len(runs) - len(seconds)
    text = f"{sum(seconds) / len(seconds):,.0f}" if seconds else ""
    yield text + (f" ({unknown} unknown)" if unknown else "")
    yield f"{_mean(runs, lambda run: run.critical_path):,.0f}"


def _mean(runs: Sequence[Result], number: Callable[[Result], float]) -> float:
    return sum(map(number, runs)) / len(runs)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return list(markdown_table(columns, rows, rule=" --- "))
