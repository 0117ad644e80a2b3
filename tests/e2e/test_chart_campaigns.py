"""Seeds of a release's campaign, and the trackers that are told of it, as the chart renders them. No cluster."""

import json

import pytest

from tests.e2e.chart_values import VALUES
from tests.e2e.rendering import HELMS, Document, Helm, container, environment, found, lets_out, of_kind, pods

pytestmark = pytest.mark.timeout(300)

ALONE = {"app.kubernetes.io/name": "also", "app.kubernetes.io/instance": "also"}
"""Labels of every pod of the release."""


@pytest.fixture(scope="module")
def helm(tmp_path_factory) -> Helm:
    """Both helms."""
    return found(tmp_path_factory.mktemp("helm"), "marl")


@pytest.fixture(scope="module")
def at_once(helm) -> list[Document]:
    """The objects of three seeds, two at once, with every tracker."""
    return helm.objects(VALUES["seeds-at-once"], "--api-versions=monitoring.coreos.com/v1")


def arguments(documents: list[Document]) -> dict[str, list[str]]:
    """What each pod of the campaign adds to `also run FILE`, by its owner's name."""
    shown = {}
    for owner, pod in pods(documents):
        if pod["metadata"]["labels"]["app.kubernetes.io/component"] == "campaign":
            verb, file, *rest = pod["spec"]["containers"][0]["args"]
            assert (verb, file.startswith("/etc/also/campaign/")) == ("run", True)
            shown[owner] = [each for each in rest if each not in ("--metrics-port=9100", "--stay")]
    return shown


@pytest.mark.parametrize("campaign", [{}, {"seeds": None}, {"parallel": 1}])
def test_one_campaign_is_what_it_was(helm, campaign) -> None:
    """A release of before goes on with its pod: the same name, selector and arguments."""
    documents = helm.objects({"campaign": campaign})
    assert arguments(documents) == {"also-campaign": ["--campaign=foraging"]}
    selector = of_kind(documents, "Deployment")["also-campaign"]["spec"]["selector"]["matchLabels"]
    assert selector == ALONE | {"app.kubernetes.io/component": "campaign"}
    assert "also-tensorboard" not in json.dumps(documents)


@pytest.mark.parametrize("version", HELMS)
@pytest.mark.parametrize(
    ("seeds", "parallel", "expected"),
    [
        (3, 1, {"also-campaign": ["--campaign=foraging", "--seeds=1,2,3"]}),
        (1, 4, {"also-campaign": ["--campaign=foraging-s1", "--set=seed=1"]}),
        ([7], 1, {"also-campaign": ["--campaign=foraging-s7", "--set=seed=7"]}),
        (
            [2**53 - 1, 3, 7],
            2,
            {
                "also-campaign-1": ["--campaign=foraging", f"--seeds={2**53 - 1},7"],
                "also-campaign-2": ["--campaign=foraging-s3", "--set=seed=3"],
            },
        ),
        (
            2,
            16,
            {
                "also-campaign-1": ["--campaign=foraging-s1", "--set=seed=1"],
                "also-campaign-2": ["--campaign=foraging-s2", "--set=seed=2"],
            },
        ),
    ],
)
def test_each_seed_is_run_by_one_pod(helm, seeds, parallel, expected, version) -> None:
    """No more pods than seeds; a number alone would be a count of seeds, so one seed is named by its campaign."""
    documents = helm.objects({"campaign": {"seeds": seeds, "parallel": parallel}}, version=version)
    assert arguments(documents) == expected
    checked = container(documents, "check")["args"]
    named = range(1, seeds + 1) if isinstance(seeds, int) else seeds
    assert checked[1:] == ["foraging", f"--seeds={','.join(map(str, named))}"]


def test_pods_of_one_campaign_are_told_apart_and_treated_alike(at_once) -> None:
    """No Deployment selects another's pods; policy, budget, account, monitor and file are those of all."""
    deployments = {name: each["spec"] for name, each in of_kind(at_once, "Deployment").items() if "campaign" in name}
    assert set(deployments) == {"also-campaign-1", "also-campaign-2"}
    component = ALONE | {"app.kubernetes.io/component": "campaign"}
    for name, spec in deployments.items():
        own = {"also.dev/conductor": name[-1]}
        assert spec["selector"]["matchLabels"] == component | own
        assert spec["template"]["metadata"]["labels"].items() >= (component | own).items()
        assert spec["template"]["spec"]["serviceAccountName"] == "also-campaign"
    for kind in ("NetworkPolicy", "PodDisruptionBudget"):
        spec = of_kind(at_once, kind)["also-campaign"]["spec"]
        assert spec.get("podSelector", spec.get("selector"))["matchLabels"] == component
    (monitor,) = of_kind(at_once, "PodMonitor").values()
    assert monitor["spec"]["selector"]["matchLabels"] == ALONE
    assert "also-campaign" in of_kind(at_once, "ServiceAccount")
    assert "spread.yaml" in of_kind(at_once, "ConfigMap")["also-campaign"]["data"]


def test_pods_of_one_campaign_are_spread_together(helm) -> None:
    """A constraint counts the pods of the component, as it says."""
    spread = {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}
    campaign = {"seeds": 2, "parallel": 2, "topologySpreadConstraints": [spread]}
    for owner, pod in pods(helm.objects({"campaign": campaign})):
        if owner.startswith("also-campaign"):
            (constraint,) = pod["spec"]["topologySpreadConstraints"]
            assert constraint["labelSelector"]["matchLabels"] == ALONE | {"app.kubernetes.io/component": "campaign"}


def test_every_pod_and_the_test_are_told_the_trackers(at_once) -> None:
    """In the words of `also run --track`, blanks of an experiment's name among them."""
    told = [
        "--track=tensorboard:/tensorboard",
        "--track=wandb:team/also",
        "--track=mlflow:http://mlflow.mlops:5000/path#also seeds",
    ]
    for given in arguments(at_once).values():
        assert given[-3:] == told
    assert container(at_once, "test")["args"][2:] == told


def test_trackers_secrets_are_the_campaigns_alone(at_once) -> None:
    """Each key comes from the Secret that is named, and no other pod has one."""
    secrets = {"WANDB_API_KEY": ("wandb", "api-key"), "MLFLOW_TRACKING_TOKEN": ("mlflow", "token")}
    for owner, pod in pods(at_once):
        has = {each["name"]: each for each in pod["spec"]["containers"][0].get("env", [])}
        if owner.startswith("also-campaign"):
            for variable, (name, key) in secrets.items():
                assert has[variable]["valueFrom"] == {"secretKeyRef": {"name": name, "key": key}}
            assert has["WANDB_DIR"]["value"] == "/tmp"
        else:
            assert not set(secrets) & set(has), owner


def test_mlflow_takes_a_name_and_a_password(helm) -> None:
    """Instead of a token; keys that are empty are no variables."""
    mlflow = {"url": "https://m", "existingSecret": "m", "tokenKey": "", "usernameKey": "u", "passwordKey": "p"}
    given = environment(helm.objects({"campaign": {"track": {"mlflow": mlflow}}}), "campaign")
    assert {name: value["secretKeyRef"]["key"] for name, value in given.items() if name.startswith("MLFLOW")} == {
        "MLFLOW_TRACKING_USERNAME": "u",
        "MLFLOW_TRACKING_PASSWORD": "p",
    }


@pytest.mark.parametrize(
    ("values", "port"),
    [
        ({"campaign": {"track": {"mlflow": {"url": "http://mlflow.mlops:5000/path#also seeds"}}}}, 5000),
        ({"campaign": {"track": {"wandb": {"project": "p"}}}}, 443),
        ({"campaign": {"track": {"wandb": {"project": "p", "url": "http://wandb.mlops:8080"}}}}, 8080),
        (VALUES["seeds-at-once"], 8080),
    ],
)
def test_policies_let_the_campaign_and_the_test_reach_trackers(helm, values, port) -> None:
    """By the ports of their URLs, or those that are named; nobody else is let out."""
    documents = helm.objects(values)
    reaching = [
        name
        for name in ("campaign", "test", "trainer", "check", "branch")
        if lets_out(documents, name, "203.0.113.1", port)
    ]
    assert reaching == ["campaign", "test"]
    assert not lets_out(helm.objects({}), "campaign", "203.0.113.1", port)


def test_tensorboards_files_are_in_a_volume(helm, at_once) -> None:
    """A claim that ends with the release, somebody else's, or one that ends with the pod."""
    claim = of_kind(at_once, "PersistentVolumeClaim")["also-tensorboard"]
    assert (claim["spec"]["accessModes"], claim["spec"]["resources"]["requests"]["storage"]) == (
        ["ReadWriteMany"],
        "2Gi",
    )
    assert "helm.sh/resource-policy" not in claim["metadata"].get("annotations", {})
    for persistence, expected in (
        ({}, {"persistentVolumeClaim": {"claimName": "also-tensorboard"}}),
        ({"existingClaim": "runs"}, {"persistentVolumeClaim": {"claimName": "runs"}}),
        ({"enabled": False}, {"emptyDir": {"sizeLimit": "1Gi"}}),
    ):
        board = {"enabled": True, "persistence": persistence}
        documents = helm.objects({"campaign": {"track": {"tensorboard": board}}})
        spec = dict(pods(documents))["also-campaign"]["spec"]
        (volume,) = [each for each in spec["volumes"] if each["name"] == "also-tensorboard"]
        assert volume == {"name": "also-tensorboard"} | expected
        mounts = {each["name"]: each["mountPath"] for each in spec["containers"][0]["volumeMounts"]}
        assert mounts["also-tensorboard"] == "/tensorboard"
        assert ("also-tensorboard" in of_kind(documents, "PersistentVolumeClaim")) == (not persistence)


@pytest.mark.parametrize(
    ("campaign", "said", "unsaid"),
    [
        ({}, "deployment/also-campaign -- also status foraging", "seeds"),
        ({"seeds": 3}, "deployment/also-campaign -- also status\n", "--selector"),
        ({"seeds": 3, "parallel": 2}, "deployment/also-campaign-1 -- also status\n", "logs --follow deployment"),
        ({"track": {"wandb": {"project": "p"}}}, "WANDB_API_KEY must come from elsewhere", "EXTRAS=tensorboard"),
    ],
)
def test_notes_name_what_there_is(helm, campaign, said, unsaid) -> None:
    """Commands of the notes name Deployments of this release."""
    notes = helm.notes(3, {"campaign": campaign})
    assert said in notes
    assert unsaid not in notes
