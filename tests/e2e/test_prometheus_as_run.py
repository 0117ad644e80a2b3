"""Prometheus as people run it, by real ones on loopback: pairs, tenants, prefixes, IPv6, two releases, what is down."""

import importlib.util
import json
import time
import urllib.error
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest

from also import document, keys, lifeline, presets
from also.errors import EndpointError, ServiceUnavailable
from also.services.validator import ownership
from also.services.validator.measure import connection, guards, replicas
from also.services.validator.measure.prometheus import Prometheus
from also.services.validator.measure.query import Endpoint
from also.services.validator.measure.reading import Times
from also.settings import Settings
from also.shaping.identity import config_hash
from also.store import Store, open_store
from also.v1.branch_pb2 import Branch, BranchGroup, BranchGroupResult, BranchRecord, Measure, SeedPool
from also.v1.campaign_pb2 import Campaign
from also.v1.reading_pb2 import GuardQuery, MetricsFault
from tests.e2e.branch_jobs import CONFIG, SETTINGS
from tests.e2e.scraped import Scraped
from tools import loopback
from tools.chart_values import CHART
from tools.dashboards import expressions
from tools.faulty_prometheus.exporter import exporting
from tools.faulty_prometheus.scraping import scraping

pytestmark = pytest.mark.timeout(600)  # on a machine that is busy with other things

HURRY = {"max_age": 30.0, "times": Times(wait=60.0, pause=0.2)}
SOON = HURRY | {"times": Times(wait=1.0, pause=0.2)}


def store_of(folder: Path, mean_return: float) -> tuple[Store, BranchGroup]:
    """A store with a finished group of the campaign `c`, whose branches have a return."""
    campaign = document.read(Campaign, SETTINGS)
    presets.resolve(campaign)
    store = open_store(str(folder))
    config = document.read(type(Branch().config), CONFIG)
    branches = [Branch(arm=arm, seed=1, config=given) for arm, given in (("control", None), ("r0-c0", config))]
    group = BranchGroup(
        campaign_id="c",
        name="g0",
        campaign=campaign,
        pool=SeedPool.SEED_POOL_CONFIRM,
        branches=branches,
        env_steps=80,
        step=1,
    )
    measure = Measure(env_steps=80, mean_return=mean_return, milestone_score=0.5, episodes=8)
    records = [
        BranchRecord(
            arm=branch.arm, config_hash=config_hash(branch.config), checkpoint_id="e", env_steps=80, measures=[measure]
        )
        for branch in branches
    ]
    store.create_message(keys.branch_group("c", "g0"), group)
    store.create_message(keys.branch_group_result("c", "g0"), BranchGroupResult(name="g0", records=records))
    return store, group


def reading(measures: Prometheus, group: BranchGroup) -> list[BranchRecord]:
    """What the judge is given of a group."""
    generator = measures.read([group])
    try:
        while True:
            next(generator)
    except StopIteration as end:
        measures.close()
        return end.value


def faults(records: list[BranchRecord]) -> set[int]:
    """Faults of records."""
    return {record.metrics_fault for record in records}


# --- Two releases whose campaigns have one id.


def test_samples_of_another_release_are_not_ours(prometheus_binary: str, tmp_path: Path) -> None:
    """One Prometheus scrapes both; each release reads its own numbers, where without owners all is ambiguous."""
    stores = {name: store_of(tmp_path / name, value) for name, value in (("one", 0.25), ("two", 0.75))}
    ports = loopback.free_ports(2)
    folder = tmp_path / "prometheus"
    folder.mkdir()
    with ExitStack() as stack:
        url = stack.enter_context(scraping(prometheus_binary, ports, folder, milliseconds=1000))
        owners = {}
        for port, (name, (store, group)) in zip(ports, stores.items(), strict=True):
            owners[name] = partial(ownership.owner, store, namespace="n", template=f"{name}-job-template")
            (exporter,) = stack.enter_context(exporting(store.uri, [port]))
            exporter.tell(group, measures=1, owner=owners[name]("c"))
        for name, (store, group) in stores.items():
            measures = Prometheus(store=store, endpoint=Endpoint(url=url), owner=owners[name], **HURRY)
            found = reading(measures, group)
            assert faults(found) == {0}, [record.metrics_detail for record in found]
            assert {record.measures[-1].mean_return for record in found} == {0.25 if name == "one" else 0.75}
        store, group = store_of(tmp_path / "three", 0.25)
        found = reading(Prometheus(store=store, endpoint=Endpoint(url=url), **SOON), group)
        assert faults(found) == {MetricsFault.METRICS_FAULT_AMBIGUOUS}


def test_a_branch_of_before_the_upgrade_is_read(prometheus_binary: str, tmp_path: Path) -> None:
    """Its pod tells no owner; its samples count for the release that took its Job up."""
    store, group = store_of(tmp_path / "store", 0.25)
    owner = partial(ownership.owner, store, namespace="n", template="one-job-template")
    (tmp_path / "prometheus").mkdir()
    ports = loopback.free_ports(1)
    with (
        scraping(prometheus_binary, ports, tmp_path / "prometheus", milliseconds=1000) as url,
        exporting(store.uri, ports) as (exporter,),
    ):
        exporter.tell(group, measures=1)
        found = reading(Prometheus(store=store, endpoint=Endpoint(url=url), owner=owner, **HURRY), group)
    assert faults(found) == {0}


# --- A pair of servers.

PAIR = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: also
    static_configs: [{{targets: ["127.0.0.1:{port}"], labels: {{{label}: a}}}}, {{targets: ["127.0.0.1:{port}"], labels: {{{label}: b}}}}]
"""  # noqa: E501  (flow style keeps it one job)


@pytest.mark.parametrize("label", ["prometheus_replica", "__replica__", "pair"])
def test_a_pair_of_servers_is_one(prometheus_binary: str, tmp_path: Path, label: str) -> None:
    """Every series is there twice, as from an HA pair that nobody has merged; labels that are named make one of it."""
    stored = "prometheus_replica" if label == "__replica__" else label  # a target drops labels that begin with `__`
    store, group = store_of(tmp_path / "store", 0.25)
    (port,) = loopback.free_ports(1)
    given = Settings(prometheus="http://any", prometheus_replica_labels=f" {stored} ,, other")
    named = connection.replica_labels(given) if label == "pair" else connection.replica_labels(Settings())
    query = GuardQuery(name="return", query='also_branch_return{campaign="c",arm="control"}', at_least=0)
    with (
        loopback.prometheus(prometheus_binary, PAIR.format(port=port, label=stored), tmp_path) as url,
        exporting(store.uri, [port]) as (exporter,),
    ):
        exporter.tell(group, measures=1)
        place = Endpoint(url=url)
        found = reading(Prometheus(store=store, endpoint=place, replica_labels=named, **HURRY), group)
        assert faults(found) == {0}, [record.metrics_detail for record in found]
        deadline = time.monotonic() + 60
        while len((twice := place.ask(query.query, lookback_seconds=30)).series) < 2:
            assert time.monotonic() < deadline, twice  # a scrape that a busy machine does not answer ends a series
            time.sleep(0.2)
        assert guards.value_of(replicas.merged(twice, named), max_age=30) == 0.25
        other, group = store_of(tmp_path / "other", 0.25)
        found = reading(Prometheus(store=other, endpoint=place, **SOON), group)
        assert faults(found) == {MetricsFault.METRICS_FAULT_AMBIGUOUS}


# --- Where it answers, and whom it lets in.


def given(url: str, **changes: str) -> Settings:
    """Settings of a validator."""
    cluster = {"launcher": "kubernetes", "namespace": "n", "job_template": "t"}
    return Settings(prometheus=url, **cluster, **changes)


def test_a_prefix_and_ipv6_are_parts_of_an_address(prometheus_binary: str, tmp_path: Path) -> None:
    """It is asked under its path at an address in brackets; without the path the error says where to look."""
    flags = ["--web.route-prefix=/some/prom"]
    with loopback.prometheus(prometheus_binary, "{}", tmp_path, host="[::1]", prefix="/some/prom", flags=flags) as url:
        assert url.startswith("http://[::1]:")
        for address in (url, f"{url}/"):
            connection.check(given(address), Campaign())
        root = url.removesuffix("/some/prom")
        with pytest.raises(EndpointError, match=r"ALSO_PROMETHEUS http://\[::1\]:\d+: .* status 404.*path in the URL"):
            connection.check(given(root), Campaign())


TENANT = {"X-Scope-OrgID": "team-a", "Authorization": "Basic dXNlcjpwYXNz"}


@contextmanager
def guarded(upstream: str) -> Iterator[str]:
    """A gateway in front of a Prometheus that lets only a tenant in, as Mimir's does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = all(self.headers.get(name) == value for name, value in TENANT.items())
            content = (
                loopback.read_url(f"{upstream}{self.path}") if known else b'{"status":"error","error":"no org id"}'
            )
            self.send_response(200 if known else 401)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_tenant_is_let_in_by_its_headers(prometheus_binary: str, tmp_path: Path) -> None:
    """Headers of a Secret reach a gateway; without them the error has its words, and never a header's value."""
    lines = "# of the team\n\n" + "\n".join(f"{name}: {value}" for name, value in TENANT.items())
    with loopback.prometheus(prometheus_binary, "{}", tmp_path) as behind, guarded(behind) as url:
        connection.check(given(url, prometheus_headers=lines), Campaign())
        with pytest.raises(EndpointError, match=r"status 401 \(no org id\); does it ask for a token, or a tenant"):
            connection.check(given(url), Campaign())
        with pytest.raises(EndpointError, match="and ALSO_PROMETHEUS_TOKEN is set, which is that header too") as both:
            connection.check(given(url, prometheus_headers=lines, prometheus_token="t"), Campaign())
        assert "dXNlcjpwYXNz" not in str(both.value)


# --- What `helm test` asks.


@pytest.fixture(scope="module")
def check_release():
    """The script of `helm test`."""
    spec = importlib.util.spec_from_file_location("check_release", CHART / "files" / "check_release.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scraped_pods(port: int, *names: str, job: str = "also") -> str:
    """A job of Prometheus that scrapes pods by their names; all of them are the Prometheus itself."""
    targets = ", ".join(
        f'{{targets: ["127.0.0.1:{port}"], labels: {{namespace: a, pod: "{name}", endpoint: "{job}"}}}}'
        for name in names
    )
    return f"  - {{job_name: {job}, static_configs: [{targets}]}}\n"


def test_pods_of_a_release_are_counted_once_and_by_their_names(
    check_release, prometheus_binary: str, tmp_path: Path
) -> None:
    """Neither a second scrape of a pod nor a release whose name goes on makes up for a service that is missing."""
    services = ("trainer", "critic", "generator", "validator")
    missing = [f"also-{name}-6d4cf56db6-x2x9z" for name in services[:3]]
    longer = [f"also-trainer-{name}-6d4cf56db6-x2x9z" for name in services]
    asked = {name: f"also-{name}:50051" for name in services}
    for pods, twice in ((missing, missing), (missing + longer, [])):
        folder = tmp_path / str(len(pods))
        folder.mkdir()
        (port,) = loopback.free_ports(1)
        config = "global: {scrape_interval: 3s, scrape_timeout: 3s}\nscrape_configs:\n"
        config += scraped_pods(port, *pods) + (scraped_pods(port, *twice, job="annotations") if twice else "")
        with loopback.prometheus(prometheus_binary, config, folder, port=port) as url:
            await_series(url, "count(up == 1)", len(pods) + len(twice))
            with pytest.raises(ServiceUnavailable, match="has scraped 3 of the release's 4 services"):
                check_release.prometheus(given(url, **asked), "a")
    whole = [*missing, "also-validator-6d4cf56db6-x2x9z"]
    (port,) = loopback.free_ports(1)
    folder = tmp_path / "whole"
    folder.mkdir()
    config = "global: {scrape_interval: 3s, scrape_timeout: 3s}\nscrape_configs:\n" + scraped_pods(port, *whole)
    with loopback.prometheus(prometheus_binary, config, folder, port=port) as url:
        await_series(url, "count(up == 1)", 4)
        with guarded(url) as gateway:
            lines = "\n".join(f"{name}: {value}" for name, value in TENANT.items())
            said = check_release.prometheus(given(gateway, prometheus_headers=lines, **asked), "a")
            assert said == f"{gateway} has scraped the services"
            with pytest.raises(urllib.error.HTTPError, match="401"):
                check_release.prometheus(given(gateway, **asked), "a")


def await_series(url: str, query: str, value: float, seconds: float = 60) -> None:
    """Wait until a query has one series of a value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = values(url, query)
        if result == [value]:
            return
        time.sleep(0.2)
    raise AssertionError(f"{query} is {result}, not {value}")


def values(url: str, query: str) -> list[float]:
    """Values of a query's series."""
    quoted = quote(query)
    result = json.loads(loopback.read_url(f"{url}/api/v1/query?query={quoted}"))["data"]["result"]
    return [float(each["value"][1]) for each in result]


# --- What shows that something is down.


def test_a_process_that_does_not_answer_shows_as_0(prometheus_binary: str, tmp_path: Path) -> None:
    """Its own series end with it; the panel says 0 all the same, and 1 while it answered."""
    path = expressions.DASHBOARDS / "services-and-llm.json"
    board = json.loads(path.read_text(encoding="utf-8"))
    (panel,) = [each for each in board["panels"] if each["title"] == "Answers to Prometheus"]
    query = expressions.filled(panel["targets"][0]["expr"], campaign="c")
    with ExitStack() as stack:
        scraped = Scraped(stack, prometheus_binary, tmp_path, rules=tmp_path, ports=1)
        process = scraped.start_service("critic", ALSO_STORE=str(tmp_path / "store"))
        await_series(scraped.url, query, 1)
        lifeline.end([process])
        await_series(scraped.url, query, 0)
        assert values(scraped.url, "also_build_info") == []
