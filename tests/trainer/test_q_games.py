"""Small games with known values: what each algorithm can say of them, and what it cannot."""

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from also.services.trainer.algorithm import learner_of, player_of
from also.services.trainer.shaping_reward import ShapingReward
from also.services.trainer.streams import mix
from also.services.trainer.tasks.vector_task import Features, Outcome, View
from also.services.trainer.value_based.learner import QLearner
from also.v1 import task_pb2
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig

pytestmark = pytest.mark.slow

Make = Callable[..., Campaign]

SAFE, RISKY = 1, 2
"""Where the first agent's first action leads."""


class TwoSteps:
    """The two-step game of Rashid 2018 (sec. 5): two agents, two actions, and one team reward at the end.

    The first agent chooses the second state. In the safe one every joint action pays 7; in the risky one the table
    [[0, 1], [1, 8]] does. Agents and state see which state it is.
    """

    copies_state = True
    whole_numbers = True

    def __init__(self, replicas: int, environments: int) -> None:
        feature = task_pb2.Feature(
            name="where", maximum=2, scope=task_pb2.FEATURE_SCOPE_TEAM, tells_of=task_pb2.TELLS_OF_STATE
        )
        self.card = task_pb2.TaskCard(
            task="two-steps",
            agents=["chooser", "other"],
            observation_size=3,
            state_size=3,
            action_space=task_pb2.ActionSpace(kind=task_pb2.ACTION_KIND_DISCRETE, size=2, idle=-1),
            features=[feature],
            episode_limit=2,
            smallest_return=1,
            largest_return=8,
        )
        self.where = torch.zeros(replicas, environments, dtype=torch.int64)

    def reset(self, keys: Tensor) -> None:
        self.where = torch.zeros_like(keys)

    def view(self, *, whole: bool = True) -> View:
        del whole
        state = torch.nn.functional.one_hot(self.where, 3).float()
        return View(observations=state.unsqueeze(2).expand(-1, -1, 2, -1), state=state, action_mask=None)

    def step(self, actions: Tensor) -> Outcome:
        first = self.where == 0
        table = torch.tensor([[0.0, 1.0], [1.0, 8.0]])[actions[..., 0], actions[..., 1]]
        reward = torch.where(first, 0.0, torch.where(self.where == SAFE, 7.0, table))
        self.where = torch.where(first, 1 + actions[..., 0], self.where)
        return Outcome(reward=reward, terminated=~first, truncated=torch.zeros_like(first))

    def restart(self, done: Tensor) -> None:
        self.where = torch.where(done, 0, self.where)

    def features(self, names: tuple[str, ...]) -> Features:
        return {name: self.where.float() for name in names}

    def moment(self, names: tuple[str, ...]) -> Tensor:
        return self.where

    def features_at(self, moments: Sequence[Tensor], names: tuple[str, ...]) -> Features:
        return {name: torch.stack(list(moments), dim=1).float() for name in names}


def learnt(make: Make, algorithm: str) -> tuple[QLearner, TwoSteps]:
    """Three replicas that have seen all joint actions equally often, many times."""
    campaign = make(
        algorithm=algorithm,
        environments=16,
        rollout=8,
        hidden=32,
        learning_rate=0.001,  # at 0.003 Adam, whose moments have come to nothing, throws learnt values about
        batches=8,
        batch_episodes=32,
        epsilon_end=1.0,
        target_rate=0.1,
        normalise_observations=False,
    )
    seeds = torch.tensor([1, 2, 3])
    task = TwoSteps(3, 16)
    shaping = ShapingReward([ShapingConfig()] * 3, task.card, environments=16, gamma=campaign.learner.gamma)
    learner = learner_of(task.card, campaign.learner, seeds, threads=1)
    assert isinstance(learner, QLearner)
    player = player_of(task, shaping, campaign.learner, replicas=3, device=torch.device("cpu"))
    player.begin(torch.zeros(3, 16, dtype=torch.int64))
    for number in range(150):
        stream = mix(seeds, number)
        learner.update(player.collect(learner.policy, mix(stream, 0)), mix(stream, 1))
    return learner, task


def joint_values(learner: QLearner, task: TwoSteps, where: int) -> Tensor:
    """The team's Q of every joint action in a state, (R, 2, 2)."""
    task.where = torch.full_like(task.where, where)
    view, net = task.view(), learner.policy.net
    moments = torch.zeros(3, 16, 2, 0)
    own = net.step(net.weights(), view.observations, moments)[0][:, :, :1]  # (R, K, 1, A)
    found = torch.empty(3, 2, 2)
    for first in range(2):
        for second in range(2):
            chosen = torch.stack([own[:, first, :, 0], own[:, second, :, 1]], dim=-1)  # (R, 1, A)
            found[:, first, second] = learner.mixer.mixed(learner.flat[:, learner._mix], chosen, view.state[:, :1])[
                :, 0
            ]
    return found


def test_qmix_finds_the_risky_optimum_of_the_two_step_game(make_q_campaign: Make) -> None:
    """The table of the risky state is monotonic, so the mix can hold it; the first agent goes there."""
    learner, task = learnt(make_q_campaign, "qmix")
    risky, first = joint_values(learner, task, RISKY), joint_values(learner, task, 0)
    torch.testing.assert_close(risky, torch.tensor([[0.0, 1.0], [1.0, 8.0]]).expand(3, 2, 2), atol=0.1, rtol=0)
    choices = torch.tensor([[6.93, 6.93], [7.92, 7.92]])  # 0.99 times what follows
    torch.testing.assert_close(first, choices.expand(3, 2, 2), atol=0.1, rtol=0)


def test_vdn_prefers_the_safe_state_of_the_two_step_game(make_q_campaign: Make) -> None:
    """A sum over agents cannot hold the table: its best fit values the optimum at 6.5, less than what is safe."""
    learner, task = learnt(make_q_campaign, "vdn")
    risky, first = joint_values(learner, task, RISKY), joint_values(learner, task, 0)
    torch.testing.assert_close(risky.mean(dim=0), torch.tensor([[-1.5, 2.5], [2.5, 6.5]]), atol=0.6, rtol=0)
    assert (first.amax(dim=2).argmax(dim=1) == 0).all()


def test_vdn_finds_the_optimum_of_a_sum(make_q_campaign: Make) -> None:
    """In the safe state, where all joint actions pay the same, and one step before it, its values are the true ones."""
    learner, task = learnt(make_q_campaign, "vdn")
    torch.testing.assert_close(joint_values(learner, task, SAFE), torch.full((3, 2, 2), 7.0), atol=0.3, rtol=0)
