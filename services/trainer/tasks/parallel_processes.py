"""Worker processes of a PettingZoo task: started, told what to do, and ended, all together.

A worker hangs on two threads: its socket, over which commands come, and its lifeline, which cuts
user code short that never returns. When the trainer ends, however it ends, the kernel closes both.
"""

import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import weakref
from typing import Any

from also import document, lifeline
from also.errors import ServiceUnavailable, TaskError
from also.settings import child_environment
from also.v1.task_pb2 import Task, TaskCard
from services.trainer.tasks.import_path import check_import_path
from services.trainer.tasks.parallel_memory import Memory, nameless_file


class Processes:
    """The worker processes of one task, and the file of the memory that they share."""

    def __init__(self, task: Task, count: int) -> None:
        """Start `count` workers.

        Raises:
            TaskError: the task's name is not an import path.
        """
        check_import_path(task.name)
        self._task = task
        self._descriptor = nameless_file()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._streams: list[io.BufferedRWPair] = []
        self.close = weakref.finalize(self, _end, self._processes, self._streams, self._descriptor)
        """Ends all workers; it is also called when this object, or the trainer, ends."""
        for _ in range(count):
            self._start()

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return [process.pid for process in self._processes]

    def inspect(self) -> tuple[TaskCard, bool]:
        """Try the environment in the first worker: its card, and whether actions need a mask."""
        self._send(0, "inspect", task=document.plain(self._task), path=sys.path)
        reply = self._receive(0)
        return document.read(TaskCard, reply["card"]), reply["masked"]

    def open(self, card: TaskCard, lanes: int) -> Memory:
        """Build `lanes` environments, spread evenly over the workers."""
        memory = Memory(self._descriptor, card, lanes)
        count = len(self._processes)
        plain = {"task": document.plain(self._task), "card": document.plain(card), "lanes": lanes, "path": sys.path}
        for worker in range(count):
            first, end = worker * lanes // count, (worker + 1) * lanes // count
            self._send(worker, "open", first=first, end=end, **plain)
        self._receive_all()
        return memory

    def tell(self, command: str) -> None:
        """Send a command to all workers, and wait until all have done it.

        Raises:
            TaskError: user code raised or broke the API.
            ServiceUnavailable: a worker died.
        """
        for worker in range(len(self._processes)):
            self._send(worker, command)
        self._receive_all()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [
                    sys.executable,
                    *("-m", "services.trainer.tasks.parallel_worker", lifeline.FLAG),
                    *("--socket", str(theirs.fileno()), "--memory", str(self._descriptor)),
                ],
                stdin=subprocess.PIPE,
                stdout=2,  # what user code prints belongs to the log
                start_new_session=True,
                pass_fds=(theirs.fileno(), self._descriptor),
                env=child_environment(OMP_NUM_THREADS="1", PYTHONHASHSEED="0"),  # sets have one order
            )
        self._processes.append(process)
        with ours:
            self._streams.append(ours.makefile("rwb"))

    def _send(self, worker: int, command: str, **data: Any) -> None:
        stream = self._streams[worker]
        try:
            stream.write(f"{command} {json.dumps(data)}\n".encode() if data else f"{command}\n".encode())
            stream.flush()
        except OSError:
            raise self._death(worker) from None

    def _receive(self, worker: int) -> dict[str, Any]:
        try:
            line = self._streams[worker].readline()
        except OSError:
            line = b""
        if not line:
            raise self._death(worker)
        reply: dict[str, Any] = json.loads(line.strip() or b"{}")
        if "error" in reply:
            raise TaskError(reply["error"])
        return reply

    def _receive_all(self) -> None:
        errors = []
        for worker in range(len(self._processes)):
            try:
                self._receive(worker)
            except (TaskError, ServiceUnavailable) as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _death(self, worker: int) -> ServiceUnavailable:
        process = self._processes[worker]
        lifeline.end([process])
        return ServiceUnavailable(
            f"worker {worker} of task {self._task.name!r} died with exit code {process.returncode}; the log says more"
        )


def _end(processes: list["subprocess.Popen[bytes]"], streams: list[io.BufferedRWPair], descriptor: int) -> None:
    lifeline.end(processes)
    for stream in streams:
        with contextlib.suppress(OSError):  # what a worker that died was never sent
            stream.close()
    os.close(descriptor)
