"""The example task: mpe2's Simple Spread, paid only when every landmark is covered."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from also.services.trainer.streams import mix
from also.services.trainer.tasks.cards.rules import check_card
from also.services.trainer.tasks.opening import describe, open_task
from also.services.trainer.tasks.parallel.task import ParallelTask
from also.v1.task_pb2 import Task

REPOSITORY = Path(__file__).parents[2]
TASK = Task(name="examples.simple_spread:make_env")


@pytest.fixture(autouse=True)
def in_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples are imported from the repository's root, as the README says."""
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.syspath_prepend(REPOSITORY)


@pytest.fixture
def task() -> Iterator[ParallelTask]:
    """The example with six environments."""
    opened = open_task(TASK, replicas=2, environments=3)
    yield opened
    opened.close()


@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.filterwarnings("ignore:The old environment creation API:DeprecationWarning")
def test_the_example_passes_the_packages_own_tests(continuous: bool) -> None:
    """PettingZoo's API test and seed test."""
    from pettingzoo.test import parallel_api_test, parallel_seed_test

    from examples.simple_spread import make_env

    parallel_api_test(make_env(continuous_actions=continuous), num_cycles=100)
    parallel_seed_test(lambda: make_env(continuous_actions=continuous), num_cycles=50)


def test_the_team_is_paid_once_when_all_landmarks_are_covered() -> None:
    """Two of three pay nothing; three pay 1 to each and terminate the episode."""
    from examples.simple_spread import make_env

    env = make_env(agents=3)
    env.reset(seed=1)
    world = env.unwrapped.world
    for number, landmark in enumerate(world.landmarks):
        landmark.state.p_pos = np.array([number - 1.0, 0.0])
    for agent, landmark in zip(world.agents[:2], world.landmarks[:2], strict=True):
        agent.state.p_pos = landmark.state.p_pos.copy()
    world.agents[2].state.p_pos = np.array([0.0, 0.9])
    _, rewards, terminations, truncations, _ = env.step(dict.fromkeys(env.agents, 0))
    assert set(rewards.values()) == {0.0}
    assert not any(terminations.values())
    assert env.features()["landmarks_covered"] == 2
    assert env.features()["covering"].tolist() == [True, True, False]
    world.agents[2].state.p_pos = world.landmarks[2].state.p_pos.copy()
    _, rewards, terminations, truncations, _ = env.step(dict.fromkeys(env.agents, 0))
    assert set(rewards.values()) == {1.0}
    assert all(terminations.values())
    assert not any(truncations.values())
    assert env.agents == []


@pytest.mark.slow
def test_the_example_describes_itself() -> None:
    """Features in all three scopes, milestones from one landmark to all, and a return of 0 or 1."""
    card = describe(TASK)
    check_card(card)
    assert {feature.scope for feature in card.features} == {1, 2, 3}
    assert [milestone.name for milestone in card.milestones] == ["covered_1", "covered_2", "all_covered"]
    assert (card.smallest_return, card.largest_return, card.episode_limit) == (1, 1, 25)
    assert (card.observation_size, card.state_size, card.action_space.idle) == (18, 54, 0)


@pytest.mark.slow
def test_random_episodes_of_the_example_are_cut_and_pay_nothing(task: ParallelTask) -> None:
    """The reward is sparse: teams that move at random reach the time limit."""
    task.reset(mix(torch.arange(6).view(2, 3), 1))
    names = tuple(feature.name for feature in task.card.features)
    generator = torch.Generator().manual_seed(0)
    for number in range(1, 51):
        outcome = task.step(torch.randint(0, 5, (2, 3, 3), generator=generator))
        for feature in task.card.features:
            value = task.features(names)[feature.name]
            assert value.min() >= feature.minimum
            assert value.max() <= feature.maximum
        assert outcome.truncated.all() == (number % 25 == 0)
        assert not outcome.terminated.any()
        assert (outcome.reward == 0).all()
        task.restart(outcome.truncated)
