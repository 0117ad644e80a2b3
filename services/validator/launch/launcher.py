"""What the validator asks of a place where branch groups run: this machine, or a cluster."""

from collections.abc import Generator, Mapping, Sequence
from typing import Protocol

from also.v1.branch_pb2 import BranchGroup, BranchProgress

Progress = Mapping[str, BranchProgress]
"""Progress of each group that has begun, by its name. A finished group's is its result."""


class Launcher(Protocol):
    """Runs branch groups until all their results are in the object store."""

    def run(self, groups: Sequence[BranchGroup]) -> Generator[Progress, None, None]:
        """Run groups, and yield how far they are at least once a second.

        A group whose result is in the object store is not run again. Closing the generator ends
        every group that is running.

        Args:
            groups: what to run; names are unique in the campaign.

        Raises:
            InputError: a group's input is wrong, e.g. a damaged checkpoint.
            ServiceError: a group crashed too often, or another one is stored under its name.
        """
