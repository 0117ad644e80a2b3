"""The Jobs of branch groups as objects of a cluster: created or adopted, listed, read, deleted.

What the API server refuses for good is an `EndpointError` with its words; that a quota has no room now
is an answer, because the room may come.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from also.errors import EndpointError, ServiceError
from also.services.validator import ownership
from also.services.validator.launch import job_states, job_template
from also.services.validator.launch.job_template import CAMPAIGN_LABEL, GROUP_LABEL, OWNER_LABEL, JobTemplate, label
from also.services.validator.launch.kubernetes import Namespace
from also.store import Store
from also.v1.branch_pb2 import Branch, BranchGroup

Document = dict[str, Any]
"""An object of Kubernetes, as plain JSON."""

_NAMED_LIMIT = 100
"""Groups that one selector names: it is a part of the request's line, which servers and proxies hold to 8 KiB."""

_CHECKED = BranchGroup(campaign_id="check", name="check", branches=[Branch(arm="control")])
"""The group whose Job is created for trial."""

_NOBODY = "check"
"""Owner of that Job: nothing is stored for it."""

_JOB_NAME_LABELS = ("batch.kubernetes.io/job-name", "job-name")
"""Labels of a pod with its Job's name: that of now, and that before Kubernetes 1.27."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """The outcome of creating a Job."""

    outcome: str = ""
    """`created` or `adopted`; empty where there is no Job."""
    refused: str = ""
    """Why there is none for now: a quota, or a conflict about it; empty where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobObjects:
    """The Jobs of one namespace that are made from one template. Every method may raise ServiceUnavailable."""

    namespace: Namespace
    """Namespace of the Jobs."""
    template: str
    """Name of the ConfigMap with the template."""
    store: Store
    """The object store, which the pods open by its URI."""
    _owners: dict[str, str] = field(default_factory=dict, init=False)
    """Whose the Jobs of each campaign are, as far as it was asked."""
    _adopted: dict[str, str] = field(default_factory=dict, init=False)
    """Uid of each Job of an older ALSO that was taken up and is there, by its group's name."""
    _once_older: set[str] = field(default_factory=set, init=False)
    """Names of groups that had such a Job: its pods may outlive it."""

    def check(self) -> None:
        """Make sure that Jobs can be created, seen and deleted; one is created for trial, and not stored.

        Raises:
            EndpointError: the template, a right, or the namespace's Pod Security does not allow it.
        """
        space = self.namespace
        answer = space.create("jobs", self.read_template().manifest(_CHECKED, self.store.uri, _NOBODY), dry_run=True)
        if not answer.good and not job_states.is_quota(answer.message):
            raise EndpointError(f"Jobs cannot be created in namespace {space.name}: {answer.message}")
        for warning in answer.warnings:
            if "violate PodSecurity" in warning:
                raise EndpointError(
                    f"pods of the Job in ConfigMap {self.template} are not allowed in namespace {space.name}: {warning}"
                )
        for kind in ("jobs", "pods", "events"):
            space.find(kind, limit=1)
        for answer in (space.get("jobs", "check"), space.delete("jobs", "check", dry_run=True)):
            if not answer.good and answer.status != 404:
                raise EndpointError(f"Jobs of namespace {space.name} cannot be read and deleted: {answer.message}")

    def owner(self, campaign_id: str) -> str:
        """Whose the Jobs of a campaign are, see `ownership`.

        Raises:
            StoreError: the store cannot be used.
        """
        if campaign_id not in self._owners:
            self._owners[campaign_id] = ownership.owner(
                self.store, campaign_id, namespace=self.namespace.name, template=self.template
            )
        return self._owners[campaign_id]

    def name(self, group: BranchGroup) -> str:
        """Name of a group's Job.

        Raises:
            StoreError: the store cannot be used.
        """
        owner = self.store.uri if group.name in self._adopted else self.owner(group.campaign_id)
        return job_template.job_name(owner, group.campaign_id, group.name)

    def read_template(self) -> JobTemplate:
        """The template as it is now: an upgrade of the release may have changed it.

        Raises:
            EndpointError: it cannot be read, or no branch group can be launched by it.
        """
        answer = self.namespace.get("configmaps", self.template)
        if not answer.good:
            raise EndpointError(
                f"ConfigMap {self.template} of namespace {self.namespace.name} cannot be read: {answer.message}"
            )
        return job_template.read(answer.document)

    def create(self, group: BranchGroup, template: JobTemplate) -> Creation:
        """Create a group's Job from a template, or adopt the one that is there.

        Raises:
            EndpointError: the API server refuses the Job.
            ServiceError: another group's Job has its name.
            StoreError: the store cannot be used.
        """
        if self._take_up(group, template):
            return Creation(outcome="adopted")
        answer = self.namespace.create("jobs", template.manifest(group, self.store.uri, self.owner(group.campaign_id)))
        if answer.good:
            return Creation(outcome="created")
        if answer.status == 409 and self.read(group):
            return Creation(outcome="adopted")
        refused = f"Job {self.name(group)} cannot be created in namespace {self.namespace.name}: {answer.message}"
        passes = answer.status == 409 and not job_states.is_refusal(answer.message)
        if not passes and not job_states.is_quota(answer.message):
            # a conflict passes: a Job that went in between, or a quota that others change at the same time
            raise EndpointError(refused)
        return Creation(refused=refused)

    def read(self, group: BranchGroup) -> Document | None:
        """A group's Job as it is now; None when there is none.

        Raises:
            EndpointError: it may not be read.
            ServiceError: another group's Job has its name.
        """
        answer = self.namespace.get("jobs", self.name(group))
        taken_up = self._adopted.get(group.name)
        if taken_up and not (answer.good and answer.document["metadata"]["uid"] == taken_up):
            if answer.status not in (200, 404):
                raise EndpointError(f"Job {self.name(group)} cannot be read: {answer.message}")
            del self._adopted[group.name]  # the next one has the name of now
            return self.read(group)
        if answer.status == 404:
            return None
        if not answer.good:
            raise EndpointError(f"Job {self.name(group)} cannot be read: {answer.message}")
        self._require_own(answer.document, group)
        return answer.document

    def find(self, groups: Sequence[BranchGroup]) -> dict[str, Document]:
        """The Jobs of groups of one campaign that are there, by the group's name; in a request for each hundred.

        Raises:
            EndpointError: they may not be listed.
            ServiceError: another group's Job has the name of one.
        """
        named = {self.name(group): group for group in groups}
        found: dict[str, Document] = {}
        for labels in _selectors(groups):
            for job in self.namespace.find("jobs", labels=labels):
                group = named.get(job["metadata"]["name"])
                uid = job["metadata"]["uid"]
                if group is not None and self._adopted.get(group.name, uid) == uid:
                    self._require_own(job, group)
                    found[group.name] = job
        return found

    def pods(self, groups: Sequence[BranchGroup]) -> dict[str, list[Document]]:
        """The pods of groups of one campaign, by the group's name; in a request for each hundred.

        Raises:
            EndpointError: they may not be listed.
        """
        named = {label(group.name): group for group in groups}
        found: dict[str, list[Document]] = defaultdict(list)
        for labels in _selectors(groups):
            for pod in self.namespace.find("pods", labels=labels):
                group = named[pod["metadata"]["labels"][GROUP_LABEL]]
                if self._is_own_pod(pod, group):
                    found[group.name].append(pod)
        return found

    def refusals(self) -> dict[str, list[Document]]:
        """Events that tell why pods of Jobs could not be created, by the Job's uid; in one request.

        Raises:
            EndpointError: they may not be listed.
        """
        fields = f"involvedObject.kind=Job,reason={job_states.NO_POD_CREATED}"
        found: dict[str, list[Document]] = defaultdict(list)
        for event in self.namespace.find("events", fields=fields):
            found[event["involvedObject"]["uid"]].append(event)
        return found

    def events(self, *objects: Document) -> list[Document]:
        """Events of a Job or of pods, in any order.

        Raises:
            EndpointError: they may not be listed.
        """
        uids = [each["metadata"]["uid"] for each in objects]
        return [event for uid in uids for event in self.namespace.find("events", fields=f"involvedObject.uid={uid}")]

    def delete(self, job: Document) -> None:
        """Delete a Job and, soon after, its pods; another Job that has its name by now is left alone.

        Raises:
            EndpointError: it may not be deleted.
        """
        metadata = job["metadata"]
        answer = self.namespace.delete("jobs", metadata["name"], uid=metadata["uid"])
        if not answer.good and answer.status not in (404, 409):
            raise EndpointError(f"Job {metadata['name']} cannot be deleted: {answer.message}")

    def _take_up(self, group: BranchGroup, template: JobTemplate) -> bool:
        """Take up the Job that an older ALSO made for a group of this release; whether there is one."""
        name = job_template.job_name(self.store.uri, group.campaign_id, group.name)
        answer = self.namespace.get("jobs", name)
        if not answer.good or not template.is_of_older(answer.document, group, self.store.uri):
            return False
        self._adopted[group.name] = answer.document["metadata"]["uid"]
        self._once_older.add(group.name)
        return True

    def _is_own_pod(self, pod: Document, group: BranchGroup) -> bool:
        """Whether a pod with the labels of a group is this release's: by its owner, else by its Job's name."""
        labels = pod["metadata"]["labels"]
        if OWNER_LABEL in labels:
            return bool(labels[OWNER_LABEL] == self.owner(group.campaign_id))
        jobs = [labels[each] for each in _JOB_NAME_LABELS if each in labels]
        older = job_template.job_name(self.store.uri, group.campaign_id, group.name)
        return not jobs or (group.name in self._once_older and older in jobs)

    def _require_own(self, job: Document, group: BranchGroup) -> None:
        if group.name not in self._adopted and not job_template.is_of(job, group, self.owner(group.campaign_id)):
            raise ServiceError(
                f"Job {job['metadata']['name']} of namespace {self.namespace.name} is not that of branch group "
                f"{group.name} of campaign {group.campaign_id}, or of another version of it; delete it if nobody "
                "needs it"
            )


def _selectors(groups: Sequence[BranchGroup]) -> Iterator[str]:
    """Selectors that together select what belongs to groups of one campaign, and nothing that has ended before."""
    for first in range(0, len(groups), _NAMED_LIMIT):
        labels = ",".join(label(group.name) for group in groups[first : first + _NAMED_LIMIT])
        yield f"{CAMPAIGN_LABEL}={groups[0].campaign_id},{GROUP_LABEL} in ({labels})"
