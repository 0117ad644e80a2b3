"""The native task and the published package, side by side: equal states, equal actions, equal outcomes."""

import re
from collections.abc import Iterator

import gymnasium
import lbforaging  # noqa: F401  (registers the package's environments)
import numpy as np
import pytest
import torch
from lbforaging.foraging.environment import ForagingEnv

from also.services.trainer.streams import mix
from also.services.trainer.tasks.foraging.layout import parse_layout
from also.services.trainer.tasks.foraging.tables import LEVEL_BITS, LEVEL_MASK
from also.services.trainer.tasks.foraging.task import EAST, LOAD, NORTH, SOUTH, WEST, Foraging
from also.services.trainer.tasks.vector_task import Outcome

CASES = [
    ("8x8-2p-2f-coop", 60, {"joint load", "terminated", "truncated"}),
    ("8x8-2p-2f", 60, {"joint load", "lone load", "terminated", "truncated"}),
    ("10x10-3p-3f-coop", 40, {"joint load", "overlap", "truncated"}),
    ("2s-10x10-3p-3f", 40, {"joint load", "lone load", "overlap", "terminated", "truncated"}),
    ("2s-8x8-2p-2f-coop", 40, {"joint load", "terminated", "truncated"}),
    ("5x5-4p-2f", 80, {"joint load", "lone load", "overlap", "two foods at once", "terminated", "truncated"}),
    ("2s-6x6-5p-3f-coop", 60, {"joint load", "overlap", "two foods at once", "terminated", "truncated"}),
    ("8x8-2p-2f-coop-pen", 60, {"joint load", "failed load", "terminated", "truncated"}),
    ("2s-6x6-5p-3f-pen", 60, {"joint load", "failed load", "two foods at once", "terminated", "truncated"}),
    ("5x5-9p-4f", 40, {"joint load", "lone load", "overlap", "two foods at once", "terminated"}),
]
"""Layout, episodes, and what must happen in them, so that no rule goes untried."""


def published(layout: str) -> ForagingEnv:
    """The package's own environment of a layout, by its registered name; penalties are arguments, as it has them."""
    sight, rest = ("-2s", layout.removeprefix("2s-")) if layout.startswith("2s-") else ("", layout)
    penalty = {"penalty": 0.1} if rest.endswith("-pen") else {}
    name = f"Foraging{sight}-{rest.removesuffix('-pen')}-v3"
    env = gymnasium.make(name, disable_env_checker=True, **penalty).unwrapped
    assert isinstance(env, ForagingEnv)
    env.reset(seed=0)
    return env


def copy_state(task: Foraging, lane: int, env: ForagingEnv) -> None:
    """Put one environment of a new task (R = 1) into the package's environment."""
    state = {name: tensor[0, lane] for name, tensor in task.state_dict().items()}
    size = task.layout.size
    env.field = np.zeros((size, size), np.int32)
    for code in state["foods"].tolist():
        cell, level = code >> LEVEL_BITS, code & LEVEL_MASK
        if cell < size * size:
            env.field[cell // size, cell % size] = level
    for player, cell, level in zip(env.players, state["cell"].tolist(), state["level"].tolist(), strict=True):
        player.setup((cell // size, cell % size), level, env.field_size)
    env._food_spawned = env.field.sum()
    env.current_step = 0
    env._game_over = False
    env._gen_valid_moves()


def eager_actions(task: Foraging, generator: torch.Generator) -> torch.Tensor:
    """Actions, (1, E, A), half random and half towards the first food, which is loaded when reached."""
    state, size = task.state_dict(), task.layout.size
    own, food = state["cell"], (state["foods"][..., :1] >> LEVEL_BITS)
    rows, columns = food // size - own // size, food % size - own % size
    vertical = torch.where(rows < 0, NORTH, SOUTH)
    horizontal = torch.where(columns < 0, WEST, EAST)
    towards = torch.where(rows.abs() > columns.abs(), vertical, horizontal)
    beside = task.features(("adjacent_to_food",))["adjacent_to_food"] > 0
    chosen = torch.where(beside, LOAD, towards)
    at_random = torch.randint(0, 6, own.shape, generator=generator)
    return torch.where(torch.rand(own.shape, generator=generator) < 0.5, chosen, at_random)


def played(layout: str, episodes: int) -> Iterator[tuple[Foraging, list[ForagingEnv], torch.Tensor, Outcome]]:
    """Play `episodes` environments of both implementations side by side, one env_step at a time."""
    task = Foraging(layout, replicas=1, environments=episodes)
    task.reset(mix(torch.arange(episodes).unsqueeze(0), 11))
    envs = [published(layout) for _ in range(episodes)]
    for lane, env in enumerate(envs):
        copy_state(task, lane, env)
    generator = torch.Generator().manual_seed(5)
    for _ in range(50):
        actions = eager_actions(task, generator)
        yield task, envs, actions, task.step(actions)


def events(
    env: ForagingEnv, before: list[tuple[int, int]], foods: int, actions: list[int], rewards: list[float]
) -> set:
    """What of interest happened in one env_step of the package's environment."""
    after = [player.position for player in env.players]
    loaders = sum(reward > 0 for reward in rewards)
    happened = {
        "blocked": any(a == b and 1 <= act <= 4 for a, b, act in zip(after, before, actions, strict=True)),
        "overlap": len(set(after)) < len(after),
        "lone load": loaders == 1,
        "failed load": any(reward < 0 for reward in rewards),
        "joint load": loaders > 1,
        "two foods at once": foods - np.count_nonzero(env.field) > 1,
    }
    return {name for name, true in happened.items() if true}


@pytest.mark.slow
@pytest.mark.parametrize(("layout", "episodes", "expected"), CASES, ids=[case[0] for case in CASES])
def test_foraging_equals_the_package_step_for_step(layout: str, episodes: int, expected: set[str]) -> None:
    """Observations, rewards, ends and positions agree at every env_step of every episode."""
    happened: set[str] = set()
    running = [True] * episodes
    for task, envs, actions, outcome in played(layout, episodes):
        view, state = task.view(), task.state_dict()
        for lane, env in enumerate(envs):
            if not running[lane]:
                continue
            before, foods = [player.position for player in env.players], np.count_nonzero(env.field)
            wanted = actions[0, lane].tolist()
            observations, rewards, done, _, _ = env.step(wanted)
            terminated, truncated = bool(outcome.terminated[0, lane]), bool(outcome.truncated[0, lane])
            assert np.array_equal(view.observations[0, lane].numpy(), np.stack(observations))
            assert outcome.reward[0, lane].item() == pytest.approx(sum(rewards), abs=1e-6)
            assert (terminated or truncated) == done
            assert terminated == (env.field.sum() == 0)
            cells = [row * env.cols + column for row, column in (player.position for player in env.players)]
            assert state["cell"][0, lane].tolist() == cells
            running[lane] = not done
            happened |= events(env, before, foods, wanted, rewards)
            happened |= {name for name, true in (("terminated", terminated), ("truncated", truncated)) if true}
        if not any(running):
            break
    assert not any(running)
    assert happened >= expected | {"blocked"}


def test_initial_observations_equal_the_package() -> None:
    """The first observation of an episode is the package's, at every sight."""
    for layout in ("10x10-3p-3f", "2s-10x10-3p-3f", "2s-5x5-6p-2f-coop"):
        task = Foraging(layout, replicas=1, environments=100)
        task.reset(mix(torch.arange(100).unsqueeze(0), 3))
        observations, env = task.view().observations, published(layout)
        for lane in range(100):
            copy_state(task, lane, env)
            assert np.array_equal(observations[0, lane].numpy(), np.stack(env.test_make_gym_obs()))


def test_every_registered_name_is_a_layout() -> None:
    """Each name that the package registers is read as the arguments that it registers."""
    names = [name for name in gymnasium.registry if re.fullmatch(r"Foraging(-2s)?-\d.*-v3", name)]
    assert len(names) == 15 * 8 * 4 * 4
    for name in names:
        layout_name = name.removeprefix("Foraging-").removesuffix("-v3")
        kwargs = gymnasium.registry[name].kwargs
        layout = parse_layout(layout_name)
        assert (layout.size, layout.size) == kwargs["field_size"]
        assert (layout.agents, layout.foods) == (kwargs["players"], kwargs["max_num_food"])
        assert (layout.sight, layout.cooperative) == (kwargs["sight"], kwargs["force_coop"])
        assert kwargs["penalty"] == 0
        assert not layout.penalised
        assert parse_layout(f"{layout_name}-pen").penalised
