"""VDN's and QMIX's update in its plainest form: autograd, torch's own Adam, one episode and one env_step at a time.

The learner does the same for all replicas, episodes and env_steps at once; tests compare the two.
"""

import torch
from torch import Tensor
from torch.nn import functional

from also.services.trainer.network import ReplicaNet
from also.services.trainer.value_based.batch import Batch
from also.services.trainer.value_based.learner import QLearner
from also.services.trainer.value_based.mixer import Monotonic


def updated(learner: QLearner, batches: list[Batch], replica: int) -> tuple[Tensor, Tensor, list[float]]:
    """One replica's weights and target weights after an update, each (P,), and the mean |TD error| of each batch.

    Args:
        learner: before its first update; it stays as it is.
        batches: what all replicas learn from, in order.
        replica: which one.
    """
    settings, learning = learner.settings, learner.settings.value_learning
    flat = learner.flat[replica : replica + 1].clone().requires_grad_()
    target = learner.target[replica : replica + 1].clone()
    adam = torch.optim.Adam([flat], lr=settings.learning_rate, eps=1e-5)
    told = []
    for number, batch in enumerate(batches, start=1):
        errors = []
        for episode in range(batch.rewards.shape[2]):
            errors += errors_of(learner, flat, target, batch, replica, episode)
        loss = torch.stack(errors).square().mean()
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([flat], settings.gradient_clip)
        adam.step()
        if number % learning.target_interval == 0:
            target = target + learning.target_rate * (flat.detach() - target)
        told.append(torch.stack(errors).abs().mean().item())
    return flat.detach()[0], target[0], told


def errors_of(
    learner: QLearner, flat: Tensor, target: Tensor, batch: Batch, replica: int, episode: int
) -> list[Tensor]:
    """TD errors of the env_steps of one episode in which somebody acted."""
    learning, gamma = learner.settings.value_learning, learner.settings.gamma
    own, theirs = values(learner, flat, batch, replica, episode), values(learner, target, batch, replica, episode)
    found = []
    for t in range(batch.rewards.shape[1]):
        if not batch.alive[replica, t, episode]:
            continue
        there, then = batch.present[replica, t, episode], batch.present[replica, t + 1, episode]
        actions = batch.actions[replica, t, episode]
        taken = [own[t][agent][actions[agent]] * there[agent] for agent in range(len(there))]
        best = []
        for agent in range(len(then)):
            chooser = (own if learning.double_q else theirs)[t + 1][agent].detach()
            if batch.masks is not None:
                chooser = torch.where(batch.masks[replica, t + 1, episode, agent], chooser, -torch.inf)
            best.append(theirs[t + 1][agent][chooser.argmax()] * then[agent])
        following = team(learner, target, torch.stack(best), batch, replica, t + 1, episode)
        ended = batch.terminated[replica, t, episode]
        goal = batch.rewards[replica, t, episode] + (0.0 if ended else gamma * following.detach())
        found.append(team(learner, flat, torch.stack(taken), batch, replica, t, episode) - goal)
    return found


def values(learner: QLearner, flat: Tensor, batch: Batch, replica: int, episode: int) -> list[Tensor]:
    """The agents' Qs in every state of an episode, each (A, K); a GRU forgets where an agent was not there before."""
    net: ReplicaNet = learner.policy.net
    memory = torch.zeros(1, 1, net.agents, net.hidden if net.recurrent else 0)
    found = []
    for t in range(batch.inputs.shape[1]):
        outputs, memory = net.step(net.views(flat), batch.inputs[replica, t, episode][None, None], memory)
        memory = memory * batch.present[replica, t, episode].unsqueeze(-1)
        found.append(outputs[0, :, 0].T)
    return found


def team(learner: QLearner, flat: Tensor, agents: Tensor, batch: Batch, replica: int, t: int, episode: int) -> Tensor:
    """The team's Q of one state: the sum, or the mix of Rashid 2018, fig. 2."""
    mixer = learner.mixer
    if not isinstance(mixer, Monotonic):
        return agents.sum()
    start = learner.policy.net.size
    part = {}
    for name, (rows, columns) in mixer._shapes.items():
        part[name] = flat[0, start : start + rows * columns].view(rows, columns)
        start += rows * columns
    state = batch.states[replica, t, episode]
    layer = state @ part["first"] + part["first_bias"][0]
    hidden, width = mixer.hidden, mixer.width
    of_in, of_out = layer[:hidden].relu(), layer[hidden : 2 * hidden].relu()
    of_value, bias = layer[2 * hidden : 2 * hidden + width].relu(), layer[2 * hidden + width :]
    first = (of_in @ part["in"] + part["in_bias"][0]).abs().view(mixer.agents, width)
    second = (of_out @ part["out"] + part["out_bias"][0]).abs()
    value = (of_value @ part["value"] + part["value_bias"][0])[0]
    return functional.elu(agents @ first + bias) @ second + value
