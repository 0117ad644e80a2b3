"""A comparison as JSON data, for programs: returns in units of task reward, counts in env_steps."""

from dataclasses import asdict
from typing import Any

from also.comparing.comparison import Comparison, Row


def figures(comparison: Comparison) -> dict[str, Any]:
    """The whole comparison; what is not known is null."""
    return {
        "task": comparison.task,
        "env_steps": comparison.env_steps,
        "groups": [_group(row) for row in comparison.rows],
        "better": [asdict(pair) for pair in comparison.pairs],
        "settings": {each.path: list(each.values) for each in comparison.settings},
        "notes": list(comparison.notes),
    }


def _group(row: Row) -> dict[str, Any]:
    return {
        "name": row.group.name,
        "final_return": asdict(row.final),
        "area": asdict(row.area),
        "success_rate": row.success,
        "env_steps": row.env_steps,
        "branch_share": row.branch_share,
        "llm": {"calls": row.llm_calls, "tokens": row.llm_tokens, "cost": row.llm_cost},
        "campaigns": [
            {"campaign": run.campaign_id, "seed": run.seed, "final_return": run.final_return, **asdict(cost)}
            for run, cost in zip(row.group.runs, row.costs, strict=True)
        ],
        "unfinished": [run.campaign_id for run in row.group.unfinished],
    }
