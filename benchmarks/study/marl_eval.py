"""Results in the form that marl-eval reads (Gorsane 2022, arXiv 2209.10485).

    {environment: {task: {algorithm: {run: {step_0: {step_count, return: […]}, …, absolute_metrics: {return: […]}}}}}}

Steps are the same for all runs of a task, evenly spaced up to the budget; a step has the curve's value there. Lists
have one number, a mean over episodes.
"""

from collections.abc import Iterable
from typing import Any

from benchmarks.study.curve import at
from benchmarks.study.groups import Section, labels
from benchmarks.study.result import Result

STEPS = 20
"""Steps of a run."""


def marl_eval(sections: Iterable[Section]) -> dict[str, Any]:
    """All runs, as JSON data; returns in units of task reward, counts in env_steps, branches included."""
    found: dict[str, Any] = {}
    for section in sections:
        of_task: dict[str, Any] = {}
        for name, row in zip(labels(section.rows), section.rows, strict=True):
            of_task[name] = {f"seed_{run.seed}": _run(run) for run in row.runs}
        tasks = found.setdefault(section.rows[0].runs[0].environment, {})
        tasks[section.task if section.task not in tasks else f"{section.task} ({section.budget})"] = of_task
    return found


def _run(run: Result) -> dict[str, Any]:
    counts = [run.budget * number // STEPS for number in range(1, STEPS + 1)]
    steps = {
        f"step_{number}": {"step_count": count, "return": [at(run.curve, count)]} for number, count in enumerate(counts)
    }
    return {**steps, "absolute_metrics": {"return": [run.final_return]}}
