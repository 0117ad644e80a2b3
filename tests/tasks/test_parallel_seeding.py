"""Whether a seed decides an episode is measured, what helps is kept to in every lane, and nothing is taken on luck."""

import re

import numpy as np
import pytest
import torch
from torch import Tensor

from also.errors import TaskError
from also.services.trainer.streams import mix
from also.services.trainer.tasks.opening import describe, open_task
from also.services.trainer.tasks.parallel.build import open_environment
from also.services.trainer.tasks.parallel.card import inspect
from also.services.trainer.tasks.parallel.trials import moments
from also.v1 import task_pb2
from also.v1.task_pb2 import Task, TaskCard

OWN_DICE, NEW_OBJECT = task_pb2.SEEDING_OWN_DICE, task_pb2.SEEDING_NEW_OBJECT
BOTH = task_pb2.SEEDING_NEW_OBJECT_OWN_DICE


def card_of(function: str, **settings: object) -> TaskCard:
    """The card that a trial in this process comes to."""
    task = Task(name=f"odd_environments:{function}", **settings)
    return inspect(task, open_environment(task))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "seeding"),
    [
        ("python_dice", OWN_DICE),
        ("seeded_dice", OWN_DICE),
        ("built_by_dice", OWN_DICE),
        ("sampled_starts", OWN_DICE),
        ("worn_object", NEW_OBJECT),
        ("single_use", NEW_OBJECT),
        ("worn_dice", BOTH),
    ],
)
def test_a_trial_finds_what_an_environment_needs(function: str, seeding: int, small_environments: None) -> None:
    """It is on the card, with one sentence for people."""
    task = Task(name=f"odd_environments:{function}")
    environment = open_environment(task)
    card = inspect(task, environment)
    assert card.seeding == seeding
    assert len(environment.notes) == 1
    assert card.notes[0] == environment.notes[0]


@pytest.mark.slow
def test_an_environment_that_its_seed_decides_needs_nothing(small_environments: None) -> None:
    """The field is not written, as it is not for native tasks."""
    task = Task(name="small_environments:described_line")
    environment = open_environment(task)
    assert not inspect(task, environment).seeding
    assert environment.notes == []


@pytest.mark.slow
@pytest.mark.parametrize("function", ["numpy_dice", "worn_object", "worn_dice"])
def test_an_episode_does_not_depend_on_the_workers(function: str, small_environments: None) -> None:
    """Four lanes in one worker, in which each disturbs the others, and in four; episodes follow one another."""
    task = Task(name=f"odd_environments:{function}")
    seen = [_played(Task(name=task.name, workers=workers)) for workers in (1, 4)]
    assert all(torch.equal(one, other) for one, other in zip(*seen, strict=True))
    assert len({tuple(lane.tolist()) for lane in seen[0][0].flatten(0, 1).flatten(1)}) > 1


def _played(task: Task) -> list[Tensor]:
    opened = open_task(task, replicas=1, environments=4)
    try:
        opened.reset(mix(torch.arange(4).unsqueeze(0), 4))
        seen = [opened.view().observations]
        for _ in range(15):
            outcome = opened.step(torch.zeros(1, 4, 2, dtype=torch.int64))
            opened.restart(outcome.terminated | outcome.truncated)
            seen += [outcome.reward, opened.view().observations]
        return seen
    finally:
        opened.close()


@pytest.mark.parametrize("function", ["python_dice", "numpy_dice", "torch_dice", "sampled_starts"])
def test_dice_of_its_own_are_an_environments_alone(function: str, small_environments: None) -> None:
    """An episode is the same alone and while another environment and this process throw the same dice."""
    task = Task(name=f"odd_environments:{function}")
    alone = [moment.digests for moment in moments(open_environment(task, OWN_DICE), 11)]
    played, other = (open_environment(task, OWN_DICE) for _ in range(2))
    found = []
    for moment in moments(played, 11):
        found.append(moment.digests)
        other.reset(12)
        np.random.random()
        torch.rand(1)
    assert found == alone
    assert len(found) > 1


def test_dice_that_no_seed_decides_are_refused(small_environments: None) -> None:
    """The line names what differed, where, and both ways out."""
    with pytest.raises(TaskError) as caught:
        card_of("undecided")
    assert "two episodes with the same seed and the same actions differ" in str(caught.value)
    assert re.search(r"observations after env_step \d of trial episode 0", str(caught.value))  # dice may agree at first
    assert re.search(r"reset\(seed\).* task\.unseeded: true", str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_a_task_may_run_unseeded(small_environments: None) -> None:
    """Through a worker: its card says that nothing decides it, and it can be stepped."""
    task = Task(name="odd_environments:undecided", unseeded=True)
    opened = open_task(task, replicas=1, environments=2)
    try:
        assert opened.card.seeding == task_pb2.SEEDING_NONE
        assert "nothing promises equal bits, and the branches of a pair do not share" in opened.card.notes[0]
        opened.reset(torch.zeros(1, 2, dtype=torch.int64))
        opened.step(torch.zeros(1, 2, 2, dtype=torch.int64))
        assert opened.view().observations.any()
    finally:
        opened.close()


@pytest.mark.slow
def test_a_task_that_may_run_unseeded_is_seeded_where_that_helps(small_environments: None) -> None:
    """The permission is for what nothing else helps."""
    assert card_of("worn_object", unseeded=True).seeding == NEW_OBJECT


@pytest.mark.slow
def test_what_objects_of_a_process_share_is_found(small_environments: None) -> None:
    """No dice are in it, so none help; one object a process may."""
    with pytest.raises(TaskError, match=r"played beside another environment of the same process.*per_process: 1 may"):
        card_of("shared_memory")
    assert not card_of("shared_memory", environments_per_process=1).seeding


@pytest.mark.slow
def test_the_order_of_a_set_is_one_order_in_all_workers(small_environments: None) -> None:
    """Python orders a set of texts anew in every process, unless it is told not to."""
    assert not describe(Task(name="odd_environments:order_of_a_set")).seeding


@pytest.mark.slow
def test_a_simulator_that_allows_one_instance_is_told_of(small_environments: None) -> None:
    """The line offers the setting; with it, no second one is ever built, and each is closed before the next."""
    import odd_environments

    with pytest.raises(TaskError, match=r"the simulator is in use .* set task.environments_per_process: 1"):
        card_of("single")
    odd_environments._open.clear()
    assert not card_of("single", environments_per_process=1).seeding
    odd_environments._open.clear()
