"""An episode on a grid and one in a plane, by hand, with every kind of item."""

import base64
import zlib

import pytest

from also.v1.episode_pb2 import Episode, EpisodeChoice, Frame, Ground, Heading, Item, ItemKind, Picture, Scene

ROUND = (ItemKind.ITEM_KIND_LANDMARK, ItemKind.ITEM_KIND_PREY, ItemKind.ITEM_KIND_OBSTACLE)

KINDS = [kind for kind in ItemKind.values() if kind != ItemKind.ITEM_KIND_UNSPECIFIED]


def _item(index, kind, step, radius=0.0):
    return Item(
        kind=kind,
        x=index % 5 + 0.5,
        y=index // 5 + 0.5 + (step if kind == ItemKind.ITEM_KIND_AGENT else 0),
        radius=radius or 0.3 * (kind in ROUND),
        label="1" if kind == ItemKind.ITEM_KIND_AGENT else "2",
        heading=Heading.HEADING_EAST,
        marked=step % 2 == 1,
    )


@pytest.fixture
def on_grid():
    """Every kind of item on a grid, three env_steps, the second of which is paid."""
    frames = [
        Frame(reward=0.5 * (step == 2), scene=Scene(items=[_item(i, kind, step) for i, kind in enumerate(KINDS)]))
        for step in range(4)
    ]
    ground = Ground(grid=True, width=5, height=4, items=[Item(kind=ItemKind.ITEM_KIND_GOAL, x=0.5, y=3.5)])
    return _episode("warehouse/tiny-2ag", ground), frames


@pytest.fixture
def in_plane():
    """Circles in a plane."""
    kinds = [ItemKind.ITEM_KIND_LANDMARK, ItemKind.ITEM_KIND_PREY, ItemKind.ITEM_KIND_AGENT]
    frames = [
        Frame(scene=Scene(items=[_item(i, kind, 0.1 * step, 0.2) for i, kind in enumerate(kinds)])) for step in range(3)
    ]
    return _episode("navigation/spread-3", Ground(width=3, height=3)), frames


@pytest.fixture
def rendered():
    """Pictures of an environment's own."""
    frames = [
        Frame(picture=Picture(width=4, height=2, pixels=base64.b64encode(zlib.compress(bytes([step] * 24))).decode()))
        for step in range(3)
    ]
    return _episode("examples.simple_spread:make_env", None), frames


def _episode(task, ground):
    return Episode(
        choice=EpisodeChoice.EPISODE_CHOICE_BEST,
        number=3,
        episodes=20,
        task=task,
        total_reward=0.5,
        env_steps=3,
        success=True,
        ground=ground,
    )
