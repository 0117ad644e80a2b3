"""Branch groups as Kubernetes Jobs.

    each second, for the groups whose Jobs run:
        is the result in the object store?          then the group has ended, whatever its Job does
        is there a new save?                        then it tells how far the group is
        list the Jobs, and the pods of those that do not run
        failed for good, or waiting for too long?   then store a result that says why, and delete the Job
        gone without a result?                      then create it again
    and fill the free places with further groups

A Job is named by what it is for, so that a validator that comes later adopts it. Nothing is decided
from a list alone: before a Job is failed or created again it is read once more, and then the store.
"""

import threading
import time
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from also import keys, log, metrics, reasons
from also.errors import AlsoError, EndpointError, InputError, ServiceUnavailable, StoreError
from also.services.validator.launch import job_states, results
from also.services.validator.launch.job_objects import Document, JobObjects
from also.services.validator.launch.job_states import Cause
from also.services.validator.launch.job_template import JobTemplate
from also.services.validator.launch.kubernetes import Namespace
from also.services.validator.launch.launcher import Progress, waiting
from also.store import Store
from also.v1 import branch_pb2
from also.v1.branch_pb2 import BranchGroup, BranchGroupResult, BranchProgress, BranchRecord
from also.words import one_line

_SAVES_AT_ONCE = 20
"""Groups whose saves are looked at in one look."""


_LINES = {"created": log.JOB_CREATED, "adopted": log.JOB_ADOPTED, "recreated": log.JOB_RECREATED}
"""The log's line of each outcome of a Job's creation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """A launcher of Jobs."""

    store: Store
    """Object store that the pods open by its URI."""
    namespace: Namespace
    """Namespace of the Jobs."""
    template: str
    """Name of the ConfigMap with the Jobs' template, see `job_template`."""
    parallel: int
    """Jobs at once. In [1, 1024]."""
    start_seconds: float
    """How long a Job may be without a running pod before its group fails, seconds. What waits for room (a queue, a
    quota, a node) is not charged while another Job of the same call runs, which may have taken the room."""
    tick_seconds: float = 1.0
    """Pause between two looks at the Jobs, seconds."""
    patience_seconds: float = 60.0
    """How long the API, or the store, may fail before the call does, seconds."""
    saves_seconds: float = 10.0
    """Pause until a group's saves are looked at again, seconds."""
    refusals_seconds: float = 5.0
    """How long a Job may be without any pod before it is asked why, and the pause until it is asked again, seconds."""
    recreations: int = 3
    """How often a Job that has gone without a result is created again."""

    @property
    def objects(self) -> JobObjects:
        """The Jobs as objects of the cluster."""
        return JobObjects(namespace=self.namespace, template=self.template, store=self.store)

    def check(self) -> None:
        """Make sure that Jobs can be created here, as `Launcher.check` says."""
        self.objects.check()

    def run(self, groups: Sequence[BranchGroup]) -> Generator[Progress, None, None]:
        """Run groups as `Launcher.run` says."""
        campaign_id = groups[0].campaign_id if groups else ""
        call = _Call(jobs=self, objects=self.objects, campaign_id=campaign_id, new=deque(groups))
        failing_since: float | None = None
        looks = ThreadPoolExecutor(1, thread_name_prefix="jobs")  # progress goes on while the API or the store hangs
        try:
            yield {}
            while not call.over:
                look = looks.submit(call.look)
                while not wait([look], timeout=self.tick_seconds).done:
                    yield call.progress
                try:
                    look.result()
                    failing_since = None
                except (ServiceUnavailable, StoreError):
                    failing_since = failing_since or time.monotonic()
                    if time.monotonic() - failing_since >= self.patience_seconds:
                        raise
                yield call.progress
                if not call.over:
                    call.closed.wait(self.tick_seconds)
                    yield call.progress
        finally:
            call.closed.set()
            call.count()
            call.leave()
            looks.shutdown(wait=False, cancel_futures=True)

    def show(self, group: BranchGroup) -> str:
        """Have a Job serve the metrics of a group that has ended, as `Launcher.show` says."""
        try:
            return self._show(group)
        except AlsoError as error:  # whatever it is, the group's records stand, and the wait for samples has an end
            return one_line(str(error), 200)

    def _show(self, group: BranchGroup) -> str:
        """The same.

        Raises:
            EndpointError: the API server refuses the Job.
            ServiceError: another group's Job has its name.
            ServiceUnavailable: the API server did not answer.
            StoreError: the store cannot be used.
        """
        objects = self.objects
        job = objects.read(group)
        if job is None:
            creation = objects.create(group, objects.read_template())
            if creation.outcome == "created":
                metrics.JOBS.labels(group.campaign_id, "shown").inc()
                log.JOB_SHOWN.tell(**results.subject(group), job=objects.name(group))
            if creation.outcome != "adopted":
                return creation.refused or "their Jobs to start"
            job = objects.read(group)  # one of an older ALSO, under its own name
        if job is None or job_states.deleting(job):
            return "their ended Jobs to be deleted"
        if job_states.finished(job):
            objects.delete(job)
            return "their ended Jobs to be deleted"
        pods = objects.pods([group]).get(group.name, [])
        if job_states.runs(pods):
            return ""
        cause = job_states.why_waiting(job, pods, objects.events(job))
        return cause.wait or cause.detail


@dataclass(slots=True, kw_only=True)
class _Running:
    """A group whose Job exists, or is about to."""

    group: BranchGroup
    charged_since: float
    """Since when it is charged for having no running pod: when one was last seen running, when room that it waits for
    was last seen in use by another group of the call, or when it was taken up; monotonic."""
    created_at: float | None = None
    """When this call created its Job; monotonic."""
    state: str = "pending"
    """What its Job was last seen to do, see `metrics.JOBS_NOW`."""
    seen: bool = False
    """Whether its Job is known to have existed."""
    begun: bool = False
    """Whether the log was told that it has begun, and not that it has ended."""
    idle_since: float = field(default_factory=time.monotonic)
    """Since when it has no running pod, or when it was taken up; monotonic."""
    refused: str = ""
    """Why a quota refuses its Job; empty where it does not."""
    gone: int = 0
    """How often its Job has gone without a result."""
    save: str = ""
    """Key of its newest save, as far as that was looked at."""
    saves_at: float = field(default_factory=time.monotonic)
    """When it was; monotonic."""


@dataclass(slots=True, kw_only=True)
class _Call:
    """One call's groups on their way from `new` through `waiting` and `running` into `progress`.

    Every look goes on where the one before ended, also where that failed in the middle.
    """

    jobs: Jobs
    objects: JobObjects
    campaign_id: str
    """Campaign of the groups; empty where there are none."""
    new: deque[BranchGroup]
    waiting: deque[BranchGroup] = field(default_factory=deque)
    running: dict[str, _Running] = field(default_factory=dict)
    progress: dict[str, BranchProgress] = field(default_factory=dict)
    """Results of groups that have ended, and newest saves of others; replaced, never changed."""
    closed: threading.Event = field(default_factory=threading.Event)
    """Set when the call is over: nothing is created, failed or deleted from then on."""
    ran_at: float = 0.0
    """When a pod of any group was last seen running; monotonic."""
    template: JobTemplate | None = None
    """The Jobs' template, as far as this look has read it."""
    refusals: dict[str, list[Document]] = field(default_factory=dict)
    """Why pods could not be created, as it was last asked: events by the Job's uid."""
    refusals_at: float = 0.0
    """When it was; monotonic."""

    @property
    def over(self) -> bool:
        """Whether all groups have ended."""
        return not (self.new or self.waiting or self.running)

    def look(self) -> None:
        """Look at everything once, and do what is to be done."""
        self.template = None
        while self.new and not self.closed.is_set():
            results.store_spec(self.jobs.store, self.new[0])
            if not self._end(self.new[0], "adopted"):
                self.waiting.append(self.new[0])
            self.new.popleft()
        for one in list(self.running.values()):
            self._end(one.group, "finished")
        if self.running:
            self._look_at_jobs()
            self._look_at_saves()
        while self.waiting and len(self.running) < self.jobs.parallel and not self.closed.is_set():
            one = _Running(group=self.waiting[0], charged_since=time.monotonic())
            self._create(one)
            self.running[one.group.name] = one
            self.waiting.popleft()
        self.count()

    def count(self) -> None:
        """Tell how many groups are in which state; none once the call is over, also to a look that ends after it."""
        if not self.campaign_id:
            return
        states = [one.state for one in list(self.running.values())] + ["queued"] * len(self.waiting)
        for state in ("running", "pending", "suspended", "queued"):
            gauge = metrics.JOBS_NOW.labels(self.campaign_id, state)
            gauge.set(states.count(state))
            if self.closed.is_set():
                gauge.set(0)

    def leave(self) -> None:
        """Tell the log which groups go on without this call."""
        for one in list(self.running.values()):
            if one.begun:
                log.GROUP_LEFT.tell(**results.subject(one.group))

    def _end(self, group: BranchGroup, outcome: str) -> bool:
        """Whether a group's result is in the store; it is taken, then."""
        if not results.is_there(self.jobs.store, group):
            return False
        self.progress = {**self.progress, group.name: results.take(self.jobs.store, group, outcome)}
        one = self.running.pop(group.name, None)
        if one is not None and one.created_at is not None and outcome == "finished":
            metrics.JOB_SECONDS.labels(group.campaign_id).observe(time.monotonic() - one.created_at)
        return True

    def _look_at_jobs(self) -> None:
        """Go on with every group that has not ended."""
        groups = [one.group for one in self.running.values()]
        jobs = self.objects.find(groups)
        ready = {name for name, job in jobs.items() if job_states.is_ready(job)}
        pods = self.objects.pods(groups) if len(ready) < len(groups) else {}
        for one in list(self.running.values()):
            job, mine = jobs.get(one.group.name), pods.get(one.group.name, [])
            runs = one.group.name in ready or job_states.runs(mine)
            if runs:
                one.charged_since = one.idle_since = self.ran_at = time.monotonic()
                self._tell_wait(one, "")
            one.state = "running" if runs else "suspended" if job and job_states.suspended(job) else "pending"
            if self.closed.is_set():
                return
            if job is None:
                self._miss(one, mine)
            else:
                self._judge(one, job, mine, runs=runs)

    def _look_at_saves(self) -> None:
        """See how far the groups are that were not looked at for the longest time."""
        due = [one for one in self.running.values() if time.monotonic() - one.saves_at >= self.jobs.saves_seconds]
        for one in sorted(due, key=lambda one: one.saves_at)[:_SAVES_AT_ONCE]:
            one.saves_at = time.monotonic()
            newest = results.newest_save(self.jobs.store, one.group)
            if newest > one.save:
                one.save = newest
                told = results.saved_progress(self.jobs.store, one.group, newest)
                if told is not None:
                    before = self.progress.get(one.group.name)
                    self.progress = {**self.progress, one.group.name: told}
                    self._tell_wait(one, before.waits_for if before is not None else "")

    def _judge(self, one: _Running, job: Document, pods: list[Document], *, runs: bool) -> None:
        """Go on with a group whose Job is there."""
        one.seen, one.refused = True, ""
        ended = "" if job_states.deleting(job) else job_states.finished(job)
        if ended == "Complete":
            if not self._end(one.group, "finished"):
                self.objects.delete(job)  # it has gone without a result then
        elif ended == "Failed":
            self._settle(one)
        elif not runs:
            pod_is_due = not pods and not job_states.suspended(job)
            refusals = self._refusals(one, job) if pod_is_due else []
            if self._too_long(one, job_states.why_waiting(job, pods, refusals)):
                self._settle(one)

    def _miss(self, one: _Running, pods: list[Document]) -> None:
        """Go on with a group whose Job is not there: a quota refused it, or it has gone."""
        if one.refused:
            cause = Cause(failure=branch_pb2.BRANCH_FAILURE_QUOTA_EXCEEDED, detail=one.refused, scarce=True)
            if self._too_long(one, cause):
                self._fail(one, cause)
            else:
                self._create(one)
            return
        if self.objects.read(one.group) or self._end(one.group, "finished"):
            return
        cause = job_states.why_gone(self.objects.name(one.group), pods, one.gone + 1)
        if job_states.live(pods):  # what a deletion has left may save what it has, or even finish
            if self._too_long(one, cause):
                self._fail(one, cause)
        elif one.gone >= self.jobs.recreations:
            self._fail(one, cause)
        else:
            self._create(one)
            one.gone += 1

    def _settle(self, one: _Running) -> None:
        """Fail a group if its Job, read once more, is failed, or still without a running pod.

        Raises:
            InputError: the group's input is wrong.
        """
        job = self.objects.read(one.group)
        pods = self.objects.pods([one.group]).get(one.group.name, [])
        if job is None or self._end(one.group, "finished") or self.closed.is_set():
            return
        if job_states.finished(job) == "Failed":
            refused = job_states.refused_input(pods)
            if refused is not None:
                error = InputError(refused)
                one.begun = False
                results.fail(one.group, error)
                self.objects.delete(job)  # whoever mends the input finds nothing that has failed
                raise error
            self._fail(one, job_states.why_failed(job, pods), job)
        elif not job_states.runs(pods):
            events = self.objects.events(job, *job_states.live(pods)[-1:])
            cause = job_states.why_waiting(job, pods, events)
            if self._too_long(one, cause):
                waited = f"{cause.detail}; no pod of its Job ran for {self.jobs.start_seconds:g} s"
                self._fail(one, replace(cause, detail=waited), job)

    def _refusals(self, one: _Running, job: Document) -> list[Document]:
        """Events that tell why a Job has no pod; asked from time to time, for all Jobs at once.

        Raises:
            EndpointError: its pods are forbidden, whatever room there is.
        """
        now = time.monotonic()
        if min(now - one.charged_since, now - self.refusals_at) >= self.jobs.refusals_seconds:
            self.refusals, self.refusals_at = self.objects.refusals(), now
        found = self.refusals.get(job["metadata"]["uid"], [])
        forbidden = job_states.forbidden_pods(found)
        if forbidden is not None:
            raise EndpointError(f"no pod of Job {self.objects.name(one.group)} can be created: {forbidden}")
        return found

    def _too_long(self, one: _Running, cause: Cause) -> bool:
        """Whether a group has been without a running pod for too long, for a cause."""
        if time.monotonic() - one.idle_since >= self.jobs.refusals_seconds:  # an ordinary start is no wait
            self._tell_wait(one, cause.wait or cause.detail)
        if cause.scarce:
            one.charged_since = max(one.charged_since, self.ran_at)
        return time.monotonic() - one.charged_since >= self.jobs.start_seconds

    def _tell_wait(self, one: _Running, what: str) -> None:
        """Say what a group waits for, in words; empty where it runs."""
        told = self.progress.get(one.group.name)
        if told is None or told.waits_for != what:
            self.progress = {**self.progress, one.group.name: waiting(told, what)}

    def _fail(self, one: _Running, cause: Cause, job: Document | None = None) -> None:
        """Store why a group failed, unless a result has come after all, and delete its Job."""
        group = one.group
        key = keys.branch_group_result(group.campaign_id, group.name)
        if self.jobs.store.create_message(key, failed_result(group, cause)):
            reason = reasons.failure(cause.failure)
            told: dict[str, log.Value] = {**results.subject(group), "error": reason, "detail": cause.detail}
            metrics.JOBS.labels(group.campaign_id, reason).inc()
            log.JOB_FAILED.tell(**told, job=self.objects.name(group))
            log.GROUP_FAILED.tell(**told)
            self._end(group, "failed")
        else:
            self._end(group, "finished")
        if job is not None:
            self.objects.delete(job)

    def _create(self, one: _Running) -> None:
        """Create a group's Job, or adopt the one that is there."""
        self.template = self.template or self.objects.read_template()
        creation = self.objects.create(one.group, self.template)
        one.refused = creation.refused
        if not creation.outcome:
            return
        if creation.outcome == "created":
            one.created_at = time.monotonic()
        outcome = "recreated" if one.seen and creation.outcome == "created" else creation.outcome
        one.seen = True
        metrics.JOBS.labels(one.group.campaign_id, outcome).inc()
        subject = results.subject(one.group)
        _LINES[outcome].tell(**subject, job=self.objects.name(one.group))
        if not one.begun:
            one.begun = True
            log.GROUP_BEGUN.tell(**subject, branches=len(one.group.branches))


def failed_result(group: BranchGroup, cause: Cause) -> BranchGroupResult:
    """The result of a group that has failed: every branch says why, and none has a measure."""
    return BranchGroupResult(
        name=group.name,
        records=[
            BranchRecord(arm=each.arm, seed_index=each.seed_index, failure=cause.failure, failure_detail=cause.detail)
            for each in group.branches
        ],
    )
