"""Episodes of the native foraging task: how they begin, end, and depend on their keys alone."""

import gymnasium
import lbforaging  # noqa: F401  (registers the package's environments)
import numpy as np
import pytest
import torch
from torch import Tensor

from also.errors import TaskError
from also.services.trainer.streams import mix
from also.services.trainer.tasks.foraging.layout import EPISODE_LIMIT
from also.services.trainer.tasks.foraging.tables import LEVEL_BITS, LEVEL_MASK
from also.services.trainer.tasks.foraging.task import LOAD, Foraging


def opened(layout: str, replicas: int, environments: int, seed: int = 1) -> Foraging:
    """A task whose episodes have begun."""
    task = Foraging(layout, replicas=replicas, environments=environments)
    task.reset(mix(torch.arange(replicas * environments).view(replicas, environments), seed))
    return task


def random_actions(task: Foraging, replicas: int, environments: int, steps: int) -> list[Tensor]:
    """The same random actions for every caller."""
    generator = torch.Generator().manual_seed(2)
    shape = (replicas, environments, task.layout.agents)
    return [torch.randint(0, 6, shape, generator=generator) for _ in range(steps)]


def play(task: Foraging, actions: list[Tensor]) -> list[Tensor]:
    """Step, begin new episodes where some end, and return what was seen."""
    seen = []
    for action in actions:
        outcome = task.step(action)
        task.restart(outcome.terminated | outcome.truncated)
        view = task.view()
        seen += [view.observations, view.state, outcome.reward, outcome.terminated, outcome.truncated]
    return seen


def chi_square(first: np.ndarray, second: np.ndarray) -> tuple[float, int]:
    """Two-sample chi-square statistic of counts over the same categories, and its degrees of freedom."""
    used = first + second >= 10
    first, second = first[used].astype(float), second[used].astype(float)
    scale = np.sqrt(second.sum() / first.sum())
    return float(((first * scale - second / scale) ** 2 / (first + second)).sum()), int(used.sum()) - 1


def starts_of_the_package(name: str, episodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Cells and levels of (agents, foods in the order of cells) at the start of the package's episodes."""
    env = gymnasium.make(name, disable_env_checker=True).unwrapped
    env.reset(seed=1)
    cells, levels = [], []
    for _ in range(episodes):
        env.field = np.zeros(env.field_size, np.int32)
        for player in env.players:
            player.position = None
        env.spawn_players(env.min_player_level, env.max_player_level)
        lowest = sum(sorted(player.level for player in env.players)[:3])
        env.spawn_food(env.max_num_food, env.min_food_level, np.array([lowest] * env.max_num_food))
        rows, columns = env.field.nonzero()
        agents = [row * env.cols + column for row, column in (player.position for player in env.players)]
        cells.append([*agents, *(rows * env.cols + columns)])
        levels.append([*(player.level for player in env.players), *env.field[rows, columns]])
    return np.array(cells), np.array(levels)


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["5x5-2p-1f", "6x6-3p-2f", "6x6-2p-2f-coop"])
def test_episodes_begin_as_the_package_draws_them(layout: str) -> None:
    """Cells of agents, joint cells of foods, and levels have the package's distribution."""
    episodes = 4000
    task = opened(layout, 1, 4 * episodes)
    state = {name: tensor[0].numpy() for name, tensor in task.state_dict().items()}
    ours_cells = np.concatenate((state["cell"], state["foods"] >> LEVEL_BITS), axis=1)
    ours_levels = np.concatenate((state["level"], state["foods"] & LEVEL_MASK), axis=1)
    cells, levels = starts_of_the_package(f"Foraging-{layout}-v3", episodes)
    agents, count = task.layout.agents, task.layout.size**2
    for agent in range(agents):
        compare(cells[:, agent], ours_cells[:, agent], count)
    compare(cells[:, 0] * count + cells[:, 1], ours_cells[:, 0] * count + ours_cells[:, 1], count**2)
    joint = count ** np.arange(task.layout.foods)
    compare(cells[:, agents:] @ joint, ours_cells[:, agents:] @ joint, count**task.layout.foods)
    joint = 8 ** np.arange(levels.shape[1])
    compare(levels @ joint, ours_levels @ joint, 8 ** levels.shape[1])


def compare(theirs: np.ndarray, ours: np.ndarray, categories: int) -> None:
    """Require that two samples of categories may be of one distribution, and cover the same categories."""
    first, second = np.bincount(theirs, minlength=categories), np.bincount(ours, minlength=categories)
    statistic, degrees = chi_square(first, second)
    assert statistic < degrees + 5 * np.sqrt(2 * degrees) + 5
    assert not ((first > 20) & (second == 0)).any()
    assert not ((second > 80) & (first == 0)).any()


def test_a_crowded_field_has_as_many_foods_as_fit() -> None:
    """Where no cell is free the package gives up; fewer foods then count, and the return still reaches 1."""
    task = opened("5x5-9p-4f", 1, 500)
    state = task.state_dict()
    levels = (state["foods"] & LEVEL_MASK) * ((state["foods"] >> LEVEL_BITS) < 25)
    assert set(state["food_count"].unique().tolist()) <= {0, 1, 2}
    assert torch.equal(levels.sum(-1), state["food_levels"])
    assert torch.equal((levels > 0).sum(-1), state["food_count"])


def test_restart_touches_only_lanes_that_are_done() -> None:
    """The others keep every bit of their state; those that are done begin the next episode of their key."""
    task = opened("8x8-2p-2f", 2, 3)
    for action in random_actions(task, 2, 3, 4):
        task.step(action)
    before = dict(task.state_dict())
    done = torch.tensor([[True, False, False], [False, False, True]])
    task.restart(done)
    after = task.state_dict()
    for name, tensor in before.items():
        assert torch.equal(tensor[~done], after[name][~done])
    assert after["episode"].tolist() == [[1, 0, 0], [0, 0, 1]]
    assert (after["time"][done] == 0).all()
    assert torch.equal(after["keys"], before["keys"])


def test_an_episode_depends_on_its_key_and_number_alone() -> None:
    """Episode n of a key begins the same whatever came before it, and whoever shares the batch."""
    together, alone = opened("10x10-3p-3f", 2, 4), opened("10x10-3p-3f", 1, 1)
    key = together.state_dict()["keys"][1, 2].view(1, 1)
    alone.reset(key)
    everywhere = torch.ones((2, 4), dtype=torch.bool)
    for action in random_actions(together, 2, 4, 7):
        together.step(action)
    together.restart(everywhere)
    alone.restart(everywhere[:1, :1])
    assert torch.equal(together.view().observations[1, 2], alone.view().observations[0, 0])
    first = together.view().observations
    together.restart(everywhere)
    assert not torch.equal(together.view().observations, first)


@pytest.mark.parametrize("layout", ["8x8-2p-2f", "2s-8x8-3p-2f-coop"])
def test_a_replica_does_not_depend_on_the_others(layout: str) -> None:
    """A replica's trajectory in a batch of four is the same replica's trajectory alone."""
    task = opened(layout, 4, 5)
    actions = random_actions(task, 4, 5, 70)
    seen = play(task, actions)
    alone = opened(layout, 4, 5)
    state = {name: tensor[2:3] for name, tensor in alone.state_dict().items()}
    single = Foraging(layout, replicas=1, environments=5)
    single.load_state_dict(state)
    for ours, theirs in zip(play(single, [action[2:3] for action in actions]), seen, strict=True):
        assert torch.equal(ours[0], theirs[2])


def test_a_restored_task_continues_bit_for_bit() -> None:
    """What follows a state is the same in the task that it was taken from and in a new one, features included."""
    task = opened("8x8-3p-3f", 2, 6)
    actions = random_actions(task, 2, 6, 120)
    play(task, actions[:23])
    task.step(actions[23])
    state = {name: tensor.clone() for name, tensor in task.state_dict().items()}
    assert all(tensor.shape[0] == 2 for tensor in state.values())
    other = Foraging("8x8-3p-3f", replicas=2, environments=6)
    other.load_state_dict(state)
    names = tuple(feature.name for feature in task.card.features)
    ours, theirs = task.features(names), other.features(names)
    assert all(torch.equal(ours[name], theirs[name]) for name in names)
    for first, second in zip(play(task, actions[24:]), play(other, actions[24:]), strict=True):
        assert torch.equal(first, second)


def test_the_time_limit_truncates() -> None:
    """An episode in which nothing is eaten is cut after 50 env_steps, and is not terminated."""
    task = opened("8x8-2p-2f-coop", 1, 4)
    idle = torch.zeros((1, 4, 2), dtype=torch.int64)
    for number in range(1, EPISODE_LIMIT + 1):
        outcome = task.step(idle)
        assert not outcome.terminated.any()
        assert outcome.truncated.all() == (number == EPISODE_LIMIT)


def beside_first_food(task: Foraging, *, time: int) -> dict[str, Tensor]:
    """The state of a task in which all agents stand around the first food, the only one that is left."""
    state = dict(task.state_dict())
    foods = state["foods"].clone()
    foods[..., 1:] = (task.layout.size**2 << LEVEL_BITS) + LEVEL_MASK
    offsets = torch.tensor([-1, 1, task.layout.size, -task.layout.size])[: task.layout.agents]
    cell = (foods[..., :1] >> LEVEL_BITS) + offsets
    return state | {
        "foods": foods,
        "foods_before": foods,
        "cell": cell,
        "cell_before": cell,
        "time": torch.full_like(state["time"], time),
    }


@pytest.mark.parametrize("time", [0, EPISODE_LIMIT - 1])
def test_eating_the_last_food_terminates(time: int) -> None:
    """Also in the last env_step: an episode is never both terminated and truncated."""
    task = opened("8x8-2p-2f-coop", 1, 16)
    task.load_state_dict(beside_first_food(task, time=time))
    outcome = task.step(torch.full((1, 16, 2), LOAD))
    assert outcome.terminated.all()
    assert not outcome.truncated.any()
    assert torch.allclose(outcome.reward, torch.tensor(0.5))


@pytest.mark.parametrize(
    "layout",
    ["", "8x8", "8x9-2p-2f", "4x4-2p-2f", "20x20-2p-2f", "8x8-1p-2f", "8x8-2p-6f", "3s-8x8-2p-2f", "8x8-2p-2f-v3"],
)
def test_unknown_layouts_are_refused(layout: str) -> None:
    """The error names the layout and the rule."""
    with pytest.raises(TaskError, match=r"layout '.*' .* not allowed; allowed are \[2s-\]NxN-Ap-Ff\[-coop\]"):
        Foraging(layout, replicas=1, environments=1)
