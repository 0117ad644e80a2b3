"""What Kubernetes adds to a campaign: time from `helm install` to the first promotion, overhead of a Job, memory.

    python -m benchmarks.cluster --namespace also [--release also] [--output benchmarks/cluster.md]

It measures a release that has run, and changes nothing: `kubectl` (KUBECONFIG leads to the cluster) says when Jobs were
created, when their containers ran and when they ended; its own object store says how long branches trained, and
what was promoted when; its own Prometheus says what each process took.

A Job's overhead is all of its time that is not training: scheduling, start of the container, imports, and waiting until
Prometheus has read the last sample. Kubernetes and the journal tell time in whole seconds.
"""

import argparse
import json
import platform
import re
import statistics
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from also import keys
from also.campaign.journal import Journal
from also.store import Store
from also.v1.branch_pb2 import BranchGroupResult
from also.v1.journal_pb2 import JournalRecord
from also.v1.reading_pb2 import MetricsReading
from benchmarks.machine import machine
from tools import release_store
from tools.dashboards.prometheus import Prometheus


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Where the time of one Job went, seconds."""

    group: str
    """Name of the branch group."""
    total: float
    """From the Job's creation to its completion."""
    pending: float
    """From the Job's creation to the start of the container that finished."""
    training: float
    """Training, evaluation and checkpoints, by the branch's own monotonic clock."""
    waited: float
    """Until the validator could use Prometheus's samples, by its monotonic clock."""

    @property
    def overhead(self) -> float:
        """All that is not training, seconds."""
        return self.total - self.training


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--namespace", required=True, help="namespace of the release")
    parser.add_argument("--release", default="also", help="name of the release")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the table")
    arguments = parser.parse_args()
    lines = measure(arguments.namespace, arguments.release)
    print("\n".join(lines))
    arguments.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


def measure(namespace: str, release: str) -> list[str]:
    """The document's lines."""
    campaign = _get(namespace, "deployment", f"{release}-campaign")
    (campaign_id,) = re.findall(r"--campaign[ =\"',]+([a-z0-9-]+)", json.dumps(campaign["spec"]))
    installed = _time(campaign["metadata"]["creationTimestamp"])
    ours = f"app.kubernetes.io/instance={release},app.kubernetes.io/component=branch"
    with _forwarded(namespace, f"{release}-prometheus", 9090) as port:
        memory = _memory(f"http://127.0.0.1:{port}", namespace)
    with _store(namespace, release) as store:
        records = Journal(store, campaign_id).records
        timings = [
            _timing(job, pod, store, campaign_id)
            for job in _get(namespace, "jobs", f"--selector={ours}")["items"]
            for pod in _get(namespace, "pods", f"--selector={ours}")["items"]
            if _is_last_pod(job, pod)
        ]
    version = _kubectl("version")["serverVersion"]["gitVersion"]
    return [
        "# A campaign on Kubernetes",
        "",
        (
            f"`python -m benchmarks.cluster`: campaign `{campaign_id}`, seed {records[0].started.campaign.seed}; "
            f"{len(timings)} Jobs. {machine()}; Kubernetes {version}, Python {platform.python_version()}"
        ),
        "",
        "| from `helm install` to | seconds |",
        "| --- | --- |",
        *_moments(records, installed),
        "",
        "| of a branch Job | median s | smallest | largest |",
        "| --- | --- | --- | --- |",
        *_row("from creation to completion", [timing.total for timing in timings]),
        *_row("training", [timing.training for timing in timings]),
        *_row("**overhead**: all the rest", [timing.overhead for timing in timings]),
        *_row("of it until its container ran", [timing.pending for timing in timings]),
        *_row("of it until Prometheus's samples could be used", [timing.waited for timing in timings]),
        "",
        "| resident memory of a process, its largest | processes | median MiB | smallest | largest |",
        "| --- | --- | --- | --- | --- |",
        *memory,
    ]


def _moments(records: list[JournalRecord], installed: datetime) -> Iterator[str]:
    """Rows with the first record of each kind that matters."""
    for kind, words in (
        ("started", "the campaign's first record"),
        ("stage_trained", "the end of its first stage"),
        ("promoted", "**the first promotion**"),
        ("finished", "the end of the campaign"),
    ):
        first = next((record for record in records if record.WhichOneof("event") == kind), None)
        if first is not None:
            yield f"| {words} | {(datetime.fromisoformat(first.written_at) - installed).total_seconds():.0f} |"


def _timing(job: dict[str, Any], pod: dict[str, Any], store: Store, campaign_id: str) -> Timing:
    group = job["metadata"]["labels"]["also.dev/group"]
    created = _time(job["metadata"]["creationTimestamp"])
    ran = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    reading = store.get_message(keys.branch_group_reading(campaign_id, group), MetricsReading)
    return Timing(
        group=group,
        total=(_time(job["status"]["completionTime"]) - created).total_seconds(),
        pending=(_time(ran["startedAt"]) - created).total_seconds(),
        training=store.get_message(keys.branch_group_result(campaign_id, group), BranchGroupResult).seconds,
        waited=reading.waited_seconds,
    )


def _memory(url: str, namespace: str) -> list[str]:
    """Rows with the most that processes of each component took, as far as a scrape has seen it."""
    taken = f'max_over_time(process_resident_memory_bytes{{namespace="{namespace}"}}[1d])'
    mebibytes = defaultdict[str, list[float]](list)
    with Prometheus(url) as prometheus:
        for series in prometheus.at(taken, prometheus.now()):
            mebibytes[series.labels["component"]].append(series.values[0] / 2**20)
    return [
        f"| {component} | {len(each)} | {statistics.median(each):.0f} | {min(each):.0f} | {max(each):.0f} |"
        for component, each in sorted(mebibytes.items())
    ]


def _is_last_pod(job: dict[str, Any], pod: dict[str, Any]) -> bool:
    """Whether a pod is the one that completed a Job."""
    owners = [owner["uid"] for owner in pod["metadata"].get("ownerReferences", [])]
    return (
        job["metadata"]["uid"] in owners and pod["status"]["phase"] == "Succeeded" and "completionTime" in job["status"]
    )


def _row(words: str, seconds: list[float]) -> list[str]:
    return [f"| {words} | {statistics.median(seconds):.1f} | {min(seconds):.1f} | {max(seconds):.1f} |"]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _get(namespace: str, *arguments: str) -> Any:
    return _kubectl("get", "--namespace", namespace, *arguments)


def _kubectl(*arguments: str) -> Any:
    done = subprocess.run(["kubectl", *arguments, "--output=json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@contextmanager
def _store(namespace: str, release: str) -> Iterator[Store]:
    """The release's own object store, through a forwarded port."""
    secret = _get(namespace, "secret", f"{release}-store")["data"]
    with _forwarded(namespace, f"{release}-store", 7070) as port:
        yield release_store.opened(release_store.access(secret, port))


@contextmanager
def _forwarded(namespace: str, service: str, port: int) -> Iterator[int]:
    """A port of 127.0.0.1 that leads to a Service's."""
    command = ["kubectl", "port-forward", "--namespace", namespace, f"service/{service}", f":{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as forward:
        try:
            assert forward.stdout is not None
            (local,) = re.findall(r"127\.0\.0\.1:(\d+)", forward.stdout.readline())
            yield int(local)
        finally:
            forward.terminate()


if __name__ == "__main__":
    main()
