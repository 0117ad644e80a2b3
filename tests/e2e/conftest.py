"""A real Kubernetes for the tests of the chart.

With ALSO_E2E_KUBECONFIG it is the cluster that this file leads to; ALSO_E2E_LOAD is then a command that makes an image
archive known to it, e.g. `kind load image-archive`. Else a cluster of one node is started on this machine, which must
be Linux and ours as root, from what `cluster/build_components.sh` has put into ALSO_E2E_CACHE. It ends with the
session, whatever happens; the logs of its components and pods stay, and a failed test shows their ends.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.e2e import commands
from tests.e2e.releases import Release, merged
from tools.loopback import free_port

SCRIPTS = Path(__file__).with_name("cluster")

START_SECONDS = 300
"""How long a cluster may take to come up, on a machine that is busy with other things."""

VOLUMES = 12
"""Volumes of a cluster that is started here."""

BESIDE = {
    f"test_{name}.py"
    for name in (
        "chart",
        "chart_campaigns",
        "chart_labels",
        "chart_matrix",
        "chart_monitoring",
        "chart_presets",
        "dashboards",
        "prometheus_as_run",
        "prometheus_away",
        "rules",
    )
}
"""Modules that need no cluster, and that another process may run beside it."""

PATIENT = {"test_cluster.py", "test_jobs.py", "test_waits.py"}
"""Modules that wait most of the time, so that a second cluster has room beside the first one."""

LAST = "test_metrics_gate.py"
"""The module whose samples count for a second and a half: it needs no cluster either, and runs when most is over."""

NO_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster that is ready."""

    kubeconfig: Path
    """Leads to it, as an administrator."""
    state: Path | None
    """Folder of the cluster that was started here; None for another's."""
    cache: Path | None
    """What it was started from; None where nothing was built."""

    @property
    def environment(self) -> dict[str, str]:
        """What its commands run in."""
        ours = {name: value for name, value in os.environ.items() if name not in NO_PROXIES}
        return (ours if self.state else dict(os.environ)) | {"KUBECONFIG": str(self.kubeconfig)}

    def command(self, name: str) -> str:
        """Path of a command, see `commands`."""
        return commands.path(name)

    def run(
        self, *command: str | Path, given: str | None = None, check: bool = True, seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a command against the cluster; `given` is what it reads."""
        done = subprocess.run(
            command, env=self.environment, input=given or "", capture_output=True, text=True, timeout=seconds
        )
        if check and done.returncode:
            said = f"{done.stdout}{done.stderr}"
            pytest.fail(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{said}", pytrace=False)
        return done

    def kubectl(self, *arguments: str, given: str | None = None, check: bool = True, seconds: float = 120):
        """Run kubectl."""
        return self.run(self.command("kubectl"), *arguments, given=given, check=check, seconds=seconds)

    def helm(self, *arguments: str, version: int = 3, check: bool = True, seconds: float = 300):
        """Run helm, of a major version."""
        return self.run(self.command(f"helm{version}"), *arguments, check=check, seconds=seconds)

    def load(self, image: Path | str) -> None:
        """Make an image known: an archive, or the name of one that the built buildah has."""
        if self.state:
            self.run(SCRIPTS / "load_image.sh", self.state, image, self.cache, seconds=600)
        elif loader := os.environ.get("ALSO_E2E_LOAD"):
            self.run(*loader.split(), image, seconds=600)
        else:
            pytest.skip(f"{image} cannot be loaded into this cluster: ALSO_E2E_LOAD names no command for it")

    def archive(self, name: str) -> Path:
        """Archive of an image that build_images.sh has made: localhost/also-NAME:VERSION."""
        archive = (self.cache or Path()) / "images" / f"{name}.tar"
        if not archive.exists():
            pytest.skip(f"there is no image {name}: ALSO_E2E_CACHE names no folder that build_images.sh has filled")
        return archive

    def image(self, name: str) -> str:
        """Load an image that build_images.sh has made, and return its name."""
        archive = self.archive(name)
        self.load(archive)
        return archive.with_suffix(".tar.ready").read_text(encoding="utf-8").split()[0]

    @contextmanager
    def port(self, namespace: str, target: str, port: int) -> Iterator[int]:
        """A local port that leads to a port of a pod or Service, e.g. `svc/store`; ConnectionError where none runs."""
        local = free_port()
        arguments = ["port-forward", "-n", namespace, target, f"{local}:{port}"]
        with subprocess.Popen(
            [self.command("kubectl"), *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                said = process.stdout.readline()
                if not said.startswith("Forwarding"):
                    raise ConnectionError(f"kubectl {' '.join(arguments)}: {said}{process.stdout.read()}")
                yield local
            finally:
                process.terminate()

    @contextmanager
    def namespace(self, name: str, *, enforce: str = "restricted") -> Iterator[str]:
        """A namespace that ends with the block, under a level of Pod Security."""
        labels = {"pod-security.kubernetes.io/enforce": enforce}
        document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        self.kubectl("apply", "-f", "-", given=json.dumps(document))
        try:
            yield name
        finally:
            self.kubectl("delete", "namespace", name, "--wait=false", check=False)


@contextmanager
def started(state: Path, cache: Path) -> Iterator[Cluster]:
    """A cluster of one node, from its start to its end; it ends too when this process is killed."""
    end = [SCRIPTS / "down.sh", state]
    with subprocess.Popen(
        ["sh", "-c", 'read -r _; exec "$@"', "sh", *end],  # reads until this process ends, however it does
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as mourner:
        try:
            up = subprocess.run(
                [SCRIPTS / "up.sh", state, cache],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=START_SECONDS,
            )
            if up.returncode:
                pytest.fail(f"the cluster did not start:\n{up.stderr}{ends_of_logs(state)}", pytrace=False)
            yield Cluster(kubeconfig=state / "kubeconfig", state=state, cache=cache)
        finally:
            down = subprocess.run(end, capture_output=True, text=True)
            mourner.stdin.close()  # which finds nothing left
            if down.returncode:
                pytest.fail(f"the cluster did not end:\n{down.stderr}", pytrace=False)


def ends_of_logs(state: Path, lines: int = 15) -> str:
    """Last lines of what each component and container has printed."""
    logs = sorted(path for path in (state / "log").rglob("*.log") if path.is_file() and path.stat().st_size)
    return "\n".join(
        f"--- {path}\n" + "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        for path in dict.fromkeys(path.resolve() for path in logs)
    )


@pytest.fixture(scope="session")
def components() -> Path:
    """The folder that build_components.sh and build_images.sh have filled."""
    built = commands.cache()
    if built is None:
        pytest.skip(
            "ALSO_E2E_CACHE names no folder with a built Kubernetes: `make e2e` builds one and runs these tests"
        )
    if sys.platform != "linux" or os.geteuid():
        pytest.skip("a cluster is started by root on Linux only; ALSO_E2E_KUBECONFIG may name another one")
    return built


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster, for all tests of a process."""
    if named := os.environ.get("ALSO_E2E_KUBECONFIG"):
        yield Cluster(kubeconfig=Path(named), state=None, cache=commands.cache())
        return
    with started(tmp_path_factory.mktemp("cluster"), request.getfixturevalue("components")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def kubectl(cluster: Cluster):
    """Runs kubectl against the cluster."""
    return cluster.kubectl


@pytest.fixture(scope="session")
def helm(cluster: Cluster):
    """Runs helm against the cluster."""
    return cluster.helm


@pytest.fixture(scope="session")
def kueue(cluster: Cluster) -> None:
    """Kueue, which is installed into the cluster."""
    if not cluster.cache:
        pytest.skip("ALSO_E2E_CACHE names no folder with a built Kueue")
    image = cluster.image("kueue")
    repository, tag = image.rsplit(":", 1)
    named = f"repository={repository},tag={tag},pullPolicy=IfNotPresent".split(",")
    values = ",".join(f"controllerManager.manager.image.{value}" for value in named)
    place = ["--namespace=kueue-system", "--create-namespace"]
    chart = str(cluster.cache / "kueue" / "chart")
    cluster.helm("upgrade", "--install", "kueue", chart, *place, f"--set={values}", "--wait", "--timeout=180s")
    flavor = json.dumps(
        {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "ResourceFlavor", "metadata": {"name": "probe"}}
    )
    dry_run = ("apply", "--dry-run=server", "--filename=-")
    answers = eventually(lambda: cluster.kubectl(*dry_run, given=flavor, check=False).returncode == 0)
    assert answers, "the webhook of Kueue does not answer"  # its pod is ready before the node's rules lead to it


@pytest.fixture(scope="session")
def storage(cluster: Cluster) -> None:
    """Volumes for claims; a cluster of another's has a default StorageClass of its own."""
    if not cluster.state:
        return
    kind = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "folders", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    (node,) = json.loads(cluster.kubectl("get", "nodes", "--output=json").stdout)["items"]
    term = {
        "matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node["metadata"]["name"]]}]
    }
    volumes = []
    for number in range(VOLUMES):
        folder = cluster.state / "volumes" / str(number)
        folder.mkdir(parents=True)
        spec = {
            "capacity": {"storage": "100Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "folders",
            "local": {"path": str(folder)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
        }
        name = f"folder-{number}"
        volumes.append({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec})
    given = json.dumps({"apiVersion": "v1", "kind": "List", "items": [kind, *volumes]})
    cluster.kubectl("apply", "--filename=-", given=given)


@pytest.fixture(scope="session")
def images(cluster: Cluster) -> dict[str, str]:
    """Names of the images of a release, which the cluster knows."""
    names = ("trainer", "critic", "generator", "validator", "campaign", "versitygw", "prometheus")
    return {name: cluster.image(name) for name in names}


@pytest.fixture(scope="module")
def release_in(cluster: Cluster, storage: None, images: dict[str, str]) -> Iterator[Callable[..., Release]]:
    """Makes a release of the chart ready to be installed in a new namespace, with the images that were built here.

    Namespaces end with the module: the node's two cores have room for the requests of two or three releases.
    """
    with ExitStack() as namespaces:

        def prepare(namespace: str, *, version: int = 3, **values: object) -> Release:
            """A release in a namespace that ends with the module."""
            namespaces.enter_context(cluster.namespace(namespace))
            release = Release(cluster=cluster, namespace=namespace, version=version, values=values_of(images))
            release.values = merged(release.values, values)
            return release

        yield prepare


def values_of(images: dict[str, str]) -> dict:
    """Values that name the images, and let a campaign run on a node of two cores."""

    def own(name: str) -> dict[str, str]:
        registry, _, rest = images[name].partition("/")
        repository, _, tag = rest.rpartition(":")
        return {"registry": registry, "repository": repository, "tag": tag}

    return {
        "image": own("trainer") | {"repository": own("trainer")["repository"].removesuffix("-trainer")},
        "objectStore": {"embedded": {"image": own("versitygw")}},
        "prometheus": {"embedded": {"image": own("prometheus")}},
        "jobs": {"resources": {"requests": {"cpu": "100m"}}},
    }


def lane(nodeid: str) -> str:
    """What one process runs in its order: on a cluster of its own, or a module that needs none."""
    module = Path(nodeid.partition("::")[0]).name
    return module if module in BESIDE else "patient" if module in PATIENT else "busy"


class Lanes(LoadScopeScheduling):
    """Each lane in one process, those of a cluster first, since they take longest."""

    def _split_scope(self, nodeid: str) -> str:
        return lane(nodeid)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lanes begin in the order of their first tests."""
    turns = {"busy": 0, "patient": 1}
    items.sort(key=lambda item: (turns.get(lane(item.nodeid), 2), item.path.name == LAST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log) -> Lanes:
    """Tests are shared out to processes by lanes."""
    return Lanes(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Show the ends of the cluster's logs where a test has failed."""
    report = yield
    cluster = getattr(item, "funcargs", {}).get("cluster")
    if report.failed and cluster and cluster.state:
        report.sections.append(("ends of the cluster's logs", ends_of_logs(cluster.state)))
    return report


def eventually(said, seconds: float = 60):
    """What a function returns once that is true; the last of it when time is over."""
    deadline = time.monotonic() + seconds
    while True:
        with suppress(OSError):
            if (result := said()) or time.monotonic() > deadline:
                return result
        if time.monotonic() > deadline:
            return None
        time.sleep(0.5)


@pytest.fixture(scope="session")
def prometheus_binary() -> str:
    """Path of a real Prometheus."""
    return commands.path("prometheus")


@pytest.fixture(scope="session", name="eventually")
def eventually_fixture():
    """Waits until a function returns what is true."""
    return eventually


@pytest.fixture(scope="session", name="started")
def started_fixture():
    """Starts a cluster of one's own, and ends it."""
    return started
