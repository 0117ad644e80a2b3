"""What every contender of a benchmark answers: one JSON line for each measurement of its training.

A contender is a script of this folder, run as a file by the interpreter of its own environment, and from
the root of whichever commit it measures. It trains on and on, and tells its `Meter` after each piece of
work how many env_steps that was:

    meter = Meter(parser)
    while True:
        meter.tick(train())

The first tick is the end of the warm-up: compilation is over and the caches are filled. Then a
measurement goes over as many pieces as take `--seconds`. With `--serve` each waits for a line on standard
input, so that `benchmarks.turns` can measure contenders in turns while only one of them is at work; else
`--repeats` of them follow each other. What packages print on standard output goes to standard error. Nothing
but the standard library is needed here.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


class Meter:
    """Wall time and CPU time of training, from one tick to a later one."""

    def __init__(self, parser: argparse.ArgumentParser, arguments: Sequence[str] | None = None) -> None:
        """Read the command line.

        Args:
            parser: knows the contender's own arguments.
            arguments: command line; None is that of the process.
        """
        parser.add_argument("--seconds", type=float, default=3.0, help="wall time of a measurement, at least")
        parser.add_argument("--repeats", type=int, default=1, help="measurements, unless --serve is given")
        parser.add_argument("--serve", action="store_true", help="measure once for each line of standard input")
        self.arguments = parser.parse_args(arguments)
        self._answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        self.versions: Mapping[str, str] = {}
        """Packages that the numbers depend on, told with the first line."""
        self.workers: Sequence[int] = ()
        """Process ids of children whose CPU time counts too."""
        self.counts_itself = True
        """Whether this process's own CPU time counts."""
        self._left: int | None = None
        self._env_steps = 0
        self._wall = self._cpu = 0.0

    def tick(self, env_steps: int) -> None:
        """Take note of a piece of work that has just been done.

        Args:
            env_steps: joint env_steps that were collected and learnt from.

        Raises:
            SystemExit: nothing more is to be measured.
        """
        wall, cpu = time.perf_counter(), self._cpu_seconds()
        if self._left is None:
            self._left = self.arguments.repeats
            self._say({"start_seconds": _age(), "versions": dict(self.versions)})
        else:
            self._env_steps += env_steps
            if wall - self._wall < self.arguments.seconds:
                return
            self._say({"env_steps": self._env_steps, "wall_seconds": wall - self._wall, "cpu_seconds": cpu - self._cpu})
        if self.arguments.serve:
            if not sys.stdin.readline():
                sys.exit(0)
        else:
            if self._left == 0:
                sys.exit(0)
            self._left -= 1
        self._env_steps = 0
        self._wall, self._cpu = time.perf_counter(), self._cpu_seconds()

    def _say(self, line: Mapping[str, object]) -> None:
        self._answers.write(json.dumps(line) + "\n")
        self._answers.flush()

    def _cpu_seconds(self) -> float:
        """CPU time of all threads of this process, where it counts, and of its workers."""
        own = time.process_time() if self.counts_itself else 0.0
        return own + sum(time.clock_gettime(_cpu_clock(pid)) for pid in self.workers)


def _cpu_clock(pid: int) -> int:
    """Linux's clock of another process's CPU time, all threads; as clock_getcpuclockid(3) makes it."""
    return ~pid << 3 | 2


def _age() -> float:
    """Seconds since this process was started, imports included, to a hundredth."""
    fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")  # see proc(5)


def pin(cores: int) -> None:
    """Keep this process, and threads and processes that it starts later, on the first `cores` it may use."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
