"""What an image installs: the requirements of its service, and of the extras that it is built with."""

import shutil
import subprocess
import sys

import pytest

from tools.generate_proto import ROOT


@pytest.fixture
def written(tmp_path):
    """Runs the script beside the project's files; gives what it ended with, and the names that pip is asked for."""
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)

    def run(*arguments):
        command = [sys.executable, ROOT / "deploy" / "images" / "requirements.py", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        file = tmp_path / "requirements.txt"
        return done, file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    return run


def test_a_campaigns_image_has_the_trackers_that_it_is_built_with(written):
    """And none without being told to."""
    done, plain = written("campaign")
    assert done.returncode == 0, done.stderr
    done, more = written("campaign", "tensorboard", "wandb")
    assert done.returncode == 0, done.stderr
    assert [each.partition(">")[0] for each in more if each not in plain] == ["tensorboard", "wandb"]
    assert set(plain) < set(more)


def test_an_extra_that_is_none_ends_the_build_with_one_line(written):
    """It names the extra, and those that there are."""
    done, requirements = written("campaign", "wandbb")
    assert done.returncode == 1
    assert requirements == []
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: EXTRAS has 'wandbb', which is no extra; the extras are critic, dev, ")
