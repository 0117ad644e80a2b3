"""Warnings that a local service writes into its log while it answers, passed on to the watches.

A trainer that waits for a task's environment says so in its log ("no step for 20 s"). Until the step returns there
is no other sign of it, so its log is read meanwhile.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

WARNING = "warning: worker "
"""How a line begins that is passed on."""

LOOK_SECONDS = 2.0
"""Time between two looks."""

_TAIL_BYTES = 4096


class Listening:
    """Inside, new warnings of one log are passed on."""

    def __init__(self, log: Path, note: Callable[[str], None], *, look_seconds: float = LOOK_SECONDS) -> None:
        """Nothing is read yet.

        Args:
            log: the log; it need not be there.
            note: told of each warning, from a thread of its own.
            look_seconds: time between two looks.
        """
        self._log = log
        self._note = note
        self._look_seconds = look_seconds
        self._size = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, name=f"listens to {log.name}", daemon=True)

    def __enter__(self) -> Self:
        self._size = self._length()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _listen(self) -> None:
        while not self._over.wait(self._look_seconds):
            for line in self._new_lines():
                if line.startswith(WARNING):
                    self._note(line.removeprefix("warning: "))

    def _length(self) -> int:
        try:
            return self._log.stat().st_size
        except OSError:
            return 0

    def _new_lines(self) -> list[str]:
        """Whole lines that were written since the last look; of very many the last ones."""
        length = self._length()
        if length <= self._size:
            return []
        try:
            with self._log.open("rb") as log:
                log.seek(max(self._size, length - _TAIL_BYTES))
                written = log.read()
        except OSError:
            return []
        whole, newline, _ = written.rpartition(b"\n")
        if newline:
            self._size = max(self._size, length - _TAIL_BYTES) + len(whole) + 1
        return whole.decode(errors="replace").splitlines()
