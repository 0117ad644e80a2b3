"""An environment in an interpreter of its own, which has NumPy and nothing of ALSO's, is a task like any other."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from also.errors import ServiceUnavailable, TaskError
from also.services.trainer.streams import mix
from also.services.trainer.tasks.opening import describe, open_task
from also.services.trainer.tasks.parallel.task import ParallelTask
from also.v1.task_pb2 import Scalar, Task

pytestmark = pytest.mark.slow

Opener = Callable[..., ParallelTask]


@pytest.fixture(scope="session")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment without pip whose only package is NumPy."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    installed = Path(np.__file__).parent
    for each in (installed, installed.with_name("numpy.libs")):
        if each.is_dir():
            (packages / each.name).symlink_to(each)
    return folder / "bin" / "python"


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_environments: None) -> Path:
    """Folder of the workers' logs; nothing of ALSO's is on the interpreter's path."""
    monkeypatch.setenv("ALSO_WORKER_LOGS", str(tmp_path / "logs" / "trainer"))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return tmp_path / "logs"


@pytest.fixture
def opened(logs: Path, interpreter: Path) -> Iterator[Opener]:
    """Opens tasks of `foreign_environments`, and closes them."""
    tasks: list[ParallelTask] = []

    def opener(*, deed: str = "", environments: int = 1, **given):
        task = Task(name="foreign_environments:race", python=str(interpreter), **given)
        task.arguments["deed"].text = deed
        tasks.append(open_task(task, replicas=1, environments=environments))
        return tasks[-1]

    yield opener
    for task in tasks:
        task.close()


def walk(task: ParallelTask, environments: int) -> list[torch.Tensor]:
    """Everything that is seen in two episodes of every environment."""
    names = tuple(feature.name for feature in task.card.features)
    task.reset(mix(torch.arange(environments).unsqueeze(0), 4))
    seen = []
    for number in range(6):
        outcome = task.step(torch.full((1, environments, 2), 2 * (number % 2), dtype=torch.int64))
        view = task.view()
        seen += [view.observations, view.state, view.action_mask, outcome.reward, *task.features(names).values()]
        task.restart(outcome.terminated | outcome.truncated)
    return seen


def test_an_environment_of_another_interpreter_is_a_task(opened: Opener) -> None:
    """Spaces of its own classes, masks, features, state and card come over, with their right values."""
    task = opened(environments=2, workers=1)
    card = task.card
    assert card.description == f"Run. NumPy {np.__version__}; seen: []."
    assert (list(card.agents), card.observation_size, card.state_size) == (["ann", "bob"], 4, 3)
    assert (card.action_space.size, card.smallest_return) == (3, 0.5)
    assert [feature.name for feature in card.features] == ["time", "sum", "share", "episode_return"]
    task.reset(mix(torch.arange(2).unsqueeze(0), 4))
    view = task.view()
    assert view.action_mask[0, 0].tolist() == [[True, False, True]] * 2
    assert view.observations[0, 0, 0, 0] == view.observations[0, 0, 1, 0] == 0
    assert torch.equal(view.observations[0, :, 0, 1:3], view.observations[0, :, 1, 2:4])  # ann's dice are bob's
    assert torch.allclose(view.observations[0, :, 0, 1:3], view.state[0, :, 1:])
    ends = []
    for number in range(3):
        outcome = task.step(torch.tensor([[[0, 2], [2, 2]]]))
        assert task.features(("time",))["time"].tolist() == [[number + 1.0] * 2]
        ends.append((outcome.terminated.tolist(), outcome.reward.tolist()))
    assert ends == [([[False] * 2], [[0.0] * 2])] * 2 + [([[True] * 2], [[0.5] * 2])]
    assert task.features(("share",))["share"].tolist() == [[[0.0, 0.5]] * 2]


def test_dice_of_the_process_are_each_environments_own(opened: Opener) -> None:
    """What an environment draws from `random` and NumPy follows from its seed, whoever else is in the process."""
    together, apart = walk(opened(environments=3, workers=1), 3), walk(opened(environments=3, workers=3), 3)
    assert all(torch.equal(one, other) for one, other in zip(together, apart, strict=True))
    draws = together[0][0, :, 0, 1]
    assert len(set(draws.tolist())) == 3


def test_an_exception_of_another_interpreter_keeps_its_place(opened: Opener, logs: Path) -> None:
    """Name, line, lane, episode and env_step, and its own traceback in the log."""
    with pytest.raises(TaskError) as caught:
        opened(deed="raise")
    said = str(caught.value)
    assert "step() raised IndexError: list index out of range, at foreign_environments.py:" in said
    log = logs / "trainer-worker-0.log"
    assert str(log) in said
    written = log.read_text()
    assert re.search(r'foreign_environments.py", line \d+, in step', written)
    assert "foreign/process.py" not in written
    assert re.search(r"step\(\) of the trial, episode 0 \(seed \d+\), env_step 2", written)


def test_another_interpreter_that_dies_tells_its_own_exit(opened: Opener) -> None:
    """As if the worker had done it."""
    with pytest.raises(ServiceUnavailable, match=r"died with exit code 3 in step\(\) .* its last words: no licence"):
        opened(deed="exit")


def test_a_step_that_never_returns_there_is_an_error_that_says_where(opened: Opener) -> None:
    """The line in the other interpreter, which is ended."""
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(TaskError, match=r"it stands in foreign_environments.py:\d+ in _hang; frames"):
        opened(deed="hang", step_timeout=1.5)
    assert set(psutil.Process().children(recursive=True)) <= before


def test_no_interpreter_outlives_its_task(opened: Opener) -> None:
    """Each worker has one, and closing ends both."""
    before = set(psutil.Process().children(recursive=True))
    task = opened(environments=2, workers=2)
    started = set(psutil.Process().children(recursive=True)) - before
    assert len(started) == 4
    task.close()
    assert not any(process.is_running() for process in started)


def test_an_interpreter_that_cannot_be_used_is_one_clear_error(logs: Path, tmp_path: Path) -> None:
    """Not there, not executable, no Python, or without NumPy."""
    (tmp_path / "text").write_text("python")
    (tmp_path / "no-python").write_text("#!/bin/sh\nexit 4\n")
    (tmp_path / "no-python").chmod(0o755)
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    for python, message in [
        (tmp_path / "nowhere", "task.python '.*nowhere' is not there: .*; a Python interpreter is expected"),
        (tmp_path / "text", "text cannot be executed"),
        (tmp_path / "no-python", "no-python' ended with exit code 4 at once; Python 3.8 or later with NumPy is needed"),
        (bare / "bin" / "python", "cannot run an environment: No module named 'numpy'; it needs NumPy"),
    ]:
        with pytest.raises(TaskError, match=message):
            describe(Task(name="foreign_environments:race", python=str(python)))


def test_what_is_wrong_with_the_task_is_said_as_of_any(interpreter: Path, logs: Path) -> None:
    """By the same sentences, naming the other interpreter."""
    for name, message in [
        ("no_such_module:race", f"there is no module 'no_such_module' .* among the packages of {interpreter}"),
        ("foreign_environments:run", "module 'foreign_environments' has no attribute 'run'"),
        ("foreign_environments:DEEDS", "module 'foreign_environments' has no function 'DEEDS'"),
        ("foreign_environments:nothing", "returned a dict, which is no PettingZoo Parallel environment"),
        (
            "foreign_environments:player",
            "returned a Player, which is no PettingZoo Parallel environment: it has no reset, step$",
        ),
        ("foreign_environments:unknown_space", "its observation space is a .*Player"),
        ("small_environments:line", "importing 'small_environments' raised ModuleNotFoundError: No module named "),
    ]:
        with pytest.raises(TaskError, match=message):
            describe(Task(name=name, python=str(interpreter)))


def test_a_relative_interpreter_is_found_beside_the_campaign_file(
    interpreter: Path, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the current folder has none."""
    monkeypatch.setenv("ALSO_TASK_FOLDER", str(interpreter.parent.parent))
    task = Task(name="foreign_environments:race", python="bin/python", arguments={"prize": Scalar(number=2)})
    assert describe(task).largest_return == 1  # 2, divided by two agents


def test_equal_environments_are_equal_here_and_there(
    interpreter: Path, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With Gymnasium's spaces of all kinds, and bit for bit."""
    (packages,) = interpreter.parent.parent.glob("lib/python*/site-packages")
    (packages / "ours.pth").write_text(os.pathsep.join([str(Path(np.__file__).parent.parent)]))
    try:
        for function, arguments in [("described_line", {}), ("uneven", {}), ("gliding", {})]:
            tasks = [
                Task(name=f"small_environments:{function}", workers=1, python=python, arguments=arguments)
                for python in ("", str(interpreter))
            ]
            here, there = [open_task(task, replicas=1, environments=2) for task in tasks]
            try:
                assert here.card == there.card
                kinds = (1, 2, len(here.card.agents))
                actions = torch.zeros(kinds, dtype=torch.int64)
                if function == "gliding":
                    actions = torch.full((*kinds, here.card.action_space.size), 0.5)
                for task in (here, there):
                    task.reset(mix(torch.arange(2).unsqueeze(0), 4))
                for _ in range(4):
                    ends = [task.step(actions) for task in (here, there)]
                    assert torch.equal(ends[0].reward, ends[1].reward)
                    assert torch.equal(here.view().observations, there.view().observations)
                    assert torch.equal(here.view().state, there.view().state)
            finally:
                here.close()
                there.close()
    finally:
        (packages / "ours.pth").unlink()
