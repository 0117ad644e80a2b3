"""The study's report: a document, its figures as CSV and in marl-eval's form, and a plot for each task."""

import json
import platform
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.study import tables
from benchmarks.study.figures import figures
from benchmarks.study.groups import Section, sections
from benchmarks.study.marl_eval import marl_eval
from benchmarks.study.methods import METHODS, ONE_SHOT
from benchmarks.study.result import Result
from benchmarks.study.tasks import TASKS


def write(results: Sequence[Result], folder: Path) -> list[Path]:
    """Write `study.md`, `study.csv`, `study.marl_eval.json` and a plot for each task and budget.

    Args:
        results: everything that ran; nothing is written where nothing did.
        folder: where to write.

    Returns:
        The files.

    Raises:
        InputError: two results contradict each other.
    """
    from benchmarks.study import plots  # matplotlib takes a second to import

    found = sections(results)
    if not found:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"curves-{section.task}.png" for section in found]
    for place, section in enumerate(found):
        if names.count(names[place]) > 1:
            names[place] = f"curves-{section.task}-{section.budget}.png"
        plots.curves(section.latest(), folder / names[place])
    texts = {
        "study.md": "\n".join(_document([section.latest() for section in found], names)) + "\n",
        "study.csv": figures(found),
        "study.marl_eval.json": json.dumps(marl_eval(found), indent=1, allow_nan=False) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in (*texts, *names)]


def _document(found: Sequence[Section], plots: Sequence[str]) -> Iterator[str]:
    runs = [run for section in found for row in section.rows for run in row.runs]
    yield "# The study\n"
    yield (
        "`python -m benchmarks.study` runs what is not stored and writes this page; "
        f"`python -m benchmarks.study report` only writes it. {len(runs)} campaigns, each a real `also run`, at equal "
        "env_steps in all, branches included, with the same learner.\n"
    )
    yield f"- Machines: {_all(f'{run.machine} ({run.parallel} campaigns at once at most)' for run in runs)}."
    yield f"- Python {platform.python_version()} (of the report), torch {_all(run.torch for run in runs)}."
    yield f"- Commits: {_all(run.commit for run in runs)}; a row's is the last one that changed what it runs."
    yield f'- Checkouts: {_all(run.checkout for run in runs)}; "+" is one with changes that were not committed.'
    yield f"- Seeds: {_all(str(seed) for seed in sorted({run.seed for run in runs}))}.\n"
    yield from _words()
    if len(found) > 1:
        yield "\n## All tasks\n"
        yield (
            "Returns are shares of each task's largest one, the card's or, beyond it, the largest final one here. A "
            "row has the tasks that its method ran on, so only rows of the same tasks can be compared; probabilities "
            "are means over the tasks that both ran on.\n"
        )
        yield from tables.overall(found)
    for section, plot in zip(found, plots, strict=True):
        yield f"\n## {section.task}, {section.budget:,} env_steps\n"
        yield f"`{_command(section)}`\n"
        yield from tables.returns(section)
        yield ""
        yield from tables.costs(section)
        yield f"\n![Return over all env_steps]({plot})"
    yield "\n## What has not been run\n"
    yield from _missing(found)


def _words() -> Iterator[str]:
    """What rows and columns mean."""
    yield "| method | what it is |\n| --- | --- |"
    yield from (f"| {method.name} | {method.says} |" for method in METHODS.values())
    yield (
        "\nA method whose shaping never changes has nothing of the loop in it, so its row has the latest run of each "
        "seed, under whatever commit. Of the others the latest commit has its row here; [study.csv](study.csv) has "
        "those of earlier ones, too."
    )
    yield (
        "\nThe final return is that of the last policy on the report seeds, mean over episodes. The area is that "
        "under the return over all env_steps, divided by the budget: the training return of the main run; while "
        "branches are tried, what the stage's policy was worth before them; after the end, the final return. Both "
        "are interquartile means over seeds (floor(n / 4) are left out at each end, so none of three) with 95 % "
        "intervals by stratified bootstrap (Agarwal 2021, arXiv 2108.13264); of three seeds such an interval is "
        "too narrow, of one there is none. *Better than* is the probability that a run of the row is better than "
        "one of the baseline; equal ones count one half. Costs are means over runs. CPU-seconds are those of all "
        "processes, orphans included, and depend on the machine. The critical path has all branches of a rung or wave "
        "at once, as on a cluster. "
        f"{ONE_SHOT} is told its candidate for nothing: the stage by which it is found is not taken off its budget."
    )


def _command(section: Section) -> str:
    """The command that runs a section's cells; it goes on where some are stored."""
    methods = dict.fromkeys(row.method for row in section.rows)
    seeds = sorted({run.seed for row in section.rows for run in row.runs})
    return (
        f"python -m benchmarks.study --tasks {section.task} --methods {' '.join(methods)} "
        f"--seeds {' '.join(map(str, seeds))} --budget {section.budget}"
    )


def _missing(found: Sequence[Section]) -> Iterator[str]:
    """Which methods have no run on which task."""
    lines = []
    for task in TASKS.values():
        ran = {row.method for section in found if section.task == task.name for row in section.rows}
        left = [name for name in METHODS if name not in ran]
        if not ran:
            lines.append(f"- {task.name}: nothing was.")
        elif left:
            lines.append(f"- {task.name}: {', '.join(left)}.")
    yield from lines or ["Every method ran on every task."]


def _all(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))
