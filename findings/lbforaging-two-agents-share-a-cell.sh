#!/usr/bin/env bash
# lbforaging 2.0.0, Level-Based Foraging as EPyMARL and its successors train on it.
#
# A good guess: a cell of the grid holds one agent. Moves of two agents into one cell are refused for both, so whoever writes
# the rules down again, or a feature such as "distance to the nearest agent", keeps agents apart.
# Seen: two agents come to stand in one cell. An agent may move to where another one stands, since only food is in the way;
# what is resolved are equal targets. Where the other one wanted to leave, and its own target was taken by a third one, it
# stays, and both are there: once in a hundred episodes of random moves of three agents on a field of 10x10.
# Source: the package, `ForagingEnv.step`, run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet lbforaging==2.0.0 gymnasium==1.3.0 numpy==2.4.6 pyglet==1.5.31
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import gymnasium
import lbforaging  # noqa: F401  (registers)

EAST, WEST, NONE = 4, 3, 0
environment = gymnasium.make("Foraging-10x10-3p-3f-v3").unwrapped
environment.reset(seed=1)
environment.field[:] = 0
environment.field[8, 8] = 1
first, second, third = environment.players
for player, place in ((first, (2, 2)), (second, (2, 3)), (third, (2, 5))):
    player.position = place
environment._gen_valid_moves()
environment.step((EAST, EAST, WEST))
places = [tuple(int(part) for part in player.position) for player in environment.players]
print(f"lbforaging {version('lbforaging')}, gymnasium {version('gymnasium')}")
print(f"agents at (2, 2), (2, 3) and (2, 5) move east, east and west: now at {places}")
assert places == [(2, 3), (2, 3), (2, 5)], "cells are resolved another way now"

together, episodes = 0, 200
for seed in range(episodes):
    environment.reset(seed=seed)
    environment.action_space.seed(seed)
    over = met = False
    while not over:
        _, _, done, cut, _ = environment.step(environment.action_space.sample())
        met |= len({tuple(player.position) for player in environment.players}) < 3
        over = done or cut
    together += met
print(f"expected: never two in one cell; seen: in {together} of {episodes} episodes of random moves")
assert together > 0
PYTHON
