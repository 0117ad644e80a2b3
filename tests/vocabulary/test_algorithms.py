"""Which settings go together with which algorithm, and with a task."""

import pytest

from also import algorithms, document, presets
from also.errors import DocumentError
from also.v1.campaign_pb2 import Campaign
from also.v1.task_pb2 import ACTION_KIND_DISCRETE, TaskCard


def learner(**value_learning):
    """A complete VDN of 8 environments."""
    given = {"algorithm": "vdn", "environments": 8, "value_learning": value_learning}
    campaign = document.read(Campaign, {"task": {"name": "foraging", "layout": "5x5-2p-1f"}, "learner": given})
    presets.resolve(campaign)
    return campaign.learner


def card(episode_limit):
    """A task of discrete actions with so long episodes."""
    made = TaskCard(task="t", episode_limit=episode_limit)
    made.action_space.kind = ACTION_KIND_DISCRETE
    return made


def test_a_replay_that_never_has_a_batch_is_an_error():
    """It would run to its end and learn nothing."""
    algorithms.check_task(learner(), card(50))
    with pytest.raises(DocumentError, match=r"batch_episodes is 4096, and the replay keeps .* nothing would ever"):
        algorithms.check_task(learner(batch_episodes=4096, replay_env_steps=2000), card(50))
    with pytest.raises(DocumentError, match="batch_episodes is 32, and the replay keeps 16 whole episodes of 5000"):
        algorithms.check_task(learner(), card(5000))
