"""A fork server: its children are like processes that were started anew, and nobody hangs on it but they."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from also import lifeline, settings
from also.forks.process import ForkedProcess
from also.forks.starter import ForkServer

LOADED = """
import os
BY = os.getpid()
"""

CHILD = """
import ctypes, json, os, random, signal, sys, threading, time
from pathlib import Path
from also import lifeline

def traits():
    return {
        "argv": sys.argv,
        "environment": dict(os.environ),
        "path": sys.path,
        "folder": os.getcwd(),
        "leads": os.getsid(0) == os.getpid(),
        "threads": len(os.listdir("/proc/self/task")),
        "buffered": [sys.stdout.write_through, sys.stderr.write_through, sys.stdout.encoding],
        "descriptors": sorted(os.listdir("/proc/self/fd"))[:3],
        "handlers": {number: str(signal.getsignal(number)).split(" at ")[0] for number in range(1, 32)},
        "umask": os.umask(0o22),
    }

def main():
    if lifeline.FLAG not in sys.argv:
        raise AssertionError(sys.argv)
    match sys.argv[1:-1]:
        case ["traits"]:
            print(json.dumps(traits()))
        case ["draw"]:
            print(random.random())
        case ["loaded"]:
            print("loaded" in sys.modules and sys.modules["loaded"].BY)
        case ["end", "message"]:
            sys.exit("the end")
        case ["end", "error"]:
            raise ValueError("the end")
        case ["end", "crash"]:
            ctypes.string_at(0)
        case ["end", "thread"]:
            threading.Thread(target=lambda: (time.sleep(0.1), print("from a thread", file=sys.stderr))).start()
        case ["end", code]:
            sys.exit(int(code))
        case ["wait"]:
            lifeline.hold()
            print(os.getpid(), flush=True)
            time.sleep(600)

if __name__ == "__main__":
    main()
"""

REQUESTER = """
import sys, time
from pathlib import Path
from also.forks.starter import ForkServer

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    server = ForkServer(["also.lifeline"], log=folder / "fork-server.log")
    child = server.spawn("child", ["wait"], log=folder / "child.log")
    print(server.pid, child.pid, flush=True)
    time.sleep(600)
"""

THREADED = """
import threading, time
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
"""

SLOW = """
import os, time
while not os.path.exists(os.environ["GATE"]):
    time.sleep(0.01)
"""


def open_files(pid):
    """What a process's descriptors lead to, by number."""
    found = {}
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the one that the folder itself is read by
            found[int(path.name)] = str(path.readlink())
    return found


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the modules above, on the path of every child."""
    sources = {"loaded": LOADED, "child": CHILD, "requester": REQUESTER, "threaded": THREADED, "slow": SLOW}
    for name, source in sources.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path.cwd())]))
    return tmp_path


@pytest.fixture
def make_server(folder):
    """Makes fork servers that load modules; they end with the test."""
    servers = []

    def make(*modules):
        servers.append(ForkServer(modules, log=folder / "fork-server.log"))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


@pytest.fixture
def start(folder):
    """Starts children by a function like `lifeline.spawn`; ends them after the test."""
    children = []

    def start(spawn, *arguments, **options):
        child = spawn("child", arguments, log=folder / "child.log", stdout=subprocess.PIPE, **options)
        children.append(child)
        return child

    yield start
    lifeline.end(children)
    for child in children:
        child.stdout.close()


@pytest.mark.slow
def test_a_forked_child_is_like_one_that_was_started_anew(make_server, start, folder, monkeypatch):
    """Arguments, environment, module path, folder, session, outputs, signal handlers: all as `python -m` gives them."""
    server = make_server("loaded", "also.lifeline")
    assert server.spawn is not lifeline.spawn
    start(server.spawn, "end", "0").wait()
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    monkeypatch.setenv("NEW", "since the fork server started")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.environ["PYTHONPATH"], "..", "later"]))
    monkeypatch.delenv("HOME", raising=False)
    anew, forked = (
        json.loads(start(spawn, "traits", environment={"GIVEN": "1"}).stdout.read())
        for spawn in (lifeline.spawn, server.spawn)
    )
    assert forked == anew
    assert forked["environment"]["GIVEN"] == "1"


@pytest.mark.slow
def test_a_child_has_what_the_server_loaded(make_server, start):
    """A module that the fork server loaded is there, and was loaded by the server."""
    server = make_server("loaded")
    assert int(start(server.spawn, "loaded").stdout.read()) == server.pid


@pytest.mark.slow
def test_secrets_reach_neither_server_nor_child(make_server, start, monkeypatch):
    """The LLM's key and Prometheus's token are left out, but where a child is given one by name."""
    for name in (settings.API_KEY, settings.PROMETHEUS_TOKEN):
        monkeypatch.setenv(name, "canary-4711")
    server = make_server()
    child = start(server.spawn, "traits")
    assert "canary-4711" not in child.stdout.read().decode()
    assert b"canary-4711" not in Path(f"/proc/{server.pid}/environ").read_bytes()
    given = start(server.spawn, "traits", environment={settings.API_KEY: "canary-4711"})
    assert "canary-4711" in given.stdout.read().decode()
    assert "canary-4711" not in start(server.spawn, "traits").stdout.read().decode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "code", "said"),
    [
        ("0", 0, ""),
        ("3", 3, ""),
        ("143", 143, ""),
        ("message", 1, "the end"),
        ("error", 1, "ValueError: the end"),
        ("thread", 0, "from a thread"),
        ("crash", -signal.SIGSEGV, ""),
    ],
)
def test_an_end_is_told_as_that_of_a_process_started_anew(make_server, start, folder, how, code, said):
    """Exit codes, messages, exceptions, threads that are left, and crashes."""
    for spawn in (lifeline.spawn, make_server("also.lifeline").spawn):
        child = start(spawn, "end", how)
        assert child.wait(timeout=60) == child.poll() == child.returncode == code
        log = (folder / "child.log").read_text()
        assert said in log
        (folder / "child.log").write_text("")


@pytest.mark.slow
def test_a_crash_harms_no_sibling(make_server, start):
    """A child that crashed, and one that was killed, leave the others, and the server starts more."""
    server = make_server("also.lifeline")
    sibling = start(server.spawn, "wait")
    assert start(server.spawn, "end", "crash").wait() == -signal.SIGSEGV
    victim = start(server.spawn, "wait")
    os.kill(int(victim.stdout.readline()), signal.SIGKILL)
    assert victim.wait() == -signal.SIGKILL
    number = server.pid
    assert start(server.spawn, "end", "5").wait() == 5
    assert server.pid == number
    assert sibling.poll() is None


@pytest.mark.slow
def test_waiting_has_a_limit(make_server, start):
    """A child that runs on is told by the same exception as another process."""
    child = start(make_server("also.lifeline").spawn, "wait")
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(timeout=0.01)
    assert child.poll() is None


@pytest.mark.slow
def test_a_child_holds_nothing_of_the_server_or_its_siblings(make_server, start, folder):
    """Input, output and log are a child's only descriptors; nobody else has them but the requester."""
    server = make_server("also.lifeline")
    children = [start(server.spawn, "wait") for _ in range(3)]
    numbers = [int(child.stdout.readline()) for child in children]
    assert numbers == [child.pid for child in children]
    held = [open_files(number) for number in numbers]
    assert all(sorted(files) == [0, 1, 2] for files in held)
    assert all(files[2] == str(folder / "child.log") for files in held)
    pipes = [files[number] for files in held for number in (0, 1)]
    assert len(set(pipes)) == 6
    assert not set(pipes) & set(open_files(server.pid).values())
    ours = list(open_files(os.getpid()).values())
    assert [ours.count(pipe) for pipe in pipes] == [1] * 6


@pytest.mark.slow
def test_a_lifeline_ends_its_own_child_only(make_server, start):
    """When one closes, its child ends, and a sibling that was forked later or earlier does not."""
    server = make_server("also.lifeline")
    children = [start(server.spawn, "wait") for _ in range(3)]
    for child in children:
        child.stdout.readline()
    children[1].stdin.close()
    assert children[1].wait() == lifeline.ORPHANED
    assert children[1].stdout.read() == b""
    assert [child.poll() for child in children] == [None, lifeline.ORPHANED, None]


@pytest.mark.slow
def test_nothing_is_left_of_a_requester_that_was_killed(folder, eventually, gone):
    """After its kill -9, fork server and children are gone."""
    with subprocess.Popen([sys.executable, "-m", "requester", str(folder)], stdout=subprocess.PIPE) as requester:
        numbers = [int(number) for number in requester.stdout.readline().split()]
        assert not any(gone(number) for number in numbers)
        requester.kill()
        eventually(lambda: all(gone(number) for number in numbers))


@pytest.mark.slow
def test_a_child_outlives_its_fork_server(make_server, start, eventually, gone):
    """After kill -9 of the server a child runs on, on its lifeline; its end is seen, and its exit code is not known."""
    server = make_server("also.lifeline")
    children = [start(server.spawn, "wait") for _ in range(2)]
    for child in children:
        child.stdout.readline()
    first = server.pid
    os.kill(first, signal.SIGKILL)
    eventually(lambda: gone(first))
    eventually(server.ready)
    assert server.pid != first
    assert [child.poll() for child in children] == [None, None]
    children[0].terminate()
    children[1].stdin.close()
    assert [child.wait() for child in children] == [lifeline.ORPHANED] * 2
    assert all(gone(child.pid) for child in children)


@pytest.mark.slow
def test_a_fork_server_that_died_is_started_again(make_server, start, eventually, gone):
    """The next child is forked by another one."""
    server = make_server("loaded")
    assert start(server.spawn, "end", "0").wait() == 0
    first = server.pid
    os.kill(first, signal.SIGKILL)
    eventually(lambda: gone(first))
    child = start(server.spawn, "loaded")
    assert isinstance(child, ForkedProcess)
    assert int(child.stdout.read()) == server.pid != first


@pytest.mark.slow
def test_a_server_that_does_not_answer_is_done_without(make_server, start):
    """A stopped fork server holds nobody up for ever; its child is started anew, and the next one is forked again."""
    server = make_server("loaded")
    assert start(server.spawn, "end", "0").wait() == 0
    os.kill(server.pid, signal.SIGSTOP)
    child = start(server.spawn, "end", "6")
    assert not isinstance(child, ForkedProcess)
    assert child.wait() == 6
    assert isinstance(start(server.spawn, "end", "0"), ForkedProcess)


@pytest.mark.slow
def test_a_child_that_cannot_be_forked_is_started_anew(make_server, start, folder):
    """Where the system has no room for one more process of the server's, the reason is in the log."""
    server = make_server("loaded")
    assert start(server.spawn, "end", "0").wait() == 0
    limits = psutil.Process(server.pid).rlimit(psutil.RLIMIT_NOFILE)
    psutil.Process(server.pid).rlimit(psutil.RLIMIT_NOFILE, (3, limits[1]))
    child = start(server.spawn, "end", "6")
    assert child.wait() == 6
    assert not isinstance(child, ForkedProcess)


@pytest.mark.slow
def test_a_fork_server_is_lent_to_another_process(make_server, start, folder):
    """Who has the connection has children of that server; who gives it back ends neither the server nor a child."""
    server = make_server("loaded", "also.lifeline")
    borrower = ForkServer(["loaded"], log=folder / "borrower.log", lent=server.lend().detach())
    assert int(start(borrower.spawn, "loaded").stdout.read()) == server.pid
    assert borrower.pid is None
    child = start(borrower.spawn, "wait")
    child.stdout.readline()
    borrower.close()
    assert int(start(server.spawn, "loaded").stdout.read()) == server.pid
    assert child.poll() is None
    child.kill()
    assert child.wait() == -signal.SIGKILL


@pytest.mark.slow
def test_who_loses_a_lent_fork_server_has_its_own(make_server, start, folder, eventually, gone):
    """When the lender's server dies, or the connection leads nowhere, children are forked by another one."""
    server = make_server("loaded")
    lost = ForkServer(["loaded"], log=folder / "borrower.log", lent=server.lend().detach())
    assert int(start(lost.spawn, "loaded").stdout.read()) == server.pid
    os.kill(server.pid, signal.SIGKILL)
    eventually(lambda: gone(server.pid))
    nowhere = ForkServer(["loaded"], log=folder / "borrower.log", lent=os.sysconf("SC_OPEN_MAX") - 1)
    for borrower in (lost, nowhere):
        assert int(start(borrower.spawn, "loaded").stdout.read()) == borrower.pid
        borrower.close()


def test_a_loan_is_not_inherited(make_server, start, monkeypatch):
    """The variable that names the connection is for one process, which alone has the descriptor."""
    monkeypatch.setenv(settings.FORK_SERVER, "9")
    server = make_server()
    assert settings.FORK_SERVER not in json.loads(start(server.spawn, "traits").stdout.read())["environment"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "reason"), [("threaded", "error: 2 threads run"), ("absent", "No module named 'absent'")]
)
def test_a_module_that_forbids_forking_is_said_once(make_server, start, folder, capfd, module, reason):
    """A thread, which a fork would lose, or a module that is not there: children are started anew."""
    server = make_server(module)
    for _ in range(2):
        child = start(server.spawn, "end", "4")
        assert not isinstance(child, ForkedProcess)
        assert child.wait() == 4
    assert server.ready()
    assert capfd.readouterr().err.count("warning: no fork server") == 1
    assert reason in (folder / "fork-server.log").read_text()


def test_loading_holds_nobody_up(make_server, start, folder, monkeypatch, eventually):
    """A server is not ready until its modules are loaded, and says so at once."""
    gate = folder / "gate"
    monkeypatch.setenv("GATE", str(gate))
    server = make_server("slow")
    server.start()
    assert not server.ready()
    gate.touch()
    eventually(server.ready)
    assert isinstance(start(server.spawn, "end", "0"), ForkedProcess)


@pytest.mark.slow
def test_a_server_that_is_killed_while_it_loads_is_started_again(
    make_server, start, folder, monkeypatch, capfd, eventually, gone
):
    """Twice; killed a third time, there is none any more."""
    gate = folder / "gate"
    monkeypatch.setenv("GATE", str(gate))
    served, given_up = make_server("slow"), make_server("slow")
    for server, kills in ((served, 2), (given_up, 3)):
        for _ in range(kills):
            server.start()
            os.kill(server.pid, signal.SIGKILL)
            eventually(lambda number=server.pid: gone(number))
            server.ready()
    gate.touch()
    assert isinstance(start(served.spawn, "end", "0"), ForkedProcess)
    assert not isinstance(start(given_up.spawn, "end", "0"), ForkedProcess)
    assert capfd.readouterr().err.count("warning: no fork server") == 1


@pytest.mark.slow
def test_children_draw_different_random_numbers(make_server, start):
    """Python's global generator is not shared by a fork."""
    server = make_server("random")
    drawn = {start(server.spawn, "draw").stdout.read() for _ in range(3)}
    assert len(drawn) == 3
