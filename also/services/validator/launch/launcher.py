"""What the validator asks of a place where branch groups run: this machine, or a cluster."""

from collections.abc import Generator, Mapping, Sequence
from typing import Protocol

from also.v1.branch_pb2 import BranchGroup, BranchProgress

Progress = Mapping[str, BranchProgress]
"""Progress of each group, by its name, that has begun or tells why it does not. A finished group's is its result."""


def waiting(told: BranchProgress | None, what: str) -> BranchProgress:
    """A group's progress with what it waits for.

    Args:
        told: its progress so far; None where it has none.
        what: what keeps it from running, in words; empty where it runs.
    """
    if told is None:
        return BranchProgress(waits_for=what)
    return BranchProgress(env_steps=told.env_steps, records=told.records, waits_for=what)


class Launcher(Protocol):
    """Runs branch groups until all their results are in the object store."""

    def check(self) -> None:
        """Make sure that groups can run here; nothing is started.

        Raises:
            EndpointError: the place does not allow it.
            ServiceUnavailable: the place could not be reached.
        """

    def run(self, groups: Sequence[BranchGroup]) -> Generator[Progress, None, None]:
        """Run groups, and yield how far they are at least once a second.

        A group whose result is in the object store is not run again. Closing the generator starts no
        more groups. Processes that are running end with it; Jobs continue, and the next call for their
        groups takes them up.

        Args:
            groups: what to run; names are unique in the campaign.

        Raises:
            InputError: a group's input is wrong, e.g. a damaged checkpoint, or the place is.
            ServiceError: a group crashed too often, or another one is stored under its name.
            ServiceUnavailable: the place could not be reached for too long.
        """

    def show(self, group: BranchGroup) -> str:
        """Make sure that a process serves the metrics of a group whose result is in the object store, where they are
        scraped: one that has ended is started again, and trains nothing.

        May be called from any thread, and again at any time.

        Returns:
            What keeps them from being served now, in words; empty where they are.
        """
