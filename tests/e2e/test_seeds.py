"""Several seeds of one release on the cluster: two at once, told to TensorBoard, and then one more in turn."""

import json
import re

import pytest

from also.campaign.fold import fold
from also.campaign.replay import differences
from tests.e2e.releases import query

pytestmark = pytest.mark.timeout(1200)

CAMPAIGN = {
    "id": "small",
    "file": {
        "task": {"name": "foraging", "layout": "8x8-2p-2f-coop"},
        "learner": {"environments": 4},
        "evaluation": {"episodes": 4, "report_episodes": 4},
        "stages": {"count": 1, "env_steps": 2000, "patience": 0},
        "validation": {"proof": "confirmed", "share": 1, "search_env_steps": 200, "confirm_env_steps": 200},
    },
    "track": {"tensorboard": {"enabled": True, "persistence": {"existingClaim": "runs"}}},
}
"""A campaign that takes next to nothing, each of its seeds."""

CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "runs"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
"""Two pods may write to it where there is one node."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where values are written."""
    return tmp_path_factory.mktemp("seeds")


@pytest.fixture(scope="module")
def release(release_in, folder, cluster):
    """Two seeds at once, to their ends."""
    release = release_in("also-seeds", campaign=CAMPAIGN | {"seeds": [3, 7], "parallel": 2})
    cluster.kubectl("apply", f"--namespace={release.namespace}", "--filename=-", given=json.dumps(CLAIM))
    release.install(folder)
    for name in ("small-s3", "small-s7"):
        release.wait_for("finished", 600, campaign=name)
    return release


@pytest.fixture(scope="module")
def journals(release):
    """The journals of both."""
    return {name: release.journal(name) for name in ("small-s3", "small-s7")}


def finished(release):
    """Campaigns that the release's Prometheus knows to be over, by the pod that says so."""
    with release.prometheus() as url:
        samples = query(url, "also_campaign_finished == 1")
    return {each["metric"]["campaign"]: each["metric"]["pod"] for each in samples}


def test_each_seed_is_a_campaign_of_its_own(release, journals):
    """With its seed, its decisions, and Jobs that are told apart by it."""
    assert [fold(records).campaign.seed for records in journals.values()] == [3, 7]
    assert all(list(differences(records)) == [] for records in journals.values())
    assert {job["metadata"]["labels"]["also.dev/campaign"] for job in release.jobs()} == set(journals)


def test_each_was_conducted_by_a_pod_of_its_own(release, eventually):
    """Prometheus has both, each from its pod."""
    assert eventually(lambda: len(finished(release)) == 2), finished(release)
    pods = finished(release)
    assert pods["small-s3"].startswith("also-campaign-1-")
    assert pods["small-s7"].startswith("also-campaign-2-")


def test_one_more_seed_is_run_and_what_is_over_is_only_read(release, journals, folder, eventually):
    """In turn, by one pod, which shows the metrics of all; the journals of before stay as they are."""
    release.install(folder, campaign={"seeds": [3, 7, 11], "parallel": 1})
    release.wait_for("finished", 600, campaign="small-s11")
    assert {name: release.journal(name) for name in journals} == journals
    expected = {"small-s3", "small-s7", "small-s11"}
    from_one = lambda: {name for name, pod in finished(release).items() if re.match("also-campaign-[^-]{5,}-", pod)}  # noqa: E731
    assert eventually(lambda: from_one() == expected, 120), finished(release)
    told = release.kubectl("exec", "deployment/also-campaign", "--", "ls", "/tensorboard").stdout.split()
    assert set(told) >= expected
    listed = release.kubectl("exec", "deployment/also-campaign", "--", "also", "status").stdout
    assert all(name in listed for name in expected)


def test_the_release_tests_itself(release):
    """The tracker has a line, too."""
    done = release.helm("test", release.name, "--timeout=5m", seconds=330)
    assert re.findall(r"(ok|failed) +(campaign|tensorboard):", done.stderr) == [
        ("ok", "campaign"),
        ("ok", "tensorboard"),
    ]
