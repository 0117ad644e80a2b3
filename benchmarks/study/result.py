"""What a cell came to, and where it is kept: one JSON file a cell, created when its campaign is over.

results/TASK/METHOD/seed-3-KEY.json              KEY: the campaign with every default, and the commit
results/first-candidates/TASK/seed-3-KEY.json    what one-shot trains under
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from also import document
from also.comparing.curve import Segment
from also.errors import DocumentError
from also.v1.shaping_pb2 import ShapingConfig

FIRST_CANDIDATES = "first-candidates"
"""Folder of the first candidates, beside those of the tasks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one cell came to."""

    environment: str
    """Family of tasks."""
    task: str
    """Task."""
    method: str
    """Method."""
    seed: int
    """Seed of the campaign."""
    budget: int
    """env_steps that it might spend in all, whole updates."""
    commit: str
    """Last commit that changed what runs; with "+" and six digits of the difference where it was changed."""
    checkout: str
    """Commit of the checkout; with "+" where it was changed."""
    key: str
    """Name of campaign and commit."""
    written: str
    """sha256 of the campaign file without defaults, hex: equal over commits that add settings."""
    campaign: Mapping[str, Any]
    """The campaign, every default filled in."""
    machine: str
    """Processor, and how many cores."""
    torch: str
    """Version of PyTorch."""
    parallel: int
    """Campaigns that ran at once on the machine, at most."""
    smallest_return: float
    """The card's smallest positive return, units of task reward."""
    largest_return: float
    """The card's largest return, units of task reward."""
    final_return: float
    """Mean return of the final policy on the report seeds, units of task reward."""
    final_low: float
    """95 % interval of it over episodes, lower end."""
    final_high: float
    """95 % interval of it over episodes, upper end."""
    success_rate: float
    """Share of its episodes that reached the last milestone. In [0, 1]."""
    episodes: int
    """Episodes of that evaluation."""
    area: float
    """Area under the curve over all env_steps, divided by the budget, units of task reward."""
    env_steps: int
    """env_steps of the main run and of all branches."""
    validation_env_steps: int
    """Those of branches."""
    critical_path: int
    """env_steps one after another where all branches of a rung or wave run at once."""
    promotions: int
    """Promotions."""
    standing: int
    """Those that stood at the end."""
    cpu_seconds: float | None
    """CPU time of all processes; None where it is unknown, because a try was killed."""
    wall_seconds: float | None
    """Wall time; None as above."""
    tries: int
    """Times that `also run` was called."""
    curve: tuple[Segment, ...]
    """The curve from 0 to the budget."""

    @property
    def validation_share(self) -> float:
        """Share of env_steps that branches took. In [0, 1)."""
        return self.validation_env_steps / self.env_steps


class Results:
    """The results in a folder."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet; the folder may be missing.

        Args:
            folder: holds a folder for each task.
        """
        self._folder = folder

    def all(self) -> list[Result]:
        """Every result, in order of task, method and file.

        Raises:
            DocumentError: a file is no result.
        """
        return list(self._read("*/*/seed-*.json"))

    def find(self, task: str, method: str, seed: int) -> list[Result]:
        """The results of a task, a method and a seed, under whatever commit and budget.

        Raises:
            DocumentError: a file is no result.
        """
        return list(self._read(f"{task}/{method}/seed-{seed}-*.json"))

    def add(self, result: Result) -> None:
        """Keep a result."""
        path = self._folder / result.task / result.method / f"seed-{result.seed}-{result.key}.json"
        _write(path, {**asdict(result), "curve": [[each.begin, each.end, each.value] for each in result.curve]})

    def first_candidate(self, task: str, seed: int, key: str) -> tuple[ShapingConfig | None] | None:
        """The first candidate of a task and a seed: in a tuple, where it is kept; in it None, where there was none.

        Args:
            task: the task.
            seed: seed of the campaign that it was found by.
            key: name of that campaign and of the commit.
        """
        path = self._first_candidate(task, seed, key)
        if not path.exists():
            return None
        data = json.loads(path.read_text(encoding="utf-8"))["shaping"]
        return (None if data is None else document.read(ShapingConfig, data),)

    def add_first_candidate(self, task: str, seed: int, key: str, commit: str, found: ShapingConfig | None) -> None:
        """Keep a first candidate; see `first_candidate`."""
        plain = None if found is None else document.plain(found)
        _write(self._first_candidate(task, seed, key), {"commit": commit, "shaping": plain})

    def _first_candidate(self, task: str, seed: int, key: str) -> Path:
        return self._folder / FIRST_CANDIDATES / task / f"seed-{seed}-{key}.json"

    def _read(self, pattern: str) -> Iterator[Result]:
        for path in sorted(self._folder.glob(pattern)):
            if path.relative_to(self._folder).parts[0] == FIRST_CANDIDATES:
                continue
            try:
                data = json.loads(path.read_text(encoding="utf-8"))
                data["curve"] = tuple(Segment(begin=begin, end=end, value=value) for begin, end, value in data["curve"])
                yield Result(**data)
            except (ValueError, KeyError, TypeError) as error:
                raise DocumentError(f"{path} is no result of this study: {error}") from None


def _write(path: Path, data: Mapping[str, Any]) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(data, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    part.replace(path)
