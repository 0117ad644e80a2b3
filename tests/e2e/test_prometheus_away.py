"""A real Prometheus that is away for longer than samples are waited for: a whole round is judged when it is back.

Its branches are real ones. They have ended long before it is back, and are shown again. It needs a Prometheus and no
cluster.
"""

import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from also import keys, rpc
from also.services.trainer.service import Trainer
from also.services.validator.launch import results
from also.services.validator.launch.launcher import Progress
from also.services.validator.measure.prometheus import Prometheus
from also.services.validator.measure.query import Endpoint
from also.services.validator.measure.reading import Times
from also.services.validator.validation import validate
from also.settings import child_environment
from also.store import Store, open_store
from also.v1 import trainer_pb2_grpc
from also.v1.branch_pb2 import BranchGroup, BranchProgress
from also.v1.reading_pb2 import MetricsFault, MetricsReading
from also.v1.validator_pb2 import ValidationProgress
from also.v1.verdict_pb2 import Validation
from benchmarks.metrics_faults import first_request
from tools import loopback
from tools.loopback import free_port, served

pytestmark = pytest.mark.timeout(900)  # on a machine that is busy with other things

CONFIG = """
global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}
scrape_configs:
  - job_name: also
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""

WAIT_SECONDS = 20.0
"""How long samples are waited for."""

LINGER_SECONDS = 60.0
"""How long a branch process that has ended stays up, longest."""


@dataclass(kw_only=True)
class Branches:
    """A launcher of branch processes that serve their metrics on one port, one after the other, as in pods."""

    store: Store
    port: int
    linger_seconds: float = 0.0
    """How long those that train stay up; none, as if Prometheus had been away for longer."""
    shown: list[str] = field(default_factory=list)
    """Groups that were shown again, in order."""
    _process: "subprocess.Popen[bytes] | None" = None

    def check(self) -> None:
        """They can always be started."""

    def run(self, groups: Sequence[BranchGroup]) -> Generator[Progress, None, None]:
        """Train groups one after the other, as `Launcher.run` says."""
        progress: dict[str, BranchProgress] = {}
        for group in groups:
            results.store_spec(self.store, group)
            if not results.is_there(self.store, group):
                with self._start(group, self.linger_seconds) as process:
                    while not results.is_there(self.store, group):
                        assert process.poll() in (None, 0)
                        yield dict(progress)
                        time.sleep(0.1)
            progress[group.name] = results.take(self.store, group, "finished")
            yield dict(progress)

    def show(self, group: BranchGroup) -> str:
        """Start a group's process again, as `Launcher.show` says; one at a time."""
        if self._process is not None and self._process.poll() is None:
            return "" if self.shown[-1] == group.name else "the port"
        self.shown.append(group.name)
        self._process = self._start(group, LINGER_SECONDS)
        return "its process to start"

    def close(self) -> None:
        """End what is shown."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def _start(self, group: BranchGroup, linger_seconds: float) -> "subprocess.Popen[bytes]":
        given = ["--store", self.store.uri, "--campaign", group.campaign_id, "--group", group.name]
        served_on = ["--metrics-port", str(self.port), "--linger-seconds", str(linger_seconds)]
        return subprocess.Popen(
            [*loopback.MORTAL, sys.executable, "-m", "also.services.trainer.branch", *given, *served_on],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=child_environment(OMP_NUM_THREADS="1"),
        )


@dataclass(kw_only=True)
class Scraper:
    """A Prometheus at one address, with one folder of samples, that can be away and come back."""

    binary: str
    folder: Path
    port: int
    target: int
    _running: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def come(self) -> None:
        """Start it, and wait until it is ready."""
        config = CONFIG.format(port=self.target)
        self._running.enter_context(loopback.prometheus(self.binary, config, self.folder, port=self.port))

    def go(self) -> None:
        """End it."""
        self._running.close()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store that other processes can open."""
    return open_store(str(tmp_path / "store"))


@pytest.fixture
def trainer(store: Store) -> Iterator[trainer_pb2_grpc.TrainerServiceStub]:
    """A real trainer."""
    register = partial(trainer_pb2_grpc.add_TrainerServiceServicer_to_server, Trainer(lambda: store))
    with served(register) as address, rpc.connect(address) as channel:
        yield trainer_pb2_grpc.TrainerServiceStub(channel)


@pytest.fixture
def branches(store: Store) -> Iterator[Branches]:
    """Where the branches run."""
    with closing(Branches(store=store, port=free_port())) as branches:
        yield branches


@pytest.fixture
def scraper(prometheus_binary: str, tmp_path: Path, branches: Branches) -> Iterator[Scraper]:
    """A Prometheus that scrapes them."""
    folder = tmp_path / "prometheus"
    folder.mkdir()
    scraper = Scraper(binary=prometheus_binary, folder=folder, port=free_port(), target=branches.port)
    yield scraper
    scraper.go()


def readings(store: Store) -> dict[str, MetricsReading]:
    """The readings of all groups, by their names."""
    found = {key.split("/")[3] for key in store.find("campaigns/gate/branches/")}
    return {name: store.get_message(keys.branch_group_reading("gate", name), MetricsReading) for name in found}


def test_a_round_waits_for_a_prometheus_that_is_away_and_judges_what_its_branches_did(
    store: Store, trainer, branches: Branches, scraper: Scraper
) -> None:
    """Away for twice the wait, again in each step: every reading is of a real scrape, and equal to the record."""
    times = Times(wait=WAIT_SECONDS, away=600.0, lacking=2.0, looks=1.0)
    place = Endpoint(url=scraper.url, seconds=5.0)
    measures = Prometheus(store=store, endpoint=place, max_age=5.0, times=times, show=branches.show)
    said: set[str] = set()
    result: ValidationProgress | Validation | None = None
    away_since: float | None = None
    is_back = False
    work = validate(first_request(trainer), trainer=trainer, launcher=branches, measures=measures)
    with closing(work) as messages:
        for result in messages:
            if isinstance(result, ValidationProgress) and result.waits_for:
                said.add(result.waits_for)
                if result.waits_for.startswith("Prometheus: ") and away_since is None:
                    away_since = time.monotonic()
            if away_since is not None and not is_back and time.monotonic() - away_since > 2 * WAIT_SECONDS:
                is_back = True
                scraper.come()
    assert isinstance(result, Validation)
    assert "Prometheus: could not be reached" in said
    assert [words for words in said if words.endswith("to be shown again, its process to start")]
    found = readings(store)
    assert set(branches.shown) == set(found)
    assert {reading.fault for reading in found.values()} == {MetricsFault.METRICS_FAULT_UNSPECIFIED}
    assert max(reading.waited_seconds for reading in found.values()) > 2 * WAIT_SECONDS
    measured = [record for arm in result.arms for record in arm.records]
    assert measured
    assert {record.metrics_fault for record in measured} == {MetricsFault.METRICS_FAULT_UNSPECIFIED}


def test_without_a_time_to_wait_the_round_is_inconclusive(
    store: Store, trainer, branches: Branches, scraper: Scraper
) -> None:
    """The default: what the branches came to is not used, and nothing is shown again."""
    place = Endpoint(url=scraper.url, seconds=5.0)
    measures = Prometheus(store=store, endpoint=place, times=Times(wait=1.0), show=branches.show)
    with closing(validate(first_request(trainer), trainer=trainer, launcher=branches, measures=measures)) as messages:
        *_, result = messages
    assert isinstance(result, Validation)
    assert {reading.fault for reading in readings(store).values()} == {MetricsFault.METRICS_FAULT_UNAVAILABLE}
    assert branches.shown == []
