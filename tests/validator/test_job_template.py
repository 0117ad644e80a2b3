"""The Job of a group as a function of template, group and store."""

import copy
import re

import pytest
import yaml
from hypothesis import given, strategies

from also import document
from also.device import placeless_group
from also.errors import EndpointError
from also.services.validator.launch import job_template
from also.v1.campaign_pb2 import Device
from tests.validator.small_cluster import TEMPLATE

LABEL = r"(?=.{1,63}$)[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"


def config_map(job: object) -> dict:
    content = job if isinstance(job, str) else yaml.safe_dump(job)
    return {"metadata": {"name": "template", "uid": "u-1"}, "data": {"job.yaml": content}}


def changed(path: str, value: object) -> dict:
    """The good template with one value changed, by its path."""
    job = copy.deepcopy(TEMPLATE)
    *parents, last = path.split(".")
    place = job
    for key in parents:
        place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
    place[last] = value
    return job


def test_manifest_keeps_the_template_and_adds_what_is_ours(make_group) -> None:
    """Name, owner, labels of Job and pods, the group's hash, and the container's last arguments."""
    template = job_template.read(config_map(TEMPLATE))
    group = make_group("s0000-r0-search-1-g0")
    job = template.manifest(group, "s3://also/campaigns", "0123456789abcdef")
    metadata = job["metadata"]
    assert metadata["name"].startswith("c-s0000-r0-search-1-g0-")
    assert metadata["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "template", "uid": "u-1"},
    ]
    assert metadata["annotations"] == {"also.dev/group-sha256": document.digest(placeless_group(group))}
    ours = {"also.dev/campaign": "c", "also.dev/group": "s0000-r0-search-1-g0", "also.dev/owner": "0123456789abcdef"}
    assert metadata["labels"] == {"app.kubernetes.io/name": "also"} | ours
    assert job["spec"]["template"]["metadata"]["labels"] == {"app.kubernetes.io/name": "also"} | ours
    assert job["spec"]["template"]["spec"]["containers"][0]["args"] == [
        *("--save-seconds", "60", "--store", "s3://also/campaigns", "--campaign", "c", "--group", group.name),
    ]
    given = job["spec"]["template"]["spec"]["containers"][0]["env"]
    assert given == [{"name": "ALSO_OWNER", "value": "0123456789abcdef"}]
    assert job["spec"]["backoffLimit"] == 3
    assert template.manifest(group, "s3://also/campaigns", "0123456789abcdef") == job, "a template is not used up"
    assert job_template.is_of(job, group, "0123456789abcdef")
    assert not job_template.is_of(job, group, "f" * 16)


def test_a_job_is_told_its_device_and_is_of_its_group_on_any(make_group) -> None:
    """A device that is asked for is an argument; the Job of a group that began on one is taken up from another."""
    template = job_template.read(config_map(TEMPLATE))
    on_cpu, on_cuda = make_group("g0"), make_group("g0")
    on_cpu.campaign.learner.device, on_cuda.campaign.learner.device = Device.DEVICE_CPU, Device.DEVICE_CUDA
    job = template.manifest(on_cuda, "s3://b/p", "0123")
    arguments = job["spec"]["template"]["spec"]["containers"][0]["args"]
    assert arguments[arguments.index("--device") :][:2] == ["--device", "cuda"]
    assert job_template.is_of(job, on_cuda, "0123")
    assert job_template.is_of(job, on_cpu, "0123")


def test_another_version_of_a_group_is_not_adopted(make_group) -> None:
    """One changed setting is another hash."""
    group = make_group("g0")
    job = job_template.read(config_map(TEMPLATE)).manifest(group, "s3://b/p", "0123")
    group.env_steps += 40
    assert not job_template.is_of(job, group, "0123")


def test_template_without_labels_or_arguments_will_do(make_group) -> None:
    """What Kubernetes lets one leave out may be left out."""
    job = changed("metadata.labels", None)
    del job["spec"]["template"]["metadata"], job["spec"]["template"]["spec"]["containers"][0]["args"]
    made = job_template.read(config_map(job)).manifest(make_group("g0"), "s3://b/p", "0123")
    labels = {"also.dev/campaign": "c", "also.dev/group": "g0", "also.dev/owner": "0123"}
    assert made["spec"]["template"]["metadata"]["labels"] == labels


def test_the_owner_is_told_once(make_group) -> None:
    """A variable of its name in the template is replaced: the API server refuses names that are there twice."""
    env = [{"name": "ALSO_OWNER", "value": "mine"}, {"name": "TZ", "value": "UTC"}]
    job = changed("spec.template.spec.containers.0.env", env)
    made = job_template.read(config_map(job)).manifest(make_group("g0"), "s3://b/p", "0123")
    given = made["spec"]["template"]["spec"]["containers"][0]["env"]
    assert given == [{"name": "TZ", "value": "UTC"}, {"name": "ALSO_OWNER", "value": "0123"}]


@given(
    campaign=strategies.from_regex(r"[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?", fullmatch=True),
    group=strategies.text(min_size=1, max_size=80),
    owner=strategies.sampled_from(["0123456789abcdef", "gs://other/place"]),
)
def test_names_are_allowed_ones(campaign: str, group: str, owner: str) -> None:
    """Names are DNS labels and labels' values are allowed, whatever a group is called."""
    name = job_template.job_name(owner, campaign, group)
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name)
    assert re.fullmatch(LABEL, job_template.label(group))


def test_names_tell_groups_apart() -> None:
    """Owner, campaign and group are all in the hash, also where the readable beginning is cut off or the same."""
    places = [
        ("a", "c", "g"),
        ("b", "c", "g"),
        ("a", "c", "g" * 80),
        ("a", "c", "g" * 79),
        ("a", "c", "G"),
        ("a", "c-g", "h"),
        ("a", "c", "g-h"),
    ]
    assert len({job_template.job_name(*place) for place in places}) == len(places)
    assert len({job_template.label("g" * 80), job_template.label("g" * 79), job_template.label("g")}) == 3


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ("a: [", "is not YAML"),
        ("text", "is no Job"),
        (changed("apiVersion", "batch/v2"), "apiVersion batch/v1 and kind Job are expected"),
        (changed("metadata.name", "mine"), "sets metadata.name to 'mine'; the launcher sets it"),
        (changed("metadata.generateName", "mine-"), "sets metadata.generateName"),
        (changed("spec.parallelism", 2), "sets spec.parallelism to 2; a branch group is one pod: 1 is allowed"),
        (changed("spec.template", "pod"), "has template 'pod'; a mapping is expected"),
        (changed("spec.template.spec.restartPolicy", "OnFailure"), "has restartPolicy 'OnFailure'; Never is allowed"),
        (changed("spec.template.spec.containers", []), "has the containers []; exactly one is expected"),
        (changed("spec.template.spec.containers.0.name", "main"), "has the containers ['main']; exactly one"),
        (changed("spec.template.spec.containers", [{"name": "branch"}] * 2), "has the containers ['branch', 'branch']"),
        (changed("spec.template.spec.containers.0.args", "--help"), "has the args '--help'; a list of texts"),
        (changed("spec.template.spec.containers.0.args", ["--store=x"]), "sets --store=x; the launcher appends"),
    ],
)
def test_wrong_template_is_named(job: object, said: str) -> None:
    """What is wrong, with its value, and what is allowed."""
    with pytest.raises(EndpointError, match=re.escape(said)):
        job_template.read(config_map(job))


def test_config_map_without_the_key_is_named() -> None:
    """Its keys are told."""
    with pytest.raises(EndpointError, match=r"ConfigMap template has the keys: other; job\.yaml is expected"):
        job_template.read({"metadata": {"name": "template", "uid": "u"}, "data": {"other": ""}})
