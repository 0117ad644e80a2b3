"""Runs in the form that marl-eval reads (Gorsane 2022, arXiv 2209.10485).

    {environment: {task: {algorithm: {run: {step_0: {step_count, return: […]}, …, absolute_metrics: {return: […]}}}}}}

Steps are the same for all runs of a task, evenly spaced; a step has the curve's value there. Lists have one number, a
mean over episodes.

marl-eval takes the names of a task's runs from its first algorithm alone: runs of another one that the first does not
have are left out of its averages, in silence. So all algorithms have runs of the same names here. Its bands are
those of ten runs, whatever the number, and its curves begin one evaluation too early (0.0.4; findings/marl-eval-*.sh).
"""

from collections.abc import Sequence
from typing import Any

from also.comparing.comparison import Comparison, curve_of
from also.comparing.curve import Segment, at
from also.errors import InputError

STEPS = 20
"""Steps of a run."""


def check_seeds(comparison: Comparison) -> None:
    """Make sure that marl-eval would count every run.

    Raises:
        InputError: groups have other seeds than the first one, or one seed twice.
    """
    seeds = {row.group.name: sorted(each.seed for each in row.group.runs) for row in comparison.rows}
    first = next(iter(seeds))
    for name, found in seeds.items():
        if len(set(found)) < len(found) or found != seeds[first]:
            raise InputError(
                f"marl-eval counts runs of equal seeds only, one each: {first} has {_listed(seeds[first])}, "
                f"{name} has {_listed(found)}"
            )


def marl_eval(comparison: Comparison) -> dict[str, Any]:
    """All runs that were compared, as JSON data; returns in units of task reward, counts in env_steps.

    Args:
        comparison: one that passes `check_seeds`.
    """
    environment, _, layout = comparison.task.partition("/")
    groups = {
        row.group.name: {
            f"seed_{each.seed}": run(curve_of(each), comparison.env_steps, each.final_return) for each in row.group.runs
        }
        for row in comparison.rows
    }
    return {environment: {layout or environment: groups}}


def run(segments: Sequence[Segment], env_steps: int, final_return: float) -> dict[str, Any]:
    """One run.

    Args:
        segments: its curve, without gaps.
        env_steps: where its last step is.
        final_return: its absolute metric, units of task reward.
    """
    counts = [env_steps * number // STEPS for number in range(1, STEPS + 1)]
    steps = {
        f"step_{number}": {"step_count": count, "return": [at(segments, count)]} for number, count in enumerate(counts)
    }
    return {**steps, "absolute_metrics": {"return": [final_return]}}


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))
