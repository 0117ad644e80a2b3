"""How far a campaign is: what a conductor tells, gathered for those who show it.

It is told from the conductor's thread and from that of the reference; a screen reads it from a third one.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence

from also.campaign.decide import Diagnose, Propose, decide
from also.campaign.fold import advance, fold
from also.campaign.requests import BESIDE, MAIN
from also.campaign.state import State
from also.campaign.waits import is_same
from also.campaign.watch import Watch
from also.updates import env_steps_of_stage
from also.v1.journal_pb2 import JournalRecord
from also.v1.trainer_pb2 import TrainingProgress
from also.v1.validator_pb2 import ValidationProgress

LONG_SECONDS = 5.0
"""Time from which on a wait is worth telling."""

STALE_SECONDS = 60.0
"""Time without an env_step after which nobody knows how long the rest will take."""


class Minds:
    """How long minds have been asked."""

    def __init__(self) -> None:
        """None has been asked."""
        self.seconds = 0.0
        self._since: float | None = None

    def turn(self, asked: str, now: float) -> None:
        """A step has ended, and the next one asks this mind; none where it is empty."""
        self.seconds = self.seconds_until(now)
        self._since = now if asked else None

    def seconds_until(self, now: float) -> float:
        """Time in which a mind was asked, that of the one that is asked now included."""
        return self.seconds + (now - self._since if self._since is not None else 0.0)


class CampaignProgress(Watch):
    """How far a campaign is."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is known yet.

        Args:
            clock: seconds that never go back.
        """
        self._clock = clock
        self.state: State | None = None
        self.validation_progress: ValidationProgress | None = None
        self.last_note = ""
        self._waits = "", 0.0
        self._training: dict[str, tuple[int, TrainingProgress]] = {}
        self._phases: dict[int, int] = {}
        self._lock = threading.RLock()
        self._began = self._clock()
        self._found_env_steps = 0
        self._found_stages = 0
        self._furthest = 0, self._began, 0.0
        self._minds = Minds()

    def found(self, records: Sequence[JournalRecord]) -> None:
        """Take over the records that the journal holds: they cost no time of this process."""
        with self._lock:
            self.state = fold(records)
            self._found_env_steps = self.state.env_steps
            self._found_stages = len(self.state.stages)
            self._furthest = self.state.env_steps, self._clock(), self._spent_on_env_steps
            self._minds.turn(self.asked, self._clock())

    def record(self, record: JournalRecord) -> None:
        """Take over a new record."""
        with self._lock:
            assert self.state is not None, "the first records are found"
            self.state = advance(self.state, record)
            self._minds.turn(self.asked, self._clock())
            self.validation_progress = None
            self._phases.clear()
            if record.WhichOneof("event") == "stage_trained":
                self._training.pop(MAIN, None)
            self._came_further()

    def training(self, run: str, stage: int, progress: TrainingProgress) -> None:
        """Take over how far a stage of training is."""
        with self._lock:
            self._training[run] = (stage, progress)
            self._came_further()

    def validation(self, stage: int, round: int, progress: ValidationProgress) -> None:
        """Take over how far a round of validation is."""
        with self._lock:
            self.validation_progress = progress
            self._phases[progress.phase] = progress.env_steps
            self._came_further()

    def waits(self, what: str) -> None:
        """Take over what is waited for."""
        with self._lock:
            known, since = self._waits
            self._waits = what, since if is_same(known, what) else self._clock()

    def note(self, text: str) -> None:
        """Take over a note."""
        self.last_note = text

    @property
    def waiting(self) -> tuple[str, float] | None:
        """What is waited for, in words, and for how long, seconds; None for nothing, or not for long."""
        what, since = self._waits
        seconds = self._clock() - since
        return (what, seconds) if what and seconds >= LONG_SECONDS else None

    @property
    def asked(self) -> str:
        """The mind that is asked now, "critic" or "generator"; empty for none."""
        match decide(self.state) if self.state is not None else None:
            case Diagnose():
                return "critic"
            case Propose():
                return "generator"
            case _:
                return ""

    @property
    def elapsed_seconds(self) -> float:
        """Time since this process began."""
        return self._clock() - self._began

    @property
    def main(self) -> TrainingProgress | None:
        """How far the main run's stage is; None when it is not training."""
        return self._training[MAIN][1] if MAIN in self._training else None

    @property
    def beside(self) -> dict[str, tuple[int, TrainingProgress]]:
        """Of each run that is measured beside and trains: its env_steps so far, and how far its slice is."""
        if self.state is None:
            return {}
        of_each = {run: self._training[run] for run in BESIDE if run in self._training}
        slice_env_steps = env_steps_of_stage(self.state.campaign)
        return {
            run: (min(number * slice_env_steps, self.state.env_steps) + progress.env_steps, progress)
            for run, (number, progress) in of_each.items()
        }

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
        """Time left by the speed so far, without that of an answer that is waited for.

        Training and branches take their env_steps at the speed of the time in which no mind was asked; minds take as
        long in each further stage as in those of this process. None while there is no speed, where nothing has come
        further for long and no mind is asked, and where no planned env_step is left.
        """
        if self.state is None or self.state.finished is not None:
            return None
        with self._lock:
            done, at, spent = self._furthest
        if self._clock() - at > STALE_SECONDS and not self.asked:
            return None
        speed = (done - self._found_env_steps) / max(spent, 1.0)
        left = max(self._seconds(self._planned_env_steps(self.state), speed), default=None)
        return left + self._minds_seconds(self.state) if left else None

    def _minds_seconds(self, state: State) -> float:
        """Time that minds will take in the stages that are not begun yet."""
        trained = max(len(state.stages) - self._found_stages, 1)
        return self._minds.seconds / trained * (state.campaign.stages.count - len(state.stages))

    @property
    def _spent_on_env_steps(self) -> float:
        """Time of this process in which no mind was asked."""
        return self._clock() - self._began - self._minds.seconds_until(self._clock())

    def _came_further(self) -> None:
        """Note that env_steps were spent, and when: what passes without any tells nothing of the time that is left."""
        if self.env_steps > self._furthest[0]:
            self._furthest = self.env_steps, self._clock(), self._spent_on_env_steps

    def _seconds(self, planned: int, speed: float) -> Iterator[float]:
        if speed > 0:
            yield max(planned - self.env_steps, 0) / speed
        for env_steps, progress in self.beside.values():
            if progress.env_steps_per_second > 0:
                yield max(planned - env_steps, 0) / progress.env_steps_per_second

    def _planned_env_steps(self, state: State) -> int:
        """env_steps of the whole campaign, if no further round is needed."""
        left = state.campaign.stages.count - len(state.stages)
        total = state.env_steps + left * env_steps_of_stage(state.campaign)
        return max(min(total, state.campaign.budget.env_steps), self.env_steps)
