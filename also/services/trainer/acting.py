"""What of a checkpoint acts: an actor's weights, and the statistics that it sees observations by. Nothing that learns.

Tensors, float32 (O length of an observation, A agents, H width, K actions or numbers of one):

    observation_mean, observation_factor   (O,)      only where the learner normalises observations
    weight_0, bias_0                       (O, H), (H,)
    identity                               (A, H)    what the first layer adds for each agent
    weight_1, bias_1, …                    (H, H), (H,)
    gru_input, gru_input_bias              (H, 3H), (3H,)   only with a memory: reset, update, proposal
    gru_memory, gru_memory_bias            (H, 3H), (3H,)
    head_weight, head_bias                 (H, K), (K,)
    log_deviation                          (K,)      only of continuous actions
"""

from contextlib import closing

import torch
from safetensors.torch import save
from torch import Tensor

from also.services.trainer.actor import Actor
from also.services.trainer.algorithm import learner_of
from also.services.trainer.normaliser import InputNormaliser
from also.services.trainer.parts import part_of
from also.services.trainer.ppo.policy import Policy
from also.services.trainer.run import Snapshot, fitting
from also.v1.campaign_pb2 import Campaign
from also.v1.task_pb2 import TaskCard


def actor_of(
    campaign: Campaign, card: TaskCard, snapshot: Snapshot, device: str | torch.device = "cpu"
) -> tuple[Actor, InputNormaliser]:
    """The actor of one replica, and what normalises its observations. No task is opened for it.

    Args:
        campaign: every default filled in.
        card: card of its task.
        snapshot: the replica.
        device: where both are to be.

    Raises:
        CheckpointError: the snapshot does not fit the campaign.
    """
    settings = campaign.learner
    state = {name: tensor.to(device) for name, tensor in snapshot.tensors.items()}
    learner = learner_of(card, settings, torch.zeros(1, dtype=torch.int64, device=device), threads=1)
    normaliser = InputNormaliser(
        1, card.observation_size, enabled=settings.normalise_observations, device=torch.device(device)
    )
    with closing(learner), fitting():
        learner.load_state_dict(part_of(state, "learner"), optimiser_steps=int(state["optimiser_steps"][0]))
        normaliser.load_state_dict(part_of(state, "collector.observations"))
    return learner.policy, normaliser


def acting_part(campaign: Campaign, card: TaskCard, snapshot: Snapshot) -> bytes:
    """What acts, as safetensors; arguments and errors as of `actor_of`."""
    actor, normaliser = actor_of(campaign, card, snapshot)
    found: dict[str, Tensor] = {}
    if normaliser.enabled:
        found["observation_mean"] = normaliser.moments.mean[0].float()
        found["observation_factor"] = normaliser.moments.deviation()[0].reciprocal()
    found |= {name: _plain(weight, name) for name, weight in actor.net.weights().items()}
    if isinstance(actor, Policy) and not actor.discrete:
        found["log_deviation"] = actor.flat[0, actor.parts["log_deviation"]].clone()
    return save(found)


def _plain(weight: Tensor, name: str) -> Tensor:
    """A weight of the one replica: matrices (rows, columns), biases (columns,)."""
    if "bias" in name:
        return weight[0].flatten().clone()
    return (weight[0].T if name == "head_weight" else weight[0]).contiguous().clone()
