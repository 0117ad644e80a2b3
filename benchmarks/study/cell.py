"""A cell of the study: one task, one method, one seed, and the campaign file that they come to."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from also import document, updates
from also.campaign import spec
from also.errors import InputError
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from benchmarks.study.methods import Method
from benchmarks.study.tasks import Task

STAGES = 10_000
"""Stages of a campaign that its budget ends: the most that there may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One campaign of the study."""

    task: Task
    """The task."""
    method: Method
    """The method."""
    seed: int
    """Seed of the campaign. In [0, 2^53)."""
    budget: int
    """env_steps in all that were asked for; the campaign's are whole updates, rounded down."""
    quick: bool = False
    """Whether it is one of a smoke run."""

    @property
    def name(self) -> str:
        """What it is called on the screen."""
        return f"{self.task.name}, {self.method.name}, seed {self.seed}"

    @property
    def needs_first_candidate(self) -> bool:
        """Whether its shaping is found by a campaign of its own, see `benchmarks.study.first_candidate`."""
        return self.method.shaping == "first candidate"

    def file(self, first_candidate: ShapingConfig | None = None) -> dict[str, Any]:
        """The campaign file, as plain data.

        Args:
            first_candidate: shaping of a method whose shaping is the rules' first candidate; None is none.

        Raises:
            InputError: a setting is unknown or out of range, or the budget is less than an update.
        """
        data = self._of_task()
        budget = whole_updates(self.budget, data)
        _lay(data, {"stages.count": STAGES, "budget.env_steps": budget} | dict(self.method.settings))
        if self.method.one_stage:
            _lay(data, {"stages.count": 1, "stages.env_steps": budget})
        match self.method.shaping:
            case "expert":
                data["shaping"] = {"terms": [dict(term) for term in self.task.expert]}
            case "novelty":
                data["shaping"] = {"terms": [dict(term) for term in self.task.novelty]}
            case "first candidate" if first_candidate is not None:
                data["shaping"] = document.plain(first_candidate)
        return data

    def file_of_first_stage(self) -> dict[str, Any]:
        """The file of the campaign that ends with its first stage: trained, diagnosed, and candidates proposed."""
        data = self._of_task()
        first = updates.env_steps_of_first_stage(resolved(data))
        ends = {"stages.count": 2, "budget.env_steps": first}  # nothing is left for the second one
        _lay(data, ends | {"stages.patience": 0, "validation.proof": "none"})  # a round is begun, and costs nothing
        return data

    def _of_task(self) -> dict[str, Any]:
        data: dict[str, Any] = spec.parse_yaml(self.task.file.read_text(encoding="utf-8"), str(self.task.file))
        _lay(
            data,
            {"seed": self.seed, "reference.enabled": False, "reference.one_shot": False} | dict(self.task.settings),
        )
        if self.quick:
            _lay(data, self.task.quick)
        return data


def resolved(data: Mapping[str, Any]) -> Campaign:
    """A campaign file's campaign, every default filled in.

    Raises:
        DocumentError: a setting is unknown, or out of range.
    """
    return spec.resolved(document.read(Campaign, data))


def text(data: Mapping[str, Any]) -> str:
    """A campaign file's YAML."""
    return yaml.safe_dump(data, sort_keys=False)


def digest(data: Mapping[str, Any]) -> str:
    """sha256 of a campaign file as it was written, without any default, hex."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, allow_nan=False).encode()).hexdigest()


def key(data: Mapping[str, Any], commit: str) -> str:
    """Name of what a campaign came to under a commit: 12 hex digits of both, every default of the file filled in."""
    return hashlib.sha256(f"{document.digest(resolved(data))} {commit}".encode()).hexdigest()[:12]


def whole_updates(budget: int, data: Mapping[str, Any]) -> int:
    """A budget of env_steps, rounded down to whole updates of the file's learner.

    Raises:
        InputError: it is less than one.
    """
    update = updates.env_steps_of_update(resolved(data).learner)
    if budget < update:
        raise InputError(f"a budget of {budget} env_steps is not allowed; one update, {update}, is the least")
    return budget // update * update


def _lay(data: dict[str, Any], settings: Mapping[str, Any]) -> None:
    """Set values by dotted key."""
    for path, value in settings.items():
        *parents, last = path.split(".")
        target = data
        for name in parents:
            target = target.setdefault(name, {})
        target[last] = value
