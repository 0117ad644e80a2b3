"""Parts of a branch group by a GPU's free memory."""

from collections.abc import Callable

import pytest

from also.services.trainer.memory import Need, need, parts
from also.services.trainer.tasks.opening import describe
from also.v1.campaign_pb2 import Campaign

MIB = 2**20
EACH = Need(held=MIB, busy=10 * MIB)


@pytest.mark.parametrize(
    ("replicas", "free_mib", "expected"),
    [
        (6, 1000, 1),
        (6, 83, 1),  # 0.8 of 82.5 MiB: 6 are held, 60 are taken by six that are busy
        (6, 82, 2),
        (6, 33, 3),
        (6, 20, 6),
        (6, 0, 6),  # an estimate refuses no work
        (7, 95, 7),  # a prime has no larger equal parts
        (1, 0, 1),
    ],
)
def test_a_group_has_the_fewest_equal_parts_that_fit(replicas: int, free_mib: int, expected: int) -> None:
    """All replicas hold what they hold, and one part at a time is busy, within the usable share of the memory."""
    assert parts(replicas, EACH, free_mib * MIB) == expected


def test_a_group_on_a_cpu_is_one_batch() -> None:
    """Its memory is the machine's to give."""
    assert parts(512, EACH, None) == 1


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"environments": 8}, "environments"),
        ({"rollout": 20}, "rollout"),
        ({"hidden": 32}, "hidden"),
        ({"layers": 3}, "layers"),
        ({"recurrent": True}, "a GRU"),
        ({"minibatches": 1}, "larger minibatches"),
    ],
)
def test_a_larger_learner_is_estimated_to_take_more(
    make_campaign: Callable[..., Campaign], changes: dict[str, object], name: str
) -> None:
    """Whatever makes a replica's batches or nets larger counts."""
    small, large = (need(each, describe(each.task)) for each in (make_campaign(), make_campaign(**changes)))
    assert large.busy + large.held > small.busy + small.held, name


def test_five_hundred_default_replicas_fit_a_small_gpu() -> None:
    """The default learner on the default task: the largest group is one batch within 16 GiB."""
    from also.campaign import spec

    campaign = spec.load(None)
    assert parts(512, need(campaign, describe(campaign.task)), 16 * 1024 * MIB) == 1
