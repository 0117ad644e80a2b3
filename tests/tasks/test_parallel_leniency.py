"""What PettingZoo's own test passes is taken, with the right values; spaces of other packages are taken or named."""

import warnings

import numpy as np
import pytest

from also.errors import TaskError
from also.services.trainer.tasks.parallel.build import open_environment
from also.services.trainer.tasks.parallel.environment import ParallelEnvironment
from also.services.trainer.tasks.parallel.trials import play_trials
from also.v1.task_pb2 import Task

STAY = np.zeros(2, np.int64)

LENIENT = {
    "infos_of_the_living": 0.0,
    "no_infos": 0.0,
    "extra_keys": 0.0,
    "numpy_truths": 0.0,
    "whole_truths": 0.0,
    "array_rewards": 0.5,
    "scalar_rewards": 0.5,
    "whole_rewards": 1.0,
    "paid_first_only": 0.5,
    "untruncated_ends": 0.0,
    "shuffled_agents": 0.0,
    "agents_in_a_tuple": 0.0,
    "unnamed_agents": 0.0,
    "tables_of_spaces": 0.0,
    "reset_in_a_list": 0.0,
    "blind_at_the_end": 0.0,
}
"""Function of `odd_environments`, and what an env_step in which nobody moves is paid."""


def built(function: str) -> ParallelEnvironment:
    return open_environment(Task(name=f"odd_environments:{function}"))


@pytest.mark.parametrize("function", LENIENT)
def test_they_pass_pettingzoos_own_test(function: str, small_environments: None) -> None:
    """What the next test takes for granted."""
    import odd_environments

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pettingzoo.test import parallel_api_test  # importing it warns as well

        parallel_api_test(getattr(odd_environments, function)(), num_cycles=30)


@pytest.mark.parametrize(("function", "paid"), LENIENT.items())
def test_what_pettingzoos_own_test_passes_is_taken(function: str, paid: float, small_environments: None) -> None:
    """An episode is six env_steps, cut by its time limit; rewards and observations are the environment's."""
    import small_environments as module

    environment, line = built(function), module.line()
    environment.reset(5)
    seen, _ = line.reset(seed=5)
    for env_step in range(6):
        assert environment.observations.tolist() == [seen[agent].tolist() for agent in line.possible_agents], env_step
        assert not (environment.terminated or environment.truncated)
        environment.step(STAY)
        assert environment.reward == paid
    assert (environment.terminated, environment.truncated) == (False, True)
    assert play_trials(environment).cut_after == [6, 6, 6]


def test_a_reward_that_is_missing_counts_as_nothing_and_is_told(small_environments: None) -> None:
    """Rewards are the one thing of which a silent default could change what is learnt."""
    environment = built("paid_first_only")
    play_trials(environment)
    assert environment.notes == ["step() returned rewards without agent 'walker_1', which acted; it counts as paid 0"]


def test_an_agent_both_terminated_and_truncated_has_terminated(small_environments: None) -> None:
    """The state after it is worth nothing more."""
    environment = built("ended_twice")
    environment.reset(5)
    for _ in range(6):
        environment.step(STAY)
    assert (environment.terminated, environment.truncated) == (True, False)


def test_agents_that_come_back_act_again(small_environments: None) -> None:
    """walker_0 sees zeros and may only idle for two env_steps."""
    environment = built("returning")
    environment.reset(5)
    alone = []
    for _ in range(6):
        environment.step(STAY)
        alone.append(not environment.observations[0].any() and environment.masks[0].tolist() == [True, False, False])
    assert alone == [False, True, True, False, False, False]
    assert environment.truncated


def test_agents_without_a_list_of_all_are_those_of_a_reset(small_environments: None) -> None:
    """It is told."""
    environment = built("unnamed_agents")
    assert environment.agents == ["walker_0", "walker_1"]
    assert environment.notes == ["possible_agents is missing or empty; the agents that are there after a reset are all"]


def test_spaces_may_be_there_after_a_reset_only(small_environments: None) -> None:
    """One is made for that, and told."""
    environment = built("spaces_after_a_reset")
    assert environment.observation_size == 2
    assert environment.notes == ["spaces can be read only after a reset; one is made for that"]


@pytest.mark.parametrize("function", ["tables_of_spaces", "table_that_warns"])
def test_spaces_are_asked_for_without_a_warning(function: str, small_environments: None) -> None:
    """PettingZoo warns of reading tables of spaces, in a log that would soon hold nothing else."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        environment = built(function)
        for seed in range(3):
            environment.reset(seed)
            environment.step(STAY)
    assert [str(each.message) for each in seen] == []


def test_a_reset_needs_no_options(small_environments: None) -> None:
    """None are ever given."""
    environment = built("reset_without_options")
    environment.reset(5)
    assert environment.observations.all()


def test_spaces_of_other_classes_are_taken_by_what_they_have(small_environments: None) -> None:
    """As pymapf's, which are called Box and Discrete, and are neither gymnasium's nor gym's."""
    environment = built("foreign_spaces")
    assert (environment.observation_size, environment.action_size) == (2, 3)
    lows, highs = environment.spaces[0].bounds()
    assert (lows.tolist(), highs.tolist()) == ([0, 0], [4, 4])
    assert play_trials(environment).cut_after == [6, 6, 6]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            "unknown_space",
            r"observation space is a odd_environments.Grid; a Space of gymnasium is expected, or a class",
        ),
        ("impossible_space", r"action space is a odd_environments.Discrete, which says of itself .* gymnasium.spaces"),
        ("nothing_to_see", r"agents observe no numbers; give them at least a constant 0"),
        ("a_mask_to_see", r"agents observe no numbers; give them at least a constant 0"),
    ],
)
def test_spaces_that_cannot_be_used_are_named(function: str, message: str, small_environments: None) -> None:
    """By module and class, with what would do."""
    with pytest.raises(TaskError, match=message):
        built(function)


def test_one_of_a_team_may_see_nothing(small_environments: None) -> None:
    """It is shown zeros, as many as the others see."""
    environment = built("one_who_sees")
    environment.reset(5)
    assert environment.observations[0].all()
    assert environment.observations[1].tolist() == [0, 0]
