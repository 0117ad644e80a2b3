"""All figures of the study as CSV: one line a cell, from which every table can be made again."""

import csv
import io
from collections.abc import Iterable

from benchmarks.study.groups import Section

COLUMNS = (
    "environment",
    "task",
    "budget",
    "method",
    "commit",
    "checkout",
    "seed",
    "key",
    "final_return",
    "final_low",
    "final_high",
    "success_rate",
    "episodes",
    "area",
    "largest_return",
    "env_steps",
    "validation_env_steps",
    "validation_share",
    "critical_path",
    "promotions",
    "standing",
    "cpu_seconds",
    "wall_seconds",
    "tries",
    "parallel",
    "machine",
    "torch",
)
"""Columns: fields of `Result`, which says their units."""


def figures(sections: Iterable[Section]) -> str:
    """The CSV, with a heading; unknown figures are empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for section in sections:
        for row in section.rows:
            writer.writerows([getattr(run, name) for name in COLUMNS] for run in row.runs)
    return text.getvalue()
