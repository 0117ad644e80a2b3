"""The native task and the published package, side by side: equal states, equal actions, equal outcomes."""

import re
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import pytest
import rware  # noqa: F401  (registers the package's environments)
import torch
from rware.warehouse import Direction, Shelf
from rware.warehouse import Warehouse as PublishedWarehouse

from also.errors import TaskError
from also.services.trainer.streams import mix
from also.services.trainer.tasks.warehouse import ties as warehouse_ties
from also.services.trainer.tasks.warehouse.layout import EPISODE_LIMIT, parse_layout
from also.services.trainer.tasks.warehouse.tables import FORWARD, REQUESTED, SHELF, SPENT, WANTED
from also.services.trainer.tasks.warehouse.task import Warehouse
from also.services.trainer.tasks.warehouse.traffic import Traffic
from tests.tasks.warehouse_team import purposeful_actions

CASES = [
    ("tiny-2ag", 6, {"queue"}),
    ("tiny-2ag-hard", 4, set()),
    ("tiny-4ag", 4, {"queue"}),
    ("small-4ag", 2, {"queue"}),
    ("medium-3ag-easy", 1, set()),
    ("tiny-8ag-hard", 1, {"queue"}),
    ("large-5ag", 1, set()),
]
"""Layout, episodes, and what must happen in them besides everything that always must."""

ALWAYS = {"loaded", "put down", "delivered", "blocked", "blocked by a shelf", "stands still on a goal"}


class Draws:
    """Stands where the package keeps its generator: it requests the shelf that the native task has requested."""

    def __init__(self) -> None:
        self.wanted: set[int] = set()
        self.first: int | None = None

    def choice(self, candidates: Sequence[Shelf]) -> Shelf:
        """The shelf among the candidates; `first` once, if it is set, then any of `wanted`."""
        cells, self.first = ({self.first} if self.first is not None else self.wanted), None
        return next(shelf for shelf in candidates if self.cell(shelf) in cells)

    def cell(self, entity: Any) -> int:
        """Number of the cell of a shelf or an agent; the width is set with the layout."""
        return int(entity.y) * self.width + int(entity.x)

    width = 0


def published(layout: str) -> PublishedWarehouse:
    """The package's own environment of a layout, by its registered name."""
    env = gymnasium.make(f"rware-{layout}-v2", disable_env_checker=True).unwrapped
    assert isinstance(env, PublishedWarehouse)
    env.reset(seed=0)
    env.np_random = Draws()
    env.np_random.width = env.grid_size[1]
    return env


def copy_state(state: dict[str, torch.Tensor], lane: int, env: PublishedWarehouse) -> None:
    """Put one environment of a native task (R = 1) into the package's environment."""
    width = env.grid_size[1]
    shelves, poses, loads = (state[name][0, lane].tolist() for name in ("shelves", "pose", "load"))
    spots = [(cell, kind, None) for cell, kind in enumerate(shelves) if kind]
    spots += [(pose // 4, load, number) for number, (pose, load) in enumerate(zip(poses, loads, strict=True)) if load]
    assert len(spots) == len(env.shelfs)
    for agent, pose in zip(env.agents, poses, strict=True):
        agent.y, agent.x = divmod(pose // 4, width)
        agent.dir, agent.carrying_shelf = Direction(pose % 4), None
    env.request_queue = []
    for shelf, (cell, kind, carrier) in zip(env.shelfs, spots, strict=True):
        shelf.y, shelf.x = divmod(cell, width)
        if kind & REQUESTED:
            env.request_queue.append(shelf)
        if carrier is not None:
            env.agents[carrier].carrying_shelf = shelf
    env._cur_steps = 0
    env._recalc_grid()


def tell(draws: Draws, env: PublishedWarehouse, state: dict[str, torch.Tensor], lane: int) -> None:
    """Say what the native task has requested, and which shelf was requested and delivered in the same env_step."""
    shelves, poses, loads, delivered = (
        state[name][0, lane].tolist() for name in ("shelves", "pose", "load", "delivered")
    )
    standing = {cell for cell, kind in enumerate(shelves) if kind & REQUESTED}
    carried = {pose // 4 for pose, load in zip(poses, loads, strict=True) if load & REQUESTED}
    draws.wanted, draws.first = standing | carried, None
    for agent, pose, done in zip(env.agents, poses, delivered, strict=True):
        if done and agent.carrying_shelf not in env.request_queue:
            draws.first = pose // 4


def assert_same(env: PublishedWarehouse, state: dict[str, torch.Tensor], lane: int) -> None:
    """Require that agents, shelves and requests are where the package has them."""
    shelves, poses, loads = (state[name][0, lane].tolist() for name in ("shelves", "pose", "load"))
    cell = env.np_random.cell
    assert poses == [4 * cell(agent) + agent.dir.value for agent in env.agents]
    assert [load > 0 for load in loads] == [agent.carrying_shelf is not None for agent in env.agents]
    found = dict.fromkeys(range(len(shelves)), 0) | {cell(s): SHELF for s in env.shelfs}
    found |= {cell(s): WANTED for s in env.request_queue}
    for pose, load in zip(poses, loads, strict=True):
        if load:
            shelves[pose // 4] = load & WANTED
    assert shelves == list(found.values())


def events(
    env: PublishedWarehouse, before: list[tuple[int, int, bool]], actions: list[int], rewards: list[float]
) -> set:
    """What of interest happened in one env_step of the package's environment."""
    after = [(agent.x, agent.y, agent.carrying_shelf is not None) for agent in env.agents]
    still = [a[:2] == b[:2] and act == FORWARD for a, b, act in zip(after, before, actions, strict=True)]
    vacated = {b[:2] for a, b in zip(after, before, strict=True) if a[:2] != b[:2]}
    happened = {
        "loaded": any(a[2] and not b[2] for a, b in zip(after, before, strict=True)),
        "put down": any(b[2] and not a[2] for a, b in zip(after, before, strict=True)),
        "delivered": sum(rewards) > 0,
        "blocked": any(still),
        "blocked by a shelf": any(moved and b[2] for moved, b in zip(still, before, strict=True)),
        "queue": any(a[:2] in vacated and a[:2] != b[:2] for a, b in zip(after, before, strict=True)),
        "stands still on a goal": any((a[0], a[1]) in env.goals and a == b for a, b in zip(after, before, strict=True)),
    }
    return {name for name, true in happened.items() if true}


@pytest.mark.slow
@pytest.mark.parametrize(("layout", "episodes", "expected"), CASES, ids=[case[0] for case in CASES])
def test_warehouse_equals_the_package_step_for_step(layout: str, episodes: int, expected: set[str]) -> None:
    """Observations, rewards, ends, positions, loads and requests agree at every env_step of every episode."""
    task = Warehouse(layout, replicas=1, environments=episodes)
    task.reset(mix(torch.arange(episodes).unsqueeze(0), 12))
    envs = [published(layout) for _ in range(episodes)]
    for lane, env in enumerate(envs):
        copy_state(task.state_dict(), lane, env)
    generator = torch.Generator().manual_seed(5)
    happened: set[str] = set()
    for number in range(1, EPISODE_LIMIT + 1):
        actions = purposeful_actions(task)
        at_random = torch.randint(0, 5, actions.shape, generator=generator)
        actions = torch.where(torch.rand(actions.shape, generator=generator) < 0.15, at_random, actions)
        outcome, view, state = task.step(actions), task.view(), task.state_dict()
        for lane, env in enumerate(envs):
            before = [(agent.x, agent.y, agent.carrying_shelf is not None) for agent in env.agents]
            tell(env.np_random, env, state, lane)
            wanted = actions[0, lane].tolist()
            observations, rewards, done, _, _ = env.step(wanted)
            assert np.array_equal(view.observations[0, lane].numpy(), np.stack(observations))
            assert state["delivered"][0, lane].tolist() == rewards
            assert outcome.reward[0, lane].item() == sum(rewards)
            assert outcome.truncated[0, lane].item() == done == (number == EPISODE_LIMIT)
            assert not outcome.terminated[0, lane]
            assert_same(env, state, lane)
            happened |= events(env, before, wanted, rewards)
    assert happened >= ALWAYS | expected


def crowded(layout: str, lanes: int, seed: int) -> dict[str, torch.Tensor]:
    """Environments whose agents stand close together, face anywhere, and carry shelves or not, as a task's state."""
    task = Warehouse(layout, replicas=1, environments=lanes)
    task.reset(mix(torch.arange(lanes).unsqueeze(0), seed))
    width, height, agents = task.layout.width, task.layout.height, task.layout.agents
    generator = torch.Generator().manual_seed(seed)
    state = {name: tensor.clone() for name, tensor in task.state_dict().items()}
    side = 2 + int(agents**0.5)
    for lane in range(lanes):
        row = int(torch.randint(0, height - side + 1, (), generator=generator))
        column = int(torch.randint(0, width - side + 1, (), generator=generator))
        square = [(row + i // side) * width + column + i % side for i in range(side * side)]
        cells = torch.tensor(square)[torch.randperm(side * side, generator=generator)[:agents]]
        state["pose"][0, lane] = 4 * cells + torch.randint(0, 4, (agents,), generator=generator)
        standing = state["shelves"][0, lane].nonzero().squeeze(-1)
        carriers = torch.rand(agents, generator=generator) < 0.3
        spare = [cell for cell in standing.tolist() if cell not in cells.tolist()]
        for number, carries in enumerate(carriers.tolist()):
            taken = int(cells[number]) if int(cells[number]) in standing.tolist() else spare.pop()
            if carries:
                state["load"][0, lane, number] = state["shelves"][0, lane, taken]
                state["shelves"][0, lane, taken] = 0
    return state


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layout", "lanes"),
    [
        ("tiny-2ag", 400),
        ("small-3ag", 400),
        ("tiny-4ag", 1200),
        ("small-5ag", 1000),
        ("tiny-6ag", 600),
        ("small-12ag", 200),
    ],
)
def test_a_crowd_moves_as_in_the_package(layout: str, lanes: int) -> None:
    """One env_step from states where agents stand close: rings, queues, ties, swaps and walls."""
    state = crowded(layout, lanes, 7)
    task = Warehouse(layout, replicas=1, environments=lanes)
    task.load_state_dict(state)
    generator = torch.Generator().manual_seed(3)
    actions = torch.randint(0, 5, state["pose"].shape, generator=generator)
    actions = torch.where(torch.rand(actions.shape, generator=generator) < 0.85, FORWARD, actions)
    outcome = task.step(actions)
    after, env = task.state_dict(), published(layout)
    for lane in range(lanes):
        copy_state(state, lane, env)
        tell(env.np_random, env, after, lane)
        _, rewards, _, _, _ = env.step(actions[0, lane].tolist())
        assert_same(env, after, lane)
        assert outcome.reward[0, lane].item() == sum(rewards)


@pytest.mark.slow
@pytest.mark.parametrize("agents", [4, 5, 9])
def test_tables_of_ties_and_the_written_out_rule_agree(agents: int) -> None:
    """Agents of a small square, all walking: tensors and plain Python come to the same, also where a set decides."""
    layout = parse_layout(f"tiny-{agents}ag")
    generator = torch.Generator().manual_seed(agents)
    lanes, side = 3000, 2 + int(agents**0.5)
    order = torch.rand(lanes, side * side, generator=generator).argsort(-1)[:, :agents]
    start = (order // side + 2) * layout.width + order % side + 3
    direction = torch.randint(0, 4, start.shape, generator=generator)
    target = start + torch.tensor([-layout.width, layout.width, -1, 1])[direction]
    traffic, pose = Traffic(layout, torch.device("cpu")), 4 * start + direction
    moving = traffic.moving(start.unsqueeze(0), target.unsqueeze(0), pose.unsqueeze(0))
    table, by_set = warehouse_ties.pair_table(layout), 0
    for lane in range(lanes):
        starts, targets = ([divmod(cell, layout.width)[::-1] for cell in row[lane].tolist()] for row in (start, target))
        walks = warehouse_ties.movers(starts, targets)
        assert moving[0, lane].tolist() == walks
        for later in range(agents):
            earlier = [n for n in range(later) if targets[n] == targets[later]]
            by_set += walks[later] and any(not walks[n] for n in earlier)
    assert table.any()
    assert by_set > 20


def test_a_shelf_that_is_requested_on_the_other_goal_is_delivered_at_once() -> None:
    """The first goal's new request is the shelf that waits on the second: the package delivers both in one env_step."""
    lanes = 400
    task = Warehouse("tiny-2ag", replicas=1, environments=lanes)
    task.reset(mix(torch.arange(lanes).unsqueeze(0), 2))
    state = {name: tensor.clone() for name, tensor in task.state_dict().items()}
    for lane in range(lanes):
        wanted, other = ((state["shelves"][0, lane] == kind).nonzero()[0] for kind in (WANTED, SHELF))
        state["shelves"][0, lane, wanted], state["shelves"][0, lane, other] = 0, 0
    state["load"] = torch.tensor([WANTED, SPENT]).expand(1, lanes, 2)
    state["pose"] = (4 * torch.tensor(task.layout.goals)).expand(1, lanes, 2)
    task.load_state_dict(state)
    both = task.step(torch.zeros((1, lanes, 2), dtype=torch.int64)).reward[0] == 2
    after, env = task.state_dict(), published("tiny-2ag")
    assert 3 <= both.sum() <= 30
    assert (after["deliveries"][0] == 1 + both).all()
    for lane in range(40):
        copy_state(state, lane, env)
        tell(env.np_random, env, after, lane)
        _, rewards, _, _, _ = env.step([0, 0])
        assert after["delivered"][0, lane].tolist() == rewards
        assert_same(env, after, lane)


def test_every_registered_name_is_a_layout_or_is_refused_for_a_reason() -> None:
    """Each flat name of the package is read as the arguments that it registers; only unplayable ones are refused."""
    names = [name for name in gymnasium.registry if re.fullmatch(r"rware-[a-z]+-\d+ag(-easy|-hard)?-v2", name)]
    assert len(names) == 4 * 3 * 19
    refused = set()
    for name in names:
        kwargs = gymnasium.registry[name].kwargs
        try:
            layout = parse_layout(name.removeprefix("rware-").removesuffix("-v2"))
        except TaskError:
            refused.add(name)
            continue
        assert (layout.block_rows, layout.block_columns) == (kwargs["shelf_rows"], kwargs["shelf_columns"])
        assert (layout.agents, layout.requests) == (kwargs["n_agents"], kwargs["request_queue_size"])
        assert kwargs["max_steps"] == EPISODE_LIMIT
    alone = {name for name in names if "-1ag" in name and not re.search(r"-1\dag", name)}
    assert refused == alone | {f"rware-tiny-{agents}ag-easy-v2" for agents in range(16, 20)}
    env = published("small-4ag")
    layout = parse_layout("small-4ag")
    assert [env.np_random.cell(shelf) for shelf in env.shelfs] == layout.places
    assert [row * layout.width + column for column, row in env.goals] == list(layout.goals)
