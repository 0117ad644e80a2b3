"""`also watch`: a campaign as it runs, from the store alone.

What the conductor's screen shows, on another machine: new records of the journal, and the conductor's signs of life.
How far a stage or a round has come is in no store, so bars are not there. The speed is that of the records: what was
spent from one to the next, in the time between them.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated

import typer

from also import document
from also.campaign.fold import advance, begin, fold
from also.campaign.journal import Journal
from also.cli import table
from also.cli.conducting import Signs
from also.cli.console import console
from also.cli.lines import Lines
from also.cli.options import JsonOption, StoreOption, read_journal
from also.cli.progress import CampaignProgress
from also.cli.screen import Screen
from also.errors import StoreError
from also.v1.journal_pb2 import JournalRecord

LOOK_SECONDS = 2.0
"""Time between two looks at the store."""

LINE_SECONDS = 30.0
"""Time between two lines while nothing happens."""


class Watched(CampaignProgress):
    """Progress of a campaign whose conductor is elsewhere."""

    _records: tuple[JournalRecord, ...] = ()
    _speed = 0.0

    def found(self, records: Sequence[JournalRecord]) -> None:
        """Take over the records that the journal holds."""
        self._take((*records,))
        super().found(records)

    def record(self, record: JournalRecord) -> None:
        """Take over a new record."""
        self._take((*self._records, record))
        super().record(record)

    @property
    def elapsed_seconds(self) -> float:
        """Time since the campaign was begun, by this machine's clock."""
        begun = _written(self._records[0]) if self._records else None
        return max(0.0, (_now() - begun).total_seconds()) if begun is not None else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Time left by the speed so far; None where the campaign is over, or no speed is known."""
        if self.state is None or self.state.reported is not None:
            return None
        return (self._planned_env_steps(self.state) - self.state.env_steps) / self._speed if self._speed else None

    def _take(self, records: tuple[JournalRecord, ...]) -> None:
        self._records, self._speed = records, env_steps_per_second(records)


class WatchedScreen(Watched, Screen):
    """The same on a terminal."""


class WatchedLines(Watched, Lines):
    """The same as lines."""

    _conductor = ""

    @property
    def conductor(self) -> str:
        """What is known of the conductor."""
        return self._conductor

    @conductor.setter
    def conductor(self, words: str) -> None:
        if words.partition(",")[0] != self._conductor.partition(",")[0]:
            self.note(f"conductor {words}")
        self._conductor = words


class JsonRecords:
    """Prints records as `also run --json` does."""

    conductor = ""

    def found(self, records: Sequence[JournalRecord]) -> None:
        """Print those that are there."""
        for record in records:
            self.record(record)

    def record(self, record: JournalRecord) -> None:
        """Print a new one."""
        print(document.canonical(record).decode(), flush=True)

    def note(self, text: str) -> None:
        """Say nothing: the next record says that the store is back."""


Viewer = WatchedScreen | WatchedLines | JsonRecords
"""Who shows a campaign."""


def watch(
    campaign: Annotated[str, typer.Argument(metavar="ID", help="Campaign id.")],
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Show a campaign as it runs, from the store alone, until it is over."""
    journal = read_journal(campaign, store)
    output = console()
    with _viewer(is_terminal=output.is_terminal, json=json) as viewer:
        look_on(journal, viewer)
    if not json:
        state = fold(journal.records)
        output.print(table.stages(state))
        for line in table.outcome(state):
            output.print(line, soft_wrap=True)


def look_on(journal: Journal, viewer: Viewer, pause: Callable[[float], None] = time.sleep) -> None:
    """Show a campaign until it is over; a store that is away for a while is asked again.

    Args:
        journal: its journal, not empty.
        viewer: told of what there is, of what is new, and of the conductor.
        pause: waits for so many seconds.

    Raises:
        CampaignError: the journal is damaged.
    """
    signs = Signs(journal)
    viewer.found(journal.records)
    while journal.records[-1].WhichOneof("event") != "finished":
        try:
            viewer.conductor = signs.look(_now())
            for record in journal.read_on():
                viewer.record(record)
        except StoreError as error:
            viewer.note(str(error))
        if journal.records[-1].WhichOneof("event") != "finished":
            pause(LOOK_SECONDS)


def env_steps_per_second(records: Sequence[JournalRecord]) -> float:
    """Speed of a campaign by its records; the time between two conductors does not count. 0 where it is not known."""
    spent = list(_spent(records))
    seconds = 0.0
    for before, after in pairwise(records):
        begin_at, end_at = _written(before), _written(after)
        if before.conductor == after.conductor and begin_at is not None and end_at is not None:
            seconds += max(0.0, (end_at - begin_at).total_seconds())
    return (spent[-1] - spent[0]) / seconds if seconds and spent else 0.0


def _spent(records: Sequence[JournalRecord]) -> Iterator[int]:
    """env_steps that were spent in all by each record."""
    state = None
    for record in records:
        state = begin(record) if state is None else advance(state, record)
        yield state.env_steps


def _viewer(*, is_terminal: bool, json: bool) -> AbstractContextManager[Viewer]:
    if json:
        return nullcontext(JsonRecords())
    return WatchedScreen(console()) if is_terminal else WatchedLines(repeat=LINE_SECONDS)


def _written(record: JournalRecord) -> datetime | None:
    return datetime.fromisoformat(record.written_at) if record.written_at else None


def _now() -> datetime:
    return datetime.now(UTC)
