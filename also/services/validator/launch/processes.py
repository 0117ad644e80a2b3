"""Branch groups as processes of this machine.

A group's spec is stored before its process starts and its result when it ends, so whatever dies
(a branch, the validator, the machine), the same call continues from what is there. A process tells
its progress on standard output, a JSON line each, and lives on a lifeline: it cannot outlive the
validator, however that ends.
"""

import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from also import device, lifeline, log
from also.document import parse_json
from also.errors import DocumentError, InputError, ServiceError
from also.forks.starter import ForkServer
from also.process import BAD_INPUT
from also.services.validator.launch import results
from also.services.validator.launch.launcher import Progress, waiting
from also.store import Store
from also.v1.branch_pb2 import BranchGroup, BranchProgress
from also.words import one_line

_TICK_SECONDS = 0.5
"""Longest time between two looks at the processes."""

_COLD_TICK_SECONDS = 0.05
"""The same while the fork server loads: a group starts as soon as it has."""

_GRACE_SECONDS = 0.5
"""What a process gets to end by itself, and to save; what it cannot save in time is trained again."""


@dataclass(slots=True)
class _Running:
    """A branch group and the process that trains it now."""

    group: BranchGroup
    process: lifeline.Process
    log: Path
    attempt: int
    heard: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """A launcher of local processes."""

    store: Store
    """Object store that the processes open by its URI."""
    logs: Path
    """Folder for their standard error, a file for each group."""
    parallel: int
    """Processes at once. In [1, 1024]."""
    module: str
    """Module that trains one group, see `also.services.trainer.branch`."""
    server: ForkServer | None = None
    """Fork server that starts the processes; None spawns each anew."""
    attempts: int = 3
    """Starts of a group's process at most, while it crashes."""
    silence_seconds: float = 600.0
    """Time without a line after which a process counts as hung, and is ended as if it had crashed; twice the time that
    a call of the task's environment may take, where that is longer."""

    def check(self) -> None:
        """Processes can always be started here."""

    def run(self, groups: Sequence[BranchGroup]) -> Generator[Progress, None, None]:
        """Run groups as `Launcher.run` says."""
        progress: dict[str, BranchProgress] = {}
        queued = deque[tuple[BranchGroup, int]]()
        for group in groups:
            results.store_spec(self.store, group)
            if results.is_there(self.store, group):
                progress[group.name] = results.take(self.store, group, "adopted")
            else:
                queued.append((group, 1))
        running: dict[str, _Running] = {}
        begun: dict[str, BranchGroup] = {}
        lines: queue.Queue[tuple[str, int, bytes]] = queue.Queue()
        try:
            yield dict(progress)
            while queued or running:
                while queued and len(running) < self.parallel and self._ready():
                    group, attempt = queued.popleft()
                    running[group.name] = self._start(group, attempt, lines)
                    if attempt == 1:
                        begun[group.name] = group
                        log.GROUP_BEGUN.tell(**results.subject(group), branches=len(group.branches))
                    told = progress.pop(group.name, None)
                    if told is not None and told.records:
                        progress[group.name] = waiting(told, "")
                for group, _ in queued:
                    progress[group.name] = waiting(progress.get(group.name), self._missing())
                tick = _TICK_SECONDS if self._ready() else _COLD_TICK_SECONDS
                for name, line in _hear(lines, running, tick):
                    told = _parse(line)
                    if told is not None:
                        progress[name] = told
                for name, one in list(running.items()):
                    if one.process.poll() is None and time.monotonic() - one.heard < self._silence_seconds(one):
                        continue
                    del running[name]
                    lifeline.end([one.process], grace_seconds=_GRACE_SECONDS)
                    if results.is_there(self.store, one.group):
                        progress[name] = results.take(self.store, one.group, "finished")
                        del begun[name]
                    else:
                        self._check_retry(one, begun)
                        queued.appendleft((one.group, one.attempt + 1))
                yield dict(progress)
        finally:
            lifeline.end([one.process for one in running.values()], grace_seconds=_GRACE_SECONDS)
            for group in begun.values():
                log.GROUP_LEFT.tell(**results.subject(group))

    def _silence_seconds(self, one: _Running) -> float:
        """How long a process may be silent: an import-path task's steps may take long."""
        task = one.group.campaign.task
        return max(self.silence_seconds, 2 * task.step_timeout) if ":" in task.name else self.silence_seconds

    def show(self, group: BranchGroup) -> str:
        """Nothing scrapes processes of this machine: see `Launcher.show`."""
        return ""

    def _missing(self) -> str:
        """What groups wait for that are not started, in words."""
        return f"a free core (validation.parallel_groups: {self.parallel})" if self._ready() else "PyTorch to be loaded"

    def _ready(self) -> bool:
        """Whether a process can be started now."""
        return self.server is None or self.server.ready()

    def _start(self, group: BranchGroup, attempt: int, lines: "queue.Queue[tuple[str, int, bytes]]") -> _Running:
        path = self.logs / group.campaign_id / f"{group.name}.log"
        spawn = lifeline.spawn if self.server is None else self.server.spawn
        process: lifeline.Process = spawn(
            self.module,
            [*self._place(group), "--store", self.store.uri, "--campaign", group.campaign_id, "--group", group.name],
            log=path,
            stdout=subprocess.PIPE,
            environment={"ALSO_WORKER_LOGS": str(path.with_suffix(""))},
        )
        threading.Thread(
            target=_read, args=(process, group.name, attempt, lines), name=f"{group.name}-{attempt}", daemon=True
        ).start()
        return _Running(group, process, path, attempt)

    def _place(self, group: BranchGroup) -> list[str]:
        """Arguments that say where a group is trained, and with how many it shares a GPU's memory."""
        return ["--device", device.name_of(group.campaign.learner), "--share", str(self.parallel)]

    def _check_retry(self, one: _Running, begun: dict[str, BranchGroup]) -> None:
        """Return when a group whose process ended without a result may be started again; else it is begun no longer.

        Raises:
            InputError: the group's input is wrong.
            ServiceError: it was started often enough.
        """
        code, last = one.process.returncode, lifeline.last_line(one.log, 2000) or "(nothing)"
        if code != BAD_INPUT and one.attempt < self.attempts:
            log.GROUP_RESTARTED.tell(
                **results.subject(one.group), attempt=one.attempt + 1, exit_code=code, said=one_line(last)
            )
            return
        error: InputError | ServiceError
        if code == BAD_INPUT:
            error = InputError(last.removeprefix("error: "))
        else:
            error = ServiceError(
                f"branch group {one.group.name} ended {one.attempt} times without a result, at last with exit code "
                f"{code}; its log {one.log} ends with: {last}"
            )
        del begun[one.group.name]
        results.fail(one.group, error)
        raise error


def _read(process: lifeline.Process, name: str, attempt: int, lines: "queue.Queue[tuple[str, int, bytes]]") -> None:
    """Pass on a process's lines, and an empty one when it has ended, which wakes the launcher."""
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            lines.put((name, attempt, line))
    process.wait()
    lines.put((name, attempt, b""))


def _hear(
    lines: "queue.Queue[tuple[str, int, bytes]]", running: dict[str, _Running], seconds: float
) -> Iterator[tuple[str, bytes]]:
    """Lines of the running processes: waits for the first one, for so long at most, and takes what else is there."""
    try:
        name, attempt, line = lines.get(timeout=seconds)
        while True:
            one = running.get(name)
            if one is not None and one.attempt == attempt:
                one.heard = time.monotonic()
                yield name, line
            name, attempt, line = lines.get_nowait()
    except queue.Empty:
        return


def _parse(line: bytes) -> BranchProgress | None:
    """Progress in a line; None for what a task's own package printed."""
    try:
        return parse_json(BranchProgress, line, "a line of a branch group")
    except DocumentError:
        return None
