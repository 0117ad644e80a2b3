"""What a branch group's Job is doing, read from the Job, its pods and its events: pure functions.

A Job says little about itself: that it failed, but not that the last pod was killed for its memory;
that a pod is active, but not that it waits for an image. So why a Job failed, or has no running pod,
is found here, as a named reason with one sentence that has the numbers.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from also.process import BAD_INPUT
from also.services.validator.launch.job_template import CONTAINER, Document
from also.v1 import branch_pb2
from also.v1.branch_pb2 import BranchFailure
from also.words import one_line

D = TypeVar("D", bound=Document)

DETAIL_LIMIT = 800
"""Characters of a detail."""

_SAID_LIMIT = 400
"""Characters of what the cluster, a policy or a container said, in a detail."""

_QUOTED_LIMIT = 110
"""The same in a few words."""

_QUOTA = re.compile(r"exceeded (\w+ )?quota|status unknown for quota", re.IGNORECASE)
"""What the API server says, or a webhook for it, when there is no room now, or none is counted yet."""

_NO_ANSWER = re.compile(
    r"failed (calling|to call) webhook|error trying to reach|forbidden: (Get|Post) \"?http"
    r'|denied the request: Job\.batch "[^"]*" not found'
)
"""What the API server says when a policy could not be asked, or does not know the pod's Job yet: the next may pass.

Kueue 0.19.2's webhook for pods looks their Job up in a cache. A Job younger than the cache is not found, and the pod is
*denied*, in the words of a policy that refuses for good; the Job's controller tries again, and succeeds.
"""

_REFUSAL = re.compile(r"forbidden|denied (the )?request|\bis invalid\b")
"""What it says when somebody refuses an object for good: itself, a policy of its own (ValidatingAdmissionPolicy, Pod
Security, LimitRange), or a webhook's (Gatekeeper, Kyverno, a cloud's)."""

_REFUSED_POD = re.compile(r'^Error creating: (pods|Pod) "[^"]*" is (forbidden|invalid): ')
"""How the event begins that says why a pod could not be created; the rest is why."""

NO_POD_CREATED = "FailedCreate"
"""Reason of the event that tells why a pod of a Job could not be created."""

_IMAGE_REASONS = (
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
)
"""Why a container waits whose image cannot be had."""

_NODE_REASONS = ("DeletionByTaintManager", "DeletionByPodGC", "TerminationByKubelet")
"""Disruptions of a pod that are its node's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a Job failed, or what it waits for."""

    failure: BranchFailure
    """What its branches fail with, now or when it has waited for too long."""
    detail: str
    """One sentence with names and numbers."""
    scarce: bool = False
    """Whether it waits for room that other Jobs of the same campaign may be using."""
    wait: str = ""
    """What it waits for in few words, without the names of our own objects, and what others said in quotes; empty where
    `detail` is all there is."""


def finished(job: Document) -> str:
    """`Complete` or `Failed`, when a Job and all its pods have ended; empty before."""
    return next((kind for kind in ("Complete", "Failed") if _condition(job, kind)), "")


def deleting(found: Document) -> bool:
    """Whether an object is on its way out."""
    return bool(found["metadata"].get("deletionTimestamp"))


def suspended(job: Document) -> bool:
    """Whether a Job is to have no pods for now: a queue has not admitted it."""
    return bool((job.get("spec") or {}).get("suspend"))


def is_ready(job: Document) -> bool:
    """Whether a Job counts a pod that runs; one that runs may not be counted yet."""
    return not deleting(job) and ((job.get("status") or {}).get("ready") or 0) > 0


def runs(pods: Iterable[Document]) -> bool:
    """Whether one of a group's pods trains."""
    return any(not deleting(pod) and "running" in _state(pod) for pod in pods)


def live(pods: Iterable[D]) -> list[D]:
    """Pods that may still do something, oldest first: also those whose node does not answer."""
    return [pod for pod in _in_order(pods) if pod["status"].get("phase") not in ("Succeeded", "Failed")]


def refused_input(pods: Iterable[Document]) -> str | None:
    """The error of a group whose last pod ended because its input is wrong; None when it did not."""
    last = _last_ended(pods)
    if last is None or _ended(last).get("exitCode") != BAD_INPUT:
        return None
    said = _last_line(_ended(last).get("message", ""))
    return said.removeprefix("error: ") or f"pod {_name(last)} found its input wrong, and left no message"


def why_failed(job: Document, pods: Sequence[Document]) -> Cause:
    """Why a failed Job failed.

    Args:
        job: a Job with the condition `Failed`.
        pods: its pods, as far as they are there.
    """
    condition = _condition(job, "Failed") or {}
    reason, message = condition.get("reason", "unknown"), condition.get("message", "")
    last = _last_ended(pods)
    said = f"Job {_name(job)} failed, {reason}: {_sentence(message)}"
    if last is not None:
        said += f"; its last pod {_how_it_ended(last)}"
    failed = (job.get("status") or {}).get("failed") or len(pods)
    return _cause(_failure_of(reason, last), f"{said}; {failed} pods failed")


def why_waiting(job: Document, pods: Sequence[Document], events: Sequence[Document] = ()) -> Cause:
    """What a Job without a running pod waits for.

    Args:
        job: a Job that has neither completed nor failed.
        pods: its pods.
        events: events of the Job and its pods, as far as they are known.
    """
    name = _name(job)
    if deleting(job):
        return _cause(branch_pb2.BRANCH_FAILURE_CRASHED, f"Job {name} is being deleted, and does not go")
    alive = live(pods)
    target = _condition(job, "FailureTarget")
    if target:
        said = f"Job {name} is to fail, {target.get('reason')}, and its pods do not end"
        return _cause(_failure_of(target.get("reason", ""), _last_ended(pods)), said)
    if suspended(job):
        queue = (job["metadata"].get("labels") or {}).get("kueue.x-k8s.io/queue-name")
        where = f"in queue {queue}" if queue else "suspended"
        return _cause(
            branch_pb2.BRANCH_FAILURE_NOT_ADMITTED,
            f"Job {name} waits {where}{_last_event(events)}",
            scarce=True,
            wait=f"admission by queue {queue}" if queue else "their Jobs to be resumed",
        )
    pending = [pod for pod in alive if not deleting(pod)]
    if pending:
        return _why_pending(pending[-1], events)
    if alive:
        return _cause(branch_pb2.BRANCH_FAILURE_NODE_LOST, f"pod {_place(alive[-1])} is to end, and does not")
    refusals = _refusals(events)
    if refusals:
        quota = is_quota(refusals[-1])
        failure = branch_pb2.BRANCH_FAILURE_QUOTA_EXCEEDED if quota else branch_pb2.BRANCH_FAILURE_CRASHED
        why = _sentence(refusals[-1])
        said = f"no pod of Job {name} can be created: {why}"
        room = "room" if quota else "their pods to be allowed"
        return _cause(failure, said, scarce=quota, wait=f"{room}, {_quoted(_REFUSED_POD.sub('', why))}")
    last = _last_ended(pods)
    if last is not None:
        return _cause(_failure_of("", last), f"Job {name} has no pod; its last one {_how_it_ended(last)}")
    said = f"Job {name} has no pod{_last_event(events)}"
    return _cause(branch_pb2.BRANCH_FAILURE_CRASHED, said, wait="" if events else "their pods to be made")


def why_gone(name: str, pods: Sequence[Document], times: int) -> Cause:
    """Why a group fails whose Job has gone without a result, again and again.

    Args:
        name: name of the Job.
        pods: pods of the group that are left.
        times: how often the Job has gone.
    """
    alive = live(pods)
    if alive:
        said = f"Job {name} is gone, and its pod {_place(alive[-1])} is to end, and does not"
        return _cause(branch_pb2.BRANCH_FAILURE_NODE_LOST, said)
    return _cause(branch_pb2.BRANCH_FAILURE_CRASHED, f"Job {name} ended or was deleted {times} times without a result")


def is_quota(message: str) -> bool:
    """Whether the API server refused an object for want of room, which may come."""
    return bool(_QUOTA.search(message))


def is_refusal(message: str) -> bool:
    """Whether the API server, or a policy that it asks, refused an object for good, whatever room there is."""
    return bool(_REFUSAL.search(message)) and not is_quota(message) and not _NO_ANSWER.search(message)


def forbidden_pods(events: Sequence[Document]) -> str | None:
    """Why a Job's pods are refused for good, by the newest event that tells; None when they are not."""
    refusals = _refusals(events)
    return _sentence(refusals[-1]) if refusals and is_refusal(refusals[-1]) else None


def _cause(failure: BranchFailure, detail: str, *, scarce: bool = False, wait: str = "") -> Cause:
    return Cause(failure=failure, detail=detail[:DETAIL_LIMIT], scarce=scarce, wait=wait)


def _why_pending(pod: Document, events: Sequence[Document]) -> Cause:
    """Why a pod that is there does not run."""
    status = pod["status"]
    scheduled = _condition(pod, "PodScheduled", status="False")
    waiting = _state(pod).get("waiting", {})
    reason, message = waiting.get("reason", ""), waiting.get("message", "")
    if scheduled:
        why = _sentence(scheduled.get("message", ""))
        said = f"no node takes pod {_name(pod)}: {why}"
        return _cause(branch_pb2.BRANCH_FAILURE_UNSCHEDULABLE, said, scarce=True, wait=f"a node, {_quoted(why)}")
    if reason in _IMAGE_REASONS:
        (image,) = [each["image"] for each in pod["spec"]["containers"] if each["name"] == CONTAINER]
        said = f"pod {_name(pod)} waits for image {image}, {reason}: {_sentence(message)}"
        wait = f"image {image}, {reason}" + (f" {_quoted(_sentence(message))}" if message else "")
        return _cause(branch_pb2.BRANCH_FAILURE_IMAGE_UNAVAILABLE, said, wait=wait)
    if _disruption(pod) or (pod["spec"].get("nodeName") and not status.get("startTime")):
        return _cause(branch_pb2.BRANCH_FAILURE_NODE_LOST, f"pod {_place(pod)} is not started")
    reason = reason or str(status.get("phase"))
    said = f"pod {_place(pod)} does not run, {reason}: {_sentence(message)}"
    wait = f"their containers, {reason}" + (f" {_quoted(_sentence(message))}" if message else "")
    return _cause(branch_pb2.BRANCH_FAILURE_CRASHED, said + _last_event(events), wait=wait)


def _failure_of(reason: str, last: Document | None) -> BranchFailure:
    """The named failure of a Job by its condition's reason, and by how its last pod ended."""
    if reason == "DeadlineExceeded":
        return branch_pb2.BRANCH_FAILURE_DEADLINE_EXCEEDED
    if last is not None and _ended(last).get("reason") == "OOMKilled":
        return branch_pb2.BRANCH_FAILURE_OUT_OF_MEMORY
    if last is not None and (_disruption(last) in _NODE_REASONS or last["status"].get("reason") == "NodeLost"):
        return branch_pb2.BRANCH_FAILURE_NODE_LOST
    return branch_pb2.BRANCH_FAILURE_CRASHED


def _how_it_ended(pod: Document) -> str:
    """How a pod ended, after its name."""
    ended, status = _ended(pod), pod["status"]
    why = ", ".join(each for each in (ended.get("reason"), status.get("reason"), _disruption(pod)) if each)
    last = _last_line(ended.get("message", "") or status.get("message", ""))
    code = f"exit code {ended['exitCode']}" if "exitCode" in ended else "no exit code"
    return f"{_place(pod)} ended with {code}" + (f" ({why})" if why else "") + (f": {last}" if last else "")


def _condition(found: Document, kind: str, *, status: str = "True") -> Document | None:
    """A condition of an object that has a status."""
    conditions = (found.get("status") or {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == kind and each["status"] == status), None)


def _disruption(pod: Document) -> str:
    """Why a pod is disrupted; empty when it is not."""
    condition = _condition(pod, "DisruptionTarget")
    return str(condition.get("reason", "")) if condition else ""


def _state(pod: Document) -> Document:
    """State of a pod's branch container: at most one of `waiting`, `running`, `terminated`."""
    statuses = pod["status"].get("containerStatuses") or []
    return next((each.get("state") or {} for each in statuses if each["name"] == CONTAINER), {})


def _ended(pod: Document) -> Document:
    """How a pod's branch container terminated; empty when it did not, or nobody saw it."""
    ended: Document = _state(pod).get("terminated") or {}
    return ended


def _last_ended(pods: Iterable[Document]) -> Document | None:
    """The newest pod that has failed."""
    ended = [pod for pod in _in_order(pods) if pod["status"].get("phase") == "Failed" or _ended(pod).get("exitCode")]
    return ended[-1] if ended else None


def _in_order(found: Iterable[D]) -> list[D]:
    """Objects, oldest first; those of one second by name."""
    return sorted(found, key=lambda each: (each["metadata"].get("creationTimestamp") or "", _name(each)))


def _refusals(events: Sequence[Document]) -> list[str]:
    """Why pods could not be created, oldest first."""
    return [each.get("message", "") for each in _by_time(events) if each.get("reason") == NO_POD_CREATED]


def _last_event(events: Sequence[Document]) -> str:
    """The last event as the end of a sentence; empty when there is none."""
    if not events:
        return ""
    last = _by_time(events)[-1]
    return f"; last event {last.get('reason', '')}: {_sentence(last.get('message', ''))}"


def _by_time(events: Sequence[Document]) -> list[Document]:
    def when(event: Document) -> str:
        series = (event.get("series") or {}).get("lastObservedTime")
        return str(series or event.get("lastTimestamp") or event.get("eventTime") or "")

    return sorted(events, key=when)


def _name(found: Document) -> str:
    return str(found["metadata"]["name"])


def _place(pod: Document) -> str:
    node = pod["spec"].get("nodeName")
    return f"{_name(pod)} on node {node}" if node else _name(pod)


def _sentence(message: str) -> str:
    """What others said as a part of a sentence: one printable line, without a full stop."""
    return one_line(message, _SAID_LIMIT).rstrip(".") or "no message"


def _quoted(said: str) -> str:
    """What others said in quotes, so that their words are not taken for ours."""
    cut = f"{said[:_QUOTED_LIMIT].rstrip()} …" if len(said) > _QUOTED_LIMIT else said
    return '"' + cut.replace('"', "'") + '"'


def _last_line(message: str) -> str:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return one_line(lines[-1], _SAID_LIMIT) if lines else ""
