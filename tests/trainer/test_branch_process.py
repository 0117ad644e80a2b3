"""The branch process: what it does when it is asked to end, killed, started twice, or scraped."""

import json
import random
import re
import signal
import subprocess
import sys
import time
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from prometheus_client.parser import text_string_to_metric_families

from also import document, keys, lifeline
from also.forks.process import ForkedProcess
from also.forks.starter import ForkServer
from also.services.trainer.branch import process as branch
from also.services.trainer.branch.stop import STOPPED
from also.settings import child_environment
from also.store import Store, open_store
from also.v1 import branch_pb2
from also.v1.campaign_pb2 import Campaign
from also.v1.reading_pb2 import MetricsReading
from tools.loopback import free_port, read_url

pytestmark = pytest.mark.slow

UPDATES = 300
"""Updates of a group here: a second or two of training."""

SEEDS = ((1, "anew"), (2, "forked"))
"""Seeds of campaigns, victims and moments; and how processes are started: as in a pod, or as by the validator here."""

Start = Callable[..., "subprocess.Popen[bytes]"]


class Forked:
    """A branch process of a fork server, with those methods of `subprocess.Popen` that tests need besides."""

    def __init__(self, process: ForkedProcess, log: Path) -> None:
        self.stdout = process.stdout
        self.send_signal = process.send_signal
        self.kill = process.kill
        self._process = process
        self._log = log

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.wait()
        lifeline.end([self._process])
        self.stdout.close()

    @property
    def returncode(self) -> int | None:
        return self._process.poll()

    def communicate(self, timeout: float) -> tuple[bytes, bytes]:
        """The rest of its output, and its log."""
        rest = self.stdout.read()
        self._process.wait(timeout)
        return rest, self._log.read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "store"


@pytest.fixture
def start(folder: Path) -> Start:
    """Starts a branch process on group "g" of the store; more arguments may be given."""

    def start(*arguments: str, output: int = subprocess.PIPE) -> "subprocess.Popen[bytes]":
        given = ["--store", str(folder), "--campaign", "c", "--group", "g", *arguments]
        return subprocess.Popen(
            [sys.executable, "-m", "also.services.trainer.branch", *given],
            stdout=output,
            stderr=subprocess.PIPE,
            env=child_environment(OMP_NUM_THREADS="1", PYTHONUNBUFFERED="1"),
        )

    return start


@pytest.fixture(scope="module")
def fork_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    """A fork server as the validator has one."""
    server = ForkServer(["also.services.trainer.warm"], log=tmp_path_factory.mktemp("fork-server") / "log")
    yield server
    server.close()


@pytest.fixture
def starts(folder: Path, start: Start, fork_server: ForkServer, tmp_path: Path) -> dict[str, Callable[..., Any]]:
    """Ways to start a branch process on group "g" of the store, by name."""

    def fork(*arguments: str) -> Forked:
        given = ["--store", str(folder), "--campaign", "c", "--group", "g", *arguments]
        log = tmp_path / f"{len(list(tmp_path.glob('*.log')))}.log"
        process = fork_server.spawn("also.services.trainer.branch", given, log=log, stdout=subprocess.PIPE)
        assert isinstance(process, ForkedProcess)
        return Forked(process, log)

    return {"anew": start, "forked": fork}


@pytest.fixture
def make_store(
    folder: Path, make_campaign: Callable[..., Campaign], make_group: Callable[..., branch_pb2.BranchGroup]
) -> Callable[..., tuple[Store, branch_pb2.BranchGroup]]:
    """Makes a store with a group to train; gives both."""

    def make(seed: int = 7, updates: int = UPDATES) -> tuple[Store, branch_pb2.BranchGroup]:
        store = open_store(str(folder))
        campaign = make_campaign(seed=seed)
        campaign.evaluation.branch_points = 16
        return store, make_group(campaign, store, updates=updates)

    return make


def result_of(store: Store) -> branch_pb2.BranchGroupResult:
    return store.get_message(keys.branch_group_result("c", "g"), branch_pb2.BranchGroupResult)


def events(said: bytes) -> list[str]:
    """What the lines of a log tell of; every line is one of ours."""
    return [
        re.fullmatch(r"time=\S+ level=\w+ process=branch event=(\w+) .*", line)[1]
        for line in said.decode().splitlines()
    ]


def undisturbed(store: Store, group: branch_pb2.BranchGroup) -> list[branch_pb2.BranchRecord]:
    """Records of the group when it is trained in one go; the result is not kept."""
    branch.train(store, group)
    records = list(result_of(store).records)
    store.delete(keys.branch_group_result("c", "g"))
    return records


def env_steps_of(line: bytes) -> int:
    return document.read(branch_pb2.BranchProgress, json.loads(line)).env_steps


def saved_env_steps(store: Store, group: branch_pb2.BranchGroup) -> int:
    """env_steps of all branches at the newest save; 0 without one."""
    saves = list(filter(keys.is_branch_group_save, store.find(keys.branch_group_saves("c", "g"))))
    updates = int(Path(saves[-1]).stem) if saves else 0
    return updates * update_env_steps(group)


def update_env_steps(group: branch_pb2.BranchGroup) -> int:
    """env_steps of one update of all branches."""
    return group.campaign.learner.environments * group.campaign.learner.rollout * len(group.branches)


def end_again_and_again(
    store: Store, group: branch_pb2.BranchGroup, start: Start, number: signal.Signals, draw: random.Random
) -> list[int]:
    """Run the group to its result, ending its first four processes with a signal at random moments.

    Gives the env_steps that each of those trained beyond what was saved when it ended.
    """
    lost: list[int] = []
    for count in range(100):
        with start(*(["--save-seconds", "0.000001"] if number == signal.SIGKILL else [])) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            assert env_steps_of(first) == saved_env_steps(store, group)
            if count < 4:
                time.sleep(draw.uniform(0.0, 0.4))
                process.send_signal(number)
            told, said = process.communicate(timeout=120)
        assert b"Traceback" not in said
        if process.returncode == 0:
            assert events(said)[-1] == "BranchesEnded"
            return lost
        if number == signal.SIGTERM:
            assert events(said) in (
                ["BranchesBegun"],
                ["BranchesBegun", "BranchesStopped"],
            )  # the first did nothing yet
        assert process.returncode == (STOPPED if number == signal.SIGTERM else -signal.SIGKILL), said
        lines = [line for line in (first + told).splitlines(keepends=True) if line.endswith(b"\n")]
        lost.append(max(0, env_steps_of(lines[-1]) - saved_env_steps(store, group)))
    raise AssertionError("it never ended")


@pytest.mark.parametrize(("seed", "way"), SEEDS)
def test_a_group_that_is_asked_to_end_loses_nothing(make_store, starts, seed: int, way: str) -> None:
    """SIGTERM at random updates: the next process begins where this one ended, and the result is bit-identical."""
    store, group = make_store(seed)
    whole = undisturbed(store, group)
    lost = end_again_and_again(store, group, starts[way], signal.SIGTERM, random.Random(seed))
    assert list(result_of(store).records) == whole
    assert lost == [0] * len(lost)
    assert len(lost) >= 2
    assert result_of(store).processes >= 2


@pytest.mark.parametrize(("seed", "way"), SEEDS)
def test_a_killed_group_loses_no_more_than_an_interval(make_store, starts, seed: int, way: str) -> None:
    """SIGKILL at random moments, saves after every update: at most one update is trained again, to the same result."""
    store, group = make_store(seed)
    whole = undisturbed(store, group)
    lost = end_again_and_again(store, group, starts[way], signal.SIGKILL, random.Random(-seed))
    assert list(result_of(store).records) == whole
    assert len(lost) == 4
    assert max(lost) <= update_env_steps(group)


@pytest.mark.parametrize(("seed", "way"), SEEDS)
def test_twins_come_to_one_result(make_store, starts, seed: int, way: str) -> None:
    """Two processes of one group, saving all the time, one of them killed and started again: one result, the same."""
    store, group = make_store(seed)
    whole = undisturbed(store, group)
    start, save = starts[way], ["--save-seconds", "0.000001"]
    with start(*save) as first, start(*save) as second:
        assert second.stdout is not None
        second.stdout.readline()
        time.sleep(random.Random(seed).uniform(0.0, 0.5))
        second.kill()
        second.communicate(timeout=60)
        with start(*save) as third:
            said = [process.communicate(timeout=120)[1] for process in (first, third)]
            assert [first.returncode, third.returncode] == [0, 0], said
    assert list(result_of(store).records) == whole


def test_a_process_that_is_asked_to_end_before_it_trains_ends_at_once(make_store, start: Start) -> None:
    """During the imports there is nothing to save: exit code 143, and nothing new in the store."""
    store, _ = make_store()
    before = store.find("")
    with start() as process:
        status = Path(f"/proc/{process.pid}/status")
        while not _handles(status.read_text(encoding="utf-8"), signal.SIGTERM):
            time.sleep(0.005)
        process.terminate()
        out, said = process.communicate(timeout=60)
    assert (process.returncode, out, said) == (STOPPED, b"", b"")
    assert store.find("") == before


def _handles(status: str, number: signal.Signals) -> bool:
    """Whether a process handles a signal, by its /proc/PID/status."""
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (number - 1) & 1)


def test_a_task_whose_environments_cannot_be_copied_ends_without_a_save_and_begins_again(
    make_campaign: Callable[..., Campaign],
    make_group: Callable[..., branch_pb2.BranchGroup],
    folder: Path,
    start: Start,
) -> None:
    """SIGTERM and intervals leave no save of a PettingZoo task; a later process comes to the undisturbed result."""
    store, campaign = open_store(str(folder)), make_campaign()
    campaign.task.Clear()
    campaign.task.name = "examples.simple_spread:make_env"
    campaign.task.workers = 1
    campaign.evaluation.branch_points = 4
    group = make_group(campaign, store, updates=16)
    for member in group.branches:
        member.config.Clear()
    store.delete(keys.branch_group("c", "g"))
    store.create_message(keys.branch_group("c", "g"), group)
    whole = undisturbed(store, group)
    with start("--save-seconds", "0.000001") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.readline()
        process.terminate()
        said = process.communicate(timeout=60)[1]
    assert process.returncode == STOPPED, said
    assert store.find(keys.branch_group_saves("c", "g")) == []
    with start() as process:
        process.communicate(timeout=120)
    assert process.returncode == 0
    assert list(result_of(store).records) == whole


def scrape(port: int) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Samples of branch metrics by name and labels; empty before the process serves them."""
    try:
        text = read_url(f"http://127.0.0.1:{port}/metrics").decode()
    except urllib.error.URLError:
        return {}
    samples: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name.startswith("also_branch_") and not sample.name.endswith("_created"):
                samples.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return samples


def expected_samples(
    group: branch_pb2.BranchGroup, result: branch_pb2.BranchGroupResult
) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """What Prometheus must read of a finished group, by its records."""
    of_group = (("campaign", "c"), ("group", "g"), ("owner", "0123456789abcdef"))
    planned = float(sum(record.env_steps for record in result.records))
    samples: dict[str, dict[tuple[tuple[str, str], ...], float]] = {
        "also_branch_group_env_steps": {of_group: planned},
        "also_branch_group_env_steps_planned": {of_group: planned},
    }
    for record in result.records:
        labels = {
            "owner": "0123456789abcdef",
            "campaign": "c",
            "stage": "3",
            "round": "1",
            "pool": "confirm",
            "step": "2",
            "group": "g",
            "arm": record.arm,
            "seed": str(record.seed_index),
            "config_hash": record.config_hash,
        }
        last = record.measures[-1]
        values = {
            "also_branch_return": last.mean_return,
            "also_branch_milestone_score": last.milestone_score,
            "also_branch_success_rate": last.success_rate,
            "also_branch_measured_env_steps": last.env_steps,
            "also_branch_evaluation_episodes_total": sum(measure.episodes for measure in record.measures),
        }
        for name, value in values.items():
            samples.setdefault(name, {})[tuple(sorted(labels.items()))] = float(value)
    return samples


def wait_for_result(store: Store, process: "subprocess.Popen[bytes]") -> None:
    while not store.exists(keys.branch_group_result("c", "g")):
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.05)


def test_metrics_are_the_records_and_stay_until_they_were_read(make_store, start: Start, monkeypatch) -> None:
    """With their owner, also after a resume; a store that fails is borne; the validator's reading ends the process."""
    store, group = make_store()
    with start() as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.readline()
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == STOPPED
    port = free_port()
    monkeypatch.setenv("ALSO_OWNER", "0123456789abcdef")
    with start("--metrics-port", str(port), "--linger-seconds", "250", output=subprocess.DEVNULL) as process:
        wait_for_result(store, process)
        result = result_of(store)
        assert result.processes == 2
        while scrape(port) != expected_samples(group, result):
            assert process.poll() is None
            time.sleep(0.05)
        branches = Path(store.uri) / keys.campaign("c") / "branches"
        (branches / "g").rename(branches / "aside")
        (branches / "g").write_text("", encoding="utf-8")
        assert process.stderr is not None
        told = [process.stderr.readline() for _ in range(3)]
        assert events(b"".join(told)) == ["BranchesBegun", "BranchesEnded", "StoreAway"]
        assert b" stage=3 round=1 group=g branches=6 parts=1 updates=" in told[0]
        assert b' error="store ' in told[2]
        (branches / "g").unlink()
        (branches / "aside").rename(branches / "g")
        store.create_message(keys.branch_group_reading("c", "g"), MetricsReading(group="g"))
        process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize("end", ["signal", "time"])
def test_a_lingering_process_ends_when_it_is_asked_to_or_its_time_is_over(make_store, start: Start, end: str) -> None:
    """Its time over it has done its work; asked to end before anybody read its samples, another one is to show them."""
    store, _ = make_store(updates=3)
    seconds = "250" if end == "signal" else "0.5"
    with start("--metrics-port", str(free_port()), "--linger-seconds", seconds, output=subprocess.DEVNULL) as process:
        wait_for_result(store, process)
        if end == "signal":
            process.terminate()
        _, said = process.communicate(timeout=60)
    assert process.returncode == (STOPPED if end == "signal" else 0)
    assert events(said) == ["BranchesBegun", "BranchesEnded"]


def test_a_process_that_finds_the_result_shows_it_until_it_was_read(make_store, start: Start, monkeypatch) -> None:
    """As the process that trained it did, to the last bit; it trains nothing."""
    store, group = make_store(updates=3)
    branch.train(store, group)
    port = free_port()
    monkeypatch.setenv("ALSO_OWNER", "0123456789abcdef")
    with start("--metrics-port", str(port), "--linger-seconds", "250") as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert events(line) == ["BranchesShown"]
        assert line.endswith(b" campaign=c stage=3 round=1 group=g branches=6\n")
        assert scrape(port) == expected_samples(group, result_of(store))
        store.create_message(keys.branch_group_reading("c", "g"), MetricsReading(group="g"))
        out, said = process.communicate(timeout=60)
    assert (process.returncode, out, said) == (0, b"", b"")


@pytest.mark.parametrize("arguments", [[], ["--metrics-port", "0", "--linger-seconds", "250"]])
def test_a_process_that_finds_a_result_that_was_read_ends_at_once(make_store, start: Start, arguments) -> None:
    """A twin, or a pod that was started again, neither trains nor lingers; so does one that nobody scrapes."""
    store, group = make_store(updates=3)
    branch.train(store, group)
    if arguments:
        store.create_message(keys.branch_group_reading("c", "g"), MetricsReading(group="g"))
    with start(*arguments) as process:
        out, said = process.communicate(timeout=60)
    assert (process.returncode, out, said) == (0, b"", b"")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--metrics-port", "70000"], "metrics port 70000 on 127.0.0.1 cannot be used"),
        (["--metrics-port", "many"], "argument --metrics-port: invalid int value: 'many'"),
        (["--linger-seconds", "-1"], "argument --linger-seconds: '-1' is not allowed; a number of seconds, 0 or more"),
        (["--linger-seconds", "inf"], "argument --linger-seconds: 'inf' is not allowed"),
        (["--save-seconds", "0"], "argument --save-seconds: '0' is not allowed; a number of seconds above 0"),
        (["--save-seconds", "soon"], "argument --save-seconds: 'soon' is not allowed"),
        (["--store", "ftp://host/x"], "store 'ftp://host/x' is not allowed"),
        (["--group", "h"], "has no object 'campaigns/c/branches/h/spec.json'"),
    ],
)
def test_bad_input_is_one_error(
    make_store, folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """Exit code 2, the value and what is allowed on the last line, and nothing new in the store."""
    store, _ = make_store(updates=3)
    before = store.find("")
    with pytest.raises(SystemExit) as ended:
        branch.main(["--store", str(folder), "--campaign", "c", "--group", "g", *arguments])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert message in said.splitlines()[-1]
    assert said.count("error:") == 1
    assert store.find("") == before


def test_a_store_that_fails_is_no_bad_input(make_store, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1: another process may succeed, so a Job tries again."""
    make_store(updates=3)
    result = folder / keys.branch_group_result("c", "g")
    (result.parent).rename(result.parent.with_name("aside"))
    result.parent.write_text("", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        branch.main(["--store", str(folder), "--campaign", "c", "--group", "g"])
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("error: store ")
