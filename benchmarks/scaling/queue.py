"""Kueue under a thousand Jobs, with room for eight: how long until all have their place in the queue.

The Jobs that it admits get pods on the node without a kubelet and keep their room, so all others go on waiting.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from also.store import Store
from also.v1.branch_pb2 import BranchGroup
from benchmarks.scaling.cluster import FAKE_NODE, Cluster
from benchmarks.scaling.figures import row, short, spread, table
from benchmarks.scaling.observed import Observed, launcher

_ROOM = 8
"""Jobs of the chart's default size that the quota lets run."""

_SECONDS = 600.0
"""How long the queue may take."""

_QUEUE = "room-for-eight"

_MIB = 2**20


def measure(cluster: Cluster, store: Store, groups: Sequence[BranchGroup]) -> Iterator[str]:
    """The section's lines.

    Raises:
        RuntimeError: Kueue lost a Job, or admitted more than there is room for.
    """
    version = _install(cluster)
    api = cluster.namespace("queued", labels=f"kueue.x-k8s.io/queue-name={_QUEUE}", on_fake_node=True)
    _make_queue(cluster, api.name)
    observed = Observed(client=api.client, name=api.name)
    jobs = launcher(observed, store)
    began, created, placed = time.monotonic(), 0.0, 0.0
    number = len(groups)
    with closing(jobs.run(groups)) as running:
        for _ in running:
            now = time.monotonic() - began
            if not created and len(observed.times("create jobs")) >= number:
                created = now
            pending, admitted = _status(cluster)
            if admitted > _ROOM:
                raise RuntimeError(f"Kueue admitted {admitted} Jobs; there is room for {_ROOM}")
            if pending + admitted >= number and admitted == _ROOM:
                placed = now
                break
            if now > _SECONDS:
                raise RuntimeError(f"after {now:.0f} s {pending} Jobs wait and {admitted} are admitted, of {number}")
    yield f"Kueue {version}, a ClusterQueue with room for {_ROOM} of the Jobs:"
    yield ""
    yield from table("Jobs", "ms to create one", "s, all created", "s, all waiting or admitted", "memory of Kueue, MiB")
    created_ms = spread(observed.times("create jobs"), 1e-3)
    yield row(f"{number:,}", created_ms, short(created), short(placed), f"{_memory(cluster) / _MIB:.0f}")


def _install(cluster: Cluster) -> str:
    """Install Kueue from the chart that was built; its version."""
    image = cluster.image("kueue")
    repository, version = image.rsplit(":", 1)
    given = ",".join(
        f"controllerManager.manager.image.{value}"
        for value in (f"repository={repository}", f"tag={version}", "pullPolicy=IfNotPresent")
    )
    place = ["--namespace=kueue-system", "--create-namespace", "--wait", "--timeout=180s"]
    cluster.helm("upgrade", "--install", "kueue", str(cluster.cache / "kueue/chart"), *place, f"--set={given}")
    return version


def _make_queue(cluster: Cluster, namespace: str) -> None:
    """The queue; Kueue's webhook answers a little after its pod is ready."""
    room = {"cpu": f"{500 * _ROOM}m", "memory": f"{512 * _ROOM}Mi", "ephemeral-storage": f"{64 * _ROOM}Mi"}
    quotas = [{"name": each, "nominalQuota": quota} for each, quota in room.items()]
    spec = {
        "namespaceSelector": {},
        "resourceGroups": [{"coveredResources": list(room), "flavors": [{"name": "room", "resources": quotas}]}],
    }
    documents = [
        _document("ResourceFlavor", "room"),
        _document("ClusterQueue", _QUEUE, spec=spec),
        _document("LocalQueue", _QUEUE, namespace, spec={"clusterQueue": _QUEUE}),
    ]
    deadline = time.monotonic() + 120
    while True:
        try:
            cluster.apply(*documents)
            return
        except RuntimeError:
            if time.monotonic() > deadline:
                raise
        time.sleep(1)


def _document(kind: str, name: str, namespace: str = "", **parts: Any) -> dict[str, Any]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": kind, "metadata": metadata, **parts}


def _status(cluster: Cluster) -> tuple[int, int]:
    """Jobs that wait, and that are admitted."""
    found = json.loads(cluster.kubectl("get", "clusterqueue", _QUEUE, "--output=json")).get("status", {})
    return found.get("pendingWorkloads", 0), found.get("admittedWorkloads", 0)


def _memory(cluster: Cluster) -> int:
    """What Kueue's pods use, bytes, by their node's kubelet."""
    nodes = json.loads(cluster.kubectl("get", "nodes", "--output=json"))["items"]
    (node,) = {each["metadata"]["name"] for each in nodes} - {FAKE_NODE}
    summary = json.loads(cluster.kubectl("get", f"--raw=/api/v1/nodes/{node}/proxy/stats/summary"))
    return sum(
        pod["memory"].get("workingSetBytes", 0)
        for pod in summary["pods"]
        if pod["podRef"]["namespace"] == "kueue-system" and "memory" in pod
    )
