"""Branch groups as processes: what they survive, and that none survives the validator."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import psutil
import pytest

from also import keys
from also.errors import InputError, MissingObjectError, ServiceError
from also.forks.starter import ForkServer
from also.registry import REGISTRY
from also.services.validator.launch.launcher import Progress
from also.services.validator.launch.processes import Processes
from also.settings import child_environment
from also.store import Store
from also.v1.branch_pb2 import BranchGroup, BranchGroupResult, BranchProgress
from also.v1.campaign_pb2 import LearnerSettings

pytestmark = pytest.mark.slow

MakeGroup = Callable[[str], BranchGroup]
MakeLauncher = Callable[..., Processes]


@pytest.fixture(params=["forked", "anew"])
def starter(request: pytest.FixtureRequest, fork_server: ForkServer) -> ForkServer | None:
    """What starts the launcher's processes: a fork server, or nothing, which starts each anew."""
    return fork_server if request.param == "forked" else None


def run(launcher: Processes, *groups: BranchGroup) -> dict[str, BranchProgress]:
    """Run groups to their end; the last progress."""
    with closing(launcher.run(groups)) as running:
        return dict([*running][-1])


def begun(progress: Progress) -> int:
    """Groups that have told anything."""
    return sum(not told.waits_for for told in progress.values())


def counted(outcome: str) -> float:
    labels = {"campaign": "c", "outcome": outcome}
    return REGISTRY.get_sample_value("also_branch_groups_total", labels) or 0.0


def wait_until_gone(numbers: list[int]) -> None:
    """Wait until no such process is left; the test's own timeout is the limit."""
    while any(alive(number) for number in numbers):
        time.sleep(0.02)


def alive(number: int) -> bool:
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_groups_run_to_their_results(make_launcher: MakeLauncher, make_group: MakeGroup, store: Store) -> None:
    """The last progress is the results, and what a task's package printed did no harm."""
    before = counted("finished")
    last = run(make_launcher(), make_group("g0"), make_group("g1"), make_group("g2"))
    assert sorted(last) == ["g0", "g1", "g2"]
    for name, progress in last.items():
        result = store.get_message(keys.branch_group_result("c", name), BranchGroupResult)
        assert list(progress.records) == list(result.records)
        assert progress.env_steps == 160
    assert counted("finished") == before + 3


def test_progress_comes_at_once_and_while_a_group_is_silent(
    make_launcher: MakeLauncher, make_group: MakeGroup, rehearsal
) -> None:
    """The first progress precedes any process; later ones come although nothing was printed."""
    rehearsal.behave(seconds=1.5)
    with closing(make_launcher().run([make_group("g0")])) as running:
        assert next(running) == {}
        assert rehearsal.starts == []
        heard = [dict(progress) for progress in running]
    assert [progress for progress in heard if begun(progress) and not progress["g0"].records[0].checkpoint_id]
    assert len(heard) > 3


def test_no_more_groups_run_at_once_than_allowed(make_launcher: MakeLauncher, make_group: MakeGroup, rehearsal) -> None:
    """With one place, a group starts when the one before has ended."""
    rehearsal.behave(seconds=0.3)
    groups = [make_group(f"g{number}") for number in range(3)]
    most = 0
    with closing(make_launcher(parallel=1).run(groups)) as running:
        for _ in running:
            most = max(most, sum(alive(number) for _, number in rehearsal.starts))
    assert most == 1
    assert [name for name, _ in rehearsal.starts] == ["g0", "g1", "g2"]


def test_groups_without_a_place_say_what_they_wait_for(
    make_launcher: MakeLauncher, make_group: MakeGroup, rehearsal
) -> None:
    """A core, each of the others; one that runs waits for nothing, and nor does any in the end."""
    rehearsal.behave(seconds=0.3)
    groups = [make_group(f"g{number}") for number in range(3)]
    heard = []
    with closing(make_launcher(parallel=1).run(groups)) as running:
        for progress in running:
            heard.append({name: told.waits_for for name, told in progress.items()})
    core = "a free core (validation.parallel_groups: 1)"
    assert any(each.get("g1") == each.get("g2") == core for each in heard)
    assert any(each.get("g0") == "" and each.get("g2") == core for each in heard)
    assert heard[-1] == {"g0": "", "g1": "", "g2": ""}


def test_finished_group_is_adopted_without_a_process(
    make_launcher: MakeLauncher, make_group: MakeGroup, rehearsal
) -> None:
    """The result in the store is enough, whoever made it."""
    first = run(make_launcher(), make_group("g0"))
    before = counted("adopted")
    assert run(make_launcher(), make_group("g0")) == first
    assert len(rehearsal.starts) == 1
    assert counted("adopted") == before + 1


def test_another_group_under_the_same_name_is_refused(make_launcher: MakeLauncher, make_group: MakeGroup) -> None:
    """A spec is never overwritten, and a foreign result never adopted."""
    run(make_launcher(), make_group("g0"))
    other = make_group("g0")
    other.env_steps = 120
    with pytest.raises(ServiceError, match=r"spec\.json holds another branch group"):
        run(make_launcher(), other)


def test_a_group_goes_on_on_another_device(
    make_launcher: MakeLauncher, make_group: MakeGroup, rehearsal, store: Store
) -> None:
    """Its process is told the device that is asked for now; the stored spec names none, so it is still its own."""
    group = make_group("g0")
    for name in ("cuda", "cpu"):
        group.campaign.learner.MergeFrom(LearnerSettings(device=f"DEVICE_{name.upper()}"))
        run(make_launcher(parallel=3), group)
        stored = store.get_message(keys.branch_group("c", "g0"), BranchGroup)
        assert not stored.campaign.learner.HasField("device")
        store.delete(keys.branch_group_result("c", "g0"))
    assert rehearsal.places == ["g0 cuda 3", "g0 cpu 3"]


def test_crashed_group_is_started_again(make_launcher: MakeLauncher, make_group: MakeGroup, rehearsal) -> None:
    """Two crashes, and the third attempt brings the result."""
    rehearsal.behave(crashes=2)
    assert run(make_launcher(), make_group("g0"))["g0"].env_steps == 160
    assert len(rehearsal.starts) == 3


def test_group_that_keeps_crashing_fails_with_its_last_words(
    make_launcher: MakeLauncher, make_group: MakeGroup, rehearsal
) -> None:
    """Three attempts, then one error that names the log and what it ends with."""
    rehearsal.behave(crashes=9)
    before = counted("failed")
    with pytest.raises(ServiceError, match=r"g0 ended 3 times .* exit code 1; .*g0\.log ends with: RuntimeError"):
        run(make_launcher(), make_group("g0"))
    assert len(rehearsal.starts) == 3
    assert counted("failed") == before + 1


def test_a_group_is_told_once_for_each_change(
    make_launcher: MakeLauncher, make_group: MakeGroup, rehearsal, told
) -> None:
    """Begun, started again with what it said last, ended; found ended by the next call."""
    rehearsal.behave(crashes=1)
    subject = {"campaign": "c", "stage": 0, "round": 0, "group": "g0"}
    run(make_launcher(), make_group("g0"))
    run(make_launcher(), make_group("g0"))
    ended = {"event": "GroupEnded", **subject, "branches": 2, "env_steps": 160}
    assert told() == [
        {"event": "GroupBegun", **subject, "branches": 2},
        {"event": "GroupRestarted", **subject, "attempt": 2, "exit_code": 1, "said": "RuntimeError: out of luck"},
        {**ended, "outcome": "finished"},
        {**ended, "outcome": "adopted"},
    ]


@pytest.mark.parametrize(
    ("behaviour", "error", "restarts"), [({"refuses": True}, InputError, 0), ({"crashes": 9}, ServiceError, 2)]
)
def test_a_group_that_fails_is_told_once(
    make_launcher: MakeLauncher, make_group: MakeGroup, rehearsal, told, behaviour, error, restarts: int
) -> None:
    """With the error that its round fails with; it is not left besides."""
    rehearsal.behave(**behaviour)
    with pytest.raises(error) as raised:
        run(make_launcher(), make_group("g0"))
    assert [line["event"] for line in told()] == ["GroupBegun", *["GroupRestarted"] * restarts, "GroupFailed"]
    assert (told()[-1]["error"], told()[-1]["detail"]) == (error.__name__, str(raised.value))


def test_a_group_that_its_call_leaves_is_told_once(
    make_launcher: MakeLauncher, make_group: MakeGroup, rehearsal, told
) -> None:
    """Only what has begun: a group that waited for its turn has not."""
    rehearsal.behave(hangs=9)
    with closing(make_launcher(parallel=1).run([make_group("g0"), make_group("g1")])) as running:
        for _ in running:
            if rehearsal.starts:
                break
    assert [(line["event"], line["group"]) for line in told()] == [("GroupBegun", "g0"), ("GroupLeft", "g0")]


def test_wrong_input_fails_at_once(make_launcher: MakeLauncher, make_group: MakeGroup, rehearsal) -> None:
    """Exit code 2 is never tried again; its one line is the error."""
    rehearsal.behave(refuses=True)
    with pytest.raises(InputError, match=r"^checkpoint abc is damaged; an intact one is expected$"):
        run(make_launcher(), make_group("g0"))
    assert len(rehearsal.starts) == 1


def test_failure_of_one_group_ends_the_others(make_launcher: MakeLauncher, make_group: MakeGroup, rehearsal) -> None:
    """Nothing goes on training for a round that has failed."""
    rehearsal.behave(hangs=9)
    launcher = make_launcher(silence_seconds=2.0, attempts=1)
    with pytest.raises(ServiceError, match="ended 1 times without a result"):
        run(launcher, make_group("g0"), make_group("g1"))
    wait_until_gone([number for _, number in rehearsal.starts])


def test_hung_group_is_ended_and_started_again(make_launcher: MakeLauncher, make_group: MakeGroup, rehearsal) -> None:
    """Silence counts as a crash, even of a process that ignores SIGTERM."""
    rehearsal.behave(hangs=1)
    assert run(make_launcher(silence_seconds=3.0), make_group("g0"))["g0"].env_steps == 160
    assert len(rehearsal.starts) == 2
    wait_until_gone([number for _, number in rehearsal.starts])


def test_closing_ends_every_process(
    make_launcher: MakeLauncher, make_group: MakeGroup, rehearsal, store: Store
) -> None:
    """Cancellation: no process is left, no result is written, and a later run goes on."""
    rehearsal.behave(hangs=9)
    groups = [make_group("g0"), make_group("g1")]
    with closing(make_launcher().run(groups)) as running:
        for progress in running:
            if begun(progress) == 2:
                break
    numbers = [number for _, number in rehearsal.starts]
    assert len(numbers) == 2
    assert not any(alive(number) for number in numbers)
    with pytest.raises(MissingObjectError):
        store.get(keys.branch_group_result("c", "g0"))
    rehearsal.behave()
    assert set(run(make_launcher(), *groups)) == {"g0", "g1"}


VALIDATOR = """
import sys
from pathlib import Path
from also.forks.starter import ForkServer
from also.store import open_store
from also.v1.branch_pb2 import BranchGroup
from also.services.validator.launch.processes import Processes

store, logs, spec, *modules = sys.argv[1:]
server = ForkServer(modules, log=Path(logs, "fork-server.log")) if modules else None
launcher = Processes(store=open_store(store), logs=Path(logs), parallel=1, module="rehearsal", server=server)
running = launcher.run([BranchGroup.FromString(Path(spec).read_bytes())])
while not any(not told.waits_for for told in next(running).values()):
    pass
print(server.pid if server else 0, flush=True)
list(running)
"""
"""A validator that runs one group, and says its fork server's process id when the group has begun."""


def test_killed_validator_leaves_no_process(
    make_group: MakeGroup, rehearsal, store: Store, tmp_path, starter: ForkServer | None
) -> None:
    """`kill -9` of the parent: the lifeline ends its branches, and its fork server."""
    rehearsal.behave(hangs=9)
    spec = tmp_path / "group.bin"
    spec.write_bytes(make_group("g0").SerializeToString())
    arguments = [store.uri, str(tmp_path / "logs"), str(spec), *(["also.store"] if starter else [])]
    with subprocess.Popen(
        [sys.executable, "-c", VALIDATOR, *arguments], env=child_environment(), stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        number = int(parent.stdout.readline())
        assert bool(number) is bool(starter)
        numbers = [rehearsal.starts[0][1], number or rehearsal.starts[0][1]]
        assert all(alive(number) for number in numbers)
        parent.kill()
    wait_until_gone(numbers)


@pytest.fixture
def make_fork_server(tmp_path) -> Iterator[Callable[..., ForkServer]]:
    """Makes fork servers of one test's own, which may be killed."""
    with ExitStack() as made:

        def make(module: str) -> ForkServer:
            fork_server = ForkServer([module], log=tmp_path / "fork-server.log")
            made.callback(fork_server.close)
            return fork_server

        yield make


def test_killed_fork_server_costs_no_group(
    store: Store, tmp_path, make_fork_server, make_group: MakeGroup, rehearsal
) -> None:
    """Groups under way go on to their results, and those that wait are forked by the next server."""
    rehearsal.behave(seconds=1.0)
    server = make_fork_server("also.store")
    launcher = Processes(store=store, logs=tmp_path / "logs", parallel=2, module="rehearsal", server=server)
    killed = 0
    with closing(launcher.run([make_group(f"g{number}") for number in range(3)])) as running:
        for progress in running:
            if begun(progress) == 2 and not killed:
                killed = server.pid or 0
                os.kill(killed, signal.SIGKILL)
    assert sorted(progress) == ["g0", "g1", "g2"]
    assert all(told.env_steps == 160 for told in progress.values())
    *together, last = [name for name, _ in rehearsal.starts]
    assert (sorted(together), last) == (["g0", "g1"], "g2")
    assert server.pid not in (None, killed)


def test_group_that_was_killed_with_its_fork_server_is_started_again(
    store: Store, tmp_path, make_fork_server, make_group: MakeGroup, rehearsal
) -> None:
    """An end without a result counts as a crash where nobody can tell the exit code, too."""
    rehearsal.behave(hangs=1)
    server = make_fork_server("also.store")
    launcher = Processes(store=store, logs=tmp_path / "logs", parallel=2, module="rehearsal", server=server)
    killed = False
    with closing(launcher.run([make_group("g0")])) as running:
        for progress in running:
            if begun(progress) and not killed:
                killed = True
                os.kill(server.pid or 0, signal.SIGKILL)
                os.kill(rehearsal.starts[0][1], signal.SIGKILL)
    assert progress["g0"].env_steps == 160
    assert [name for name, _ in rehearsal.starts] == ["g0", "g0"]


def test_progress_comes_while_the_fork_server_loads(
    store: Store, tmp_path, make_fork_server, make_group: MakeGroup, rehearsal, monkeypatch
) -> None:
    """The launcher goes on telling how far it is, and starts groups as soon as the modules are there."""
    gate = "import os, time\nwhile not os.path.exists(os.environ['GATE']): time.sleep(0.01)\n"
    (tmp_path / "gated.py").write_text(gate)
    monkeypatch.setenv("GATE", str(tmp_path / "gate"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.environ["PYTHONPATH"], str(tmp_path)]))
    server = make_fork_server("gated")
    launcher = Processes(store=store, logs=tmp_path / "logs", parallel=2, module="rehearsal", server=server)
    with closing(launcher.run([make_group("g0")])) as running:
        assert next(running) == {}
        assert [next(running)["g0"].waits_for for _ in range(5)] == ["PyTorch to be loaded"] * 5
        assert rehearsal.starts == []
        (tmp_path / "gate").touch()
        assert [*running][-1]["g0"].env_steps == 160
