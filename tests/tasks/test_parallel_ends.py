"""How environments and their processes end: what they raise, how they die, where they hang, and who closes them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import torch

from also.errors import ServiceUnavailable, TaskError
from also.services.trainer.streams import mix
from also.services.trainer.tasks.opening import describe, open_task
from also.services.trainer.tasks.parallel.memory import nameless_file
from also.services.trainer.tasks.parallel.place import Place, Places
from also.services.trainer.tasks.parallel.silence import FIRST_NOTICE_SECONDS, Silence
from also.services.trainer.tasks.parallel.task import ParallelTask
from also.v1.task_pb2 import Scalar, Task

Opener = Callable[..., ParallelTask]

SOURCE = Path(__file__).with_name("wayward_environments.py")


def line_of(text: str) -> int:
    """Number of the one line of the environments' source that holds a text."""
    (number,) = [number for number, line in enumerate(SOURCE.read_text().splitlines(), 1) if text in line]
    return number


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_environments: None) -> Path:
    """Folder of the workers' logs."""
    monkeypatch.setenv("ALSO_WORKER_LOGS", str(tmp_path / "logs" / "trainer"))
    return tmp_path / "logs"


@pytest.fixture
def opened(logs: Path) -> Iterator[Opener]:
    """Opens tasks of `wayward_environments`, and closes them."""
    tasks: list[ParallelTask] = []

    def opener(function: str, *, environments: int = 1, workers: int = 1, **given):
        texts = {name: Scalar(text=given.pop(name)) for name in ("book", "trouble") if name in given}
        task = Task(name=f"wayward_environments:{function}", arguments=texts, workers=workers, **given)
        tasks.append(open_task(task, replicas=1, environments=environments))
        logs.mkdir(exist_ok=True)
        (logs / "astray").touch()
        return tasks[-1]

    yield opener
    for task in tasks:
        task.close()


def play(task: ParallelTask, environments: int = 1, steps: int = 5, episodes: int = 1) -> None:
    """Play so many whole episodes of `steps` env_steps."""
    task.reset(mix(torch.arange(environments).unsqueeze(0), 4))
    everywhere = torch.ones(1, environments, dtype=torch.bool)
    for _ in range(episodes):
        for _ in range(steps):
            task.step(torch.ones(1, environments, 2, dtype=torch.int64))
        task.restart(everywhere)


@pytest.mark.slow
def test_an_exception_keeps_its_place(opened: Opener, logs: Path, told) -> None:
    """The error has type, line, lane, episode, seed and env_step; the log has the traceback of the user's frames, and
    one line with all of that."""
    task = opened("raising", environments=2)
    with pytest.raises(TaskError) as caught:
        play(task, environments=2)
    said, line = str(caught.value), line_of("return np.float64(1)")
    assert "step() raised KeyError: 'something'" in said
    assert f"wayward_environments.py:{line} in _divide" in said
    assert re.search(r"step\(\) of lane 0, episode 0 \(seed \d+\), env_step 3", said)
    log = logs / "trainer-worker-0.log"
    assert str(log) in said
    written = log.read_text()
    assert "Traceback (most recent call last):" in written
    assert f'wayward_environments.py", line {line}, in _divide' in written
    assert "in step" in written
    assert "parallel/environment.py" not in written
    assert re.search(r"step\(\) of lane 0, episode 0 \(seed \d+\), env_step 3", written)
    assert "\n" not in said
    (raised,) = told("EnvironmentRaised")
    where = {"task": "wayward_environments:raising", "worker": 0, "call": "step()", "lane": 0, "episode": 0}
    assert raised.items() >= {**where, "env_steps": 2, "error": "KeyError: 'something'"}.items()
    assert f"(seed {raised['seed']})" in said
    assert raised["at"].endswith(f"wayward_environments.py:{line} in _divide")
    assert raised["traceback"].startswith("Traceback (most recent call last):\n")
    assert raised["traceback"] in written


@pytest.mark.slow
def test_an_exception_of_a_trial_keeps_its_place(logs: Path) -> None:
    """A trial has episodes and env_steps too."""
    with pytest.raises(
        TaskError, match=r"raised ZeroDivisionError: division by zero, at .*small_environments.py:\d+"
    ) as e:
        describe(Task(name="small_environments:raising_step"))
    log = logs / "trainer-worker-0.log"
    assert str(log) in str(e.value)
    assert re.search(r"step\(\) of the trial, episode 0 \(seed \d+\), env_step 4", log.read_text())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("exiting", r"died with exit code 3 in step\(\) of lane 0, .*; its last words: the licence has expired; "),
        ("killed", r"died with exit code -9 \(SIGKILL: .*\) in step\(\) of lane 0, "),
        ("crashing", r"died with exit code -11 \(SIGSEGV\) .*last words: Fatal Python error: Segmentation fault, at "),
    ],
)
def test_a_worker_that_dies_tells_its_own_exit_and_last_words(function: str, message: str, opened: Opener) -> None:
    """It is waited for: what is told is how it ended by itself, never that it was ended."""
    task = opened(function)
    with pytest.raises(ServiceUnavailable, match=message) as caught:
        play(task)
    assert "exit code -15" not in str(caught.value)
    with pytest.raises(ServiceUnavailable, match=message):  # nor later
        task.step(torch.ones(1, 1, 2, dtype=torch.int64))


@pytest.mark.slow
def test_user_code_that_exits_is_an_error_of_the_task(opened: Opener) -> None:
    """`sys.exit` in a step is an exception like any other."""
    with pytest.raises(TaskError, match=r"step\(\) raised SystemExit: no more, at .*wayward_environments.py"):
        play(opened("leaving"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "line"), [("hanging", "time.sleep(0.05)"), ("holding", "PyDLL(None).pause()")], ids=["Python", "C"]
)
def test_a_step_that_never_returns_is_an_error_that_says_where(
    function: str, line: str, opened: Opener, logs: Path
) -> None:
    """After the task's own time; the worker is ended, and the log has its frames, of C code that never yields too."""
    before = set(psutil.Process().children())
    task = opened(function, step_timeout=1.0)
    (worker,) = set(psutil.Process().children()) - before
    with pytest.raises(TaskError) as caught:
        play(task)
    said = str(caught.value)
    assert re.search(
        r"worker 0 of task .* did not come back from step\(\) of lane 0, episode 0 \(seed \d+\), env_step 3", said
    )
    assert f"for 1 s and was ended; it stands in wayward_environments.py:{line_of(line)} in " in said
    assert "task.step_timeout" in said
    assert "most recent call first" in (logs / "trainer-worker-0.log").read_text()
    assert not worker.is_running()


@pytest.mark.slow
def test_a_function_that_never_returns_is_an_error_too(logs: Path) -> None:
    """Building has the same time."""
    task = Task(name="wayward_environments:hanging_to_build", step_timeout=1.0)
    with pytest.raises(TaskError, match=r"did not come back from hanging_to_build\(\) of the trial for 1 s"):
        describe(task)


@pytest.mark.slow
def test_a_second_process_that_does_not_come_back_is_named(logs: Path, tmp_path: Path) -> None:
    """Its start has the time of a start; it is not the environment that others of its process disturb."""
    task = Task(
        name="wayward_environments:hanging_elsewhere",
        step_timeout=1.0,
        arguments={"mark": Scalar(text=str(tmp_path / "mark"))},
    )
    with pytest.raises(TaskError) as caught:
        describe(task)
    said = str(caught.value)
    assert "did not come back from playing the trial again in another process of the trial for 1 s" in said
    assert "environments_per_process" not in said


def test_silence_is_said_before_it_is_an_error() -> None:
    """After twice as long each time; a call that begins ends it."""
    now = [100.0]
    descriptor = nameless_file()
    places, place = Places(descriptor, 2), Place()
    place.share(descriptor, 1)
    silence = Silence(places, {1}, 300, clock=lambda: now[0])
    place.at(3, 2, 17, 16)
    place.enter("step()")
    heard = []
    for second in range(260):
        now[0] = 100.0 + second
        heard += [(second, text) for _, text in silence.notices()]
        assert silence.overdue() == []
    assert [second for second, _ in heard] == [FIRST_NOTICE_SECONDS * 2**power for power in range(5)]
    assert heard[0][1] == "no step for 10 s: it is in step() of lane 3, episode 2 (seed 17), env_step 17"
    place.enter("step()")
    now[0] += 100
    assert (list(silence.notices()), silence.overdue()) == ([], [])
    now[0] += 300
    assert silence.overdue() == [1]


def words(book: Path) -> list[str]:
    """What environments have written down."""
    return [line.split()[0] for line in book.read_text().splitlines()]


@pytest.mark.slow
def test_environments_are_closed(opened: Opener, tmp_path: Path) -> None:
    """That of the trial before the lanes are built, and those of the lanes when the task is closed."""
    book = tmp_path / "book"
    task = opened("closing", environments=3, workers=2, book=str(book))
    tried, lanes = words(book)[:-3], words(book)[-3:]
    assert tried.count("built") == tried.count("closed") > 1
    assert lanes == ["built"] * 3
    task.close()
    assert words(book)[-3:] == ["closed"] * 3
    assert words(book).count("built") == words(book).count("closed")


@pytest.mark.slow
def test_the_environment_of_a_description_is_closed(logs: Path, tmp_path: Path) -> None:
    """It was only tried."""
    book = tmp_path / "book"
    describe(Task(name="wayward_environments:closing", arguments={"book": Scalar(text=str(book))}))
    assert words(book)[-1] == "closed"
    assert words(book).count("built") == words(book).count("closed")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trouble", "raised"), [("raises", "RuntimeError: the door is stuck"), ("exits", "SystemExit")]
)
def test_an_exception_of_close_is_a_line_in_the_log(
    trouble: str, raised: str, opened: Opener, logs: Path, tmp_path: Path
) -> None:
    """The other environments are closed all the same, and nothing fails."""
    book = tmp_path / "book"
    task = opened("closing", environments=2, book=str(book), trouble=trouble)
    play(task, environments=2)
    task.close()
    assert words(book)[-2:] == ["closed", "closed"]
    written = (logs / "trainer-worker-0.log").read_text()
    assert f"warning: task 'wayward_environments:closing': close() raised {raised}" in written


@pytest.mark.slow
def test_a_process_that_may_hold_one_environment_holds_one(opened: Opener, tmp_path: Path) -> None:
    """Each environment is built in a process that has never had another, the trial's included."""
    book = tmp_path / "book"
    task = opened("closing", environments=4, workers=2, environments_per_process=1, book=str(book))
    built = [line.split()[1] for line in book.read_text().splitlines() if line.startswith("built")]
    assert len(built) == len(set(built)) == 6  # the trial is played in two processes
    play(task, environments=4)
    assert len(task._processes.pids) == 4
    for function, trouble in (("single", {"trouble": "step"}), ("forever", {})):
        play(opened(function, environments=3, environments_per_process=1, **trouble), environments=3)
    spread = opened("countdown", environments=5, environments_per_process=2)
    play(spread, environments=5)
    assert len(spread._processes.pids) == 3


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["build", "step", "hang"])
def test_an_environment_that_bears_no_other_beside_it_is_told_the_remedy(trouble: str, opened: Opener) -> None:
    """Whatever fails in a trial where two share a process says what to set."""
    with pytest.raises(TaskError, match=r"set task.environments_per_process: 1") as caught:
        play(opened("single", environments=2, trouble=trouble, step_timeout=1.0), environments=2)
    assert {"build": "another simulation is running", "step": "is not the one", "hang": "did not come back"}[
        trouble
    ] in str(caught.value)


@pytest.mark.slow
def test_an_error_of_its_own_is_no_reason_for_that_remedy(opened: Opener) -> None:
    """An environment alone in its process is disturbed by none."""
    with pytest.raises(TaskError) as caught:
        play(opened("raising"))
    assert "environments_per_process" not in str(caught.value)


def test_more_processes_than_a_machine_bears_are_refused(opened: Opener) -> None:
    """The number is told, before anything is started."""
    with pytest.raises(
        TaskError, match=r"5,000 environments with task.environments_per_process 1 take 5,000 processes"
    ):
        opened("countdown", environments=5000, environments_per_process=1)
