"""One campaign of the study: a real `also run` in a folder of its own, to its end.

The folder keeps the campaign file as it was first written, the object store, logs, and a record of CPU time for each
try. A campaign that was interrupted goes on where its journal ends, in the same folder.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from also.campaign.fold import fold
from also.campaign.journal import Journal
from also.campaign.state import State
from also.errors import AlsoError, MissingStoreError
from also.lifeline import last_line
from also.settings import child_environment
from also.store import open_store
from benchmarks.commits import ROOT
from benchmarks.study.cell import text

CAMPAIGN = "study"
"""Id of the campaign in its store, which holds no other."""


class RunFailed(AlsoError):
    """`also run` ended before its campaign did; the text is what it said last."""


class Stopped(AlsoError):
    """The study was asked to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a campaign took of the machine, all tries together."""

    cpu_seconds: float | None
    """CPU time of all its processes; None where a try was killed before it could be told."""
    wall_seconds: float | None
    """Wall time; None as above."""
    tries: int
    """Times that `also run` was called."""


class Runs:
    """The campaigns that run now, each in a thread; they end together."""

    def __init__(self, *, parallel: int) -> None:
        """Nothing runs yet.

        Args:
            parallel: campaigns that run at once, at most. Where there are several, each has one core.
        """
        self._parallel = parallel
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def carry_out(self, data: Mapping[str, Any], folder: Path) -> State:
        """Run a campaign to its end, or go on with it; one that is over is only read.

        Args:
            data: its file.
            folder: its folder.

        Raises:
            RunFailed: it ended before its campaign did.
            Stopped: the study was asked to end.
        """
        state = _stored(folder)
        if state is None or state.finished is None:
            self._run(data, folder)
            state = _stored(folder)
        if state is None or state.finished is None:
            said = last_line(folder / "output.log") or "it ended without a word"
            raise RunFailed(f"{said} ({folder})")
        return state

    def stop(self) -> None:
        """End what runs, and start no more."""
        with self._lock:
            self._stopped.set()
            for process in self._processes:
                process.terminate()

    def _run(self, data: Mapping[str, Any], folder: Path) -> None:
        tries = folder / "tries"
        tries.mkdir(parents=True, exist_ok=True)
        file = folder / "campaign.yaml"
        if not file.exists():
            given = dict(data)
            if self._parallel > 1:
                given["validation"] = {**given.get("validation", {}), "parallel_groups": 1}
            file.write_text(text(given), encoding="utf-8")
        record = tries / f"{len(list(tries.iterdir()))}.json"
        also = ["-m", "also", "run", str(file), "--store", str(folder / "store"), "--campaign", CAMPAIGN, "--json"]
        threads = {"ALSO_TRAINER_THREADS": "1"} if self._parallel > 1 else {}
        with ExitStack() as stack:
            output = stack.enter_context((folder / "output.log").open("ab"))
            with self._lock:
                if self._stopped.is_set():
                    raise Stopped("the study was asked to end")
                process = stack.enter_context(
                    subprocess.Popen(
                        [sys.executable, "-m", "benchmarks.study.metered", str(record), sys.executable, *also],
                        cwd=ROOT,
                        env=child_environment(PYTHONPATH=str(ROOT), ALSO_LOGS=str(folder / "logs"), **threads),
                        stdin=subprocess.PIPE,
                        stdout=output,
                        stderr=output,
                    )
                )
                self._processes.add(process)
            process.wait()
            with self._lock:
                self._processes.discard(process)
                if self._stopped.is_set() and process.returncode != 0:
                    raise Stopped("the study was asked to end")


def used(folder: Path) -> Used:
    """What a campaign in a folder took so far."""
    records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((folder / "tries").iterdir())]
    known = all("cpu_seconds" in record for record in records)
    return Used(
        cpu_seconds=sum(record["cpu_seconds"] for record in records) if known else None,
        wall_seconds=sum(record["wall_seconds"] for record in records) if known else None,
        tries=len(records),
    )


def _stored(folder: Path) -> State | None:
    """The state of the campaign in a folder; None where there is none."""
    try:
        records = Journal(open_store(str(folder / "store"), create=False), CAMPAIGN).records
    except MissingStoreError:
        return None
    return fold(records) if records else None
