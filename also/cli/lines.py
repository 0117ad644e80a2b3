"""Progress as plain lines, for logs and pipes: one for each event and each change, and one a minute in between."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Self

from also import enums, reasons
from also.campaign.state import State
from also.cli import describe
from also.cli.progress import CampaignProgress
from also.v1.journal_pb2 import JournalRecord
from also.v1.validator_pb2 import ValidationPhase

LOOK_SECONDS = 2.0
"""Time between two looks at what is under way."""

REPEAT_SECONDS = 60.0
"""Time after which a line comes though nothing but numbers has changed: how far the step is."""


class Lines(CampaignProgress):
    """Prints progress as lines, as long as it is entered."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        look: float = LOOK_SECONDS,
        repeat: float = REPEAT_SECONDS,
        heading: str = "",
    ) -> None:
        """Nothing is printed yet.

        Args:
            clock: seconds that never go back.
            look: seconds between two looks at what is under way.
            repeat: seconds after which a line comes though only numbers have changed.
            heading: what every line begins with, after the time, e.g. "seed 3: ".
        """
        super().__init__(clock)
        self._look = look
        self._repeat = repeat
        self._heading = heading
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._tick, name="lines", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def found(self, records: Sequence[JournalRecord]) -> None:
        """Say where the campaign continues."""
        super().found(records)
        assert self.state is not None
        if len(records) > 1:
            self._print(f"going on after {len(records)} records: {describe.step(self.state)}")

    def record(self, record: JournalRecord) -> None:
        """Say what has happened."""
        before = self.state
        super().record(record)
        self._print(event_line(record, before))

    def note(self, text: str) -> None:
        """Say it."""
        self._print(text)

    def _tick(self) -> None:
        shown, at = "", 0.0
        with suppress(BrokenPipeError):  # nobody reads; the next record ends the command
            while not self._ended.wait(self._look):
                what, now = what_goes_on(self), self._clock()
                if what != shown or now - at >= self._repeat:
                    self._print(step_line(self))
                    shown, at = what, now

    def _print(self, text: str) -> None:
        print(f"[{describe.duration(self.elapsed_seconds)}] {self._heading}{text}", flush=True)


def what_goes_on(progress: CampaignProgress) -> str:
    """The step under way without its numbers: another text where something has changed that a reader wants to know."""
    if progress.state is None:
        return ""
    parts = [describe.step(progress.state)]
    if progress.main is None and progress.validation_progress is not None:
        parts.append(enums.short_name(ValidationPhase.DESCRIPTOR, progress.validation_progress.phase))
    if progress.waiting is not None:
        parts.append(progress.waiting[0])
    return ", ".join(parts)


def step_line(progress: CampaignProgress) -> str:
    """The step under way, in one line."""
    if progress.state is None:
        return "starting the services"
    parts = [describe.step(progress.state)]
    if progress.main is not None:
        parts.append(f"{progress.main.env_steps / max(progress.main.env_steps_planned, 1):.0%}")
        parts.append(f"return {progress.main.mean_return:.3f}")
        parts.append(f"{progress.main.env_steps_per_second:,.0f} env_steps/s")
    elif progress.validation_progress is not None:
        parts.append(describe.validation_phase(progress.validation_progress))
        parts += [describe.arm(arm) for arm in progress.validation_progress.arms]
    else:
        parts += [f"{run} at {env_steps:,} env_steps" for run, (env_steps, _) in progress.beside.items()]
    if progress.waiting is not None:
        what, seconds = progress.waiting
        parts.append(f"waits for {what} ({describe.duration(seconds)})")
    if progress.seconds_left is not None:
        parts.append(describe.time_left(progress.seconds_left, progress.asked))
    return ", ".join(parts)


def event_line(record: JournalRecord, before: State | None = None) -> str:
    """What a record says, in one line.

    Args:
        record: the record.
        before: the state before it, by which it is known what a campaign has grown by; None where nobody asks.
    """
    match record.WhichOneof("event"):
        case "stage_trained":
            trained = record.stage_trained
            return f"stage {trained.stage} trained: return {describe.return_of(trained.evidence)}"
        case "diagnosed":
            diagnosis = record.diagnosed.diagnosis
            found = "; ".join(finding.summary for finding in diagnosis.findings) or "no finding"
            return f"stage {record.diagnosed.stage} diagnosed: {describe.phase_name(diagnosis.phase)}; {found}"
        case "proposed":
            candidates = record.proposed.candidates
            words = describe.configs([each.config for each in candidates])
            listed = "; ".join(f"{each.name}: {text}" for each, text in zip(candidates, words, strict=True))
            return f"stage {record.proposed.stage} candidates: {listed or 'none'}"
        case "validated":
            listed = "; ".join(
                f"{verdict.candidate}: {reasons.verdict(verdict.reason)}"
                for verdict in record.validated.validation.verdicts
            )
            return f"stage {record.validated.stage} verdicts: {listed}"
        case "reviewed":
            said = record.reviewed
            word = "approved" if said.approved else "rejected"
            return f"stage {said.stage}: a person {word} {said.candidate}" + (f": {said.note}" if said.note else "")
        case "promoted":
            promoted = record.promoted
            return f"stage {promoted.stage} promoted {promoted.candidate}: {describe.config(promoted.config)}"
        case "held":
            held = record.held
            return f"stage {held.stage} held: {reasons.hold(held.reason)}. {held.detail}"
        case "rolled_back":
            rolled_back = record.rolled_back
            return (
                f"stage {rolled_back.stage} rolled back: {reasons.rollback(rolled_back.reason)}. {rolled_back.detail}"
            )
        case "reported":
            return f"final return {describe.return_of(record.reported.evaluation)}"
        case "finished":
            return f"finished: {reasons.finish(record.finished.reason)}"
        case "amended":
            return f"goes on with {describe.growth(before.campaign, record.amended.campaign) if before else 'more'}"
        case "stopped":
            return "stopped by a person"
        case _:
            return "begun"
