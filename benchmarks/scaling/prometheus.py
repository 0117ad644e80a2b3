"""Prometheus under branch pods: a real one scrapes N of them at the chart's interval, with the chart's rules.

Each pod tells exactly what a real branch process told, under a group's name of its own, and has the labels that the
chart's scrape gives it. Then the validator's own code reads all N groups at once, as it would at the end of a
rung, and every reading must be usable.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import yaml

from also import keys
from also.services.validator.measure.prometheus import Prometheus
from also.services.validator.measure.query import Endpoint
from also.services.validator.measure.reading import Times
from also.services.validator.measure.samples import query
from also.store import open_store
from also.v1.reading_pb2 import MetricsReading
from benchmarks.scaling.a_round import CAMPAIGN_ID, ARound, Trained, renamed, samples
from benchmarks.scaling.exporter import path_of
from benchmarks.scaling.figures import Stopwatch, row, seconds, short, spread, table
from tools import loopback
from tools.loopback import MORTAL, read_url

_CASES = ((10, 16), (100, 16), (1000, 16), (1000, 1), (20, 64))
"""Pods, and branches of each at most. The last two are a round of 1,000 branches, and the second one is nearly one."""

_SCRAPES = 6
"""Scrapes of each pod before anything is measured: what is asked for has a range of samples by then."""

_QUERIES = 9
"""Groups whose samples are asked for one by one."""

_CHART = Path("deploy/helm/also")

_MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the chart's values say of Prometheus."""

    interval: float
    """Seconds between two scrapes of a pod."""
    max_age: float
    """Age of the oldest sample that counts, seconds."""
    wait: float
    """How long the validator waits for samples, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What Prometheus cost with one number of pods."""

    line: str
    """Its row of the first table."""
    queries: str
    """Its row of the second."""


def measure(a_round: ARound, trained: dict[int, Trained], binaries: Path) -> Iterator[str]:
    """The section's lines.

    Args:
        a_round: the round.
        trained: one trained group for each number of replicas.
        binaries: folder with Prometheus.

    Raises:
        RuntimeError: Prometheus lost a sample, or the validator could not use one.
    """
    binary = binaries / "prometheus"
    settings = _settings()
    yield from ("## Prometheus", "")
    yield (
        f"Prometheus {_version(binary)}, a scrape of each pod every {settings.interval:g} s, the chart's rules, after "
        f"{_SCRAPES} scrapes. A pod of 1 branch tells "
        f"{_series(trained[1])} series, one of 16 branches {_series(trained[16])}: each branch "
        f"{(_series(trained[16]) - _series(trained[1])) // (len(trained[16].records) - 1)}, and the process the rest."
    )
    yield ""
    yield from table("pods", "branches", "series", "samples/s", "CPU cores", "memory, MiB", "a scrape, ms", "slowest")
    queries = []
    for pods, replicas in _CASES:
        with TemporaryDirectory() as place:
            reading = _measure_case(a_round, trained[replicas], pods, Path(place), binary, settings)
        yield reading.line
        queries.append(reading.queries)
    yield from ("", "The validator's query for one group, and its readings of all groups that end at once:", "")
    yield from table(
        "pods", "branches", "ms of one query", "KiB of its answer", "seconds for all pods", "oldest sample, s"
    )
    yield from queries


def _measure_case(
    a_round: ARound, trained: Trained, pods: int, place: Path, binary: Path, settings: Settings
) -> Reading:
    branches = pods * len(trained.records)
    with _scraped(trained, pods, place, binary, settings) as url:
        endpoint = Endpoint(url=url)
        time.sleep(_SCRAPES * settings.interval)
        before, began = read_url(f"{url}/metrics").decode(), time.monotonic()
        time.sleep(2 * settings.interval)
        after, took = read_url(f"{url}/metrics").decode(), time.monotonic() - began
        appended = _rise(before, after, "prometheus_tsdb_head_samples_appended_total") / took
        cores = _rise(before, after, "process_cpu_seconds_total") / took
        (head,), (memory,) = (
            samples(after, name) for name in ("prometheus_tsdb_head_series", "process_resident_memory_bytes")
        )
        up, middle, slowest = (
            endpoint.ask(text, lookback_seconds=30).series[0].samples[-1].value
            for text in (
                "sum(up)",
                "quantile(0.5, scrape_duration_seconds)",
                "max(max_over_time(scrape_duration_seconds[30s]))",
            )
        )
        if up != pods:
            raise RuntimeError(f"{up:g} of {pods} pods could be scraped")
        line = row(
            pods,
            f"{branches:,}",
            f"{head:,.0f}",
            f"{appended:,.0f}",
            short(cores),
            f"{memory / _MIB:.0f}",
            short(middle * 1000),
            short(slowest * 1000),
        )
        one, size = _ask_one_by_one(trained, pods, endpoint, settings)
        whole, age = _read_all(trained, pods, endpoint, place, settings)
    queries = row(pods, f"{branches:,}", spread(one.seconds, 1e-3), short(size / 1024), short(whole), short(age))
    return Reading(line=line, queries=queries)


def _ask_one_by_one(trained: Trained, pods: int, endpoint: Endpoint, settings: Settings) -> tuple[Stopwatch, int]:
    """Times of single queries, and the bytes of one answer."""
    range_seconds = round(settings.max_age + settings.wait)
    watch = Stopwatch()
    for turn in range(_QUERIES):
        text = query(renamed(trained.group, f"g{turn * pods // _QUERIES}"), range_seconds=range_seconds)
        with watch.lap():
            answer = endpoint.ask(text, lookback_seconds=round(settings.max_age))
        if len(answer.series) != 4 * len(trained.records):
            raise RuntimeError(f"Prometheus has {len(answer.series)} series for a group of {len(trained.records)}")
    return watch, len(read_url(f"{endpoint.url}/api/v1/query?{urlencode({'query': text})}"))


def _read_all(trained: Trained, pods: int, endpoint: Endpoint, place: Path, settings: Settings) -> tuple[float, float]:
    """Seconds until the validator has stored its readings of all groups, and the age of the oldest sample in them."""
    store = open_store(f"{place}/store")
    groups = [renamed(trained.group, f"g{number}") for number in range(pods)]
    for group in groups:
        store.create_message(keys.branch_group_result(CAMPAIGN_ID, group.name), trained.result_of(group.name))
    measures = Prometheus(store=store, endpoint=endpoint, max_age=settings.max_age, times=Times(wait=settings.wait))
    try:
        took = seconds(lambda: list(measures.read(groups)))
    finally:
        measures.close()
    readings = [
        store.get_message(keys.branch_group_reading(CAMPAIGN_ID, group.name), MetricsReading) for group in groups
    ]
    faulty = [reading for reading in readings if reading.fault or len(reading.branches) != len(trained.records)]
    if faulty:
        raise RuntimeError(f"{len(faulty)} of {pods} readings cannot be used, e.g. {faulty[0].detail}")
    return took, max(branch.age_seconds for reading in readings for branch in reading.branches)


@contextmanager
def _scraped(trained: Trained, pods: int, place: Path, binary: Path, settings: Settings) -> Iterator[str]:
    """URL of a Prometheus that scrapes so many pods; both end with the block."""
    told = place / "metrics.txt"
    told.write_text(trained.exposition, encoding="utf-8")
    module = [sys.executable, "-m", "benchmarks.scaling.exporter"]
    exporter = [*MORTAL, *module, f"--groups={pods}", f"--group={trained.group.name}", str(told)]
    with ExitStack() as stack:
        process = stack.enter_context(subprocess.Popen(exporter, stdout=subprocess.PIPE, text=True))
        stack.callback(process.terminate)
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield stack.enter_context(loopback.prometheus(binary, json.dumps(_config(port, pods, settings)), place))


def _config(port: int, pods: int, settings: Settings) -> dict[str, object]:
    """Prometheus's settings: as the chart's, with a list of pods in place of the API server's."""
    static = [
        {
            "targets": [f"127.0.0.1:{port}"],
            "labels": {
                "__metrics_path__": path_of(number),
                "instance": f"10.0.{number // 250}.{number % 250}:9100",
                "namespace": "also",
                "pod": f"thousand-s0000-r0-search-1-g{number}-0123456789-abcde",
                "component": "branch",
            },
        }
        for number in range(pods)
    ]
    interval = f"{settings.interval:g}s"
    scrape = {"job_name": "also", "honor_labels": True, "static_configs": static}
    return {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": "15s"},
        "rule_files": [str((_CHART / "rules").absolute() / "*.yaml")],
        "scrape_configs": [scrape],
    }


def _settings() -> Settings:
    values = yaml.safe_load((_CHART / "values.yaml").read_text(encoding="utf-8"))["prometheus"]
    return Settings(
        interval=values["embedded"]["scrapeIntervalSeconds"],
        max_age=values["maxAgeSeconds"],
        wait=values["waitSeconds"],
    )


def _version(binary: Path) -> str:
    """What the program says; one that was built from its Go module says nothing, and its folder does."""
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"version (\d\S+)", said) or re.search(r"prometheus-(v[\d.]+)", str(binary.resolve()))
    return found[1] if found else "of an unknown version"


def _rise(before: str, after: str, name: str) -> float:
    return sum(samples(after, name)) - sum(samples(before, name))


def _series(trained: Trained) -> int:
    """Series that a pod tells."""
    return sum(bool(line) and not line.startswith("#") for line in trained.exposition.splitlines())
