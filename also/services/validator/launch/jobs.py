"""A launcher of branch groups as Kubernetes Jobs.

A Job is named by what it is for, so that a validator that comes later adopts it. A call looks at its
Jobs once a second (`reconciliation`).
"""

import time
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from also import log, metrics
from also.errors import AlsoError, ServiceUnavailable, StoreError
from also.services.validator.launch import job_states, results
from also.services.validator.launch.job_objects import JobObjects
from also.services.validator.launch.kubernetes import Namespace
from also.services.validator.launch.launcher import Progress
from also.services.validator.launch.reconciliation import Reconciliation
from also.store import Store
from also.v1.branch_pb2 import BranchGroup
from also.words import one_line


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
        call = Reconciliation(
            objects=self.objects,
            campaign_id=campaign_id,
            parallel=self.parallel,
            start_seconds=self.start_seconds,
            saves_seconds=self.saves_seconds,
            refusals_seconds=self.refusals_seconds,
            new=deque(groups),
        )
        failing_since: float | None = None
        looks = ThreadPoolExecutor(1, thread_name_prefix="jobs")  # progress continues while the API or the store hangs
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
        """As `show`; an error of the cluster or the store is raised."""
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
