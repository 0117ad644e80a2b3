"""Records of branches, read back from the store."""

from collections.abc import Callable

import pytest

from also import keys
from also.errors import MissingObjectError, ServiceError
from also.services.validator.measure import records
from also.store import Store
from also.v1.branch_pb2 import BranchGroup, BranchGroupResult, BranchRecord, SeedPool

SEARCH = SeedPool.SEED_POOL_SEARCH

MakeGroup = Callable[[str], BranchGroup]


def store_result(store: Store, group: BranchGroup, **changes: object) -> None:
    made = [BranchRecord(arm=branch.arm, seed_index=branch.seed_index) for branch in group.branches]
    result = BranchGroupResult(**{"name": group.name, "records": made} | changes)
    store.create_message(keys.branch_group_result("c", group.name), result)


def test_records_come_in_the_groups_order(store: Store, make_group: MakeGroup) -> None:
    """One record a branch."""
    groups = [make_group("g1"), make_group("g0")]
    for group in groups:
        store_result(store, group)
    assert [record.arm for record in records.read(store, groups)] == ["control", "r0-c0"] * 2


def test_group_without_a_result_is_an_error(store: Store, make_group: MakeGroup) -> None:
    """It has not been run."""
    with pytest.raises(MissingObjectError):
        records.read(store, [make_group("g0")])


@pytest.mark.parametrize("changes", [{"name": "g9"}, {"records": []}, {"records": [BranchRecord(arm="r0-c0")] * 2}])
def test_result_of_another_group_is_refused(store: Store, make_group: MakeGroup, changes: dict[str, object]) -> None:
    """A result must have the group's name and exactly its branches."""
    store_result(store, make_group("g0"), **changes)
    with pytest.raises(ServiceError, match="not the branches of group g0"):
        records.read(store, [make_group("g0")])


def test_steps_add_up_by_arm_and_seed() -> None:
    """Control first, seeds in order, and the rungs of a seed one after another."""

    def step(rung: int, *names: str) -> list[BranchRecord]:
        return [BranchRecord(arm=name, seed_index=index, env_steps=rung) for index in (1, 0) for name in names]

    first = records.add([], ("control", "r0-c0"), SEARCH, step(1, "r0-c0", "control"))
    arms = records.add(first, ("control",), SEARCH, step(2, "control"))
    assert [(arm.arm, [(each.seed_index, each.env_steps) for each in arm.records]) for arm in arms] == [
        ("control", [(0, 1), (0, 2), (1, 1), (1, 2)]),
        ("r0-c0", [(0, 1), (1, 1)]),
    ]
