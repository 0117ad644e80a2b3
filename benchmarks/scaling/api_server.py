"""The API server, etcd and the controllers under a thousand Jobs, which the launcher itself creates and watches.

Jobs are made suspended, so that nothing but their objects is measured; then, for a node that no kubelet serves, with
pods; and at last in a queue of Kueue with room for eight. The launcher has the rights of the chart's validator,
its object store is a versitygw, and every request of its that is timed is one that it makes by itself.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from also.services.validator.launch.job_objects import JobObjects
from also.services.validator.launch.job_template import CAMPAIGN_LABEL
from also.services.validator.launch.kubernetes import Namespace
from also.store import Store
from also.v1.branch_pb2 import BranchGroup
from benchmarks.scaling import queue
from benchmarks.scaling.a_round import CAMPAIGN_ID, ARound
from benchmarks.scaling.cluster import COMPONENTS, TEMPLATE, Cluster, started
from benchmarks.scaling.figures import Stopwatch, row, short, spread, table, tail
from benchmarks.scaling.observed import Observed, launcher
from benchmarks.scaling.servers import gateway

_NUMBERS = (10, 100, 1000)
"""Jobs at once."""

_LOOKS, _WATCHED_SECONDS = 3, 12.0
"""The launcher watches for so many looks, and so long, at least: what it asks for every few seconds is among it."""

_START_SECONDS = 600.0
"""How long pods may take to be there."""

_MIB = 2**20


def measure(a_round: ARound, cache: Path) -> Iterator[str]:
    """The section's lines; this process must be root's."""
    groups = a_round.groups(1)
    with (
        TemporaryDirectory() as place,
        gateway(cache / "bin/versitygw", Path(place) / "gateway") as served,
        started(Path(place) / "cluster", cache) as cluster,
    ):
        yield from ("## API server", "")
        yield (
            f"Kubernetes {cluster.version()}, one node, etcd without fsync, all of it on the machine above. Jobs of "
            "the chart's template, by the launcher, suspended: no pods."
        )
        yield ""
        yield from table(
            "Jobs", "ms to create one", "p95", "s to take all up again", "ms to list 100 of them", "MiB of all",
            "ms to list pods", "requests of a look", "s of a look", "longest look", "ms to delete one",
        )  # fmt: skip
        memory = [_memory_row("before", cluster)]
        for number in _NUMBERS:
            api = cluster.namespace(f"suspended-{number}")
            yield _measure_jobs(cluster, api, served.store, groups[:number], memory)
        yield from ("", "Resident memory, and etcd's database:", "")
        yield from table("Jobs there", *(f"{name}, MiB" for name in COMPONENTS), "database, MiB")
        yield from memory
        yield from ("", "Jobs with pods, on a node without a kubelet; seconds from the launcher's first request:", "")
        yield from table(
            "Jobs", "all Jobs created", "all pods there", "all pods bound", "pods/s", "MiB to list pods", "s of a look"
        )
        cluster.add_fake_node(4 * sum(_NUMBERS))
        for number in _NUMBERS[1:]:
            api = cluster.namespace(f"started-{number}", on_fake_node=True)
            yield _measure_pods(cluster, api, served.store, groups[:number])
        yield ""
        yield from queue.measure(cluster, served.store, groups[: _NUMBERS[-1]])


def _measure_jobs(
    cluster: Cluster, api: Namespace, store: Store, groups: Sequence[BranchGroup], memory: list[str]
) -> str:
    """A row about suspended Jobs; the memory that they take is added to the other table."""
    number = len(groups)
    observed = Observed(client=api.client, name=api.name)
    objects = JobObjects(namespace=observed, template=TEMPLATE, store=store)
    create, delete = Stopwatch(), Stopwatch()
    template = objects.read_template()
    for group in groups:
        with create.lap():
            outcome = objects.create(group, template).outcome
        if outcome != "created":
            raise RuntimeError(f"the Job of {group.name} was {outcome or 'refused'}")
    observed.asked.clear()
    jobs = launcher(observed, store)
    began, adopted = time.monotonic(), 0.0
    with closing(jobs.run(groups)) as running:
        for _ in running:
            if not adopted and observed.times("list jobs"):
                adopted = min(each.began for each in observed.asked if each.what == "list jobs") - began
            if len(observed.looks(0)) >= _LOOKS and time.monotonic() - began - adopted >= _WATCHED_SECONDS:
                break
    looks = observed.looks(jobs.tick_seconds)
    looked = pairwise(observed.starts())
    requests = [sum(before <= each.began < after for each in observed.asked) for before, after in looked]
    found = objects.find(groups)
    if len(found) != number:
        raise RuntimeError(f"{len(found)} of {number} Jobs are there")
    memory.append(_memory_row(f"{number:,}", cluster))
    listed = (spread(observed.times(f"list {kind}"), 1e-3) for kind in ("jobs", "pods"))
    jobs_ms, pods_ms = listed
    size = short(list_bytes(cluster, api.name, "jobs") / _MIB)
    for job in found.values():
        with delete.lap():
            objects.delete(job)
    return row(
        f"{number:,}",
        spread(create.seconds, 1e-3),
        tail(create.seconds, 1e-3),
        short(adopted),
        jobs_ms,
        size,
        pods_ms,
        spread(requests),
        spread(looks),
        short(max(looks)),
        spread(delete.seconds, 1e-3),
    )


def _measure_pods(cluster: Cluster, api: Namespace, store: Store, groups: Sequence[BranchGroup]) -> str:
    """A row about Jobs whose pods are made and bound, and never run."""
    number = len(groups)
    observed = Observed(client=api.client, name=api.name)
    jobs = launcher(observed, store)
    began, created, there, bound = time.monotonic(), 0.0, 0.0, 0.0
    with closing(jobs.run(groups)) as running:
        for _ in running:
            now = time.monotonic() - began
            if not created and len(observed.times("create jobs")) >= number:
                created = now
            pods = api.find("pods")
            there = there or (now if len(pods) >= number else 0.0)
            bound = bound or (now if sum("nodeName" in pod["spec"] for pod in pods) >= number else 0.0)
            if bound and len(observed.looks(0)) >= _LOOKS:
                break
            if now > _START_SECONDS:
                raise RuntimeError(f"{len(pods)} of {number} pods are there after {now:.0f} s")
    looks = observed.looks(jobs.tick_seconds)
    size = list_bytes(cluster, api.name, "pods") / _MIB
    times = (short(each) for each in (created, there, bound))
    return row(f"{number:,}", *times, short(number / bound), short(size), spread(looks))


def list_bytes(cluster: Cluster, namespace: str, kind: str) -> int:
    """Bytes of what the launcher lists in a look."""
    group = "/apis/batch/v1" if kind == "jobs" else "/api/v1"
    selector = quote(f"{CAMPAIGN_LABEL}={CAMPAIGN_ID}")
    body = cluster.kubectl("get", f"--raw={group}/namespaces/{namespace}/{kind}?labelSelector={selector}")
    if not json.loads(body)["items"]:
        raise RuntimeError(f"there are no {kind} in namespace {namespace}")
    return len(body)


def _memory_row(words: str, cluster: Cluster) -> str:
    memory = cluster.memory()
    if not all(memory.values()):
        raise RuntimeError(f"not every part of the control plane is there: {memory}")
    return row(words, *(f"{memory[name] / _MIB:.0f}" for name in COMPONENTS), short(cluster.database() / _MIB))
