"""A real cluster of one node for a benchmark, with the chart's Jobs, rights and a node that no kubelet serves.

It is the one of `make e2e`, started from what that has built, and ends with the block, or with this process. The
launcher meets it with the rights of the chart's validator.
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from also.services.validator.launch.kubernetes import Namespace, connect
from also.settings import child_environment
from benchmarks.scaling.servers import memory_by_name

RELEASE = "also"
"""Name of the release whose parts are applied."""

TEMPLATE = f"{RELEASE}-job-template"
"""ConfigMap with the Jobs' template."""

FAKE_NODE = "no-kubelet"
"""A node that takes pods and never starts them."""

COMPONENTS = ("kube-apiserver", "kube-controller-manager", "etcd")
"""Programs whose memory is measured."""

_SCRIPTS = Path("tests/e2e/cluster")

_CHART = Path("deploy/helm/also")

_PARTS = ("job-template", "roles", "accounts")
"""What the launcher needs of the chart."""

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster that is ready."""

    state: Path
    """Its folder."""
    cache: Path
    """What it was started from."""

    def run(self, command: Path, *arguments: str, given: str = "") -> bytes:
        """What a command says that meets the cluster as its administrator.

        Raises:
            RuntimeError: it failed.
        """
        environment = child_environment(KUBECONFIG=str(self.state / "kubeconfig"), **dict.fromkeys(_PROXIES, ""))
        done = subprocess.run([command, *arguments], env=environment, input=given.encode(), capture_output=True)
        if done.returncode:
            raise RuntimeError(f"{command.name} {' '.join(arguments)[:200]} failed: {done.stderr.decode()[-1000:]}")
        return done.stdout

    def kubectl(self, *arguments: str, given: str = "") -> bytes:
        """What kubectl says."""
        return self.run(self.cache / "bin/kubectl", *arguments, given=given)

    def helm(self, *arguments: str) -> bytes:
        """What helm says."""
        return self.run(self.cache / "bin/helm3", *arguments)

    def apply(self, *documents: dict[str, Any]) -> None:
        """Create objects, or change them."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(documents)}
        self.kubectl("apply", "--server-side", "--filename=-", given=json.dumps(listed))

    def image(self, name: str) -> str:
        """Load an image that was built, and return its name."""
        archive = self.cache / f"images/{name}.tar"
        self.run(_SCRIPTS / "load_image.sh", str(self.state), str(archive), str(self.cache))
        return archive.with_suffix(".tar.ready").read_text(encoding="utf-8").split()[0]

    def memory(self) -> dict[str, int]:
        """Resident memory of the control plane's programs, bytes, by name."""
        return memory_by_name((self.state / "namespace").read_text(encoding="utf-8").strip(), COMPONENTS)

    def database(self) -> int:
        """Size of etcd's database, bytes."""
        for line in self.kubectl("get", "--raw=/metrics").decode().splitlines():
            if line.startswith(("apiserver_storage_size_bytes", "apiserver_storage_db_total_size_in_bytes")):
                return round(float(line.rsplit(" ", 1)[1]))
        raise RuntimeError("the API server does not say how large its database is")

    def version(self) -> str:
        """Version of Kubernetes."""
        version: str = json.loads(self.kubectl("version", "--output=json"))["serverVersion"]["gitVersion"]
        return version

    def namespace(self, name: str, *, labels: str = "", on_fake_node: bool = False) -> Namespace:
        """A new namespace under Pod Security `restricted` with the chart's template, met with its validator's rights.

        Args:
            name: its name.
            labels: `key=value` that every Job has beside the chart's; empty: Jobs are made suspended.
            on_fake_node: whether pods go to the node that no kubelet serves.
        """
        enforce = {"pod-security.kubernetes.io/enforce": "restricted"}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": enforce}})
        jobs: dict[str, Any] = {"suspend": not on_fake_node}
        if on_fake_node:
            jobs |= {"nodeSelector": {"kubernetes.io/hostname": FAKE_NODE}, "tolerations": [{"operator": "Exists"}]}
        if labels:
            jobs["labels"] = dict([labels.split("=", 1)])
        shown = [f"--show-only=templates/{part}.yaml" for part in _PARTS]
        where = [f"--namespace={name}", "--kube-version=1.34.0", f"--set-json=jobs={json.dumps(jobs)}"]
        chart = self.helm("template", RELEASE, str(_CHART), *where, *shown).decode()
        self.kubectl("apply", "--server-side", f"--namespace={name}", "--filename=-", given=chart)
        return connect(name, str(self._validator(name)))

    def add_fake_node(self, pods: int) -> None:
        """A node with room for so many pods."""
        labels = {"kubernetes.io/hostname": FAKE_NODE}
        self.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": FAKE_NODE, "labels": labels}})
        room = {"cpu": str(pods), "memory": f"{pods}Gi", "ephemeral-storage": f"{pods}Gi", "pods": str(pods)}
        status = json.dumps({"status": {"capacity": room, "allocatable": room}})
        self.kubectl("patch", "node", FAKE_NODE, "--subresource=status", "--type=merge", f"--patch={status}")

    def _validator(self, namespace: str) -> Path:
        """A kubeconfig with the rights of the chart's validator in a namespace."""
        token = self.kubectl("create", "token", f"{RELEASE}-validator", f"--namespace={namespace}", "--duration=2h")
        known = yaml.safe_load((self.state / "kubeconfig").read_text(encoding="utf-8"))
        for user in known["users"]:
            user["user"] = {"token": token.decode().strip()}
        path = self.state / f"validator-{namespace}"
        path.write_text(yaml.safe_dump(known), encoding="utf-8")
        return path


@contextmanager
def started(state: Path, cache: Path) -> Iterator[Cluster]:
    """A cluster from its start to its end, also when this process is killed.

    Raises:
        RuntimeError: it does not start, or does not end.
    """
    end = [str(_SCRIPTS / "down.sh"), str(state)]
    with ExitStack() as stack:
        mourner = stack.enter_context(
            subprocess.Popen(
                ["sh", "-c", 'read -r _; exec "$@"', "sh", *end],  # reads until this process ends, however it does
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        )
        assert mourner.stdin is not None
        stack.callback(mourner.stdin.close)
        stack.callback(_run, *end)
        _run(str(_SCRIPTS / "up.sh"), str(state), str(cache))
        yield Cluster(state=state, cache=cache)


def _run(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
