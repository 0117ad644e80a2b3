"""What a campaign on the cluster does and says while something that it needs is away: room, Prometheus, the store.

One release goes through all of it, in this order, and ends as if nothing had been.
"""

import json
import time

import pytest

from also import reasons
from also.campaign.fold import fold
from also.campaign.replay import differences
from also.v1.reading_pb2 import MetricsFault

pytestmark = pytest.mark.timeout(1800)

CAMPAIGN = {
    "id": "absent",
    "file": {
        "task": {"name": "foraging", "layout": "10x10-3p-3f-coop"},
        "seed": 1,
        "learner": {"learning_rate": 0.001, "minibatches": 2},
        "stages": {"count": 2, "env_steps": 32000, "first_env_steps": 32000, "patience": 0},
        "validation": {
            "proof": "confirmed",
            "share": 1,
            "rounds": 1,
            "search_env_steps": 32000,
            "confirm_env_steps": 32000,
        },
    },
}
"""A minute of training on two idle cores."""

WAIT_SECONDS = 20
"""How long samples are waited for."""

QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "no-more-pods"},
    "spec": {"hard": {"pods": "0"}},
}
"""Room for no further pod."""


@pytest.fixture(scope="module")
def release(release_in, tmp_path_factory):
    """A release whose stages wait for Prometheus for ten minutes; its namespace has no room for branches yet."""
    release = release_in(
        "also-absent",
        campaign=CAMPAIGN,
        prometheus={"waitSeconds": WAIT_SECONDS, "awaySeconds": 600},
    )
    release.install(tmp_path_factory.mktemp("absent"))
    release.wait_until_ready()
    quota = json.dumps(QUOTA)
    release.cluster.kubectl("apply", "--namespace", release.namespace, "--filename=-", given=quota)
    return release


def said(release) -> str:
    """What the campaign has printed so far."""
    return release.kubectl("logs", "deployment/also-campaign", check=False).stdout


def scale(release, name: str, replicas: int) -> None:
    """Take a part away, or bring it back."""
    release.kubectl("scale", name, f"--replicas={replicas}")


def events(release) -> list[str]:
    """Kinds of the journal's records."""
    return [record.WhichOneof("event") for record in release.journal()]


def test_branches_without_room_say_so(release, eventually) -> None:
    """The quota's own words reach the log; the round goes on when there is room."""
    assert eventually(lambda: "exceeded quota: no-more-pods" in said(release), seconds=600), said(release)
    assert " to run: " in said(release)
    assert "validated" not in events(release)
    release.kubectl("delete", "resourcequota", "no-more-pods")


def test_a_stage_waits_for_prometheus(release, eventually) -> None:
    """Longer than for samples, with nothing decided; its branches are judged after it, though their Jobs are gone."""
    scale(release, "deployment/also-prometheus", 0)
    assert eventually(lambda: "waits for Prometheus: " in said(release), seconds=600), said(release)
    time.sleep(2 * WAIT_SECONDS)
    assert "validated" not in events(release)
    assert "waits for Prometheus: " in release.also("status", "absent")
    release.kubectl("delete", "jobs", "--all")
    scale(release, "deployment/also-prometheus", 1)
    assert eventually(lambda: "to be shown again" in said(release), seconds=600), said(release)
    release.wait_for("validated", 600)


def test_a_store_that_is_away_is_waited_for(release, eventually) -> None:
    """The log names it; the campaign goes on to its end."""
    scale(release, "statefulset/also-store", 0)
    assert eventually(lambda: "waits for store s3://" in said(release), seconds=300), said(release)
    time.sleep(20)
    scale(release, "statefulset/also-store", 1)
    release.wait_for("finished", 900)


def test_nothing_was_held_for_what_was_away(release) -> None:
    """Every reading could be used, no hold is for want of metrics, and the journal can be derived again."""
    journal = release.journal()
    state = fold(journal)
    assert list(differences(journal)) == []
    assert state.stages[0].validations
    arms = [arm for stage in state.stages for validation in stage.validations for arm in validation.arms]
    assert {record.metrics_fault for arm in arms for record in arm.records} == {MetricsFault.METRICS_FAULT_UNSPECIFIED}
    verdicts = [verdict for stage in state.stages for each in stage.validations for verdict in each.verdicts]
    assert not [verdict for verdict in verdicts if reasons.verdict(verdict.reason).startswith("Metrics")]
