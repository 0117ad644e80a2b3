"""PPO's update in its plainest form: autograd and torch's own Adam, one replica, one minibatch at a time.

The learner writes the same out by hand; tests compare the two.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from also.services.trainer.network import ReplicaNet
from also.services.trainer.ppo.advantages import generalised_advantages
from also.services.trainer.ppo.learner import Learner
from also.services.trainer.ppo.rollout import Rollout
from also.v1.campaign_pb2 import LearnerSettings


def updated(learner: Learner, rollout: Rollout, minibatches: Sequence[Tensor], replica: int) -> tuple[Tensor, Tensor]:
    """Weights of one replica's actor (with log-deviations) and value net after an update, each (P,).

    Args:
        learner: before its first update; it stays as it is.
        rollout: of all replicas.
        minibatches: int64 (M,) each, of the replica.
        replica: which one.
    """
    settings = learner.settings
    own = slice(replica, replica + 1)
    actor = learner.policy.flat[own].clone().requires_grad_()
    valuer = learner.value_net.flat[own].clone().requires_grad_()
    with torch.no_grad():
        values = seen(learner.value_net, valuer, rollout.value_inputs[own], rollout.forgets[own])
        done = (rollout.terminated | rollout.truncated)[own]
        following = reached(learner.value_net, valuer, rollout, own, values)
        gae = {"gamma": settings.gamma, "gae_lambda": settings.gae_lambda}
        there = torch.ones_like(rollout.log_probabilities[own], dtype=torch.bool)
        left = None
        if rollout.presence is not None:
            there, stayed = rollout.presence.acted[own], rollout.presence.stayed[own]
            values, following, left = of_those_there(values, there), of_those_there(following, stayed), ~stayed
            following = following * (~rollout.terminated[own])[..., None, None]
        advantages = generalised_advantages(rollout.rewards[own], values, following, done, left=left, **gae)
        targets = advantages + values
        sums = advantages.sum(dim=-1)
        gains = (sums - sums[there].mean()) / (sums[there].std() + 1e-8)
    optimisers = [torch.optim.Adam([each], lr=settings.learning_rate, eps=1e-5) for each in (actor, valuer)]
    for indices in minibatches:
        logs, entropy = judged(learner, actor, rollout, own)
        rows = picked(there, indices, settings)
        ratio = picked((logs - rollout.log_probabilities[own]).exp(), indices, settings)[rows]
        gain = picked(gains, indices, settings)[rows]
        low, high = 1 - settings.clip_epsilon, 1 + settings.clip_epsilon
        surrogate = torch.minimum(ratio * gain, ratio.clamp(low, high) * gain).mean()
        values = seen(learner.value_net, valuer, rollout.value_inputs[own], rollout.forgets[own])
        value_loss = picked((values - targets).square().sum(dim=-1), indices, settings)[rows].mean()
        bonus = picked(entropy, indices, settings)[rows].mean()
        loss = settings.value_coefficient * value_loss - surrogate - settings.entropy_coefficient * bonus
        for optimiser in optimisers:
            optimiser.zero_grad()
        loss.backward()
        for each, optimiser in zip((actor, valuer), optimisers, strict=True):
            torch.nn.utils.clip_grad_norm_([each], settings.gradient_clip)
            optimiser.step()
    return actor.detach()[0], valuer.detach()[0]


def seen(net: ReplicaNet, flat: Tensor, inputs: Tensor, begins: Tensor) -> Tensor:
    """What a net of one replica says of a whole rollout, (1, T, E, A, K); a GRU begins with an empty memory."""
    width = net.hidden if net.recurrent else 0
    memory = torch.zeros(1, begins.shape[2], net.agents, width)
    return net.unroll(net.views(flat), inputs, memory, begins)[0].movedim(1, -1)


def of_those_there(values: Tensor, there: Tensor) -> Tensor:
    """Values (1, T, E, A, 2), of which an absent agent's are the others' mean of the task's, and 0 of shaping's."""
    values = values.clone()
    for place in (~there.all(dim=-1)).nonzero().tolist():
        each, who = values[tuple(place)], there[tuple(place)]
        if who.any():
            each[~who, 0] = each[who, 0].mean()
        each[~who, 1] = 0.0
    return values


def reached(net: ReplicaNet, flat: Tensor, rollout: Rollout, own: slice, values: Tensor) -> Tensor:
    """Values of the states reached, (1, T, E, A, 2), each as the next one of its own episode; 0 after its end."""
    steps = []
    for t in range(values.shape[1]):
        is_last = t == values.shape[1] - 1
        inputs = rollout.last_value_inputs if is_last else rollout.value_inputs[:, t + 1]
        cut = rollout.truncated[own, t][..., None, None]
        after = [inputs] + ([rollout.cut_value_inputs[t]] if t in rollout.cut_value_inputs else [])
        found = []
        for each in after:
            played = torch.cat([rollout.value_inputs[own, : t + 1], each[own].unsqueeze(1)], dim=1)
            forgets = rollout.forgets[own, : t + 1]
            away = torch.zeros_like(forgets[:, :1])
            if rollout.presence is not None:
                away = ~rollout.presence.acted[own, t : t + 1]
            begins = torch.cat([forgets, away], dim=1)
            found.append(seen(net, flat, played, begins)[:, -1])
        steps.append(torch.where(cut, found[-1], found[0]))
    return torch.stack(steps, dim=1) * (~rollout.terminated[own])[..., None, None]


def judged(learner: Learner, flat: Tensor, rollout: Rollout, own: slice) -> tuple[Tensor, Tensor]:
    """Log-probabilities of the actions and entropies, (1, T, E, A) each, by torch's own distributions."""
    policy = learner.policy
    outputs = seen(policy.net, flat, rollout.inputs[own], rollout.forgets[own])
    if policy.discrete:
        if rollout.masks is not None:
            outputs = outputs.masked_fill(~rollout.masks[own], -1e9)
        categorical = torch.distributions.Categorical(logits=outputs)
        return categorical.log_prob(rollout.actions[own]), categorical.entropy()
    deviation = flat[:, policy.parts["log_deviation"]].exp()
    normal = torch.distributions.Normal(outputs, deviation.view(1, 1, 1, 1, -1).expand_as(outputs))
    return normal.log_prob(rollout.actions[own]).sum(dim=-1), normal.entropy().sum(dim=-1)


def picked(values: Tensor, indices: Tensor, settings: LearnerSettings) -> Tensor:
    """Of (1, T, E, A), the env_steps (T * E of them), or the environments of a GRU, with these indices."""
    return values[:, :, indices] if settings.recurrent else values.flatten(1, 2)[:, indices]
