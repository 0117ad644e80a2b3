"""The device that a learner asks for: where it is trained, and no part of what it learns.

So whatever names, compares or hashes what is to be trained leaves it out: a checkpoint can be loaded
on another device, and a campaign or a branch group that was begun on one may continue on another.
"""

from copy import deepcopy

from also import enums
from also.v1.branch_pb2 import BranchGroup
from also.v1.campaign_pb2 import Device, LearnerSettings


def name_of(learner: LearnerSettings) -> str:
    """What a learner asks for: "auto", "cpu" or "cuda"; settings of an older ALSO say nothing, which is "auto"."""
    return enums.short_name(Device.DESCRIPTOR, learner.device or Device.DEVICE_AUTO)


def placeless_learner(learner: LearnerSettings) -> LearnerSettings:
    """A copy of a learner's settings without the device."""
    copy = deepcopy(learner)
    copy.ClearField("device")
    return copy


def placeless_group(group: BranchGroup) -> BranchGroup:
    """A copy of a branch group without the device of its learner."""
    copy = deepcopy(group)
    if copy.campaign.HasField("learner"):
        copy.campaign.learner.ClearField("device")
    return copy
