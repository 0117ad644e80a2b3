"""Processes on a lifeline: none outlives its parent."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from also import lifeline
from also.forks.process import ForkedProcess
from also.forks.starter import ForkServer

FAMILY = """
import os, subprocess, sys, time
from pathlib import Path
from also import lifeline

folder, generations = Path(sys.argv[1]), int(sys.argv[2])
if lifeline.FLAG in sys.argv:
    lifeline.hold()
if generations:
    child = lifeline.spawn("family", [str(folder), str(generations - 1)], log=folder / "log")
(folder / f"new-{generations}").write_text(str(os.getpid()))
(folder / f"new-{generations}").rename(folder / f"pid-{generations}")
time.sleep(600)
"""

CHILD = """
import signal, sys, time
from also import lifeline

def main():
    lifeline.hold()
    if "stubborn" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "polite" in sys.argv:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    print("to the log", file=sys.stderr)
    print("ready")
    time.sleep(600)

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """A folder with the modules above, on the path of every child."""
    (tmp_path / "family.py").write_text(FAMILY)
    (tmp_path / "child.py").write_text(CHILD)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path.cwd())]))
    return tmp_path


@pytest.fixture(params=["anew", "forked"])
def spawned(modules, request):
    """Starts children, anew or by a fork server, and waits until they are ready; ends them after the test."""
    children = []
    server = ForkServer(["also.lifeline"], log=modules / "logs/fork-server.log")
    spawn = lifeline.spawn if request.param == "anew" else server.spawn

    def start(*arguments):
        child = spawn("child", arguments, log=modules / "logs/child.log", stdout=subprocess.PIPE)
        assert isinstance(child, ForkedProcess) is (request.param == "forked")
        children.append(child)
        assert child.stdout.readline() == b"ready\n"
        return child

    yield start
    for child in children:
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()
    server.close()


@pytest.mark.slow
@pytest.mark.parametrize("victim", [2, 1], ids=["oldest", "middle"])
def test_descendants_end_when_a_parent_is_killed(modules, victim, eventually, gone):
    """After kill -9 of a process, its children and their children are gone."""
    oldest = subprocess.Popen([sys.executable, "-m", "family", str(modules), "2"])
    eventually(lambda: all((modules / f"pid-{generation}").exists() for generation in range(3)))
    pids = {generation: int((modules / f"pid-{generation}").read_text()) for generation in range(3)}
    os.kill(pids[victim], signal.SIGKILL)
    eventually(lambda: all(gone(pids[generation]) for generation in range(victim + 1)))
    assert gone(pids[2]) is (victim == 2)
    oldest.kill()
    oldest.wait()


@pytest.mark.slow
def test_an_orphan_tells_by_its_exit_code(spawned):
    """A child whose lifeline closes exits with a code of its own."""
    child = spawned()
    child.stdin.close()
    assert child.wait() == lifeline.ORPHANED


@pytest.mark.slow
def test_what_is_written_to_a_lifeline_is_ignored(spawned):
    """Only the end of the pipe matters."""
    child = spawned()
    child.stdin.write(b"x" * 10_000)
    child.stdin.flush()
    assert child.poll() is None


@pytest.mark.slow
def test_a_polite_child_ends_in_its_own_way(spawned):
    """`end` asks first, so that a child may clean up and choose its exit code."""
    child = spawned("polite")
    lifeline.end([child], grace_seconds=60)
    assert child.returncode == 7


@pytest.mark.slow
def test_stubborn_children_are_killed_after_the_grace(spawned, gone):
    """A child that ignores SIGTERM is killed, and `end` returns when all are gone."""
    children = [spawned("stubborn"), spawned("polite"), spawned("stubborn")]
    lifeline.end(children, grace_seconds=0.5)
    assert [child.returncode for child in children] == [-signal.SIGKILL, 7, -signal.SIGKILL]
    assert all(gone(child.pid) for child in children)


def test_ending_what_has_ended_does_nothing(spawned, gone):
    """A child that is gone may be ended again."""
    child = spawned()
    lifeline.end([child])
    lifeline.end([child])
    assert child.returncode == -signal.SIGTERM


@pytest.mark.slow
def test_standard_error_is_appended_to_the_log(spawned, modules):
    """The log's folder is made, and a second child's lines follow the first one's."""
    spawned()
    spawned()
    assert (modules / "logs/child.log").read_text() == "to the log\n" * 2


@pytest.mark.slow
def test_a_child_has_a_session_of_its_own(spawned):
    """Ctrl-C at a terminal reaches the parent only, which ends its children in order."""
    assert os.getsid(spawned().pid) != os.getsid(0)


@pytest.mark.slow
@pytest.mark.parametrize("on_path", [False, True])
def test_nothing_in_the_current_folder_is_taken_for_alsos_own(tmp_path, monkeypatch, on_path):
    """Neither a package of the same name, even where PYTHONPATH names the folder, nor a module like one of Python's."""
    for name in ("also", "services"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError", encoding="utf-8")
    if not on_path:
        (tmp_path / "random.py").write_text("raise RuntimeError", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([*["."] * on_path, str(Path.cwd())]))
    monkeypatch.chdir(tmp_path)
    done = subprocess.run(
        [*lifeline.command_of("also.services.critic"), "--help"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "also.services.critic" in done.stdout
