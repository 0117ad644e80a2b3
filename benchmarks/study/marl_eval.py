"""The study's results in the form that marl-eval reads, see `also.comparing.marl_eval`; steps end at the budget.

It takes the names of runs from a task's first algorithm, so a task has the seeds here that all its rows have.
"""

from collections.abc import Iterable
from typing import Any

from also.comparing.marl_eval import run
from benchmarks.study.groups import Section, labels


def marl_eval(sections: Iterable[Section]) -> dict[str, Any]:
    """Runs of the seeds that all rows of a task have, as JSON data.

    Returns are in units of task reward, counts in env_steps, branches included. A task without such seeds is left out.
    """
    found: dict[str, Any] = {}
    for section in sections:
        common = set.intersection(*({each.seed for each in row.runs} for row in section.rows))
        if not common:
            continue
        of_task: dict[str, Any] = {}
        for name, row in zip(labels(section.rows), section.rows, strict=True):
            of_task[name] = {
                f"seed_{each.seed}": run(each.curve, each.budget, each.final_return)
                for each in row.runs
                if each.seed in common
            }
        tasks = found.setdefault(section.rows[0].runs[0].environment, {})
        tasks[section.task if section.task not in tasks else f"{section.task} ({section.budget})"] = of_task
    return found
