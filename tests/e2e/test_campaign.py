"""A whole campaign on the cluster: installed, promoted by a real Prometheus, killed, upgraded, uninstalled.

The same campaign runs twice, in two namespaces. The first is left in peace; in the second every part is killed while a
round is under way. Both must come to the same journal: each decision exactly once, and the same.
"""

import json
import time

import pytest

from also import keys, limits
from also.campaign.fold import event_of, fold
from also.campaign.replay import differences
from also.v1.branch_pb2 import BranchGroup, BranchGroupResult
from also.v1.reading_pb2 import MetricsFault, MetricsReading
from also.v1.verdict_pb2 import Outcome
from tests.e2e.releases import query
from tools.dashboards import expressions

pytestmark = pytest.mark.timeout(1800)

CAMPAIGN = {
    "id": "quick",
    "file": {
        "task": {"name": "foraging", "layout": "10x10-3p-3f-coop"},
        "seed": 1,
        "learner": {"learning_rate": 0.001, "minibatches": 2},
        "stages": {"count": 2, "env_steps": 48000, "first_env_steps": 48000, "patience": 0},
        "validation": {
            "proof": "confirmed",
            "share": 1,
            "rounds": 1,
            "search_env_steps": 32000,
            "confirm_env_steps": 48000,
        },
    },
}
"""A minute of training on two idle cores; its first stage ends with a promotion, whatever the seed."""


@pytest.fixture(scope="module")
def release(release_in, tmp_path_factory):
    """The campaign in peace, to its end."""
    release = release_in("also-peace", campaign=CAMPAIGN)
    release.install(tmp_path_factory.mktemp("peace"))
    release.wait_for("finished", 1500)
    return release


@pytest.fixture(scope="module")
def peaceful(release):
    """Its journal."""
    return release.journal()


@pytest.fixture(scope="module")
def disturbed(release_in, tmp_path_factory):
    """The same campaign in another namespace, installed by the other helm; every part is killed in mid-round."""
    release = release_in("also-war", version=4, campaign=CAMPAIGN, jobs={"saveIntervalSeconds": 5})
    folder = tmp_path_factory.mktemp("war")
    release.install(folder)
    release.wait_for("proposed", 300)
    killed = []
    for component in ("branch", "validator", "campaign", "trainer", "prometheus", "store", "branch"):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not any(
            pod["status"]["phase"] == "Running" for pod in release.pods("branch")
        ):
            if any(record.WhichOneof("event") == "finished" for record in release.journal()):
                break
            time.sleep(0.5)
        killed.append((component, release.kill(component)))
        time.sleep(3)
    release.install(folder, validator={"podAnnotations": {"also.test/upgraded": "true"}})
    release.wait_for("finished", 1200)
    return release, killed


def test_the_campaign_promotes_and_ends(peaceful):
    """The first stage ends with a promotion, and the campaign with a report."""
    state = fold(peaceful)
    assert state.finished is not None
    promoted = [verdict for stage in state.stages for trial in stage.trials for verdict in [trial.verdict]]
    assert any(
        verdict.outcome in (Outcome.OUTCOME_PROMOTED, Outcome.OUTCOME_PROMOTED_PROVISIONALLY) for verdict in promoted
    )
    assert list(differences(peaceful)) == []


def test_every_branch_ran_as_a_job_from_the_object_store(release, peaceful, eventually):
    """Each group's Job is there, complete, made by the validator, and so is its result, with its start checkpoint."""

    def succeeded():
        return {job["metadata"]["labels"]["also.dev/group"]: job["status"].get("succeeded") for job in release.jobs()}

    eventually(lambda: set(succeeded().values()) == {1})  # a pod ends some seconds after its result is there
    with release.store() as store:
        groups = store.names(f"{keys.campaign('quick')}branches/")
        assert succeeded() == dict.fromkeys(groups, 1)
        for name in groups:
            group = store.get_message(keys.branch_group("quick", name), BranchGroup)
            limits.check(group)
            assert all(store.exists(keys.checkpoint("quick", branch.checkpoint_id)) for branch in group.branches)
            assert store.get_message(keys.branch_group_result("quick", name), BranchGroupResult).processes == 1


def test_prometheus_agrees_with_every_record_that_was_judged(release):
    """Each group has a reading without a fault, with one value for each of its branches."""
    with release.store() as store:
        for name in store.names(f"{keys.campaign('quick')}branches/"):
            reading = store.get_message(keys.branch_group_reading("quick", name), MetricsReading)
            records = store.get_message(keys.branch_group_result("quick", name), BranchGroupResult).records
            assert reading.fault == MetricsFault.METRICS_FAULT_UNSPECIFIED, reading.detail
            assert [(each.arm, each.seed_index, each.mean_return) for each in reading.branches] == [
                (record.arm, record.seed_index, record.measures[-1].mean_return) for record in records
            ]


def test_the_promoted_policy_can_be_evaluated(release, peaceful):
    """The final checkpoint is whole: evaluating it here gives the journal's milestone score and return."""
    state = fold(peaceful)
    printed = json.loads(release.also("evaluate", state.position.checkpoint_id, "--campaign", "quick", "--json"))
    assert printed["milestone_score"] == pytest.approx(state.reported.evaluation.milestone_score, abs=0.05)


def test_every_panel_and_rule_has_data(release):
    """Each expression of the dashboards and rules returns data from the Prometheus that scraped the campaign."""
    with release.prometheus() as url:
        assert expressions.without_data(url, campaign="quick") == []


def test_the_release_tests_itself(release):
    """`helm test` passes."""
    said = release.helm("test", release.name).stdout
    assert "Phase:          Succeeded" in said


def test_killed_parts_change_no_decision(disturbed, peaceful):
    """Whatever was killed in mid-round, each decision was made exactly once, and is the same as in peace."""
    release, killed = disturbed
    assert [component for component, name in killed if not name] == []
    assert [event_of(record) for record in release.journal()] == [event_of(record) for record in peaceful]


def test_each_group_was_trained_by_one_job(disturbed):
    """No kill made a second Job of a group: the names are the groups'."""
    release, _ = disturbed
    groups = [job["metadata"]["labels"]["also.dev/group"] for job in release.jobs()]
    assert len(groups) == len(set(groups))


def test_the_namespaces_do_not_see_each_other(release, disturbed):
    """Each Prometheus has scraped its own release's pods only."""
    with release.prometheus() as url:
        assert {sample["metric"]["namespace"] for sample in query(url, "up")} == {release.namespace}


def test_nothing_but_the_data_is_left_of_an_uninstalled_release(disturbed, eventually):
    """Jobs and pods go with the release; the volume of the store and what opens it stay."""
    release, _ = disturbed
    release.helm("uninstall", release.name, "--wait")
    kinds = "all,jobs,configmaps,secrets,serviceaccounts,roles,rolebindings,networkpolicies,pdb,pvc"
    ours = f"app.kubernetes.io/instance={release.name}"

    def left():
        return sorted(f"{item['kind']}/{item['metadata']['name']}" for item in release.objects(kinds, ours))

    expected = ["PersistentVolumeClaim/also-store", "Secret/also-store"]
    assert eventually(lambda: left() == expected, 90), left()
