"""What a conductor reports while it works."""

from collections.abc import Sequence

from also.v1.journal_pb2 import JournalRecord
from also.v1.trainer_pb2 import TrainingProgress
from also.v1.validator_pb2 import ValidationProgress


class Watch:
    """Called with everything as it happens, for the reference run from a thread of its own.

    It does nothing; a subclass overrides what it needs to know.
    """

    def found(self, records: Sequence[JournalRecord]) -> None:
        """The records that the journal holds when this conductor takes up the campaign."""

    def record(self, record: JournalRecord) -> None:
        """A new record, after it was written."""

    def training(self, run: str, stage: int, progress: TrainingProgress) -> None:
        """How far a stage of the run "main", "reference" or "one-shot" is."""

    def validation(self, stage: int, round: int, progress: ValidationProgress) -> None:
        """How far a round of validation is."""

    def waits(self, what: str) -> None:
        """What is waited for now, in words; empty: for nothing. Called when it changes."""

    def note(self, text: str) -> None:
        """Something for people: a service that died and is tried again."""


class Watches(Watch):
    """Several watches as one: each call is passed to all of them, in order."""

    def __init__(self, *watches: Watch) -> None:
        """Watch with all of them.

        Args:
            watches: they, in this order.
        """
        self._watches = watches

    def found(self, records: Sequence[JournalRecord]) -> None:
        """Pass it on."""
        for each in self._watches:
            each.found(records)

    def record(self, record: JournalRecord) -> None:
        """Pass it on."""
        for each in self._watches:
            each.record(record)

    def training(self, run: str, stage: int, progress: TrainingProgress) -> None:
        """Pass it on."""
        for each in self._watches:
            each.training(run, stage, progress)

    def validation(self, stage: int, round: int, progress: ValidationProgress) -> None:
        """Pass it on."""
        for each in self._watches:
            each.validation(stage, round, progress)

    def waits(self, what: str) -> None:
        """Pass it on."""
        for each in self._watches:
            each.waits(what)

    def note(self, text: str) -> None:
        """Pass it on."""
        for each in self._watches:
            each.note(text)
