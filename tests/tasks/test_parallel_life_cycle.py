"""What an environment shows from its reset until after its last agent has left is read, or stood in for, and told."""

import numpy as np
import pytest
import torch

from also.errors import TaskError
from also.services.trainer.streams import mix
from also.services.trainer.tasks.opening import open_task
from also.services.trainer.tasks.parallel.build import open_environment
from also.services.trainer.tasks.parallel.environment import ParallelEnvironment
from also.services.trainer.tasks.parallel.trials import play_trials
from also.v1.task_pb2 import Task

STAY = np.zeros(2, np.int64)


@pytest.fixture
def environment(request: pytest.FixtureRequest, small_environments: None) -> ParallelEnvironment:
    """The environment of `odd_environments` that a test is given the name of, reset."""
    found = open_environment(Task(name=f"odd_environments:{request.param}"))
    found.reset(3)
    return found


def to_the_end(environment: ParallelEnvironment) -> list[tuple[list[float], dict[str, list[float]]]]:
    """State and features at each moment of an episode in which nobody moves."""
    seen = []
    while True:
        values = {name: value.tolist() for name, value in environment.features().items()}
        seen.append((environment.state().tolist(), values))
        if environment.terminated or environment.truncated:
            return seen
        environment.step(STAY)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ("raising_state", "state() raises IndexError after the last agent has left"),
        ("shrinking_state", "state() returned 1 numbers after the last agent has left"),
        ("emptied_state", "state() returned None after the last agent has left"),
        ("nan_state", "state() returned numbers that are not all finite after the last agent has left"),
    ],
    indirect=["environment"],
)
def test_the_last_good_state_stands_in_for_one_that_the_end_has_spoilt(
    environment: ParallelEnvironment, said: str
) -> None:
    """It is that of the env_step before, which is said once; every state has one size."""
    states = [state for state, _ in to_the_end(environment)]
    assert [state[2] for state in states] == [0, 1, 2, 3, 4, 5, 5]
    environment.reset(4)
    to_the_end(environment)
    assert environment.notes == [f"{said}; the last state before that takes its place"]


@pytest.mark.parametrize("environment", ["hiccuping_state"], indirect=True)
def test_a_state_that_raises_while_agents_live_is_stood_in_for_as_well(environment: ParallelEnvironment) -> None:
    """By the state before; from the next env_step on it is its own again."""
    assert [state[2] for state, _ in to_the_end(environment)] == [0, 1, 1, 3, 4, 5, 6]
    assert environment.notes == [
        "state() raises ZeroDivisionError while agents live; the last state before that takes its place"
    ]


@pytest.mark.parametrize("environment", ["late_state", "integer_state"], indirect=True)
def test_a_state_may_be_a_list_of_whole_numbers_that_is_there_after_a_reset(environment: ParallelEnvironment) -> None:
    """Nothing is read before the first reset, and nothing is said."""
    assert environment.state().dtype == np.float32
    assert environment.state().tolist() == environment.observations[:, 0].tolist()
    assert environment.notes == []


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ("no_state", "returned None"),
        ("dict_state", "returned a dict that is no array of numbers"),
    ],
    indirect=["environment"],
)
def test_observations_are_the_state_where_there_is_none(environment: ParallelEnvironment, said: str) -> None:
    """All of them in a row, and it is said."""
    assert environment.state().tolist() == environment.observations.ravel().tolist()
    assert environment.notes == [
        f"state() {said} at the beginning of an episode; all observations in a row are the state"
    ]


def test_nothing_is_said_of_an_environment_that_has_no_state(small_environments: None) -> None:
    """PettingZoo's own `state()` says that nobody has written one."""
    environment = open_environment(Task(name="small_environments:line"))
    environment.reset(1)
    assert environment.state().size == 4
    assert environment.notes == []


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("growing_state", r"state\(\) returned 2 numbers, 1 before; one size.*pad it, or leave state\(\) out"),
        ("spotty_state", r"state\(\) returned numbers that are not all finite, 3 before; .* \(after 2 env_steps"),
        ("growing_choices", r"agent 'walker_0' has other spaces after 3 env_steps .*Discrete\(4\).*Discrete\(3\)"),
    ],
)
def test_what_changes_its_size_while_agents_live_is_an_error_of_the_trial(
    function: str, message: str, small_environments: None
) -> None:
    """It says after which env_step, what was there before, and what to do."""
    with pytest.raises(TaskError, match=message):
        play_trials(open_environment(Task(name=f"odd_environments:{function}")))


@pytest.mark.parametrize("environment", ["failing_features", "shrinking_features"], indirect=True)
def test_features_that_the_end_has_spoilt_are_those_before(environment: ParallelEnvironment) -> None:
    """The last good ones of the episode, and it is said once."""
    features = [values for _, values in to_the_end(environment)]
    assert features[-1] == features[-2]
    assert len(environment.notes) == 1
    assert environment.notes[0].startswith("after the last agent has left features() r")


def test_spaces_that_are_known_for_living_agents_only_are_those_of_the_beginning(small_environments: None) -> None:
    """It is said, and changes nothing."""
    environment = open_environment(Task(name="odd_environments:forgetful_spaces"))
    assert play_trials(environment).cut_after == [6, 6, 6]
    assert [note for note in environment.notes if "KeyError" in note] == environment.notes != []


@pytest.mark.parametrize("environment", ["blind_at_the_end", "broken_at_the_end"], indirect=True)
def test_what_was_seen_last_stands_in_for_observations_that_the_end_has_spoilt(
    environment: ParallelEnvironment,
) -> None:
    """A time limit's state is valued by it: zeros would be another state."""
    before = environment.observations.copy()
    to_the_end(environment)
    assert environment.truncated
    assert environment.observations.tolist() == before.tolist()
    assert before.all()
    assert len(environment.notes) == 2


def test_an_episode_that_is_over_when_it_begins_is_left_out(small_environments: None) -> None:
    """The next seed is taken in its place, and it is said."""
    environment = open_environment(Task(name="odd_environments:empty_episodes"))
    environment.reset(6)
    first = environment.observations.copy()
    environment.reset(7)
    assert environment.observations.tolist() == first.tolist()
    assert environment.notes == ["reset() leaves no agents with some seeds; the next seed is taken there"]


def test_an_environment_whose_episodes_are_all_over_when_they_begin_is_refused(small_environments: None) -> None:
    """After eight seeds."""
    environment = open_environment(Task(name="odd_environments:empty_episodes"))
    environment._object.function = None
    environment._object.env.reset = lambda seed: (environment._object.env.__dict__.update(agents=[]), ({}, {}))[1]
    with pytest.raises(TaskError, match=r"reset\(\) leaves no agents, with 8 seeds one after the other"):
        environment.reset(1)


@pytest.mark.slow
def test_the_learner_is_given_the_last_good_state_of_an_episode_that_was_cut(small_environments: None) -> None:
    """Through worker and shared memory: it bootstraps from what stood before the end, of the size on the card."""
    task = open_task(Task(name="odd_environments:raising_state"), replicas=1, environments=2)
    try:
        assert task.card.state_size == 3
        assert task.card.notes[0] == (
            "state() raises IndexError after the last agent has left; the last state before that takes its place"
        )
        task.reset(mix(torch.arange(2).unsqueeze(0), 4))
        for env_step in range(1, 7):
            outcome = task.step(torch.zeros(1, 2, 2, dtype=torch.int64))
            assert task.view().state[..., 2].tolist() == [[min(env_step, 5)] * 2]
        assert outcome.truncated.all()
    finally:
        task.close()


@pytest.mark.slow
def test_a_state_that_fails_in_some_episodes_is_relied_on_in_none(small_environments: None) -> None:
    """The card has the size of the observations in a row, and the lanes keep to it in every episode."""
    task = open_task(Task(name="odd_environments:state_of_the_first_episode"), replicas=1, environments=1)
    try:
        assert task.card.state_size == 4
        task.reset(torch.zeros(1, 1, dtype=torch.int64))
        for _ in range(2):
            view = task.view()
            assert torch.equal(view.state.flatten(), view.observations.flatten())
            task.restart(torch.ones(1, 1, dtype=torch.bool))
    finally:
        task.close()
