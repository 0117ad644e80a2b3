"""Measures of branches, read from the records that they wrote to the object store.

Another source, such as Prometheus, has to agree with these records; it never replaces them.
"""

from collections.abc import Iterable, Sequence

from also import keys
from also.errors import ServiceError
from also.store import Store
from also.v1.branch_pb2 import BranchGroup, BranchGroupResult, BranchRecord, SeedPool
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
