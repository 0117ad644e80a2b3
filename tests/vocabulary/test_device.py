"""What is left out of the identity of what is trained: where."""

import pytest

from also import device
from also.document import canonical
from also.v1.branch_pb2 import Branch, BranchGroup
from also.v1.campaign_pb2 import Campaign, LearnerSettings

LEARNERS = {
    "auto": LearnerSettings(hidden=16, device="DEVICE_AUTO"),
    "cpu": LearnerSettings(hidden=16, device="DEVICE_CPU"),
    "cuda": LearnerSettings(hidden=16, device="DEVICE_CUDA"),
}


@pytest.mark.parametrize("name", LEARNERS)
def test_a_device_has_its_name(name: str) -> None:
    """As in a campaign file; settings without one are those of an older ALSO, and mean auto."""
    assert device.name_of(LEARNERS[name]) == name
    assert device.name_of(LearnerSettings()) == "auto"


@pytest.mark.parametrize("name", LEARNERS)
def test_learners_and_groups_are_the_same_wherever_they_are_trained(name: str) -> None:
    """Equal bytes to those without a device, and the given message is left alone."""
    learner, bare = LEARNERS[name], LearnerSettings(hidden=16)
    assert canonical(device.placeless_learner(learner)) == canonical(bare)
    groups = [
        BranchGroup(name="g", campaign=Campaign(learner=each), branches=[Branch(arm="control")])
        for each in (learner, bare)
    ]
    assert canonical(device.placeless_group(groups[0])) == canonical(groups[1])
    assert device.name_of(groups[0].campaign.learner) == device.name_of(learner) == name


def test_a_group_without_a_learner_gets_none() -> None:
    """Leaving the device out adds nothing."""
    for group in (BranchGroup(name="g"), BranchGroup(name="g", campaign=Campaign(seed=1))):
        assert canonical(device.placeless_group(group)) == canonical(group)
