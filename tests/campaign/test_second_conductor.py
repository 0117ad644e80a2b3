"""Two commands for one campaign: who is at work is said at once, and who has gone is known."""

import subprocess
import sys

import psutil
import pytest


@pytest.mark.slow
def test_who_conducts_is_shown_and_nobody_conducts_beside(real_run, real_environment, tmp_path):
    """While a real campaign is under way, and after its conductor was killed."""

    def also(*arguments):
        command = [sys.executable, "-m", "also", *arguments]
        return subprocess.run(
            command, env=real_environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=120
        )

    endless = ["--set", "stages.count=10000", "--set", "reference.enabled=false", "--set", "reference.one_shot=false"]
    with real_run(tmp_path, "--json", *endless) as command:
        assert command.stdout is not None
        for _ in range(2):
            command.stdout.readline()
        shown = also("status", "tiny").stdout
        assert f", process {command.pid}), heard of" in next(
            line for line in shown.splitlines() if line.startswith("conductor         at work (")
        )
        assert "at work" in also("status").stdout
        second = also("run", "tiny.yaml", "--json", *endless)
        assert second.returncode == 2
        assert (
            second.stderr.strip()
            .splitlines()[-1]
            .startswith("error: campaign 'tiny' is being run by another conductor (")
        ), second.stderr
        family = psutil.Process(command.pid).children(recursive=True)
        command.kill()
    psutil.wait_procs(family, timeout=60)
    shown = also("status", "tiny").stdout
    assert f"process {command.pid})" in next(
        line for line in shown.splitlines() if line.startswith("conductor         gone; last heard of ")
    )
    with real_run(tmp_path, "--json", *endless) as command:
        assert command.stdout is not None
        command.stdout.readline()
        command.terminate()
        said = command.communicate(timeout=120)[1]
    assert command.returncode == 130, said
    assert "it was interrupted" in also("status", "tiny").stdout
