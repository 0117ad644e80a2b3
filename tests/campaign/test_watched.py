"""A real campaign, watched by a process that sees only its store."""

import subprocess
import sys

import pytest

from also.settings import child_environment


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_who_watches_sees_every_record_and_ends_with_the_campaign(real_run, tmp_path):
    """Begun while the campaign is under way; its lines are those of the conductor."""
    with real_run(tmp_path, "--json") as command:
        assert command.stdout is not None
        first = command.stdout.readline()
        with subprocess.Popen(
            [sys.executable, "-m", "also", "watch", "tiny", "--json", "--store", str(tmp_path / "store")],
            env=child_environment(ALSO_STORE=str(tmp_path / "nowhere")),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as watcher:
            printed, said = command.communicate(timeout=300)
            seen, complained = watcher.communicate(timeout=60)
    assert (command.returncode, watcher.returncode) == (0, 0), said + complained
    assert seen == first + printed
