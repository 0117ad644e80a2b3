"""What a worker of a PettingZoo task writes: passed on to a log, and its last lines kept for errors.

A worker's standard output and error are a pipe to the trainer, which copies it whenever it waits for the
worker, and once more when the worker has ended. So whatever a worker wrote before a reply is in the log when the
reply is read, and its last words are known however it ended.
"""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from select import POLLIN, poll
from typing import IO

from also import log
from also.services.trainer.tasks.parallel.frames import StackFrame, dumped_at

_KEPT_LINES = 400
"""Last lines that are kept."""

_SAID_LINES = 3
"""Lines of last words."""

_SAID_LENGTH = 400
"""Characters of last words at most."""

_CHUNK = 1 << 16

_LOOK_SECONDS = 0.05
"""Time between two looks at whether a worker has ended, while it writes nothing."""

_CRASH = "Fatal Python error: "
"""How `faulthandler` begins when the process crashes."""

_NO_WORDS = re.compile(r"Extension modules: |(Current t|T)hread 0x| +File \"|$")


class WorkerLog:
    """The log of one worker."""

    def __init__(self, pipe: IO[bytes], path: Path | None, worker: int) -> None:
        """Read from a pipe.

        Args:
            pipe: read end of the worker's standard output and error.
            path: file that is appended to, made with the first line; None is this process's log, a line there for each
                of the worker's, or its standard error where it writes none.
            worker: number of the worker.
        """
        self._pipe = pipe
        self._path = path
        self._worker = worker
        self._file: IO[bytes] | None = None
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._rest = b""
        os.set_blocking(pipe.fileno(), False)

    @property
    def where(self) -> str:
        """Where the log can be read, in words."""
        return str(self._path) if self._path is not None else "the log"

    def fileno(self) -> int:
        """Descriptor of the pipe."""
        return self._pipe.fileno()

    def copy(self) -> bool:
        """Pass on what was written so far; whether more can follow."""
        while True:
            try:
                part: bytes | None = self._pipe.read(_CHUNK)
            except (OSError, ValueError):  # closed
                return False
            if part is None:
                return True
            if not part:
                return False
            self._write(part)

    def copy_until_end(self, process: "subprocess.Popen[bytes]", seconds: float) -> bool:
        """Pass on what a worker writes until it has ended, for so long at most; whether it has.

        A process that user code has started may hold the pipe for longer, so its end is not waited for.
        """
        deadline = time.monotonic() + seconds
        waiting = poll()
        waiting.register(self, POLLIN)
        while process.poll() is None and (left := deadline - time.monotonic()) > 0:
            waiting.poll(min(left, _LOOK_SECONDS) * 1000)
            if not self.copy():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(left)
        self.copy()
        return process.poll() is not None

    def note(self, text: str) -> None:
        """Write a line of the trainer's own."""
        self._write(f"{text}\n".encode())

    def tell(self, text: str) -> None:
        """Write a line of the trainer's own, to its standard error too."""
        self.note(text)
        if self._path is not None:
            print(text, file=sys.stderr, flush=True)

    def last_words(self) -> str:
        """What the worker wrote last, on one line; empty where that is nothing."""
        lines = [*self._lines, self._rest.decode(errors="replace")]
        crash = next((number for number, line in enumerate(lines) if line.startswith(_CRASH)), None)
        if crash is not None:
            frame = dumped_at(lines[crash:])
            said = lines[crash] + (f", at {frame}" if frame else "")
        else:
            said = " | ".join([line.strip() for line in lines if not _NO_WORDS.match(line)][-_SAID_LINES:])
        return said[-_SAID_LENGTH:]

    def wait_for_frames(self, seconds: float) -> StackFrame | None:
        """The user's line in a dump of frames that was asked for just now; None where none comes within so long."""
        deadline = time.monotonic() + seconds
        self._lines.clear()
        while (left := deadline - time.monotonic()) > 0 and self.copy():
            lines = list(self._lines)
            if lines and lines[-1].endswith(" in <module>") and (frame := dumped_at(lines)) is not None:
                return frame
            waiting = poll()
            waiting.register(self, POLLIN)
            waiting.poll(left * 1000)
        return dumped_at(list(self._lines))

    def close(self) -> None:
        """Close the pipe and the file."""
        if self._rest and self._quotes:
            self._write(b"\n")
        self._pipe.close()
        if self._file is not None:
            self._file.close()

    @property
    def _quotes(self) -> bool:
        """Whether each line becomes one of this process's log, so that none can be taken for ours."""
        return self._path is None and log.is_written()

    def _write(self, part: bytes) -> None:
        *lines, self._rest = (self._rest + part).split(b"\n")
        self._rest = self._rest[-_CHUNK:]
        self._lines.extend(line.decode(errors="replace") for line in lines)
        with contextlib.suppress(OSError):  # a log that cannot be written must not end the training
            if self._quotes:
                for line in lines:
                    log.WORKER_SAID.tell(worker=self._worker, text=line.decode(errors="replace"))
                return
            if self._path is None:
                sys.stderr.flush()
                while part:
                    part = part[os.write(2, part) :]
                return
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("ab", buffering=0)
            self._file.write(part)
