"""The CPU time of a command and of all that it leaves behind."""

import json
import subprocess
import sys

import pytest

ORPHANING = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while time.process_time() < 0.5:
            pass
        open(sys.argv[1], "w").close()
    os._exit(0)
os.wait()
"""
"""Leaves behind a process that takes half a CPU-second, in a session of its own."""


def metered(record, *command, **given):
    """Start a command under the meter."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.study.metered", str(record), *command], stdin=subprocess.PIPE, **given
    )


@pytest.mark.slow
def test_an_orphan_counts(tmp_path):
    """A process whose parent has ended, in a session of its own, is waited for, and its CPU time is told."""
    done = tmp_path / "done"
    process = metered(tmp_path / "record.json", sys.executable, "-c", ORPHANING, str(done))
    assert process.wait(60) == 0
    process.stdin.close()
    assert done.exists()
    assert json.loads((tmp_path / "record.json").read_text())["cpu_seconds"] >= 0.5


def test_the_command_ends_with_the_standard_input(tmp_path):
    """Whoever started it is gone: the command is asked to end, and its exit code says so."""
    process = metered(
        tmp_path / "record.json",
        sys.executable,
        "-c",
        "import time; print('ready', flush=True); time.sleep(600)",
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"ready\n"
    process.stdin.close()
    assert process.wait(60) == 128 + 15
    process.stdout.close()
    assert "cpu_seconds" in json.loads((tmp_path / "record.json").read_text())
