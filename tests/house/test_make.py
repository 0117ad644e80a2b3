"""What a person types first: `make`, on a machine that may not have what it takes."""

import os
import re
import subprocess

import pytest


@pytest.fixture
def create_venv(root, tmp_path):
    """Runs the script that makes the virtual environment, with nothing but these commands on its path."""

    def run(*arguments, **commands):
        folder = tmp_path / "bin"
        folder.mkdir()
        for name, body in commands.items():
            command = folder / name.replace("_", ".")
            command.write_text(f"#!/bin/sh\n{body}\n")
            command.chmod(0o755)
        return subprocess.run(
            ["/bin/sh", root / "tools/create_venv.sh", tmp_path / "venv", *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": str(folder)},
        )

    return run


TOO_OLD = "exit 1"
NEW_ENOUGH = 'case "$1" in -c) echo "/usr/bin/python3 3.12.1" ;; *) echo "called with $*" ;; esac'


def test_make_alone_lists_what_there_is(root):
    """`make` without a target explains every target that a person may use."""
    listing = subprocess.run(["make", "--directory", root], capture_output=True, text=True, check=True).stdout
    assert re.findall(r"make ([\w-]+) +\w", listing) == [
        "help",
        "run",
        "wheel",
        "test",
        "e2e-llm",
        "e2e",
        "check",
        "format",
        "proto",
        "docs",
        "bench",
    ]


def test_the_first_python_that_fits_is_taken(create_venv):
    """A python3 that is too old is passed over for a newer one beside it."""
    result = create_venv(python3=TOO_OLD, python3_12=NEW_ENOUGH)
    assert result.returncode == 0
    assert "Creating" in result.stdout
    assert "called with -m venv" in result.stdout


def test_a_machine_without_a_python_that_fits_is_told_so(create_venv):
    """The error says what is needed, what was tried, and how to name another one; exit code 2."""
    result = create_venv(python3=TOO_OLD)
    assert result.returncode == 2
    assert "no Python >= 3.11" in result.stderr
    assert "make run PYTHON=" in result.stderr


@pytest.mark.parametrize("given", ["/bin/false", "/no/such/python"])
def test_a_python_that_was_named_and_does_not_fit_is_refused(create_venv, given):
    """No other one is taken in its place."""
    result = create_venv(given, python3=NEW_ENOUGH)
    assert result.returncode == 2
    assert f"error: PYTHON={given} is not a Python >= 3.11" in result.stderr
