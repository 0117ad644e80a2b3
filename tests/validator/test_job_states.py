"""Why a Job failed or waits, from objects as the API server has them."""

import pytest

from also.services.validator.launch import job_states
from also.v1 import branch_pb2


def a_job(
    *conditions: dict, suspend: bool = False, deleting: bool = False, labels: dict | None = None, **status
) -> dict:
    metadata = {"name": "c-g0-0123456789", "uid": "j", "labels": labels or {}}
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"metadata": metadata, "spec": {"suspend": suspend}, "status": {"conditions": list(conditions), **status}}


def a_condition(kind: str, reason: str = "", message: str = "", status: str = "True") -> dict:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def a_pod(number: int = 0, phase: str = "Running", *, node: str = "n1", deleting: bool = False, **status) -> dict:
    metadata = {"name": f"p{number}", "creationTimestamp": f"2026-01-01T00:00:{number:02}Z"}
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:01:00Z"
    spec = {"containers": [{"name": "branch", "image": "r.example/t:1"}]} | ({"nodeName": node} if node else {})
    return {"metadata": metadata, "spec": spec, "status": {"phase": phase, **status}}


def container(**state: dict) -> dict:
    """Status of the branch container, beside that of a sidecar that a mesh has put in."""
    return {
        "startTime": "2026-01-01T00:00:00Z",
        "containerStatuses": [{"name": "mesh", "state": {"running": {}}}, {"name": "branch", "state": state}],
    }


def ended(number: int, code: int, reason: str = "Error", message: str = "", **more) -> dict:
    state = container(terminated={"exitCode": code, "reason": reason, "message": message})
    return a_pod(number, "Failed", **state, **more)


def failed(reason: str, message: str = "") -> dict:
    return a_job(a_condition("Failed", reason, message), failed=2)


BACKOFF = failed("BackoffLimitExceeded", "Job has reached the specified backoff limit")


@pytest.mark.parametrize(
    ("job", "pods", "due"),
    [
        (BACKOFF, [ended(0, 1), ended(1, 137, "OOMKilled")], branch_pb2.BRANCH_FAILURE_OUT_OF_MEMORY),
        (BACKOFF, [ended(1, 1), ended(0, 137, "OOMKilled")], branch_pb2.BRANCH_FAILURE_CRASHED),
        (BACKOFF, [ended(0, 137, "Error")], branch_pb2.BRANCH_FAILURE_CRASHED),
        (BACKOFF, [], branch_pb2.BRANCH_FAILURE_CRASHED),
        (failed("DeadlineExceeded"), [ended(0, 143)], branch_pb2.BRANCH_FAILURE_DEADLINE_EXCEEDED),
        (
            BACKOFF,
            [ended(0, 143, conditions=[a_condition("DisruptionTarget", "DeletionByPodGC")])],
            branch_pb2.BRANCH_FAILURE_NODE_LOST,
        ),
        (
            BACKOFF,
            [ended(0, 143, conditions=[a_condition("DisruptionTarget", "EvictionByEvictionAPI")])],
            branch_pb2.BRANCH_FAILURE_CRASHED,
        ),
    ],
)
def test_failed_job_is_named_by_its_condition_and_its_last_pod(job: dict, pods: list[dict], due: int) -> None:
    """The newest pod tells, whatever order the pods come in."""
    assert job_states.finished(job) == "Failed"
    cause = job_states.why_failed(job, pods)
    assert cause.failure == due
    assert cause.detail.startswith("Job c-g0-0123456789 failed, ")
    assert cause.detail.endswith("; 2 pods failed")


def test_detail_has_the_pods_last_words() -> None:
    """Exit code, reasons and the last line that the container wrote."""
    pod = ended(0, 1, message="Traceback\nRuntimeError: out of luck\n\n")
    detail = job_states.why_failed(BACKOFF, [pod]).detail
    assert "its last pod p0 on node n1 ended with exit code 1 (Error): RuntimeError: out of luck" in detail


def test_detail_is_bounded() -> None:
    """A container may have written anything."""
    detail = job_states.why_failed(BACKOFF, [ended(0, 1, message="x" * 100_000)]).detail
    assert len(detail) <= job_states.DETAIL_LIMIT


@pytest.mark.parametrize(
    ("job", "pods", "due", "said"),
    [
        (a_job(suspend=True), [], "NOT_ADMITTED", "waits suspended"),
        (
            a_job(suspend=True, labels={"kueue.x-k8s.io/queue-name": "branches"}),
            [a_pod(deleting=True)],
            "NOT_ADMITTED",
            "waits in queue branches",
        ),
        (
            a_job(),
            [a_pod(phase="Pending", node="", conditions=[a_condition("PodScheduled", message="0/1", status="False")])],
            "UNSCHEDULABLE",
            "no node takes pod p0: 0/1",
        ),
        (
            a_job(),
            [a_pod(phase="Pending", **container(waiting={"reason": "ErrImagePull", "message": "not\nfound"}))],
            "IMAGE_UNAVAILABLE",
            "waits for image r.example/t:1, ErrImagePull: not found",
        ),
        (
            a_job(),
            [a_pod(phase="Pending", **container(waiting={"reason": "InvalidImageName"}))],
            "IMAGE_UNAVAILABLE",
            "InvalidImageName",
        ),
        (a_job(), [a_pod(phase="Pending")], "NODE_LOST", "pod p0 on node n1 is not started"),
        (a_job(), [a_pod(deleting=True)], "NODE_LOST", "pod p0 on node n1 is to end, and does not"),
        (
            a_job(),
            [
                a_pod(
                    phase="Pending", **container(waiting={"reason": "CreateContainerConfigError", "message": "no key"})
                )
            ],
            "CRASHED",
            "does not run, CreateContainerConfigError: no key",
        ),
        (a_job(), [ended(0, 137, "OOMKilled")], "OUT_OF_MEMORY", "has no pod; its last one p0 on node n1 ended with"),
        (
            a_job(),
            [a_pod(0, "Failed", conditions=[a_condition("DisruptionTarget", "DeletionByPodGC")])],
            "NODE_LOST",
            "ended with no exit code (DeletionByPodGC)",
        ),
        (a_job(), [], "CRASHED", "has no pod"),
        (a_job(deleting=True), [], "CRASHED", "is being deleted"),
        (
            a_job(a_condition("FailureTarget", "DeadlineExceeded")),
            [a_pod(deleting=True)],
            "DEADLINE_EXCEEDED",
            "is to fail, DeadlineExceeded, and its pods do not end",
        ),
    ],
)
def test_waiting_job_is_named_by_what_it_waits_for(job: dict, pods: list[dict], due: str, said: str) -> None:
    """One reason for each thing that somebody can do about it."""
    cause = job_states.why_waiting(job, pods)
    assert cause.failure == getattr(branch_pb2, f"BRANCH_FAILURE_{due}")
    assert said in cause.detail
    assert cause.scarce == (due in ("NOT_ADMITTED", "UNSCHEDULABLE", "QUOTA_EXCEEDED"))


def an_event(second: int, reason: str, message: str) -> dict:
    return {"reason": reason, "message": message, "lastTimestamp": f"2026-01-01T00:00:{second:02}Z"}


QUOTA = 'Error creating: pods "x" is forbidden: exceeded quota: none, requested: pods=1'
SECURITY = 'Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'
WEBHOOK = 'Error creating: Internal error occurred: failed calling webhook "m.example": connection refused'


REFUSED = (
    SECURITY,
    (
        'Error creating: admission webhook "validation.gatekeeper.sh" denied the request: [limits] container branch '
        "has no cpu limit"
    ),
    (
        'Error creating: admission webhook "validate.kyverno.svc-fail" denied the request: \n\nresource Pod/a/x was '
        "blocked due to the following policies"
    ),
    (
        'Error creating: admission webhook "warden-validating.common-webhooks.networking.gke.io" denied the request: '
        "GKE Warden rejected the request because it violates one or more constraints"
    ),
    'Error creating: admission webhook "own.example" denied the request without explanation',
    "Error creating: pods \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
    (
        'Error creating: Pod "x" is invalid: spec.containers[0].resources.requests: Invalid value: "2Gi": must be less '
        "than or equal to memory limit"
    ),
    'Error creating: pods "x" is forbidden: maximum memory usage per Container is 1Gi, but limit is 4Gi',
    (
        'Error creating: pods "x" is forbidden: unable to validate against any security context constraint: [provider '
        '"anyuid": Forbidden: not usable by user or serviceaccount]'
    ),
    'Error creating: pods "x" is forbidden: failed quota: q: must specify limits.cpu for: branch',
)
"""Refusals that no wait will change, as API server, policies and webhooks word them."""

UNANSWERED = (
    WEBHOOK,
    'Error creating: admission webhook "mpod.kb.io" denied the request: Job.batch "c-g0-10840b8aa0" not found',
    (
        'Error creating: Internal error occurred: failed calling webhook "validate.kyverno.svc-fail": failed to call '
        'webhook: Post "https://kyverno-svc.kyverno.svc:443/validate/fail?timeout=10s": context deadline exceeded'
    ),
    (
        'Error creating: Internal error occurred: failed calling webhook "validation.gatekeeper.sh": failed to call '
        'webhook: an error on the server ("403 forbidden") has prevented the request from succeeding'
    ),
    (
        'Error creating: Internal error occurred: failed calling webhook "v.example": failed to call webhook: Post '
        '"https://v.example": tls: failed to verify certificate: x509: certificate is invalid'
    ),
    'Error creating: pods "x" is forbidden: Post "https://images.example/review": dial tcp: connection refused',
    'Error creating: Operation cannot be fulfilled on resourcequotas "few": the object has been modified',
    "Error creating: Timeout: request did not complete within requested timeout",
)
"""What may be otherwise at the next try."""

NO_ROOM = (
    QUOTA,
    (
        'Error creating: admission webhook "resourcequotasstatus.hnc.x-k8s.io" denied the request: exceeded '
        'hierarchical quota in namespace "team": "hrq", requested: pods=1, used: pods=9, limited: pods=9'
    ),
    'Error creating: pods "x" is forbidden: status unknown for quota: q, resources: pods',
)
"""What waits for room."""


@pytest.mark.parametrize("message", REFUSED)
def test_a_refusal_is_known_whoever_words_it(message: str) -> None:
    """Pods that a policy refuses will not come: that is told at once, and not waited for."""
    events = [an_event(1, "FailedCreate", message)]
    assert job_states.forbidden_pods(events) == " ".join(message.split())
    assert not job_states.why_waiting(a_job(), [], events).scarce


@pytest.mark.parametrize("message", UNANSWERED + NO_ROOM)
def test_what_may_pass_is_no_refusal(message: str) -> None:
    """A policy that cannot be asked, a conflict and a quota are waited for; only the last is want of room."""
    events = [an_event(1, "FailedCreate", message)]
    assert job_states.forbidden_pods(events) is None
    assert job_states.why_waiting(a_job(), [], events).scarce == (message in NO_ROOM)


def test_events_tell_why_there_is_no_pod() -> None:
    """The newest refusal counts: quotas may pass, what is forbidden otherwise does not, a webhook may."""
    events = [an_event(2, "FailedCreate", QUOTA), an_event(1, "FailedCreate", SECURITY), an_event(3, "Other", "")]
    assert job_states.why_waiting(a_job(), [], events).failure == branch_pb2.BRANCH_FAILURE_QUOTA_EXCEEDED
    assert job_states.why_waiting(a_job(), [], events).scarce
    assert job_states.forbidden_pods(events) is None
    assert job_states.forbidden_pods([an_event(1, "FailedCreate", WEBHOOK)]) is None
    assert job_states.forbidden_pods([an_event(1, "FailedCreate", SECURITY)]) == SECURITY
    assert job_states.forbidden_pods([]) is None


def test_pod_runs_while_its_branch_container_does() -> None:
    """A sidecar does not count, nor a pod that is told to end, nor one that has."""
    running = container(running={"startedAt": "2026-01-01T00:00:00Z"})
    assert job_states.runs([a_pod(**running)])
    assert not job_states.runs([a_pod(**running, deleting=True)])
    assert not job_states.runs([a_pod(**container(waiting={"reason": "ContainerCreating"}))])
    assert not job_states.runs([ended(0, 1), a_pod(1, "Pending")])
    assert [pod["metadata"]["name"] for pod in job_states.live([a_pod(2), ended(1, 1), a_pod(0)])] == ["p0", "p2"]


def test_ready_job_has_a_running_pod() -> None:
    """Its own count saves a look at its pods."""
    assert job_states.is_ready(a_job(ready=1))
    assert not job_states.is_ready(a_job(ready=0))
    assert not job_states.is_ready(a_job())
    assert not job_states.is_ready(a_job(ready=1, deleting=True))


def test_wrong_input_is_the_last_pods_message() -> None:
    """Exit code 2 of the newest pod, without the word that every error begins with."""
    refused = ended(1, 2, message="a line\nerror: checkpoint abc is damaged; an intact one is expected\n")
    assert job_states.refused_input([refused, ended(0, 1)]) == "checkpoint abc is damaged; an intact one is expected"
    assert job_states.refused_input([ended(0, 2), ended(1, 1)]) is None
    assert job_states.refused_input([]) is None
    assert "left no message" in job_states.refused_input([ended(0, 2)])
