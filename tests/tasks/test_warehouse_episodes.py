"""Episodes of the native warehouse task: how they begin, end, and depend on their keys alone."""

import pytest
import torch
from torch import Tensor

from also.services.trainer.streams import mix
from also.services.trainer.tasks.warehouse.layout import EPISODE_LIMIT
from also.services.trainer.tasks.warehouse.tables import SHELF, WANTED
from also.services.trainer.tasks.warehouse.task import Warehouse
from tests.tasks.warehouse_team import purposeful_actions


def opened(layout: str, replicas: int, environments: int, seed: int = 1) -> Warehouse:
    """A task whose episodes have begun."""
    task = Warehouse(layout, replicas=replicas, environments=environments)
    task.reset(mix(torch.arange(replicas * environments).view(replicas, environments), seed))
    return task


def random_actions(task: Warehouse, replicas: int, environments: int, steps: int) -> list[Tensor]:
    """The same random actions for every caller."""
    generator = torch.Generator().manual_seed(2)
    shape = (replicas, environments, task.layout.agents)
    return [torch.randint(0, 5, shape, generator=generator) for _ in range(steps)]


def near_deliveries(task: Warehouse) -> dict[str, Tensor]:
    """The state with every first agent above the goals, walking down with a requested shelf, and little time left."""
    state = {name: tensor.clone() for name, tensor in task.state_dict().items()}
    requested = (state["shelves"] == WANTED).to(torch.int64).argmax(-1, keepdim=True)
    state["shelves"].scatter_(-1, requested, 0)
    state["load"][..., 0] = WANTED
    state["pose"][..., 0] = 4 * (task.layout.goals[0] - 3 * task.layout.width) + 1
    state["time"] += EPISODE_LIMIT - 40
    return state


def play(task: Warehouse, actions: list[Tensor]) -> list[Tensor]:
    """Step, begin new episodes where some end, and return what was seen."""
    seen = []
    for action in actions:
        outcome = task.step(action)
        task.restart(outcome.terminated | outcome.truncated)
        view = task.view()
        seen += [view.observations, view.state, outcome.reward, outcome.terminated, outcome.truncated]
    return seen


def test_episodes_begin_anywhere_alike() -> None:
    """Each cell, direction and request is as frequent as any other, agents stand apart, all places are full."""
    episodes = 6000
    task = opened("tiny-2ag", 1, episodes)
    state, cells = task.state_dict(), task.layout.height * task.layout.width
    cell, direction = state["pose"][0] >> 2, state["pose"][0] & 3
    assert (cell[:, 0] != cell[:, 1]).all()
    wanted = (state["shelves"][0, :, task.layout.places] == WANTED).to(torch.float32)
    for counts in (
        torch.bincount(cell[:, 0], minlength=cells),
        torch.bincount(cell[:, 1], minlength=cells),
        torch.bincount(direction.flatten(), minlength=4),
        wanted.sum(0),
    ):
        mean = counts.sum() / len(counts)
        chi_square = ((counts - mean) ** 2 / mean).sum()
        assert chi_square < len(counts) + 5 * (2 * len(counts)) ** 0.5
    assert (wanted.sum(-1) == task.layout.requests).all()
    assert (state["shelves"][0, :, task.layout.places] > 0).all()
    assert ((state["shelves"] > 0).sum(-1) == len(task.layout.places)).all()
    assert (state["load"] == 0).all()


def test_new_requests_are_any_shelf_that_is_not_requested() -> None:
    """Each as often as any other, the one that the other agent carries too, but never the one just delivered."""
    episodes = 6000
    task = opened("tiny-2ag", 1, episodes)
    state = near_deliveries(task)
    state["pose"][..., 0] = 4 * task.layout.goals[0]
    spare = (state["shelves"] == SHELF).to(torch.int64).argmax(-1, keepdim=True)
    state["shelves"].scatter_(-1, spare, 0)
    state["load"][..., 1], state["pose"][..., 1] = SHELF, 0
    task.load_state_dict(state)
    assert (task.step(torch.zeros_like(state["pose"])).reward == 1).all()
    after = task.state_dict()
    new = (after["shelves"] == WANTED) & (state["shelves"] != WANTED)
    carried = after["load"][0, :, 1] == WANTED
    assert (new.sum(-1) + carried == 1).all()
    assert not (after["load"][0, :, 0] & 2).any()
    expected = episodes / 30  # of 32 shelves one was requested before, and one has just been delivered
    assert abs(carried.sum() - expected) < 5 * expected**0.5
    shares = new[0].sum(0) / (state["shelves"][0] == SHELF).sum(0).clamp(min=1)
    assert (shares[task.layout.places][3:] * 30 - 1).abs().max() < 0.4


def test_restart_touches_only_lanes_that_are_done() -> None:
    """The others keep every bit of their state; those that are done begin the next episode of their key."""
    task = opened("tiny-2ag", 2, 3)
    for action in random_actions(task, 2, 3, 4):
        task.step(action)
    before = dict(task.state_dict())
    done = torch.tensor([[True, False, False], [False, False, True]])
    task.restart(done)
    after = task.state_dict()
    for name, tensor in before.items():
        assert tensor.dtype == torch.int64
        assert torch.equal(tensor[~done], after[name][~done])
    assert after["episode"].tolist() == [[1, 0, 0], [0, 0, 1]]
    assert (after["time"][done] == 0).all()
    assert torch.equal(after["keys"], before["keys"])


def test_an_episode_depends_on_its_key_and_number_alone() -> None:
    """Episode n of a key begins the same whatever came before it, and whoever shares the batch."""
    together, alone = opened("small-4ag", 2, 4), opened("small-4ag", 1, 1)
    alone.reset(together.state_dict()["keys"][1, 2].view(1, 1))
    everywhere = torch.ones((2, 4), dtype=torch.bool)
    for action in random_actions(together, 2, 4, 7):
        together.step(action)
    together.restart(everywhere)
    alone.restart(everywhere[:1, :1])
    assert torch.equal(together.view().state[1, 2], alone.view().state[0, 0])
    first = together.view().observations
    together.restart(everywhere)
    assert not torch.equal(together.view().observations, first)


@pytest.mark.parametrize("layout", ["tiny-2ag-hard", "tiny-4ag", "tiny-7ag"])
def test_a_replica_does_not_depend_on_the_others(layout: str) -> None:
    """A replica's trajectory in a batch of four is the same replica's trajectory alone, deliveries included."""
    task = opened(layout, 4, 5)
    task.load_state_dict(near_deliveries(task))
    single = Warehouse(layout, replicas=1, environments=5)
    single.load_state_dict({name: tensor[2:3] for name, tensor in task.state_dict().items()})
    actions = random_actions(task, 4, 5, 70)
    for number in range(3):
        actions[number][..., 0] = 1
    seen = play(task, actions)
    for ours, theirs in zip(play(single, [action[2:3] for action in actions]), seen, strict=True):
        assert torch.equal(ours[0], theirs[2])
    assert sum(reward.sum() for reward in seen[2::5]) >= 10


@pytest.mark.slow
def test_a_restored_task_continues_bit_for_bit() -> None:
    """What follows a state is the same in the task that it was taken from and in a new one, features included."""
    task = opened("tiny-4ag", 2, 6)
    task.load_state_dict(near_deliveries(task))
    actions = random_actions(task, 2, 6, 120)
    for number in range(3):
        actions[number][..., 0] = 1
    play(task, actions[:2])
    task.step(actions[2])
    state = {name: tensor.clone() for name, tensor in task.state_dict().items()}
    assert all(tensor.shape[0] == 2 for tensor in state.values())
    assert state["delivered"].any()
    other = Warehouse("tiny-4ag", replicas=2, environments=6)
    other.load_state_dict(state)
    names = tuple(feature.name for feature in task.card.features)
    ours, theirs = task.features(names), other.features(names)
    assert all(torch.equal(ours[name], theirs[name]) for name in names)
    for first, second in zip(play(task, actions[3:]), play(other, actions[3:]), strict=True):
        assert torch.equal(first, second)


def test_a_state_is_never_changed_in_place() -> None:
    """What `state_dict` and `moment` gave stays as it was while the task goes on."""
    task = opened("tiny-2ag", 1, 4)
    task.load_state_dict(near_deliveries(task))
    kept, copies = [], []
    for action in random_actions(task, 1, 4, 60):
        action[..., 0] = 1
        parts = [*task.state_dict().values(), *task.moment(("request_distance",))]
        kept += parts
        copies += [part.clone() for part in parts]
        outcome = task.step(action)
        task.restart(outcome.truncated)
    assert all(torch.equal(part, copy) for part, copy in zip(kept, copies, strict=True))


@pytest.mark.slow
def test_the_time_limit_truncates() -> None:
    """An episode is cut after 500 env_steps, and never terminated."""
    task = opened("tiny-2ag", 1, 4)
    for number in range(1, EPISODE_LIMIT + 1):
        outcome = task.step(purposeful_actions(task) if number < 100 else torch.zeros((1, 4, 2), dtype=torch.int64))
        assert not outcome.terminated.any()
        assert outcome.truncated.all() == outcome.truncated.any() == (number == EPISODE_LIMIT)
