"""What the validator asks of a source of measures: the records in the object store, or Prometheus beside them.

A source is opened for one round and may wait for what it reads, but never blocks for long: its
generators yield at least once a second, so that the round keeps telling how far it is.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Protocol

from also.services.validator.measure.records import Records
from also.settings import Settings
from also.store import Store
from also.v1.branch_pb2 import BranchGroup, BranchRecord
from also.v1.reading_pb2 import GuardReading
from also.v1.validator_pb2 import ValidateRequest


class Measures(Protocol):
    """Reads what branches measured, and what guard queries say."""

    @property
    def waits_for(self) -> str:
        """What has to answer before measures are known, in words, and after ": " what is wrong; empty for nothing."""

    def hear(self, finished: Sequence[BranchGroup]) -> None:
        """Take note of groups whose results are in the object store, and read on; returns at once.

        Called at least once a second while other groups are running, with groups that it has heard of, too.
        """

    def read(self, groups: Sequence[BranchGroup]) -> Generator[None, None, list[BranchRecord]]:
        """Records of groups whose results are in the object store, in the groups' order, as the judge takes them.

        Yields at least once a second until they are known.

        Raises:
            MissingObjectError: a group has no result.
            ServiceError: a result is not that of its group.
        """

    def guard(self, request: ValidateRequest, candidate: str) -> Generator[None, None, list[GuardReading]]:
        """What the campaign's guard queries say of a candidate that is about to be promoted, one each in order.

        Yields at least once a second until that is known.

        Raises:
            EndpointError: there are guard queries, and no Prometheus.
        """

    def close(self) -> None:
        """Give up what is still being read."""


def open_measures(settings: Settings, store: Store, show: Callable[[BranchGroup], str]) -> Measures:
    """The source of measures that a validator's settings name, for one round.

    Args:
        settings: name it.
        store: the object store.
        show: has a process serve the metrics of a group that has ended, see `launch.launcher.Launcher.show`.

    Raises:
        EndpointError: the URL of Prometheus cannot be used.
    """
    if not settings.prometheus:
        return Records(store=store)
    from also.services.validator.measure.prometheus import Prometheus  # its HTTP client is not needed without one

    return Prometheus.open(settings, store, show)
