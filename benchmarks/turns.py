"""Contenders of a benchmark measured in turns: A B C A B C ..., one at work while the others wait.

Each contender is a process of `benchmarks/contenders/` with `--serve`, which has compiled and warmed up once
and then measures once for each line that it gets. So all of them share the machine's moods, and a
ratio is the median of the ratios of single turns. One that cannot be started, or that ends, is left
out with its reason.
"""

import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

from also.settings import child_environment

CONTENDERS = Path(__file__).parent / "contenders"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """How a contender is started."""

    name: str
    """What the table calls it."""
    python: Path
    """Interpreter of its environment."""
    script: str
    """File in `benchmarks/contenders/`."""
    arguments: Sequence[str]
    """Its arguments, without those of `serving.Meter`."""
    folder: Path
    """Folder that it runs in, and that it imports from first."""
    cores: int
    """Cores that it may use, the first ones of this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One turn of a contender."""

    env_steps: int
    """Joint env_steps that were collected and learnt from."""
    wall_seconds: float
    """Wall time."""
    cpu_seconds: float
    """CPU time of all its threads and workers."""

    @property
    def wall_rate(self) -> float:
        """env_steps a second."""
        return self.env_steps / self.wall_seconds

    @property
    def cpu_rate(self) -> float:
        """env_steps a CPU-second, that is, per core."""
        return self.env_steps / self.cpu_seconds


@dataclass(slots=True, kw_only=True)
class Turns:
    """What was measured of one contender."""

    contender: Contender
    """The contender."""
    start_seconds: float = 0.0
    """Wall time until it had warmed up, compilation included."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Packages that it runs on."""
    measurements: list[Measurement] = field(default_factory=list)
    """One a turn."""
    missing: str = ""
    """Why it has no measurements; empty where it has."""

    def ratio(self, other: "Turns", rate: str) -> float:
        """Median over turns of this contender's rate divided by the other's; `rate` is a property's name."""
        pairs = zip(self.measurements, other.measurements, strict=True)
        return float(statistics.median(getattr(ours, rate) / getattr(theirs, rate) for ours, theirs in pairs))


def measure(contenders: Sequence[Contender], *, repeats: int, seconds: float) -> list[Turns]:
    """Start all contenders, one after another, and measure them in turns.

    Args:
        contenders: what is measured.
        repeats: turns of each.
        seconds: wall time of a turn, at least.
    """
    found = [Turns(contender=contender) for contender in contenders]
    with ExitStack() as stack:
        processes: list[_Process | None] = []
        for turns in found:
            process = stack.enter_context(_Process(turns.contender, seconds))
            try:
                ready = process.answer()
                turns.start_seconds, turns.versions = ready["start_seconds"], ready["versions"]
                processes.append(process)
            except _Ended as reason:
                turns.missing = str(reason)
                processes.append(None)
        for _ in range(repeats):
            for index, turns in enumerate(found):
                process_now = processes[index]
                if process_now is None:
                    continue
                try:
                    turns.measurements.append(Measurement(**process_now.ask()))
                except _Ended as reason:
                    turns.missing = str(reason)
                    turns.measurements.clear()
                    processes[index] = None
    return found


class _Ended(Exception):
    """A contender could not be started, or has ended; the text says why."""


class _Process:
    """A running contender. It ends with its standard input, so it never outlives this process."""

    def __init__(self, contender: Contender, seconds: float) -> None:
        self._contender = contender
        self._seconds = seconds
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[str] = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115

    def __enter__(self) -> Self:
        contender = self._contender
        command = [str(contender.python), str(CONTENDERS / contender.script), *contender.arguments]
        allowed = os.sched_getaffinity(0)
        os.sched_setaffinity(0, sorted(allowed)[: contender.cores])  # the child inherits it
        try:
            self._process = subprocess.Popen(
                [*command, "--serve", "--seconds", str(self._seconds)],
                cwd=contender.folder,
                env=child_environment(PYTHONPATH=str(contender.folder)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
            )
        except OSError as error:
            self._errors.write(f"{contender.python}: {error.strerror}")
            self._errors.flush()
        finally:
            os.sched_setaffinity(0, allowed)
        return self

    def __exit__(self, *error: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._errors.close()

    def ask(self) -> dict[str, Any]:
        """Have it measure once.

        Raises:
            _Ended: it has ended.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        except OSError:
            raise self._ended() from None
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """Its next line.

        Raises:
            _Ended: it has ended.
        """
        if self._process is None:
            raise self._ended()
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _ended(self) -> _Ended:
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        return _Ended(lines[-1][:200] if lines else "it ended without a word")
