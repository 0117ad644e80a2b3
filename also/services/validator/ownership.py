"""Whose Jobs, pods and samples are a validator's own.

Two releases in one namespace may run campaigns of one id, in stores whose addresses read the same; one Prometheus may
scrape both. So what a Job belongs to is asked of the store itself, not of its address: a mark that is created once in
the campaign. With the namespace and the template that the Jobs are made from, which belong to one release, it becomes
the *owner*: a part of a Job's name, a label of the Job and its pods, and a label of what they tell Prometheus.
"""

import hashlib
from uuid import uuid4

from also import keys
from also.store import Store
from also.v1.branch_pb2 import CampaignMark

_DIGITS = 16
"""Hexadecimal digits of an owner."""


def owner(store: Store, campaign_id: str, *, namespace: str, template: str) -> str:
    """Whose the Jobs of a campaign are: 16 hexadecimal digits, the same whenever they are asked for.

    Args:
        store: the object store that the campaign lives in; the campaign is marked where it was not.
        campaign_id: the campaign.
        namespace: namespace of the Jobs.
        template: name of the ConfigMap that they are made from.

    Raises:
        StoreError: the store cannot be used.
        DocumentError: the mark is damaged.
    """
    key = keys.campaign_mark(campaign_id)
    if not store.exists(key):
        store.create_message(key, CampaignMark(id=uuid4().hex))  # whoever was faster, that mark counts
    mark = store.get_message(key, CampaignMark).id
    return hashlib.sha256("\n".join((mark, namespace, template)).encode()).hexdigest()[:_DIGITS]
