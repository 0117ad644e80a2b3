"""Runs in the form that marl-eval reads (Gorsane 2022, arXiv 2209.10485).

    {environment: {task: {algorithm: {run: {step_0: {step_count, return: […]}, …, absolute_metrics: {return: […]}}}}}}

Steps are the same for all runs of a task, evenly spaced; a step has the curve's value there. Lists have one number, a
mean over episodes.
"""

from collections.abc import Sequence
from typing import Any

from also.comparing.comparison import Comparison, curve_of
from also.comparing.curve import Segment, at

STEPS = 20
"""Steps of a run."""


def marl_eval(comparison: Comparison) -> dict[str, Any]:
    """All runs that were compared, as JSON data; returns in units of task reward, counts in env_steps."""
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
