"""How much of a GPU's memory a replica takes, and in how many parts a branch group is trained for it.

On a CPU a group is one batch. On a GPU whose free memory is too small for that, its branches are
split into equal parts that learn in turn, update by update: what a replica holds all the time is
little (weights, moments, the state of its environments), and what it takes besides, while it is
collected for and learns, is taken by one part at a time.

Parts are equal so that no arm of a seed differs from another by the size of its batch.
"""

from dataclasses import dataclass

from also import algorithms
from also.services.trainer.value_based import replay
from also.services.trainer.value_based.mixer import mixer_of
from also.updates import env_steps_of_update
from also.v1.campaign_pb2 import Campaign
from also.v1.task_pb2 import TaskCard

_FLOAT = 4
"""Bytes of a float32."""

_USABLE = 0.8
"""Share of the free memory that is counted on: the rest is the allocator's, cuBLAS's, and what others take later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one replica takes, bytes, by the sizes of its nets and its batches: two to three times what was counted."""

    held: int
    """All the time."""
    busy: int
    """Besides, while it is trained or played."""


def need(campaign: Campaign, card: TaskCard) -> Need:
    """What a replica of a campaign's learner takes.

    Args:
        campaign: every default filled in.
        card: card of its task.
    """
    learner = campaign.learner
    agents, hidden, actions = len(card.agents), learner.hidden, card.action_space.size
    seen, state = card.observation_size, card.state_size
    valued = state if algorithms.sees_state(learner) else seen
    width = hidden * (4 if learner.recurrent else 1)
    weights = (
        seen + valued + 2 * agents + actions + 2 + 2 * learner.layers + 2 * (learner.layers - 1) * hidden
    ) * hidden
    weights += 12 * learner.recurrent * hidden * (hidden + 1)
    lanes = learner.environments * agents
    held = 6 * weights + lanes * (2 * learner.recurrent * hidden + 64) + campaign.evaluation.episodes * agents * 64
    samples = env_steps_of_update(learner) * agents
    collected = samples * (64 + 2 * (seen + state + actions) + 3 * width)
    if algorithms.is_value_based(learner):
        drawn = replay.states_of_a_draw(card, learner) * agents
        held += replay.bytes_of_a_replay(card, learner) // _FLOAT + 8 * mixer_of(card, learner).size
        learnt = drawn * (96 + 3 * (seen + state) + 4 * actions + 4 * learner.layers * width)
    else:
        learnt = samples // learner.minibatches * (64 + (seen + state + actions) + 3 * learner.layers * width)
    played = campaign.evaluation.episodes * agents * (10 * card.episode_limit + 4 * width + 4 * (seen + state))
    return Need(held=_FLOAT * held, busy=_FLOAT * max(collected + learnt, played))


def parts(replicas: int, each: Need, free_bytes: int | None) -> int:
    """Parts that a group is trained in: the fewest equal ones that fit.

    Args:
        replicas: R, at least 1.
        each: what a replica takes.
        free_bytes: free memory of the device, bytes; None for a CPU.

    Returns:
        A divisor of R; R itself (single branches) where nothing fits, because an estimate refuses no work.
    """
    if free_bytes is None:
        return 1
    usable = _USABLE * free_bytes - replicas * each.held
    fitting = (
        count for count in range(1, replicas + 1) if replicas % count == 0 and replicas // count * each.busy <= usable
    )
    return next(fitting, replicas)
