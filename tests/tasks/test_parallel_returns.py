"""What returns a task can have, as its card says it: measured by random play, or said by its author."""

from collections.abc import Callable, Iterator

import pytest
import torch

from also.services.trainer.streams import mix
from also.services.trainer.tasks.opening import describe, open_task
from also.services.trainer.tasks.parallel.build import open_environment
from also.services.trainer.tasks.parallel.returns import Rewards, write_returns
from also.services.trainer.tasks.parallel.task import ParallelTask
from also.services.trainer.tasks.parallel.trials import play_trials
from also.v1.task_pb2 import Task, TaskCard

STAY, LEFT = 0, 1


@pytest.fixture
def card(small_environments: None) -> Callable[[str], TaskCard]:
    """Card of an environment of `paying_environments`."""
    return lambda function: describe(Task(name=f"paying_environments:{function}", workers=1))


@pytest.fixture
def opened(small_environments: None) -> Iterator[Callable[[str], ParallelTask]]:
    """Opens a task of one environment, and closes it."""
    tasks: list[ParallelTask] = []

    def opener(function: str) -> ParallelTask:
        task = open_task(Task(name=f"paying_environments:{function}", workers=1), replicas=1, environments=1)
        assert isinstance(task, ParallelTask)
        tasks.append(task)
        task.reset(mix(torch.zeros(1, 1, dtype=torch.int64), 4))
        return task

    yield opener
    for task in tasks:
        task.close()


def measured(*returns: float, rewards: tuple[float, ...]) -> TaskCard:
    """Card of a task of which nothing is said, after episodes with these returns and env_steps with these rewards."""
    seen = Rewards(returns=list(returns))
    for reward in rewards:
        seen.add(reward)
    card = TaskCard()
    write_returns(card, seen)
    return card


def test_an_episode_that_is_longer_than_the_trial_has_a_return(small_environments: None) -> None:
    """Of a slow environment the one whole episode says what it pays and how long it is; the beginnings pay nothing."""
    environment = open_environment(Task(name="paying_environments:paid_late", workers=1))
    trials = play_trials(environment, seconds=0.0)  # as if each env_step took a second
    assert trials.cut_short
    assert trials.cut_after == [60]
    card = TaskCard()
    write_returns(card, trials.rewards)
    assert (card.largest_return, card.smallest_return, card.reward_density) == (1, 1, 0)


@pytest.mark.slow
def test_a_price_for_each_env_step_has_its_limit_as_baseline(card: Callable[[str], TaskCard]) -> None:
    """Random play is at the limit most of the time; one env_step less is the smallest success, no price the largest."""
    found = card("priced")
    assert found.baseline_return == -6
    assert -6 < found.smallest_return <= -1
    assert (found.largest_return, found.largest_measured, found.reward_density) == (0, True, 1)
    notes = " ".join(found.notes)
    assert "RewardNotSparse: random play had a reward on 100% of its env_steps" in notes
    assert "a team that achieves nothing counts as -6" in notes
    assert "Nobody says the largest return: 0 is what no reward above 0 leaves" in notes


@pytest.mark.slow
@pytest.mark.parametrize("function", ["priced", "prize", "costly"])
def test_a_return_so_far_is_no_success(opened: Callable[[str], ParallelTask], function: str) -> None:
    """It begins at 0, above every negative return; what is compared is the return of an episode that has ended."""
    task = opened(function)
    milestone = task.card.milestones[-1]
    assert milestone.feature == "final_return"
    stay, ended = torch.full((1, 1, 2), STAY), False
    while not ended:
        shown = task.features((milestone.feature,))[milestone.feature].item()
        assert shown < milestone.threshold
        outcome = task.step(stay)
        ended = bool(outcome.terminated | outcome.truncated)
    so_far, final = (task.features((name,))[name].item() for name in ("episode_return", "final_return"))
    assert final == pytest.approx(so_far)
    assert final < milestone.threshold


@pytest.mark.slow
def test_success_shows_when_the_episode_ends(opened: Callable[[str], ParallelTask]) -> None:
    """Walking home pays the prize: only its last env_step has reached the milestone."""
    task = opened("prize")
    milestone = task.card.milestones[-1]
    reached = []
    for _ in range(4):
        outcome = task.step(torch.full((1, 1, 2), LEFT))
        reached.append(task.features((milestone.feature,))[milestone.feature].item() >= milestone.threshold)
        if bool(outcome.terminated | outcome.truncated):
            break
    assert bool(outcome.terminated) == reached[-1]
    assert not any(reached[:-1])


@pytest.mark.slow
def test_costs_of_all_kinds_count_from_the_worst_of_random_play(card: Callable[[str], TaskCard]) -> None:
    """Where no return is common, success is to come to the best that random play had."""
    found = card("costly")
    final = next(each for each in found.features if each.name == "final_return")
    assert found.baseline_return == final.minimum < found.smallest_return < found.largest_return == 0
    assert found.milestones[-1].name == "random_play_equalled"
    assert found.smallest_return <= found.milestones[-1].threshold < 0


@pytest.mark.slow
def test_pay_in_every_env_step_counts_from_the_worst_of_random_play(card: Callable[[str], TaskCard]) -> None:
    """Its least is not 0 either; the best of random play is all that is known of the largest."""
    found = card("paid")
    assert 0 < found.baseline_return < found.smallest_return <= found.largest_return
    assert found.milestones[-1].threshold == found.largest_return
    assert found.largest_measured


@pytest.mark.slow
def test_a_sparse_task_has_no_baseline(card: Callable[[str], TaskCard]) -> None:
    """A rare fine does not make less than nothing the measure of nothing."""
    for function in ("fined", "prize"):
        assert card(function).HasField("baseline_return") == (function == "prize")
    found = card("fined")
    assert found.smallest_return > 0
    assert [milestone.feature for milestone in found.milestones] == ["episode_return"]
    assert not any(note.startswith("RewardNotSparse") for note in found.notes)


@pytest.mark.slow
def test_what_the_author_says_of_returns_stands(card: Callable[[str], TaskCard]) -> None:
    """Also a largest return of 0, and one that random play has exceeded, which is told."""
    found = card("said_priced")
    assert (found.baseline_return, found.smallest_return, found.largest_return) == (-6, -5, -2)
    assert not found.largest_measured
    found = card("said_up_to_nothing")
    assert (found.largest_return, found.largest_measured) == (0, False)
    found = card("said_too_little")
    assert (found.baseline_return, found.smallest_return, found.largest_return) == (0, 1, 2)
    assert any("task_card() says that the largest_return is 2" in note for note in found.notes)


def test_a_return_that_most_episodes_have_is_nothing() -> None:
    """More than half of them; sums of equal rewards in another order are the same return."""
    found = measured(-5.0, -4.999999999, -5.0, -3.2, rewards=(-0.1,))
    assert (found.baseline_return, found.smallest_return, found.largest_return) == (-5, -3.2, 0)
    found = measured(-5.0, -5.0, -5.0, rewards=(-0.1,))
    assert found.smallest_return == pytest.approx(-4.9)
    assert measured(-5.0, -4.0, -3.0, -5.0, rewards=(-0.1,)).baseline_return == -5
    assert measured(-5.0, -4.0, -7.0, -5.0, rewards=(-0.1,)).baseline_return == -7


def test_rare_rewards_leave_nothing_at_zero() -> None:
    """Unless every return is negative: then the worst counts as nothing."""
    rare = (0.0, 0.0, -1.0)
    assert not measured(0.0, -1.0, -2.0, rewards=rare).HasField("baseline_return")
    assert measured(-3.0, -1.0, -2.0, rewards=rare).baseline_return == -3
