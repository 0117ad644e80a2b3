"""What people install is whole: a wheel, unpacked where nothing of the checkout is."""

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from also.settings import child_environment

pytestmark = pytest.mark.slow

TINY = """
task: {name: "simple_spread:make_env", workers: 1}
learner: {environments: 4, rollout: 10, hidden: 8, layers: 1, epochs: 1, minibatches: 1}
evaluation: {episodes: 4, report_episodes: 4, branch_points: 1}
stages: {count: 1, env_steps: 80}
validation: {search_env_steps: 40, confirm_env_steps: 40, race_env_steps: 40}
reference: {enabled: false}
"""


@pytest.fixture(scope="module")
def unpacked(root, tmp_path_factory):
    """The wheel's content in a folder of its own."""
    made, source = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("source")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
    for name in tracked.split("\0"):
        if name and name.split("/")[0] in ("also", "pyproject.toml", "README.md", "LICENSE"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((root / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", made, source]
    subprocess.run(command, capture_output=True, check=True, timeout=250)
    (wheel,) = made.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(made / "site")
    return made / "site"


def test_the_wheel_holds_every_file_of_the_package_and_no_other_package(root, unpacked):
    """Prompts, campaigns, recorded situations and stubs too."""
    tracked = subprocess.run(["git", "ls-files", "also"], cwd=root, capture_output=True, text=True, check=True).stdout
    packed = {str(file.relative_to(unpacked)) for file in unpacked.rglob("*") if file.is_file()}
    assert set(tracked.split()) <= packed
    assert {name.split("/")[0] for name in packed if ".dist-info" not in name} == {"also"}


def test_an_unpacked_wheel_runs_a_campaign_in_an_empty_folder(unpacked, tmp_path):
    """From `also init` to a report, with the services and the example's module that lie in the wheel."""
    environment = child_environment(
        PYTHONPATH=str(unpacked), ALSO_STORE=str(tmp_path / "store"), ALSO_LOGS=str(tmp_path / "logs")
    )

    def ask(*command):
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=250)
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = ask(sys.executable, "-c", "import also; print(also.__file__)")
    assert Path(where.strip()) == unpacked / "also" / "__init__.py"
    assert "wrote simple_spread.py" in ask(sys.executable, "-m", "also", "init", "spread")
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    assert "final return" in ask(sys.executable, "-m", "also", "run", "tiny.yaml")
    assert "agrees" in ask(sys.executable, "-m", "also", "replay", "tiny")


def test_a_plain_install_says_which_extra_is_missing(unpacked, tmp_path):
    """One line before anything is written, where a trainer is to run and PyTorch is not there."""
    bare = tmp_path / "site"
    bare.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(("torch", "safetensors", "also_marl", "__editable__")):
            (bare / entry.name).symlink_to(entry)
    done = subprocess.run(
        [sys.executable, "-S", "-m", "also", "run"],
        cwd=tmp_path,
        env=child_environment(PYTHONPATH=f"{unpacked}:{bare}"),
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "error: the trainer needs packages that are not installed here: safetensors, torch; install them, e.g. "
        "pip install 'also-marl[local]', or name a trainer that runs elsewhere by ALSO_TRAINER\n"
    )
    assert [each.name for each in tmp_path.iterdir()] == ["site"]
