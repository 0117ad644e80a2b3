"""What a release job runs: it says what it would do, and does nothing unless it knows where to."""

import os
import subprocess

import pytest

import also
from tools.chart_values import CHART
from tools.generate_proto import ROOT

PROCESSES = ("trainer", "critic", "generator", "validator", "campaign")


def published(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """What `.ci/publish` says."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("REGISTRY", "VERSION", "BUILDER", "EXTRAS")
    }
    return subprocess.run(
        [ROOT / ".ci" / "publish", *arguments],
        env=kept | {"BUILDER": "docker"} | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_all_images_and_the_chart_are_published_under_one_version():
    """Each process's image is built and then pushed, and the chart comes last: whoever finds it finds its images."""
    done = published("--dry-run", REGISTRY="registry.example:5000/team")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    names = [f"registry.example:5000/team/also-{each}:{also.__version__}" for each in PROCESSES]
    assert [line.split("--tag ")[1] for line in lines if " build " in line] == [f"{name} ." for name in names]
    assert [line for line in lines if line.startswith("docker push")] == [f"docker push {name}" for name in names]
    assert lines[-2].startswith("helm push ")
    assert lines[-2].endswith(f"also-{also.__version__}.tgz oci://registry.example:5000/team/charts")
    assert "--set image.repository=registry.example:5000/team/also" in lines[-1]


def test_another_version_is_that_of_images_and_chart():
    """A candidate of a release, built by what the job says."""
    variables = {"VERSION": "0.2.0-rc.1", "BUILDER": "podman", "BUILD_ARGS": "--build-arg BASE_IMAGE=mine"}
    done = published("--dry-run", REGISTRY="r.example", **variables)
    assert "podman push r.example/also-critic:0.2.0-rc.1" in done.stdout
    assert f"helm package {CHART.relative_to(ROOT)} --version 0.2.0-rc.1 --app-version 0.2.0-rc.1" in done.stdout
    assert done.stdout.count("--build-arg BASE_IMAGE=mine") == len(PROCESSES)


def test_extras_are_those_of_the_campaigns_image():
    """It is the one that tells trackers; the others stay as small as they are."""
    done = published("--dry-run", REGISTRY="r.example", EXTRAS="tensorboard wandb")
    (built,) = [line for line in done.stdout.splitlines() if "EXTRAS" in line]
    assert "--build-arg SERVICE=campaign --build-arg EXTRAS=tensorboard wandb" in built


@pytest.mark.parametrize(
    ("arguments", "variables", "named"),
    [
        ((), {}, "REGISTRY is not set"),
        ((), {"REGISTRY": "https://r.example"}, 'REGISTRY is "https://r.example"'),
        ((), {"REGISTRY": "r.example/"}, 'REGISTRY is "r.example/"'),
        ((), {"REGISTRY": "r.example", "VERSION": "latest"}, 'VERSION is "latest"'),
        ((), {"REGISTRY": "r.example", "BUILDER": "make"}, 'BUILDER is "make"'),
        (("--dryrun",), {"REGISTRY": "r.example"}, "unknown argument --dryrun"),
    ],
)
def test_what_cannot_be_published_is_one_line(arguments, variables, named):
    """It names the value, and nothing is built."""
    done = published(*arguments, **variables)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert named in done.stderr
