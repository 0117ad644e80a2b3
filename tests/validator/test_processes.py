"""Branch groups as processes: what they survive, and that none survives the validator."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing

import psutil
import pytest

from also import keys, metrics
from also.errors import InputError, MissingObjectError, ServiceError
from also.settings import child_environment
from also.store import Store
from also.v1.branch_pb2 import BranchGroup, BranchGroupResult, BranchProgress
from also.v1.campaign_pb2 import LearnerSettings
from services.validator.launch.processes import Processes

MakeGroup = Callable[[str], BranchGroup]
MakeLauncher = Callable[..., Processes]


def run(launcher: Processes, *groups: BranchGroup) -> dict[str, BranchProgress]:
    """Run groups to their end; the last progress."""
    with closing(launcher.run(groups)) as running:
        return dict([*running][-1])


def counted(outcome: str) -> float:
    labels = {"campaign": "c", "outcome": outcome}
    return metrics.REGISTRY.get_sample_value("also_branch_groups_total", labels) or 0.0


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
    assert [progress for progress in heard if "g0" in progress and not progress["g0"].records[0].checkpoint_id]
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
            if len(progress) == 2:
                break
    numbers = [number for _, number in rehearsal.starts]
    assert len(numbers) == 2
    assert not any(alive(number) for number in numbers)
    with pytest.raises(MissingObjectError):
        store.get(keys.branch_group_result("c", "g0"))
    rehearsal.behave()
    assert set(run(make_launcher(), *groups)) == {"g0", "g1"}


def test_killed_validator_leaves_no_process(make_group: MakeGroup, rehearsal, store: Store, tmp_path) -> None:
    """`kill -9` of the parent: the lifeline ends its branches."""
    rehearsal.behave(hangs=9)
    spec = tmp_path / "group.bin"
    spec.write_bytes(make_group("g0").SerializeToString())
    program = (
        "import sys; from pathlib import Path\n"
        "from also.store import open_store; from also.v1.branch_pb2 import BranchGroup\n"
        "from services.validator.launch.processes import Processes\n"
        "launcher = Processes(store=open_store(sys.argv[1]), logs=Path(sys.argv[2]), parallel=1, module='rehearsal')\n"
        "list(launcher.run([BranchGroup.FromString(Path(sys.argv[3]).read_bytes())]))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, store.uri, str(tmp_path / "logs"), str(spec)], env=child_environment()
    ) as parent:
        while not rehearsal.starts:
            time.sleep(0.05)
        assert alive(rehearsal.starts[0][1])
        parent.kill()
    wait_until_gone([rehearsal.starts[0][1]])
