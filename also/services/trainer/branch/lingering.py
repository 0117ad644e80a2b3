"""How a branch process lingers after its group's result is stored, so that Prometheus can read its last samples.

It waits until the validator has stored its reading of them, or a time is over. If the process that
trained the group has ended before that, another one shows the same samples and trains nothing.
"""

import time

from also import keys, log, settings
from also.errors import StoreError
from also.services.trainer.branch.stop import Stop
from also.store import Store
from also.v1 import branch_pb2

_TICK_SECONDS = 1.0
"""Time between two looks for the validator's reading."""

_SIGNAL_SECONDS = 0.1
"""How soon a process that only waits notices a signal at the latest."""


def show(store: Store, group: branch_pb2.BranchGroup, *, seconds: float, stop: Stop | None = None) -> bool:
    """Serve the last samples of a group that has ended, as the process that trained it did, unless they have been read.

    Args:
        store: the object store, with the group's result.
        group: the group.
        seconds: longest time to stay up, seconds.
        stop: asked often whether to end.

    Returns:
        Whether they have been read, or the time is over; False when the process was asked to end before.

    Raises:
        StoreError: the store cannot be read.
    """
    stop = stop or Stop()
    stop.heeded = True
    if store.exists(keys.branch_group_reading(group.campaign_id, group.name)):
        return True
    from also.services.trainer.branch.metrics import BranchMetrics

    key = keys.branch_group_result(group.campaign_id, group.name)
    records = store.get_message(key, branch_pb2.BranchGroupResult).records
    env_steps = sum(record.env_steps for record in records)
    samples = BranchMetrics(group, records, planned_env_steps=env_steps, owner=settings.from_environment().owner)
    samples.trained(env_steps)
    log.BRANCHES_SHOWN.tell(branches=len(records))
    return linger(store, group, seconds, stop)


def linger(store: Store, group: branch_pb2.BranchGroup, seconds: float, stop: Stop) -> bool:
    """Stay up until the validator has stored its reading, or the time is over; False when asked to end before."""
    key = keys.branch_group_reading(group.campaign_id, group.name)
    end = time.monotonic() + seconds
    away = False
    while not stop.asked and time.monotonic() < end:
        try:
            if store.exists(key):
                return True
            away = False
        except StoreError as error:
            if not away:
                log.STORE_AWAY.tell(error=str(error))
            away = True
        look = min(end, time.monotonic() + _TICK_SECONDS)
        while not stop.asked and time.monotonic() < look:
            time.sleep(_SIGNAL_SECONDS)
    return not stop.asked
