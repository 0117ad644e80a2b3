"""A branch group in parts that learn in turn: what each branch comes to is its own."""

from collections.abc import Callable

import pytest
import torch

from also.services.trainer import checkpoint
from also.services.trainer.branch import save as branch_save
from also.services.trainer.branch.group import GroupRun
from also.services.trainer.tasks.opening import describe
from also.store import Store
from also.v1.branch_pb2 import BranchGroup, BranchRecord
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig

pytestmark = pytest.mark.slow


@pytest.fixture
def group(make_group: Callable[..., BranchGroup], campaign: Campaign, store: Store) -> BranchGroup:
    """Three arms of two seeds, four updates long."""
    return make_group(campaign, store, updates=4)


def finished(course: GroupRun, store: Store) -> list[BranchRecord]:
    """The records of a group that is trained to its end."""
    while not course.finished:
        course.advance()
    course.finish(store)
    course.close()
    return list(course.records)


def test_a_group_in_parts_learns_what_it_learns_as_one_batch(
    group: BranchGroup, campaign: Campaign, store: Store
) -> None:
    """Each branch under its own config and seed, up to rounding in the weights."""
    card = describe(campaign.task)
    whole, apart = (finished(GroupRun.begin(store, group, parts=parts), store) for parts in (1, 3))
    for one, other in zip(whole, apart, strict=True):
        assert (one.arm, one.seed_index, one.config_hash) == (other.arm, other.seed_index, other.config_hash)
        assert [measure.env_steps for measure in one.measures] == [measure.env_steps for measure in other.measures]
        assert [term.term for term in one.terms] == [term.term for term in other.terms]
        first, second = (
            checkpoint.load(store, "c", campaign, card, record.checkpoint_id).tensors for record in (one, other)
        )
        for key, tensor in first.items():
            assert torch.allclose(tensor.double(), second[key].double(), atol=1e-4), key


def test_arms_of_one_seed_tie_across_parts(group: BranchGroup, store: Store) -> None:
    """Parts are of one size, so a null candidate in another part than control comes to the same bits."""
    for member in group.branches:
        member.config.CopyFrom(ShapingConfig())
    control, first, second = (records for records in _by_arm(finished(GroupRun.begin(store, group, parts=3), store)))
    assert [record.checkpoint_id for record in control] == [record.checkpoint_id for record in first]
    assert [list(record.measures) for record in control] == [list(record.measures) for record in second]


@pytest.mark.parametrize("parts", [2, 6])
def test_a_group_in_parts_goes_on_from_a_save_to_the_same_bits(group: BranchGroup, store: Store, parts: int) -> None:
    """The save says how many parts there are, and holds the shaping activity of each."""
    expected = finished(GroupRun.begin(store, group, parts=parts), store)
    course = GroupRun.begin(store, group, parts=parts)
    for _ in range(3):
        course.advance()
    assert branch_save.save(store, course, seconds=1.0)
    course.close()
    resumed = branch_save.resume(store, group)
    assert resumed is not None
    assert (len(resumed.runs), resumed.done, resumed.processes) == (parts, 3, 2)
    assert finished(resumed, store) == expected


def _by_arm(records: list[BranchRecord]) -> list[list[BranchRecord]]:
    """The two records of each arm."""
    return [records[first : first + 2] for first in range(0, 6, 2)]
