"""Reconciliation of branch groups with the Jobs of a cluster: each look brings the groups closer to their results.

    for the groups whose Jobs run:
        is the result in the object store?          then the group has ended, whatever its Job does
        is there a new save?                        then it tells how far the group is
        list the Jobs, and the pods of those that do not run
        failed for good, or waiting for too long?   then store a result that says why, and delete the Job
        gone without a result?                      then create it again
    and fill the free places with further groups

Nothing is decided from a list alone: before a Job is failed or created again it is read once more, and
then the store.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace

from also import log, metrics, reasons
from also.errors import EndpointError, InputError
from also.services.validator.launch import job_states, results
from also.services.validator.launch.job_objects import Document, JobObjects
from also.services.validator.launch.job_states import Cause
from also.services.validator.launch.job_template import JobTemplate
from also.services.validator.launch.launcher import waiting
from also.v1 import branch_pb2
from also.v1.branch_pb2 import BranchGroup, BranchProgress

_SAVES_AT_ONCE = 20
"""Groups whose saves are looked at in one look."""

_RECREATIONS = 3
"""How often a Job that has gone without a result is created again."""

_LINES = {"created": log.JOB_CREATED, "adopted": log.JOB_ADOPTED, "recreated": log.JOB_RECREATED}
"""The log's line of each outcome of a Job's creation."""


@dataclass(slots=True, kw_only=True)
class _Running:
    """A group whose Job exists, or will be created next."""

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
    """Whether its beginning has been logged, and its end has not."""
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
class Reconciliation:
    """The groups of one call on their way from `new` through `waiting` and `running` into `progress`.

    Every look continues where the one before ended, also if that failed in the middle.
    """

    objects: JobObjects
    """The Jobs as objects of the cluster."""
    campaign_id: str
    """Campaign of the groups; empty if there are none."""
    parallel: int
    """As `Jobs.parallel`, and so on."""
    start_seconds: float
    saves_seconds: float
    refusals_seconds: float
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
        """Look at everything once, and act on it."""
        self.template = None
        while self.new and not self.closed.is_set():
            results.store_spec(self.objects.store, self.new[0])
            if not self._end(self.new[0], "adopted"):
                self.waiting.append(self.new[0])
            self.new.popleft()
        for one in list(self.running.values()):
            self._end(one.group, "finished")
        if self.running:
            self._look_at_jobs()
            self._look_at_saves()
        while self.waiting and len(self.running) < self.parallel and not self.closed.is_set():
            one = _Running(group=self.waiting[0], charged_since=time.monotonic())
            self._create(one)
            self.running[one.group.name] = one
            self.waiting.popleft()
        self.count()

    def count(self) -> None:
        """Show how many groups are in which state: none once the call is over, even if a look ends after that."""
        if not self.campaign_id:
            return
        states = [one.state for one in list(self.running.values())] + ["queued"] * len(self.waiting)
        for state in ("running", "pending", "suspended", "queued"):
            gauge = metrics.JOBS_NOW.labels(self.campaign_id, state)
            gauge.set(states.count(state))
            if self.closed.is_set():
                gauge.set(0)

    def leave(self) -> None:
        """Log which groups continue without this call."""
        for one in list(self.running.values()):
            if one.begun:
                log.GROUP_LEFT.tell(**results.subject(one.group))

    def _end(self, group: BranchGroup, outcome: str) -> bool:
        """Whether a group's result is in the store; it is taken, then."""
        if not results.is_there(self.objects.store, group):
            return False
        self.progress = {**self.progress, group.name: results.take(self.objects.store, group, outcome)}
        one = self.running.pop(group.name, None)
        if one is not None and one.created_at is not None and outcome == "finished":
            metrics.JOB_SECONDS.labels(group.campaign_id).observe(time.monotonic() - one.created_at)
        return True

    def _look_at_jobs(self) -> None:
        """Handle every group that has not ended."""
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
        due = [one for one in self.running.values() if time.monotonic() - one.saves_at >= self.saves_seconds]
        for one in sorted(due, key=lambda one: one.saves_at)[:_SAVES_AT_ONCE]:
            one.saves_at = time.monotonic()
            newest = results.newest_save(self.objects.store, one.group)
            if newest > one.save:
                one.save = newest
                told = results.saved_progress(self.objects.store, one.group, newest)
                if told is not None:
                    before = self.progress.get(one.group.name)
                    self.progress = {**self.progress, one.group.name: told}
                    self._tell_wait(one, before.waits_for if before is not None else "")

    def _judge(self, one: _Running, job: Document, pods: list[Document], *, runs: bool) -> None:
        """Handle a group whose Job is there."""
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
        """Handle a group whose Job is not there: a quota refused it, or it has gone."""
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
        elif one.gone >= _RECREATIONS:
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
                waited = f"{cause.detail}; no pod of its Job ran for {self.start_seconds:g} s"
                self._fail(one, replace(cause, detail=waited), job)

    def _refusals(self, one: _Running, job: Document) -> list[Document]:
        """Events that tell why a Job has no pod; asked from time to time, for all Jobs at once.

        Raises:
            EndpointError: its pods are forbidden, whatever room there is.
        """
        now = time.monotonic()
        if min(now - one.charged_since, now - self.refusals_at) >= self.refusals_seconds:
            self.refusals, self.refusals_at = self.objects.refusals(), now
        found = self.refusals.get(job["metadata"]["uid"], [])
        forbidden = job_states.forbidden_pods(found)
        if forbidden is not None:
            raise EndpointError(f"no pod of Job {self.objects.name(one.group)} can be created: {forbidden}")
        return found

    def _too_long(self, one: _Running, cause: Cause) -> bool:
        """Whether a group has been without a running pod for too long, for a cause."""
        if time.monotonic() - one.idle_since >= self.refusals_seconds:  # an ordinary start is no wait
            self._tell_wait(one, cause.wait or cause.detail)
        if cause.scarce:
            one.charged_since = max(one.charged_since, self.ran_at)
        return time.monotonic() - one.charged_since >= self.start_seconds

    def _tell_wait(self, one: _Running, what: str) -> None:
        """Say what a group waits for, in words; empty where it runs."""
        told = self.progress.get(one.group.name)
        if told is None or told.waits_for != what:
            self.progress = {**self.progress, one.group.name: waiting(told, what)}

    def _fail(self, one: _Running, cause: Cause, job: Document | None = None) -> None:
        """Store why a group failed, unless a result has come after all, and delete its Job."""
        group = one.group
        if results.store_failure(self.objects.store, group, cause.failure, cause.detail):
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
