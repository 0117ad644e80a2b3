"""A release of the chart on a cluster, as the tests see it: helm, its objects, its store, its Prometheus.

Commands of ALSO run here, against the release's own object store through a forwarded port, so that what is checked is
what a person would see.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import yaml

from also.campaign.journal import Journal
from also.errors import AlsoError
from also.settings import child_environment
from also.store import Store
from also.v1.journal_pb2 import JournalRecord
from tools import release_store
from tools.loopback import read_url

if TYPE_CHECKING:
    from tests.e2e.conftest import Cluster

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "also"


@dataclass(kw_only=True)
class Release:
    """One release in one namespace."""

    cluster: "Cluster"
    namespace: str
    name: str = "also"
    version: int = 3
    """Major version of helm that manages it."""
    values: dict = field(default_factory=dict)

    @property
    def campaign(self) -> str:
        """Id of its campaign."""
        return self.values["campaign"]["id"]

    def helm(self, verb: str, *arguments: str, seconds: float = 300, check: bool = True):
        """Run helm on the release."""
        return self.cluster.helm(
            verb, *arguments, "--namespace", self.namespace, version=self.version, seconds=seconds, check=check
        )

    def install(self, folder: Path, *arguments: str, **changes) -> None:
        """Install or upgrade it with its values, changed."""
        self.values = merged(self.values, changes)
        file = folder / f"{self.namespace}.yaml"
        file.write_text(yaml.safe_dump(self.values), encoding="utf-8")
        self.helm("upgrade", "--install", self.name, str(CHART), "--values", str(file), *arguments)

    def kubectl(self, *arguments: str, check: bool = True, seconds: float = 120):
        """Run kubectl in its namespace."""
        return self.cluster.kubectl("--namespace", self.namespace, *arguments, check=check, seconds=seconds)

    def objects(self, kinds: str, selector: str = "") -> list[dict]:
        """Objects of its namespace."""
        chosen = [f"--selector={selector}"] if selector else []
        return json.loads(self.kubectl("get", kinds, "--output=json", *chosen).stdout)["items"]

    def pods(self, component: str) -> list[dict]:
        """Its pods of a component that are not on their way out."""
        found = self.objects("pods", f"app.kubernetes.io/instance={self.name},app.kubernetes.io/component={component}")
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def jobs(self) -> list[dict]:
        """Jobs of its branch groups that are there now."""
        return self.objects("jobs", f"app.kubernetes.io/instance={self.name},app.kubernetes.io/component=branch")

    def kill(self, component: str) -> str:
        """Delete a running pod of a component at once, and return its name; empty where there is none."""
        running = [pod["metadata"]["name"] for pod in self.pods(component) if pod["status"]["phase"] == "Running"]
        if running:
            self.kubectl("delete", "pod", running[0], "--grace-period=0", "--force", "--wait=false")
        return running[0] if running else ""

    def wait_until_ready(self, seconds: float = 180) -> None:
        """Wait until each of its Deployments is available; what its pods wait for is shown where they are not."""
        wait = ("wait", "--for=condition=Available", "deployments", "--all", f"--timeout={seconds:.0f}s")
        done = self.kubectl(*wait, check=False, seconds=seconds + 10)
        if done.returncode:
            pods = self.kubectl("get", "pods", "--output=wide", check=False).stdout
            events = self.kubectl("get", "events", "--sort-by=.lastTimestamp", check=False).stdout
            pytest.fail(f"{self.namespace} is not ready:\n{done.stderr}{pods}{events[-4000:]}", pytrace=False)

    @contextmanager
    def access(self) -> Iterator[dict[str, str]]:
        """The environment in which a command of ALSO finds the release's object store."""
        secret = json.loads(self.kubectl("get", "secret", f"{self.name}-store", "--output=json").stdout)
        with self.cluster.port(self.namespace, f"svc/{self.name}-store", 7070) as port:
            yield release_store.access(secret["data"], port)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The release's object store."""
        with self.access() as given:
            yield release_store.opened(given)

    def also(self, *arguments: str, check: bool = True) -> str:
        """What a command of ALSO prints against the release's object store."""
        with self.access() as given:
            done = subprocess.run(
                [sys.executable, "-m", "also", *arguments],
                env=child_environment(**given),
                capture_output=True,
                text=True,
                timeout=300,
            )
        if check and done.returncode:
            pytest.fail(f"also {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def journal(self, campaign: str = "") -> list[JournalRecord]:
        """The campaign's journal so far, or another's; empty where there is none, or no store just now."""
        try:
            with self.store() as store:
                return Journal(store, campaign or self.campaign).records
        except (AlsoError, OSError):
            return []

    def wait_for(self, event: str, seconds: float = 600, campaign: str = "") -> list[JournalRecord]:
        """Wait until the campaign's journal, or another's, has an event of a kind, and return it."""
        deadline = time.monotonic() + seconds
        while True:
            records = self.journal(campaign)
            if any(record.WhichOneof("event") == event for record in records):
                return records
            if time.monotonic() > deadline:
                ours = f"app.kubernetes.io/instance={self.name},app.kubernetes.io/component=campaign"
                told = self.kubectl("logs", f"--selector={ours}", "--prefix", "--tail=20", check=False).stdout
                pytest.fail(f"there was no {event!r} in {seconds:.0f} s; the campaign says:\n{told}")
            time.sleep(1)

    @contextmanager
    def prometheus(self) -> Iterator[str]:
        """URL of its Prometheus."""
        with self.cluster.port(self.namespace, f"svc/{self.name}-prometheus", 9090) as port:
            yield f"http://127.0.0.1:{port}"


def merged(values: dict, changes: dict) -> dict:
    """Values with changes, at all depths."""
    result = dict(values)
    for name, change in changes.items():
        both = isinstance(change, dict) and isinstance(result.get(name), dict)
        result[name] = merged(result[name], change) if both else change
    return result


def query(url: str, expression: str) -> list[dict]:
    """What a Prometheus answers an expression with."""
    return json.loads(read_url(f"{url}/api/v1/query?query={quote(expression)}"))["data"]["result"]
