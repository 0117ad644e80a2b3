"""Campaigns of several seeds beside each other: a process `also run --json` each, and one screen for all.

A process of its own each, so that what ends one leaves the others running. They hold a lifeline: none outlives the
command that started them.
"""

import json
import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Self

from rich import box
from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table

from also import document, lifeline
from also.campaign.fold import advance, begin
from also.campaign.state import State
from also.cli import table
from also.cli.lines import event_line
from also.cli.seeds import Seeded, require_all_ended
from also.errors import DocumentError
from also.settings import API_KEY, PROMETHEUS_HEADERS, PROMETHEUS_TOKEN, Settings
from also.v1.journal_pb2 import JournalRecord

Show = Callable[[Seeded, JournalRecord, State], None]
"""Told of every record of a campaign, with the state after it, from a thread of that campaign."""

END_SECONDS = 30.0
"""How long a campaign that is interrupted may take to end its services."""

_STOPPED = "it was interrupted"


class Together:
    """Campaigns under way in processes of their own, and `states` by seed, as far as they have come."""

    def __init__(
        self,
        settings: Settings,
        arguments: Sequence[str],
        show: Show,
    ) -> None:
        """Nothing runs yet.

        Args:
            settings: where everything is.
            arguments: what follows `also run` for every campaign, its seed, its id and the store left out.
            show: told of every record.
        """
        self._settings = settings
        self._arguments = arguments
        self._show = show
        self.states: dict[int, State] = {}
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, campaigns: Sequence[Seeded], parallel: int) -> None:
        """Run campaigns, so many at once.

        Args:
            campaigns: the campaigns.
            parallel: how many run at once, at most.

        Raises:
            ServiceError: some did not come to their end.
            KeyboardInterrupt: the command is to end; all campaigns were interrupted then.
        """
        failed: dict[str, str] = {}
        with ThreadPoolExecutor(parallel) as pool:
            futures = {pool.submit(self._one, each): each for each in campaigns}
            try:
                for future in as_completed(futures):
                    why = future.result()
                    if why:
                        failed[futures[future].campaign_id] = why
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._stop()
                raise
        require_all_ended(dict(sorted(failed.items())), len(campaigns))

    def _one(self, seeded: Seeded) -> str:
        """Run one campaign; why it did not come to its end, empty where it did."""
        log = Path(self._settings.logs) / seeded.campaign_id / "run.log"
        with self._lock:
            if self._stopped:
                return _STOPPED
            process = self._start(seeded, log)
            self._processes.add(process)
        try:
            assert process.stdout is not None
            state = None
            for line in process.stdout:
                record = _record(line)
                if record is not None:
                    state = begin(record) if state is None else advance(state, record)
                    self.states[seeded.seed] = state
                    self._show(seeded, record, state)
            code = process.wait()
        finally:
            with self._lock:
                self._processes.discard(process)
            lifeline.end([process])
        if code == 0:
            return ""
        said = lifeline.last_line(log).removeprefix("error: ") or "it ended without a word"
        return _STOPPED if self._stopped else f"{said}; see {log}"

    def _start(self, seeded: Seeded, log: Path) -> subprocess.Popen[bytes]:
        hidden = {
            API_KEY: self._settings.llm_api_key,
            PROMETHEUS_TOKEN: self._settings.prometheus_token,
            PROMETHEUS_HEADERS: self._settings.prometheus_headers,
        }
        threads = "1" if self._settings.trainer_threads == "auto" else self._settings.trainer_threads
        return lifeline.spawn(
            "also.cli.child",
            [
                "run",
                *self._arguments,
                *("--set", f"seed={seeded.seed}", "--campaign", seeded.campaign_id),
                *("--store", self._settings.store, "--json"),
            ],
            log=log,
            stdout=subprocess.PIPE,
            environment={
                "ALSO_TRAINER_THREADS": threads,  # campaigns that share a machine's cores train on one each
                **{name: value for name, value in hidden.items() if value},
            },
        )

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
            running = list(self._processes)
        lifeline.end(running, grace_seconds=END_SECONDS)


class LinesOfAll:
    """Prints the records of all campaigns, a line each."""

    def __init__(self, line: Callable[[Seeded, JournalRecord], str]) -> None:
        """Nothing is printed yet.

        Args:
            line: the line of a campaign's record.
        """
        self._line = line
        self._lock = threading.Lock()

    def __call__(self, seeded: Seeded, record: JournalRecord, state: State) -> None:
        """Print a record."""
        with self._lock:
            print(self._line(seeded, record), flush=True)


class ScreenOfAll:
    """Shows on a terminal how far all campaigns are, as long as it is entered."""

    def __init__(self, console: Console, campaigns: Sequence[Seeded]) -> None:
        """Nothing is shown yet."""
        self._states: dict[int, State | None] = {each.seed: None for each in campaigns}
        self._ids = {each.seed: each.campaign_id for each in campaigns}
        self._live = Live(
            console=console, get_renderable=self._render, refresh_per_second=2, transient=True, redirect_stderr=False
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def __call__(self, seeded: Seeded, record: JournalRecord, state: State) -> None:
        """Take over a record."""
        self._states[seeded.seed] = state

    def _render(self) -> RenderableType:
        shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in ("seed", "campaign", "stages", "env_steps", "return", "step"):
            shown.add_column(column)
        for seed, state in self._states.items():
            cells = ("", "", "", "waits for its turn, or starts") if state is None else table.summary(state)
            shown.add_row(str(seed), self._ids[seed], *cells)
        return shown


def text_line(seeded: Seeded, record: JournalRecord) -> str:
    """What a record says, as one line that begins with whose it is."""
    return f"{seeded.heading}{event_line(record)}"


def json_line(seeded: Seeded, record: JournalRecord) -> str:
    """A record as one line of JSON that says whose it is."""
    data = {"campaign": seeded.campaign_id, "seed": seeded.seed, "record": document.plain(record)}
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _record(line: bytes) -> JournalRecord | None:
    """The record that a line holds; None where it is something else."""
    try:
        data: Any = json.loads(line)
        return document.read(JournalRecord, data)
    except (ValueError, DocumentError):
        return None
