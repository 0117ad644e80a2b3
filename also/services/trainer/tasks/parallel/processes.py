"""Worker processes of a PettingZoo task: started, told what to do, watched, and ended, all together.

A worker hangs on two threads: its socket, over which commands come, and its lifeline, which ends it when the
trainer ends, however that is. While the trainer waits for replies it looks at where each worker is
(`parallel.place`): one that stays in one call of user code for too long is ended with an error that names the
call and the line. One that ends by itself is waited for, so that its own exit and last words are told.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Collection
from pathlib import Path
from select import POLLIN, poll
from typing import Any

from also import document, lifeline, log, settings
from also.errors import ServiceUnavailable, TaskError
from also.services.trainer.tasks.cards import cache as card_cache
from also.services.trainer.tasks.foreign.environment import interpreter_of
from also.services.trainer.tasks.import_path import check_import_path
from also.services.trainer.tasks.parallel import worker as parallel_worker
from also.services.trainer.tasks.parallel.count import check_room
from also.services.trainer.tasks.parallel.lanes import ONE_A_PROCESS
from also.services.trainer.tasks.parallel.log import WorkerLog
from also.services.trainer.tasks.parallel.memory import Memory, nameless_file
from also.services.trainer.tasks.parallel.place import BESIDE_ANOTHER, Places
from also.services.trainer.tasks.parallel.silence import Silence
from also.v1.episode_pb2 import Picture
from also.v1.task_pb2 import Task, TaskCard

CLOSE_SECONDS = 10.0
"""How long the environments of all workers get to close."""

END_SECONDS = 5.0
"""How long a worker whose connection is closed gets until it has ended by itself."""

FRAMES_SECONDS = 3.0
"""How long a worker gets to tell where it stands."""


class Processes:
    """The worker processes of one task, and the files of the memories that they share."""

    def __init__(self, task: Task, count: int) -> None:
        """Start workers: all, or where each may hold so many environments only, one to try the task in.

        Args:
            task: the task, with its defaults.
            count: workers.

        Raises:
            TaskError: the task's name is not an import path, or its interpreter cannot be started.
        """
        check_import_path(task.name)
        self._given = settings.from_environment()
        self._task = Task()
        self._task.CopyFrom(task)
        if task.python:
            self._task.python = interpreter_of(task, self._given.task_folder)
        self._descriptors = [nameless_file(), nameless_file()]
        self._count = count
        self._places = Places(self._descriptors[1], count)
        self._workers: list[_Worker] = []
        self._lanes = 0
        self.close = weakref.finalize(self, _end, self._workers, self._descriptors)
        """Ends all workers; it is also called when this object, or the trainer, ends."""
        try:
            self._start_all(1 if task.environments_per_process else count)
        except BaseException:
            self.close()
            raise

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return [worker.process.pid for worker in self._workers]

    def inspect(self) -> TaskCard:
        """The environment's card: that of an earlier trial which still holds, else it is tried in the first worker."""
        if (known := card_cache.find(self._task, self._given.task_folder)) is not None:
            return known
        self._send(0, "inspect", **self._plain_task())
        reply = self._receive([0])[0]
        card = document.read(TaskCard, reply["card"])
        card_cache.keep(self._task, card, reply["files"], self._given.task_folder)
        return card

    def open(self, card: TaskCard, lanes: int, *, renders: bool) -> Memory:
        """Build `lanes` environments, spread evenly over the workers.

        Args:
            card: card of the task.
            lanes: environments.
            renders: whether they are built so that they can be rendered.

        Raises:
            TaskError: one cannot be built, or there is no room for so many workers.
            ServiceUnavailable: a worker died.
        """
        memory = Memory(self._descriptors[0], card, lanes)
        self._lanes = lanes
        if self._task.environments_per_process:
            interpreter = self._places.read(0).interpreter
            check_room(self._task, lanes, self._count, [self.pids[0], *([interpreter] if interpreter else [])])
            _end([self._workers.pop()], [])  # what was tried in it may have left something behind
            self._places.clear(0)
            self._start_all(self._count)
        count = self._count
        plain = {**self._plain_task(), "card": document.plain(card), "lanes": lanes, "renders": renders}
        for worker in range(count):
            self._send(worker, "open", first=self._first(worker), end=self._first(worker + 1), **plain)
        self._receive(range(count))
        return memory

    def tell(self, command: str) -> None:
        """Send a command to all workers, and wait until all have done it.

        Raises:
            TaskError: user code raised, broke the API, or did not come back in time.
            ServiceUnavailable: a worker died.
        """
        for worker in range(len(self._workers)):
            self._send(worker, command)
        self._receive(range(len(self._workers)))

    def picture(self, lane: int) -> Picture:
        """What an environment's own `render` shows; errors as of `tell`."""
        worker = next(each for each in range(self._count) if lane < self._first(each + 1))
        self._send(worker, "render", lane=lane)
        return document.read(Picture, self._receive([worker])[worker])

    def _first(self, worker: int) -> int:
        """The first lane of a worker."""
        return worker * self._lanes // self._count

    def _plain_task(self) -> dict[str, Any]:
        plain = document.plain(self._task)
        return {"name": self._task.name, "task": plain, "path": sys.path, "beside": self._given.task_folder}

    def _start_all(self, count: int) -> None:
        """Start workers until there are so many."""
        while len(self._workers) < count:
            self._workers.append(self._start(len(self._workers)))

    def _start(self, number: int) -> "_Worker":
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [
                    sys.executable,
                    *("-u", str(Path(parallel_worker.__file__).absolute()), "--number", str(number)),
                    *("--socket", str(theirs.fileno())),
                    *("--memory", str(self._descriptors[0]), "--places", str(self._descriptors[1])),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,  # what user code prints belongs to the log
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(theirs.fileno(), *self._descriptors),
                env=settings.child_environment(OMP_NUM_THREADS="1", PYTHONHASHSEED="0"),
            )
        assert process.stdout is not None
        logs = self._given.worker_logs
        written = WorkerLog(process.stdout, Path(f"{logs}-worker-{number}.log") if logs else None, number)
        return _Worker(process, ours, written)

    def _send(self, number: int, command: str, **data: Any) -> None:
        worker = self._workers[number]
        try:
            worker.stream.write(f"{command} {json.dumps(data)}\n".encode() if data else f"{command}\n".encode())
            worker.stream.flush()
        except (OSError, ValueError):
            raise self._death(number) from None

    def _receive(self, workers: Collection[int]) -> dict[int, dict[str, Any]]:
        """Wait for the replies of these workers; all have replied, or ended, before an error is raised."""
        replies: dict[int, dict[str, Any]] = {}
        errors: dict[int, Exception] = {}
        waiting = poll()
        sources: dict[int, tuple[int, bool]] = {}
        for number in workers:
            worker = self._workers[number]
            for source, is_log in ((worker.log, True), (worker.connection, False)):
                waiting.register(source, POLLIN)
                sources[source.fileno()] = number, is_log
        silence = Silence(self._places, set(workers), self._task.step_timeout)
        while silence.workers:
            for descriptor, _ in waiting.poll(silence.look_seconds * 1000):
                number, is_log = sources[descriptor]
                if number not in silence.workers:
                    continue
                worker = self._workers[number]
                if is_log:
                    if not worker.log.copy():
                        waiting.unregister(descriptor)
                        del sources[descriptor]
                    continue
                try:
                    replies[number] = self._reply(number)
                except (TaskError, ServiceUnavailable) as error:
                    errors[number] = error
                silence.workers.discard(number)
                for each in [each for each, (of, _) in sources.items() if of == number]:
                    waiting.unregister(each)
            if not silence.due():
                continue
            for number, text in silence.notices():
                self._workers[number].log.tell(f"warning: {self._named(number)}: {text}")
            for number in silence.overdue():
                errors[number] = self._hung(number, silence.limit_seconds(number))
                silence.workers.discard(number)
        if errors:
            raise min(errors.values(), key=lambda error: not isinstance(error, TaskError))
        return replies

    def _reply(self, number: int) -> dict[str, Any]:
        """What a worker has said.

        Raises:
            TaskError: user code raised or broke the API.
            ServiceUnavailable: the worker has ended.
        """
        worker = self._workers[number]
        try:
            line = worker.stream.readline()
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            raise self._death(number)
        reply: dict[str, Any] = json.loads(line.strip() or b"{}")
        if "error" in reply:
            raised = reply["raised"]
            if raised is not None:
                log.ENVIRONMENT_RAISED.tell(task=self._task.name, worker=number, **raised)
            more = f"; the traceback is in {worker.log.where}" if raised is not None else ""
            raise TaskError(f"{reply['error']}{more}")
        return reply

    def _death(self, number: int) -> Exception:
        """How a worker whose connection is closed ended: its own exit, which is waited for, and its last words."""
        worker = self._workers[number]
        if worker.ended is not None:
            return worker.ended
        if worker.log.copy_until_end(worker.process, END_SECONDS):
            code = worker.process.returncode
            how = f"died with exit code {code}{_signal(code)}"
        else:
            lifeline.end([worker.process], grace_seconds=0.0)
            how = "closed its connection and did not end by itself"
        call = self._places.read(number)
        said = worker.log.last_words()
        last = f"; its last words: {said}" if said else ""
        worker.ended = ServiceUnavailable(
            f"{self._named(number)} {how} in {call}{last}; {worker.log.where} says more{self._offer(number)}"
        )
        return worker.ended

    def _hung(self, number: int, seconds: float) -> Exception:
        """End a worker that is in one call for too long, and say where it stands."""
        worker = self._workers[number]
        call = self._places.read(number)
        _signal_to(call.interpreter or worker.process.pid, parallel_worker.FRAMES)
        frame = worker.log.wait_for_frames(FRAMES_SECONDS)
        worker.process.kill()
        if call.interpreter:
            _signal_to(call.interpreter, signal.SIGKILL)
        worker.log.copy_until_end(worker.process, END_SECONDS)
        stands = f"; it stands in {frame}" if frame is not None else ""
        worker.ended = TaskError(
            f"{self._named(number)} did not come back from {call} for {seconds:g} s and was ended{stands}; "
            f"frames of all its threads are in {worker.log.where}; a call that may take longer needs a longer "
            f"task.step_timeout{self._offer(number)}"
        )
        worker.log.note(f"error: {worker.ended}")
        return worker.ended

    def _named(self, number: int) -> str:
        return f"worker {number} of task {self._task.name!r}"

    def _offer(self, number: int) -> str:
        """What may help where environments disturb each other; empty where each has a process of its own."""
        call = self._places.read(number)
        several = self._lanes > len(self._workers) and call.episode <= 0
        return ONE_A_PROCESS if several or call.lane == BESIDE_ANOTHER else ""


class _Worker:
    """One process, the connection to it, and its log."""

    def __init__(self, process: "subprocess.Popen[bytes]", connection: socket.socket, log: WorkerLog) -> None:
        self.process = process
        self.connection = connection
        self.stream = connection.makefile("rwb")
        self.log = log
        self.ended: Exception | None = None
        """Why it has ended, once that was found out."""


def _signal_to(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _signal(code: int) -> str:
    """A signal's name, of a negative exit code."""
    if code >= 0:
        return ""
    try:
        name = signal.Signals(-code).name
    except ValueError:
        return ""
    return f" ({name}: killed, by the system if memory ran out)" if name == "SIGKILL" else f" ({name})"


def _end(workers: list[_Worker], descriptors: list[int]) -> None:
    """Have all environments closed, for so long as that may take, and end the workers."""
    living = [worker for worker in workers if worker.ended is None and worker.process.poll() is None]
    for worker in living:
        with contextlib.suppress(OSError, ValueError):
            worker.stream.write(b"close\n")
            worker.stream.flush()
            worker.connection.shutdown(socket.SHUT_WR)
    deadline = time.monotonic() + CLOSE_SECONDS
    for worker in living:
        if not worker.log.copy_until_end(worker.process, max(deadline - time.monotonic(), 0.0)):
            worker.log.note(f"warning: its environments were not closed within {CLOSE_SECONDS:g} s; it is ended")
    lifeline.end([worker.process for worker in workers], grace_seconds=0.0)
    for worker in workers:
        with contextlib.suppress(OSError):  # what a worker that died was never sent
            worker.stream.close()
        worker.connection.close()
        worker.log.close()
    for descriptor in descriptors:
        os.close(descriptor)
