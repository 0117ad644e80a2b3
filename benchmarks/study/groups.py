"""Results put together: a section for each task and budget, in it a row for each method and commit.

A method that trains one stage under shaping that never changes is the same under every commit: its runs make one row.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from also.errors import InputError
from benchmarks.commits import place
from benchmarks.study.methods import METHODS
from benchmarks.study.result import Result
from benchmarks.study.tasks import TASKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The runs of one method on one task within one budget, under one commit where the method changes with it."""

    method: str
    """The method."""
    commit: str
    """Last commit that changed what ran; empty for a method that is the same under all of them."""
    runs: tuple[Result, ...]
    """One a seed, in order of seeds; at least one."""

    @property
    def commits(self) -> list[str]:
        """Commits of the runs, in their order."""
        return sorted({run.commit for run in self.runs}, key=place)

    @property
    def written(self) -> str:
        """Day on which the last run was written."""
        return max(run.written for run in self.runs)

    @property
    def finals(self) -> list[float]:
        """Final returns, units of task reward."""
        return [run.final_return for run in self.runs]

    @property
    def areas(self) -> list[float]:
        """Areas under the curve divided by the budget, units of task reward."""
        return [run.area for run in self.runs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """All rows of one task and budget."""

    task: str
    """The task."""
    budget: int
    """env_steps in all."""
    rows: tuple[Row, ...]
    """In the order of the methods; at least one."""

    @property
    def largest_return(self) -> float:
        """The card's largest return, or the largest final one where teams went beyond it; units of task reward."""
        return max(max(run.largest_return, run.final_return) for row in self.rows for run in row.runs)

    def row(self, method: str, commit: str) -> Row | None:
        """A method's row: the only one where it is the same under every commit, else that of a commit; None without."""
        return next((row for row in self.rows if row.method == method and row.commit in ("", commit)), None)

    def latest(self) -> "Section":
        """The same with one row a method: that of the latest commit."""
        last = {row.method: row for row in sorted(self.rows, key=lambda row: (place(row.commit), row.written))}
        return replace(self, rows=tuple(row for row in self.rows if last[row.method] is row))


def sections(results: Iterable[Result]) -> list[Section]:
    """All sections, in the order of the tasks, smaller budgets first.

    Raises:
        InputError: there are two results of one cell and one commit, from different campaign files.
    """
    runs: dict[tuple[str, int], dict[tuple[str, str], dict[int, Result]]] = defaultdict(lambda: defaultdict(dict))
    for result in results:
        of_row = runs[result.task, result.budget][result.method, "" if _is_fixed(result.method) else result.commit]
        before = of_row.setdefault(result.seed, result)
        if before is not result and before.commit == result.commit:
            raise InputError(
                f"{result.task}, {result.method}, seed {result.seed} has two results under {result.commit}, "
                f"{before.key} and {result.key}; delete that whose campaign file is no longer meant"
            )
        of_row[result.seed] = max(before, result, key=lambda each: (place(each.commit), each.written))
    return [
        Section(task=task, budget=budget, rows=_rows(runs[task, budget]))
        for task, budget in sorted(runs, key=lambda name: (_place(TASKS, name[0]), name))
    ]


def _rows(runs: Mapping[tuple[str, str], Mapping[int, Result]]) -> tuple[Row, ...]:
    """Rows of one section, in the order of the methods."""
    return tuple(
        Row(method=name[0], commit=name[1], runs=tuple(runs[name][seed] for seed in sorted(runs[name])))
        for name in sorted(runs, key=lambda name: (_place(METHODS, name[0]), name))
    )


def labels(rows: Sequence[Row]) -> list[str]:
    """Names of rows: the method, with its commit where it has several."""
    commits = defaultdict(set)
    for row in rows:
        commits[row.method].add(row.commit)
    return [f"{row.method} ({row.commit})" if len(commits[row.method]) > 1 else row.method for row in rows]


def _is_fixed(method: str) -> bool:
    return method in METHODS and METHODS[method].one_stage


def _place(known: Iterable[str], name: str) -> int:
    """Place of a name in a list; unknown ones come last."""
    names = list(known)
    return names.index(name) if name in names else len(names)
