#!/usr/bin/env bash
# rware 2.0.0 (Multi-Robot Warehouse), image observations with the layers AGENT_DIRECTION and AGENT_LOAD.
#
# A good guess: all layers of a picture show one hall. Where AGENTS has a robot, AGENT_DIRECTION has its direction and AGENT_LOAD
# whether it carries a shelf; the middle of an agent's own picture is the agent.
# Seen: these two layers have rows and columns exchanged, in each agent's picture and in `get_global_image`: a robot in row 7 and
# column 2 is shown to face and carry in row 2 and column 7. In its own picture an agent finds its direction in one of eleven
# random moments, when it stands on the diagonal or another robot's happens to be the same and mirrored there. A net learns from
# places that have nothing to do with the robots, without an error while the hall is square; in one that is higher than wide (the
# registered tiny one, 11 × 10) a robot in the last row raises an IndexError. The layers that are on by default are right.
# Source: the package (`layer[ag.x, ag.y]` in these two, `layer[ag.y, ag.x]` in the others), run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet rware==2.0.0 gymnasium==1.3.0 numpy==2.4.6 networkx==3.6.1 pyglet==1.5.31
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import gymnasium
import numpy as np
import rware  # noqa: F401  (registers)
from rware.warehouse import Direction, ImageLayer, ObservationType

LAYERS = [ImageLayer.AGENTS, ImageLayer.AGENT_DIRECTION, ImageLayer.AGENT_LOAD]
HALL = "\n".join([".........."] + [".xx.xx.xx."] * 7 + ["..........", "....gg...."])
"""10 rows and 10 columns."""
PICTURES = {"observation_type": ObservationType.IMAGE, "image_observation_directional": False}
environment = gymnasium.make(
    "rware-tiny-2ag-v2", layout=HALL, image_observation_layers=LAYERS, disable_env_checker=True, **PICTURES
).unwrapped
assert environment.grid_size == (10, 10)

environment.reset(seed=1)
for robot, (row, column) in zip(environment.agents, ((7, 2), (1, 4))):
    robot.x, robot.y, robot.dir = column, row, Direction.LEFT
    robot.carrying_shelf = next(shelf for shelf in environment.shelfs if (shelf.x, shelf.y) == (column, row))
environment._recalc_grid()
print(f"rware {version('rware')}, gymnasium {version('gymnasium')}")
found = {}
for layer, picture in zip(LAYERS, environment.get_global_image(LAYERS, recompute=True)):
    found[layer.name] = [tuple(int(part) for part in place) for place in np.argwhere(picture)]
    print(f"two loaded robots in (row, column) (7, 2) and (1, 4); {layer.name} shows them in {found[layer.name]}")
assert found["AGENTS"] == [(1, 4), (7, 2)], "the layer of agents is another one now"
assert found["AGENT_DIRECTION"] == found["AGENT_LOAD"] == [(2, 7), (4, 1)], "the two layers are other ones now"

own = moments = 0
for seed in range(50):
    observations, _ = environment.reset(seed=seed)
    environment.action_space.seed(seed)
    for _ in range(20):
        for picture, robot in zip(observations, environment.agents):
            assert picture[0, 1, 1] == 1, "the middle of a picture is not the agent now"
            own += picture[1, 1, 1] == robot.dir.value + 1
            moments += 1
        observations, *_ = environment.step(environment.action_space.sample())
print(f"an agent finds its own direction in the middle of its picture in {own} of {moments} moments; expected: all")
assert 0 < own < moments / 5, "directions are elsewhere now"
PYTHON
