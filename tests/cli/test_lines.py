"""Progress as lines, when nobody reads them any more."""

import io
import subprocess
import sys
import time
from contextlib import redirect_stdout

import pytest

from also.cli.lines import Lines
from also.settings import child_environment

PRINT = """
import sys, threading
from also.cli.lines import Lines
with Lines(look=0.01, repeat=0.02) as lines:
    (ticker,) = [thread for thread in threading.enumerate() if thread.name == "lines"]
    ticker.join(30)
print("alive" if ticker.is_alive() else "ended", file=sys.stderr)
sys.stdout = None  # what it still holds cannot be written
"""


@pytest.mark.slow
def test_a_reader_that_goes_away_ends_the_lines_without_a_traceback():
    """As `also run | head -1` does."""
    with subprocess.Popen(
        [sys.executable, "-c", PRINT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=child_environment(),
    ) as process:
        first = process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert (first, said) == ("[0:00] starting the services\n", "ended\n")


def test_a_line_comes_when_something_changes_and_after_a_minute(records):
    """Not again and again while a step only goes on."""
    looks, now = 0, 0.0

    def clock():
        nonlocal looks
        looks += 1
        return now

    def lines_of(step):
        return [line for line in printed.getvalue().splitlines() if step in line]

    with redirect_stdout(io.StringIO()) as printed, Lines(clock, look=0.001) as told:
        told.found(records[:2])
        while not lines_of("stage 0: diagnosing"):
            time.sleep(0.001)
        told.record(records[2])
        while not lines_of("stage 0, round 0: proposing"):
            time.sleep(0.001)
        seen = looks
        while looks < seen + 300:
            time.sleep(0.001)
        assert len(lines_of("stage 0, round 0: proposing")) == 1
        now = 61.0
        while len(lines_of("stage 0, round 0: proposing")) < 2:
            time.sleep(0.001)
    assert len(lines_of("stage 0: diagnosing")) == 1
