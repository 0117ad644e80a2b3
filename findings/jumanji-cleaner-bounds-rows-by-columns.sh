#!/usr/bin/env bash
# Jumanji 1.1.2, Cleaner (a team cleans a maze) on a hall that is not square.
#
# A good guess: a hall of 11 rows and 5 columns is as playable as the default one of 10 × 10. The action mask forbids walls and
# leaving the maze, so that who keeps to it stays inside, comes to each dirty tile, and ends the episode with all tiles clean.
# Seen: rows are bounded by the number of columns and columns by that of rows. The mask forbids the way to everything beyond the
# smaller number, so that no team ever cleans such a hall and an episode ends by its time limit or by breaking the mask; and it
# allows to walk out of the maze on the other side, where agents clean nothing and are observed at places that the observation's spec
# excludes. Nothing raises, as JAX clips and drops indices outside of an array. Learning looks like a hard maze.
# Docs name `num_rows` and `num_cols` apart, and say that an action is masked if it leads to a wall or out of the maze; the
# registered Cleaner-v0 is square. Its pull request 317 (open in September 2026) repairs the mask.
# Source: the package (`_compute_action_mask`: `x < self.num_rows`, `y < self.num_cols`, `grid[y, x]`), run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile jumanji==1.1.2 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
JAX_PLATFORMS=cpu "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import jax
import jax.numpy as jnp
import numpy as np
from jumanji.environments.routing.cleaner import Cleaner
from jumanji.environments.routing.cleaner.generator import RandomGenerator

MAZES, ACTIONS, WALL = 3, 4, 2


def walked(steps, state):
    """Every (row, column) that an agent alone comes to by actions that its mask allows; `steps` takes all actions at once."""
    found, ahead = {(0, 0)}, [state]
    while ahead:
        state = ahead.pop()
        following, _ = steps(state, jnp.arange(ACTIONS)[:, None])
        places = np.asarray(following.agents_locations)[:, 0].tolist()
        for action in np.flatnonzero(np.asarray(state.action_mask)[0]):
            if tuple(places[action]) not in found:
                found.add(tuple(places[action]))
                ahead.append(jax.tree.map(lambda leaf: np.asarray(leaf)[action], following))
    return found


print(f"Jumanji {version('jumanji')}, jax {version('jax')}")
for rows, columns in ((10, 10), (11, 5), (5, 11)):
    environment = Cleaner(RandomGenerator(num_rows=rows, num_cols=columns, num_agents=1))
    reset, steps = jax.jit(environment.reset), jax.jit(jax.vmap(environment.step, in_axes=(None, 0)))
    tiles = reached = outside = 0
    for seed in range(MAZES):
        state, _ = reset(jax.random.PRNGKey(seed))
        floor = {(int(row), int(column)) for row, column in np.argwhere(np.asarray(state.grid) != WALL)}
        places = walked(steps, state)
        tiles, reached, outside = tiles + len(floor), reached + len(floor & places), outside + len(places - floor)
    print(f"{rows} rows, {columns} columns, {MAZES} mazes: {tiles} tiles, expected: all reached, no place outside;", end=" ")
    print(f"seen: {reached} reached, {outside} outside")
    if rows == columns:
        assert reached == tiles and outside == 0, "square halls are wrong now"
    else:
        assert reached < tiles * 2 / 3 and outside > 0, "the mask keeps to other bounds now"
PYTHON
