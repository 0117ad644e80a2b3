"""Trackers beside a run: a process `also log --follow` each, which reads the store and nothing else.

So a tracker that is down, slow or broken never stops training. What is missing at the end is reported, with the command
that sends it again. A process that died is started again with the next stage.
"""

import shlex
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from also import lifeline
from also.campaign.watch import Watch
from also.settings import Settings
from also.v1.journal_pb2 import JournalRecord

LAST_SECONDS = 20.0
"""How long trackers may take to be told the rest after the campaign is over."""

_END_SECONDS = 10.0
"""How long one that is interrupted may take to end."""


class Tracked(Watch):
    """Has trackers told of the campaign while it is entered."""

    def __init__(
        self,
        note: Callable[[str], None],
        campaign_id: str,
        settings: Settings,
        given: Sequence[tuple[str, str]],
    ) -> None:
        """Nothing is started yet.

        Args:
            note: told, in words, of a tracker that could not be told everything.
            campaign_id: the campaign.
            settings: the store, and the folder of logs.
            given: trackers, each by its kind and its place.
        """
        self._note = note
        self._campaign_id = campaign_id
        self._settings = settings
        self._given = given
        self._running: dict[tuple[str, str], subprocess.Popen[bytes]] = {}
        self._finished = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        deadline = time.monotonic() + (LAST_SECONDS if self._finished and error is None else 0.0)
        for process in self._running.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                continue
        lifeline.end(list(self._running.values()), grace_seconds=_END_SECONDS)
        for each, process in self._running.items():
            if self._finished and process.returncode != 0:
                self._complain(each)

    def found(self, records: Sequence[JournalRecord]) -> None:
        """The journal is there, so trackers can be told."""
        self._start()
        self._finished = records[-1].WhichOneof("event") == "finished"

    def record(self, record: JournalRecord) -> None:
        """Start again what has ended, once a stage."""
        self._finished = record.WhichOneof("event") == "finished"
        if record.WhichOneof("event") == "stage_trained":
            self._start()

    def _start(self) -> None:
        """Start what does not run; one that has ended before the campaign did said why."""
        for each in self._given:
            process = self._running.get(each)
            if process is not None and process.poll() is None:
                continue
            if process is not None:
                self._complain(each)
                lifeline.end([process])
            self._attempt(each)

    def _attempt(self, each: tuple[str, str]) -> None:
        arguments = [*self._command(each), "--store", self._settings.store, "--follow"]
        try:
            self._running[each] = lifeline.spawn("also.cli.child", arguments, log=self._log(each))
        except OSError as error:
            self._note(f"{each[0]} is told nothing: {error.strerror}; training goes on")

    def _complain(self, each: tuple[str, str]) -> None:
        said = lifeline.last_line(self._log(each)).removeprefix("error: ") or "it said nothing"
        again = shlex.join(["also", *self._command(each)])
        self._note(f"{each[0]} was not told everything: {said}; again with: {again}")

    def _command(self, each: tuple[str, str]) -> list[str]:
        return ["log", self._campaign_id, f"--{each[0]}", each[1]]

    def _log(self, each: tuple[str, str]) -> Path:
        return Path(self._settings.logs) / self._campaign_id / f"{each[0]}.log"
