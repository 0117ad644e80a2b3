"""Weights & Biases, online or, with WANDB_MODE=offline, into a folder that `wandb sync` sends later.

A campaign is one run, whose id is that of its first record. An entry is logged under its own number as W&B's step, and
a server takes each step once. Offline nobody says which steps were logged, so a run's own files do: `files/also.json`.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import wandb

from also.errors import ServiceError, ServiceUnavailable
from also.tracking.entries import TOTAL, About, Entry
from also.words import one_line

MARK = "also.json"
"""File of an offline run: how many entries it and those before it hold."""

X_AXIS = "env_steps/main"
"""Scalar that charts are drawn over: env_steps of the main run."""

_SAID_LIMIT = 300
"""Characters of what W&B said, in an error."""

INIT_SECONDS = 60.0
"""How long W&B's server may take to answer."""


class WandB:
    """A project of Weights & Biases."""

    def __init__(self, project: str) -> None:
        """Nothing is sent yet.

        Args:
            project: the project, or "entity/project".
        """
        entity, _, self._project = project.rpartition("/")
        self._entity = entity or None
        self._run: Any = None
        self._logged = 0

    def tell(self, told: About, given: Sequence[Entry], *, over: bool) -> int:
        """Log what is missing; see `Tracker`.

        Raises:
            ServiceUnavailable: W&B does not answer.
            ServiceError: it refused the run.
        """
        if self._is_offline():
            self._logged = max(self._logged, self._marked(told))
            if self._logged >= len(given):
                return 0
        if self._run is None:
            self._run = self._begin(told)
            self._logged = max(self._logged, 0 if self._is_offline() else int(self._run.step))
        new = given[self._logged :]
        for entry in new:
            data: dict[str, Any] = {**entry.scalars, X_AXIS: entry.run_env_steps}
            self._run.log(data | ({"event": entry.text} if entry.text else {}), step=entry.number)
        self._logged = max(self._logged, len(given))
        if self._is_offline():
            mark = Path(self._run.dir) / MARK
            mark.write_text(json.dumps({"entries": self._logged}), encoding="utf-8")
        if over:
            self.close()
        return len(new)

    def close(self) -> None:
        """Have everything sent, and end W&B's own process; the run can be resumed."""
        if self._run is not None:
            self._run.finish()
            self._run = None

    def _begin(self, told: About) -> Any:
        try:
            run = wandb.init(
                entity=self._entity,
                project=self._project,
                id=told.identity[:16],
                name=told.campaign_id,
                resume="allow",
                config=dict(told.config),
                tags=[told.task[:64]],
                settings=wandb.Settings(
                    console="off", silent=True, init_timeout=INIT_SECONDS, x_disable_stats=True, disable_git=True
                ),
            )
        except wandb.errors.CommError as error:
            raise ServiceUnavailable(f"W&B cannot be reached: {one_line(str(error), _SAID_LIMIT)}") from None
        except (wandb.errors.Error, OSError) as error:
            raise ServiceError(f"W&B refused the run: {one_line(str(error), _SAID_LIMIT)}") from None
        run.define_metric(X_AXIS)
        run.define_metric("*", step_metric=X_AXIS)
        run.define_metric(TOTAL, step_metric=X_AXIS)
        return run

    @staticmethod
    def _is_offline() -> bool:
        return wandb.setup().settings.mode == "offline"

    @staticmethod
    def _marked(told: About) -> int:
        """How many entries offline runs hold."""
        folder = Path(wandb.setup().settings.wandb_dir)
        marks = folder.glob(f"offline-run-*-{told.identity[:16]}/files/{MARK}")
        return max((int(json.loads(mark.read_text(encoding="utf-8"))["entries"]) for mark in marks), default=0)
