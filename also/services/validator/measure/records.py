"""Measures of branches, read from the records that they wrote to the object store.

Another source, such as Prometheus, has to agree with these records; it never replaces them.
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

from also import keys
from also.errors import EndpointError, ServiceError
from also.store import Store
from also.v1.branch_pb2 import BranchGroup, BranchGroupResult, BranchRecord, SeedPool
from also.v1.reading_pb2 import GuardQuery, GuardReading
from also.v1.validator_pb2 import ValidateRequest
from also.v1.verdict_pb2 import ArmResult


def read(store: Store, groups: Iterable[BranchGroup]) -> list[BranchRecord]:
    """Records of groups whose results are in the store, in the groups' order.

    Raises:
        MissingObjectError: a group has no result.
        ServiceError: a result is not that of its group.
    """
    records: list[BranchRecord] = []
    for group in groups:
        key = keys.branch_group_result(group.campaign_id, group.name)
        result = store.get_message(key, BranchGroupResult)
        measured = [(record.arm, record.seed_index) for record in result.records]
        if result.name != group.name or measured != [(branch.arm, branch.seed_index) for branch in group.branches]:
            raise ServiceError(f"{key} has records of {measured}, which are not the branches of group {group.name}")
        records += result.records
    return records


def add(
    arms: Sequence[ArmResult], names: Sequence[str], pool: SeedPool, records: Sequence[BranchRecord]
) -> list[ArmResult]:
    """Results with one more step's records.

    Args:
        arms: results so far.
        names: arms of the step, control first.
        pool: pool of its seeds.
        records: its records, in any order.

    Returns:
        The results in order of pool, then of arm as it came in; each arm's records in order of
        seed index, those of one seed in order of the steps.
    """
    merged = {(result.pool, result.arm): list(result.records) for result in arms}
    for name in names:
        mine = merged.setdefault((pool, name), [])
        mine += sorted((record for record in records if record.arm == name), key=lambda record: record.seed_index)
        mine.sort(key=lambda record: record.seed_index)
    return [ArmResult(pool=pool, arm=name, records=mine) for (pool, name), mine in merged.items()]


def nobody_to_ask(queries: Sequence[GuardQuery]) -> EndpointError:
    """The error of guard queries without a Prometheus."""
    return EndpointError(
        f"validation.guards has {len(queries)} queries, and ALSO_PROMETHEUS is not set; the URL of a Prometheus is "
        "expected, or no guards"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Measures as the records have them, with nothing beside them; see `measures.Measures`."""

    store: Store
    """The object store."""

    @property
    def waits_for(self) -> str:
        """Nothing: the records are there."""
        return ""

    def hear(self, finished: Sequence[BranchGroup]) -> None:
        """Nothing is read before it is asked for."""

    def read(self, groups: Sequence[BranchGroup]) -> Generator[None, None, list[BranchRecord]]:
        """The records, at once; raises as `measures.Measures.read`."""
        yield from ()
        return read(self.store, groups)

    def guard(self, request: ValidateRequest, candidate: str) -> Generator[None, None, list[GuardReading]]:
        """No readings.

        Raises:
            EndpointError: there are guard queries, and nobody to ask.
        """
        yield from ()
        if request.campaign.validation.guards:
            raise nobody_to_ask(request.campaign.validation.guards)
        return []

    def close(self) -> None:
        """Nothing is open."""
