#!/usr/bin/env bash
# Jumanji 1.1.2, LevelBasedForaging with a `penalty`, beside lbforaging 2.0.0, which it names as its original.
#
# A good guess: `penalty` 0.1 is what an agent pays that tries to load food alone and fails, as in lbforaging (its "-pen" form,
# where greed makes cooperation hard to learn): 0.1 for each that tried, nothing for the others.
# Seen: all agents pay, wherever they are, also one that stands still at the other end of the field; and each pays the penalty
# divided by (levels of those who tried × levels of all food), because rewards are normalised by default and the penalty with them.
# In the moment run here, three agents and food of 8 levels, one agent of level 1 tries: lbforaging charges it 0.1 and nobody
# else, Jumanji charges all three 0.0125. The stronger the agent that tries and the more food there is, the cheaper is a
# failure; who fails is not told by the rewards. Without normalising all three pay 0.1.
# Source: both packages (`get_reward` takes the number from the whole vector of agents, then divides it), run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet jumanji==1.1.2 jax==0.10.2 jaxlib==0.10.2 chex==0.1.92 gymnasium==1.4.0 numpy==2.4.6 \
  lbforaging==2.0.0 pyglet==1.5.31
JAX_PLATFORMS=cpu "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import gymnasium
import jax
import jax.numpy as jnp
import lbforaging  # noqa: F401  (registers)
import numpy as np
from jumanji.environments import LevelBasedForaging
from jumanji.environments.routing.lbf.generator import RandomGenerator

PENALTY, LOAD, STAY = 0.1, 5, 0
AGENTS, FOODS = [(2, 1), (7, 0), (7, 7)], [(2, 2), (5, 5)]
"""The first agent stands beside the first food, the others beside none."""
FOOD_LEVEL = 4


def original(levels):
    """Rewards of lbforaging where the first agent tries alone, (3,)."""
    environment = gymnasium.make("Foraging-8x8-3p-2f-v3", penalty=PENALTY).unwrapped
    environment.reset(seed=1)
    environment.field[:] = 0
    for place in FOODS:
        environment.field[place] = FOOD_LEVEL
    environment._food_spawned = environment.field.sum()
    for player, place, level in zip(environment.players, AGENTS, levels):
        player.position, player.level = place, level
    environment._gen_valid_moves()
    _, rewards, *_ = environment.step((LOAD, STAY, STAY))
    return np.array(rewards)


def imitation(levels, **settings):
    """Rewards of Jumanji in the same moment, (3,)."""
    generator = RandomGenerator(grid_size=8, fov=8, num_agents=3, num_food=2, max_agent_level=3, force_coop=False)
    environment = LevelBasedForaging(generator, penalty=PENALTY, **settings)
    state, _ = environment.reset(jax.random.PRNGKey(0))
    state.agents = state.agents.replace(position=jnp.array(AGENTS), level=jnp.array(levels))
    state.food_items = state.food_items.replace(position=jnp.array(FOODS), level=jnp.array([FOOD_LEVEL] * 2))
    _, timestep = environment.step(state, jnp.array([LOAD, STAY, STAY]))
    return np.asarray(timestep.reward)


print(f"Jumanji {version('jumanji')}, JAX {version('jax')}, lbforaging {version('lbforaging')}")
for level in (1, 2):
    levels = (level, 1, 1)
    theirs, ours, plain = original(levels), imitation(levels), imitation(levels, normalize_reward=False)
    shown = [round(float(each), 5) for each in ours]
    print(f"level {level} tries level {FOOD_LEVEL} alone; lbforaging pays {theirs.tolist()}, Jumanji {shown}")
    assert np.allclose(theirs, [-PENALTY, 0, 0]), "lbforaging charges in another way now"
    assert np.allclose(ours, -PENALTY / (level * 2 * FOOD_LEVEL)), "Jumanji charges in another way now"
    assert np.allclose(plain, -PENALTY), "without normalising Jumanji charges in another way now"
print(f"expected of both: -{PENALTY} for the one that tried; seen: a fraction of it for everybody")
PYTHON
