"""Progress as lines, when nobody reads them any more."""

import subprocess
import sys

from also.settings import child_environment

PRINT = """
import sys, threading
from also.cli.lines import Lines
with Lines(every=0.01) as lines:
    (ticker,) = [thread for thread in threading.enumerate() if thread.name == "lines"]
    ticker.join(30)
print("alive" if ticker.is_alive() else "ended", file=sys.stderr)
sys.stdout = None  # what it still holds cannot be written
"""


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
