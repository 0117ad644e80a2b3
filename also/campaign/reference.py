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
from functools import partial

from also.campaign import requests
from also.campaign.state import State
from also.updates import env_steps_of_stage
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.trainer_pb2 import StageResult, TrainStageRequest

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
        except Exception as error:  # whatever it is, `finish` raises it
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


class References:
    """The references of one campaign, each with a trainer of its name."""

    def __init__(self, campaign_id: str, train: Callable[[str, TrainStageRequest], StageResult]) -> None:
        """None has begun yet.

        Args:
            campaign_id: the campaign.
            train: trains a slice of the run of a name; called in that run's thread.
        """
        self._campaign_id = campaign_id
        self._train = train
        self._state: State | None = None
        self._begun: dict[str, Reference] = {}

    def grant(self, state: State) -> None:
        """Let them train until the campaign's spent env_steps, and begin those that can begin."""
        if state.reported is not None:
            return
        self._state = state
        configs = {requests.REFERENCE: ShapingConfig(), requests.ONE_SHOT: state.first_proposed}
        for run in runs_beside(state.campaign):
            config = configs[run]
            if config is not None and run not in self._begun:
                slice_env_steps = env_steps_of_stage(state.campaign)
                self._begun[run] = Reference(partial(self._train_slice, run, config), slice_env_steps)
        for reference in self._begun.values():
            reference.grant(state.env_steps)

    def finish(self, run: str, total_env_steps: int) -> StageResult | None:
        """Wait until a run has trained for the campaign's total; None if it has not begun.

        Raises:
            AlsoError: it failed for good.
        """
        return self._begun[run].finish(total_env_steps) if run in self._begun else None

    def stop(self) -> None:
        """Train no further slice of any."""
        for reference in self._begun.values():
            reference.stop()

    def _train_slice(
        self, run: str, config: ShapingConfig, number: int, checkpoint_id: str, env_steps: int
    ) -> StageResult:
        assert self._state is not None, "granted before a slice is trained"
        return self._train(
            run,
            requests.train_reference(self._campaign_id, self._state, run, config, number, checkpoint_id, env_steps),
        )


def runs_beside(campaign: Campaign) -> list[str]:
    """Names of the references that a campaign asks for."""
    asked = {requests.REFERENCE: campaign.reference.enabled, requests.ONE_SHOT: campaign.reference.one_shot}
    return [run for run, wanted in asked.items() if wanted]
