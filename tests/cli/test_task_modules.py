"""A task's module beside its campaign file is found from any folder, and where it is not, the error says where it was
looked for."""

import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from also import keys
from also.store import open_store

pytestmark = pytest.mark.slow

ENVIRONMENTS = Path(__file__).parent.parent / "tasks" / "wayward_environments.py"

CAMPAIGN = """
task: {name: "their_module:FUNCTION", workers: 1}
learner: {environments: 2, rollout: 8, hidden: 8, layers: 1}
evaluation: {episodes: 2, report_episodes: 2}
stages: {count: 1, env_steps: 16}
budget: {env_steps: 1000}
"""


@pytest.fixture
def file(tmp_path):
    """Campaign file with its module beside it, in a folder that is not the current one."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    shutil.copy(ENVIRONMENTS, folder / "their_module.py")
    (folder / "count.yaml").write_text(CAMPAIGN.replace("FUNCTION", "countdown"))
    return folder / "count.yaml"


def test_a_campaign_file_names_a_task(also, file):
    """`also tasks` takes one, and finds the module beside it."""
    code, out, err = also("tasks", os.path.relpath(file))
    assert code == 0
    assert [line for line in err.splitlines() if not line.startswith("trying ")] == []  # said where it takes long
    assert "their_module:countdown" in out


def test_a_module_that_is_nowhere_is_an_error_that_says_where_it_was_looked_for(also, file, tmp_path):
    """The current folder, the campaign file's, and the interpreter's packages."""
    (file.parent / "their_module.py").unlink()
    code, _, err = also("tasks", str(file))
    assert code == 2
    assert (
        f"in the current folder {tmp_path}, beside the campaign file in {file.parent} or among the packages of" in err
    )


def test_a_campaign_finds_its_module_from_any_folder(also, file, tmp_path, monkeypatch):
    """When it runs, when it is taken up, and when its checkpoint is evaluated, for which there is no file."""
    assert also("run", str(file))[0] == 0
    assert also("run", os.path.relpath(file))[0] == 0
    (checkpoint,) = open_store(str(tmp_path / "store")).names(f"{keys.campaign('count')}checkpoints/")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    code, out, _ = also("evaluate", checkpoint.removesuffix(".json"), "--campaign", "count")
    assert (code, out[:7]) == (0, "return ")
    assert not (tmp_path / "logs" / "count" / "trainer-worker-0.log").exists()


def test_a_step_that_never_returns_is_told_while_it_lasts_and_ends_the_campaign(also, file, tmp_path):
    """With worker, call and line, and exit code 2."""
    file.write_text(CAMPAIGN.replace("FUNCTION", "hanging").replace("workers: 1", "workers: 1, step_timeout: 14"))
    threading.Thread(target=_go_astray_once_begun, args=(tmp_path,), daemon=True).start()
    code, out, err = also("run", str(file))
    assert code == 2
    assert "trainer: worker 0 of task 'their_module:hanging': no step for 10 s: it is in step() of lane 0" in out + err
    assert "their_module.py:" in err
    assert "_wait_for_ever; frames of all its threads are in" in err
    assert "most recent call first" in (tmp_path / "logs" / "count" / "trainer-worker-0.log").read_text()


def _go_astray_once_begun(folder):
    """Have the environment hang from the campaign's first record on, when its trial is over."""
    while not any(folder.rglob("00000000.json")):
        time.sleep(0.05)
    logs = folder / "logs" / "count"
    logs.mkdir(parents=True, exist_ok=True)
    (logs / "astray").touch()
