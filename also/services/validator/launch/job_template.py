"""The Job of a branch group: a template of the user's, with a name, labels and arguments of ours.

The template is a whole `batch/v1` Job without a name, in a ConfigMap. The Job's name is a function of
its owner (`ownership`), the campaign and the group, so that whoever launches the group again finds the
Job; the group's hash in an annotation tells whether it is the same group. The ConfigMap owns the Job:
whoever removes the release removes its Jobs.

Jobs of ALSO 0.1.0 were named by the store's address in place of the owner, and had no label of it. Those
of this release, under way when it is upgraded, are told by their ConfigMap and store.
"""

import copy
import hashlib
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from also import device, document
from also.errors import EndpointError
from also.v1.branch_pb2 import BranchGroup

Document = Mapping[str, Any]
"""An object of Kubernetes, as plain JSON."""

KEY = "job.yaml"
"""Key of the ConfigMap that holds the template."""

CONTAINER = "branch"
"""Name of the container that trains."""

CAMPAIGN_LABEL = "also.dev/campaign"
"""Label of Jobs and their pods: id of the campaign."""

GROUP_LABEL = "also.dev/group"
"""Label of Jobs and their pods: name of the branch group."""

OWNER_LABEL = "also.dev/owner"
"""Label of Jobs and their pods: whose they are, see `ownership`."""

OWNER_VARIABLE = "ALSO_OWNER"
"""Variable of the pods with the same, see `Settings.owner`."""

SHA256_ANNOTATION = "also.dev/group-sha256"
"""Annotation of Jobs: sha256 of the canonical branch group, without its device."""

_OURS = ("--store", "--campaign", "--group", "--device")
"""Arguments that the launcher appends."""

_NAME_LIMIT = 63
"""Characters of a name that is a label's value too."""

_HASH_DIGITS = 10
"""Hexadecimal digits of the hash that ends a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTemplate:
    """A template that Jobs can be made from."""

    config_map: str
    """Name of the ConfigMap that it is in, which owns the Jobs."""
    uid: str
    """Uid of the ConfigMap."""
    job: Document
    """The Job without a name."""

    def is_of_older(self, job: Document, group: BranchGroup, store_uri: str) -> bool:
        """Whether a Job is one that ALSO 0.1.0 made for a group from this very ConfigMap, in the store that it names.

        Args:
            job: a Job.
            group: the group.
            store_uri: URI of the object store, as the template's pods open it.
        """
        metadata = job["metadata"]
        owners = [each.get("uid") for each in metadata.get("ownerReferences") or []]
        (container,) = job["spec"]["template"]["spec"]["containers"]
        arguments = container.get("args") or []
        (ours,) = self.job["spec"]["template"]["spec"]["containers"]
        return (
            OWNER_LABEL not in (metadata.get("labels") or {})
            and _is_labelled(job, group)
            and self.uid in owners
            and list(itertools.pairwise(arguments)).count(("--store", store_uri)) == 1
            and _endpoints(container) == _endpoints(ours)
        )

    def manifest(self, group: BranchGroup, store_uri: str, owner: str) -> dict[str, Any]:
        """The Job of a group.

        Args:
            group: the branch group.
            store_uri: URI of the object store, as its pods open it.
            owner: whose it is, see `ownership`.
        """
        labels = {CAMPAIGN_LABEL: group.campaign_id, GROUP_LABEL: label(group.name), OWNER_LABEL: owner}
        job: dict[str, Any] = copy.deepcopy(dict(self.job))
        metadata = job.setdefault("metadata", {})
        metadata["name"] = job_name(owner, group.campaign_id, group.name)
        metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
        metadata["annotations"] = {**(metadata.get("annotations") or {}), SHA256_ANNOTATION: _digest(group)}
        metadata["ownerReferences"] = [
            {"apiVersion": "v1", "kind": "ConfigMap", "name": self.config_map, "uid": self.uid}
        ]
        pod = job["spec"]["template"]
        pod_metadata = pod.setdefault("metadata", {})
        pod_metadata["labels"] = {**(pod_metadata.get("labels") or {}), **labels}
        (container,) = pod["spec"]["containers"]
        ours = ["--store", store_uri, "--campaign", group.campaign_id, "--group", group.name]
        asked = device.name_of(group.campaign.learner)
        where = ["--device", asked] if asked != "auto" else []
        container["args"] = [*(container.get("args") or []), *where, *ours]
        given = [each for each in container.get("env") or [] if each.get("name") != OWNER_VARIABLE]
        container["env"] = [*given, {"name": OWNER_VARIABLE, "value": owner}]
        return job


def read(config_map: Document) -> JobTemplate:
    """The template in a ConfigMap.

    Raises:
        EndpointError: it has none, or one that branch groups cannot be launched by.
    """
    name = config_map["metadata"]["name"]
    where = f"{KEY} of ConfigMap {name}"
    content = (config_map.get("data") or {}).get(KEY)
    if content is None:
        found = ", ".join(sorted(config_map.get("data") or {})) or "none"
        raise EndpointError(f"ConfigMap {name} has the keys: {found}; {KEY} is expected, a Job without a name")
    try:
        job = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise EndpointError(f"{where} is not YAML: {' '.join(str(error).split())[:300]}") from None
    if not isinstance(job, dict) or (job.get("apiVersion"), job.get("kind")) != ("batch/v1", "Job"):
        raise EndpointError(f"{where} is no Job; apiVersion batch/v1 and kind Job are expected")
    metadata = _mapping(job, "metadata", where)
    for key in ("name", "generateName", "ownerReferences"):
        if metadata.get(key):
            raise EndpointError(f"{where} sets metadata.{key} to {metadata[key]!r}; the launcher sets it")
    spec = _mapping(job, "spec", where)
    for key in ("parallelism", "completions"):
        if spec.get(key, 1) != 1:
            raise EndpointError(f"{where} sets spec.{key} to {spec[key]!r}; a branch group is one pod: 1 is allowed")
    pod = _mapping(_mapping(spec, "template", where), "spec", where)
    if pod.get("restartPolicy") != "Never":
        raise EndpointError(f"{where} has restartPolicy {pod.get('restartPolicy')!r}; Never is allowed")
    _check_containers(pod.get("containers"), where)
    return JobTemplate(config_map=name, uid=config_map["metadata"]["uid"], job=job)


def job_name(owner: str, campaign_id: str, group: str) -> str:
    """Name of a group's Job: a readable beginning, and a hash of all that it is a function of.

    Args:
        owner: whose it is, see `ownership`; ALSO 0.1.0 had the URI of the object store in its place.
        campaign_id: the campaign.
        group: name of the group.
    """
    whole = hashlib.sha256("\n".join((owner, campaign_id, group)).encode()).hexdigest()
    readable = re.sub(r"[^a-z0-9-]+", "-", f"{campaign_id}-{group}".lower()).strip("-")
    return f"{readable[: _NAME_LIMIT - _HASH_DIGITS - 1].rstrip('-')}-{whole[:_HASH_DIGITS]}"


def label(value: str) -> str:
    """A label's value: itself where that is allowed, else a readable beginning and a hash."""
    if re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", value):
        return value
    readable = re.sub(r"[^A-Za-z0-9-]+", "-", value).strip("-")[: _NAME_LIMIT - _HASH_DIGITS - 1].rstrip("-")
    return f"{readable or 'x'}-{hashlib.sha256(value.encode()).hexdigest()[:_HASH_DIGITS]}"


def is_of(job: Document, group: BranchGroup, owner: str) -> bool:
    """Whether a Job with a group's name is that group's, and the owner's."""
    return _is_labelled(job, group) and (job["metadata"].get("labels") or {}).get(OWNER_LABEL) == owner


def _is_labelled(job: Document, group: BranchGroup) -> bool:
    """Whether a Job says that it trains a group."""
    metadata = job["metadata"]
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    return (
        annotations.get(SHA256_ANNOTATION) == _digest(group)
        and labels.get(CAMPAIGN_LABEL) == group.campaign_id
        and labels.get(GROUP_LABEL) == label(group.name)
    )


def _endpoints(container: Document) -> dict[str, Any]:
    """Which server a container's store is on, as its variables say: an address may read the same on two."""
    given = {each["name"]: each.get("value", each.get("valueFrom")) for each in container.get("env") or []}
    return {name: value for name, value in given.items() if name.endswith(("ENDPOINT", "ENDPOINT_URL"))}


def _digest(group: BranchGroup) -> str:
    return document.digest(device.placeless_group(group))


def _mapping(parent: Document, key: str, where: str) -> dict[str, Any]:
    """A mapping in a template; an empty one where `metadata` is left out."""
    found = parent.get(key, {} if key == "metadata" else None)
    if not isinstance(found, dict):
        raise EndpointError(f"{where} has {key} {found!r}; a mapping is expected")
    return found


def _check_containers(containers: Any, where: str) -> None:
    """Make sure that there is one container, which can be given arguments."""
    listed = containers if isinstance(containers, list) else []
    names = [container.get("name") if isinstance(container, dict) else container for container in listed]
    if names != [CONTAINER]:
        raise EndpointError(f"{where} has the containers {names}; exactly one is expected, with the name {CONTAINER}")
    arguments = containers[0].get("args") or []
    if not isinstance(arguments, list) or not all(isinstance(each, str) for each in arguments):
        raise EndpointError(f"{where} has the args {arguments!r}; a list of texts is expected")
    for argument in arguments:
        if argument.partition("=")[0] in _OURS:
            raise EndpointError(f"{where} sets {argument}; the launcher appends {', '.join(_OURS)}")
