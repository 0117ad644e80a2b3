"""How far a campaign is: what a conductor tells, gathered for those who show it.

A `Progress` is a `Watch`. Its methods are called from the conductor's thread and from that of the
reference; a screen reads it from a third one.
"""

import threading
import time
from collections.abc import Iterator, Sequence

from also.campaign.fold import advance, fold
from also.campaign.requests import MAIN, REFERENCE
from also.campaign.state import State
from also.v1.journal_pb2 import JournalRecord
from also.v1.trainer_pb2 import TrainingProgress
from also.v1.validator_pb2 import ValidationProgress
from also.validation.cost import least_cost, whole_updates


class Progress:
    """How far a campaign is."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.state: State | None = None
        self.validation_progress: ValidationProgress | None = None
        self.last_note = ""
        self._training: dict[str, tuple[int, TrainingProgress]] = {}
        self._phases: dict[int, int] = {}
        self._lock = threading.RLock()
        self._began = time.monotonic()
        self._found_env_steps = 0

    def found(self, records: Sequence[JournalRecord]) -> None:
        """Take over the records that the journal holds: they cost no time of this process."""
        with self._lock:
            self.state = fold(records)
            self._found_env_steps = self.state.env_steps

    def record(self, record: JournalRecord) -> None:
        """Take over a new record."""
        with self._lock:
            assert self.state is not None, "the first records are found"
            self.state = advance(self.state, record)
            self.validation_progress = None
            self._phases.clear()
            if record.WhichOneof("event") == "stage_trained":
                self._training.pop(MAIN, None)

    def training(self, run: str, stage: int, progress: TrainingProgress) -> None:
        """Take over how far a stage of training is."""
        with self._lock:
            self._training[run] = (stage, progress)

    def validation(self, stage: int, round: int, progress: ValidationProgress) -> None:
        """Take over how far a round of validation is."""
        with self._lock:
            self.validation_progress = progress
            self._phases[progress.phase] = progress.env_steps

    def note(self, text: str) -> None:
        """Take over a note."""
        self.last_note = text

    @property
    def elapsed_seconds(self) -> float:
        """Time since this process began."""
        return time.monotonic() - self._began

    @property
    def main(self) -> TrainingProgress | None:
        """How far the main run's stage is; None when it is not training."""
        return self._training[MAIN][1] if MAIN in self._training else None

    @property
    def reference(self) -> tuple[int, TrainingProgress] | None:
        """env_steps of the reference run so far, and how far its slice is; None before it trains."""
        if REFERENCE not in self._training or self.state is None:
            return None
        number, progress = self._training[REFERENCE]
        return number * self._stage_env_steps(self.state) + progress.env_steps, progress

    @property
    def env_steps(self) -> int:
        """env_steps spent so far, with those of the step under way."""
        with self._lock:
            training = self.main.env_steps if self.main is not None else 0
            return (self.state.env_steps if self.state is not None else 0) + training + sum(self._phases.values())

    @property
    def returns(self) -> list[float]:
        """The main run's training return over time, units of task reward."""
        if self.state is None:
            return []
        found = [point.mean_return for stage in self.state.lineage for point in stage.trained.evidence.curve]
        return found + ([self.main.mean_return] if self.main is not None else [])

    @property
    def seconds_left(self) -> float | None:
        """Time left by the speed so far; None while there is none."""
        if self.state is None or self.state.finished is not None:
            return None
        planned = self._planned_env_steps(self.state)
        speed = (self.env_steps - self._found_env_steps) / max(self.elapsed_seconds, 1.0)
        return max(self._seconds(planned, speed), default=None)

    def _seconds(self, planned: int, speed: float) -> Iterator[float]:
        if speed > 0:
            yield max(planned - self.env_steps, 0) / speed
        if self.reference is not None and self.reference[1].env_steps_per_second > 0:
            env_steps, progress = self.reference
            yield max(planned - env_steps, 0) / progress.env_steps_per_second

    def _planned_env_steps(self, state: State) -> int:
        """env_steps of the whole campaign: those of later stages' validation are taken from earlier ones."""
        spent = [stage.env_steps - stage.trained.env_steps for stage in state.stages if stage.decision is not None]
        round_cost = least_cost(state.campaign, state.campaign.generator.candidates)
        validation = sum(spent) // len(spent) if spent else round_cost
        decided = len(spent)
        left = state.campaign.stages.count - decided
        total = sum(stage.env_steps for stage in state.stages[:decided])
        total += left * (self._stage_env_steps(state) + validation)
        return max(min(total, state.campaign.budget.env_steps), self.env_steps)

    @staticmethod
    def _stage_env_steps(state: State) -> int:
        return whole_updates(state.campaign.stages.env_steps, state.campaign.learner)
