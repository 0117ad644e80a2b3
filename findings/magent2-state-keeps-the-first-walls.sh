#!/usr/bin/env bash
# MAgent2 0.3.4, `state()` of adversarial_pursuit_v4 and tiger_deer_v4, whose `reset` draws walls anew.
#
# A good guess: `state()` is the whole map as it is: the walls of this episode, the teams in the channels that the docs name, and a
# place in it is found in an agent's own picture too.
# Seen: the walls are those that the constructor drew, in every episode, the first one included. A quarter of the walls that it
# shows are not there (30 % in tiger_deer), as many real ones are missing, and agents stand inside shown ones; they see and meet
# the real ones. A value net on the state (MAPPO, QMIX) learns a map on which nobody plays, without an error, as shapes and numbers
# of walls are right. Only `reset` with the seed that the constructor had is right, 1 by default. In the pursuit the table's two
# teams are exchanged, too: the channels "prey" show the predators, each with one cell of its four. And the state has x first where
# pictures have y first: read in one order, the map has only a minority of the walls that a prey sees.
# Docs (the environment's text) list the state's channels, "obstacle map" first, and say nothing of when it is drawn or of axes.
# Source: the package (`base_state` is filled by `__init__`, not by `reset`; teams stand in the order of handles), run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet magent2==0.3.4 pettingzoo==1.27.0 gymnasium==1.4.0 numpy==2.4.6 pygame-ce==2.5.8
SDL_VIDEODRIVER=dummy "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from magent2.environments import adversarial_pursuit_v4, tiger_deer_v4

EPISODES, SIGHT = 10, 4
WALLS, FIRST, SECOND = 0, 1, 3
"""Channels of a state: walls, and presence of the two teams."""


def real_walls(environment):
    """The walls that the simulation has now, (x, y) as a mask."""
    walls = np.zeros(environment.state().shape[:2], dtype=bool)
    walls[tuple(np.array(environment.unwrapped.env._get_walls_info()).T)] = True
    return walls


print(f"MAgent2 {version('magent2')}, PettingZoo {version('pettingzoo')}, NumPy {version('numpy')}")
for module in (adversarial_pursuit_v4, tiger_deer_v4):
    environment = module.parallel_env(map_size=45)
    name = environment.metadata["name"]
    shown, there, right, inside = [], [], [], []
    for seed in range(2, EPISODES + 2):
        environment.reset(seed=seed)
        state, walls = environment.state(), real_walls(environment)
        shown.append((state[..., WALLS] > 0).tobytes())
        there.append(walls.tobytes())
        right.append((walls & (state[..., WALLS] > 0)).sum() / walls.sum())
        agents = state[..., FIRST] + state[..., SECOND]
        inside.append(int(((agents > 0) & (state[..., WALLS] > 0)).sum()))
    print(f"{name}, {EPISODES} episodes: {len(set(there))} different maps, expected of state(): {EPISODES}; seen: {len(set(shown))}")
    print(f"    walls shown that are there, %: {[round(100 * part) for part in right]}; agents inside shown walls: {inside}")
    assert len(set(there)) == EPISODES, "the maps are not drawn anew now"
    assert len(set(shown)) == 1 and min(right) < 0.9 and sum(inside) > 0, "the state shows other walls now"

environment = adversarial_pursuit_v4.parallel_env(map_size=45)
environment.reset(seed=2)
state = environment.state()
sizes = [sum(agent.startswith(team) for agent in environment.agents) for team in ("predator", "prey")]
cells = [int((state[..., channel] > 0).sum()) for channel in (FIRST, SECOND)]
print(f"{sizes[0]} predators, {sizes[1]} prey; cells in the channels of prey and predators: {cells},", end=" ")
print(f"expected: {[sizes[1], 4 * sizes[0]]}")
assert cells == sizes, "the channels of the teams are others now"

prey = environment.unwrapped.handles[1]
pictures, _ = environment.unwrapped.env.get_observation(prey)
walls, seen = real_walls(environment), []
for (x, y), picture in zip(environment.unwrapped.env.get_pos(prey), pictures[..., WALLS] > 0):
    if min(x, y) >= SIGHT and max(x, y) < len(walls) - SIGHT:
        around = walls[x - SIGHT : x + SIGHT + 1, y - SIGHT : y + SIGHT + 1]
        seen.append([(around & picture).sum(), (around.T & picture).sum(), picture.sum()])
alike, exchanged, all_seen = np.sum(seen, axis=0)
print(f"of {all_seen} walls that prey see, the real map read alike has {alike}; with x and y exchanged: {exchanged}")
assert exchanged == all_seen > 2 * alike, "pictures and state have the same order now"
PYTHON
