"""What the chart may expect of ALSO's images: an ordinary user, a root that is never written, no package too many.

`pytest -rP` shows their sizes.
"""

import json
import tarfile

import pytest

from also import __version__
from tests.e2e.pods import SECURITY

pytestmark = pytest.mark.timeout(600)

SERVICES = ("trainer", "critic", "generator", "validator")
IMAGES = (*SERVICES, "campaign")

PORT = {"port": 50051}

LOOK = """
import importlib, importlib.util, json, os, sys
importlib.import_module(sys.argv[1])
large = ("torch", "kubernetes", "openai", "pip")
own = [module for module in list(sys.modules.values()) if (getattr(module, "__file__", None) or "").startswith("/opt/")]
sources = [module.__file__ for module in own if module.__file__.endswith(".py")]
print(json.dumps({
    "user": [os.getuid(), os.getgid()],
    "modules": len(sources),
    "not compiled": [path for path in sources if not os.path.exists(importlib.util.cache_from_source(path))],
    "packages": [name for name in large if importlib.util.find_spec(name)],
    "writable": [path for path in ("/", "/opt/source", "/opt/also", "/tmp") if os.access(path, os.W_OK)],
}))
"""
"""What a process sees that has imported a module, as JSON."""

PACKAGES = {
    "trainer": ["torch"],
    "critic": ["openai"],
    "generator": ["openai"],
    "validator": ["kubernetes"],
    "campaign": [],
}
"""Which of the larger packages an image has."""


@pytest.fixture(scope="module")
def namespace(cluster):
    """A namespace under restricted Pod Security."""
    with cluster.namespace("also-images") as name:
        yield name


@pytest.fixture
def start(cluster, images, namespace):
    """Starts a pod of an image, as restricted as can be; it ends with the test."""
    names = []

    def started(image, purpose, **container):
        name = f"{image}-{purpose}"
        names.append(name)
        main = {"name": "main", "image": images[image], "imagePullPolicy": "IfNotPresent", "securityContext": SECURITY}
        spec = {
            "containers": [main | {"volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]} | container],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
        }
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        cluster.kubectl("apply", "--namespace", namespace, "--filename=-", given=json.dumps(pod))
        return name

    yield started
    cluster.kubectl("delete", "--namespace", namespace, "pods", "--wait=false", "--ignore-not-found", *names)


@pytest.fixture
def said(cluster, namespace, start, eventually):
    """What a pod of an image has printed when it has ended, and its exit code."""

    def run(image, purpose, **container):
        name = start(image, purpose, **container)
        path = "{.status.containerStatuses[0].state.terminated.exitCode}"
        code = eventually(
            lambda: cluster.kubectl("get", "-n", namespace, "pod", name, f"--output=jsonpath={path}").stdout, 120
        )
        return cluster.kubectl("logs", "-n", namespace, name).stdout, code

    return run


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_serves_on_a_root_that_it_cannot_write(cluster, namespace, start, name):
    """With the arguments of the chart, the kubelet's own probe finds it healthy; SIGTERM ends it without an error."""
    pod = start(
        name,
        "serves",
        args=["--address", "0.0.0.0:50051", "--metrics-port", "9100"],
        env=[{"name": "ALSO_STORE", "value": "/tmp/store"}, {"name": "ALSO_TRAINER", "value": "trainer.test:50051"}],
        readinessProbe={"grpc": PORT, "periodSeconds": 1, "timeoutSeconds": 5},
    )
    wait = ("wait", "-n", namespace, f"pod/{pod}", "--timeout=110s")
    cluster.kubectl(*wait, "--for=condition=Ready")
    cluster.kubectl("exec", "-n", namespace, pod, "--", "python", "-c", "import os; os.kill(1, 15)")
    cluster.kubectl(*wait, "--for=jsonpath={.status.phase}=Succeeded")


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_has_what_it_needs_and_no_more(said, name):
    """Its user is an ordinary one, its modules are compiled, and packages of other parts are not in it."""
    module = "also.cli" if name == "campaign" else f"also.services.{name}.service"
    printed, code = said(name, "looks", command=["python", "-c", LOOK, module])
    assert code == "0", printed
    seen = json.loads(printed)
    assert seen["user"] == [10001, 10001]
    assert seen["modules"] > 10
    assert seen["not compiled"] == []
    assert seen["packages"] == PACKAGES[name]
    assert seen["writable"] == ["/tmp"]


def test_the_trainer_has_the_command_of_branches(said):
    """Jobs run the trainer's image with another command."""
    printed, code = said("trainer", "branches", command=["python", "-m", "also.services.trainer.branch", "--help"])
    assert code == "0", printed
    assert "--linger-seconds" in printed


def test_the_campaign_is_the_command_also(said):
    """The image's arguments are those of `also`."""
    printed, code = said("campaign", "helps", args=["run", "--help"], env=[{"name": "COLUMNS", "value": "120"}])
    assert code == "0", printed
    assert "--metrics-port" in printed


def test_a_tracker_that_an_image_lacks_is_one_line(said):
    """This one was built with TensorBoard alone; it says how another is built."""
    printed, code = said(
        "campaign", "tracks", args=["run", "--track", "tensorboard:/tmp/runs", "--track", "wandb:mine"]
    )
    assert code == "2", printed
    assert "--wandb needs wandb" in printed
    assert "EXTRAS=wandb" in printed


def contents(archive):
    """Config of an image, and its layers as (digest, paths of the files in it that are not empty)."""
    with tarfile.open(archive) as image:
        (manifest,) = json.load(image.extractfile("manifest.json"))
        config = json.load(image.extractfile(manifest["Config"]))
        layers = []
        for digest, path in zip(config["rootfs"]["diff_ids"], manifest["Layers"], strict=True):
            with tarfile.open(fileobj=image.extractfile(path)) as layer:
                layers.append((digest, {entry.name for entry in layer if entry.size}))
    return config, layers


@pytest.fixture(scope="module")
def archives(cluster):
    """Contents of each image."""
    return {name: contents(cluster.archive(name)) for name in IMAGES}


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_says_what_it_is(cluster, archives, name):
    """Its user, title and version are in its config."""
    config, _ = archives[name]
    print(f"also-{name}: {cluster.archive(name).stat().st_size / 1e6:.0f} MB")
    assert config["config"]["User"] == "10001:10001"
    labels = config["config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == f"also-{name}"
    assert labels["org.opencontainers.image.version"] == __version__


@pytest.mark.parametrize("name", IMAGES)
def test_no_layer_keeps_the_way_to_a_registry(archives, name):
    """What pip was told while the image was built is not in it."""
    _, layers = archives[name]
    kept = set.union(*(paths for _, paths in layers))
    assert "opt/source/also/__init__.py" in kept
    assert kept & {"etc/pip.conf", "run/secrets/pip.conf", "run/secrets/ca.crt"} == set()


def test_small_images_share_their_base(archives):
    """A node has it once."""
    first = {archives[name][1][0][0] for name in IMAGES if name != "trainer"}
    assert len(first) == 1
