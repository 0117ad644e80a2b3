"""A reference: the same learner under a config that stays, or none, in the campaign's own total of env_steps.

It trains beside the main run, in slices of one stage's length, and never beyond what the campaign
has spent by then; the remainder follows when the campaign's total is known. Slices depend on the
journal only, not on timing, so a conductor that was killed finds the finished ones in the store.
Where a campaign has grown since, a slice that is found there may be shorter than one is now: the
next one begins where it ended.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future

from also.v1.trainer_pb2 import StageResult

TrainSlice = Callable[[int, str, int], StageResult]
"""Trains one slice: (number, checkpoint to start from, env_steps) -> its result."""


class Reference:
    """A run that is measured beside a campaign, in a thread of its own."""

    def __init__(self, train: TrainSlice, slice_env_steps: int) -> None:
        """Start the thread; it waits until env_steps are granted.

        Args:
            train: trains a slice; called in the thread.
            slice_env_steps: length of every slice but the last, in whole updates.
        """
        self._train = train
        self._slice_env_steps = slice_env_steps
        self._granted = 0
        self._total: int | None = None
        self._stopped = False
        self._changed = threading.Condition()
        self._result: Future[StageResult] = Future()
        threading.Thread(target=self._run, name="reference", daemon=True).start()

    def grant(self, env_steps: int) -> None:
        """Let it train until the campaign's spent env_steps."""
        with self._changed:
            self._granted = env_steps
            self._changed.notify()

    def finish(self, total_env_steps: int) -> StageResult:
        """Wait until it has trained for the campaign's total, and return its last slice's result.

        Raises:
            AlsoError: it failed for good.
        """
        with self._changed:
            self._total = total_env_steps
            self._changed.notify()
        return self._result.result()

    def stop(self) -> None:
        """Train no further slice."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _run(self) -> None:
        result = StageResult()
        number = 0
        try:
            while env_steps := self._next_slice(result.run_env_steps):
                result = self._train(number, result.checkpoint_id, env_steps)
                number += 1
            self._result.set_result(result)
        except Exception as error:  # whatever it is, the conductor has to hear of it
            self._result.set_exception(error)

    def _next_slice(self, begin: int) -> int:
        """env_steps of the slice after so many, as soon as it may be trained; 0 when there is none to train."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopped or self._total is not None or self._granted >= begin + self._slice_env_steps
            )
            if self._stopped:
                return 0
            if self._total is None:
                return self._slice_env_steps
            return max(min(self._slice_env_steps, self._total - begin), 0)
