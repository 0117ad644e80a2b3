#!/usr/bin/env bash
# JaxMARL 0.2.0, MPE_simple_facmac_v1 (predator and prey with a scripted prey).
#
# A good guess: the prey flees. It looks at places around itself, leaves out those that a body blocks, and runs with its
# acceleration of 4 to the one that is farthest from the predators, as the text of the environment and FACMAC have it.
# Seen: it decides from the place of the last predator. Wherever the prey stands, the same draw moves it by the same amount, and
# a move of the last predator changes it. Of the places looked at, only those are kept that some body blocks, where the
# published rule keeps the free ones; where the last predator is alone these are within touch of itself, so that the prey is pushed
# with 0.15 of the 3 that predators have. Teams that catch it have not learned to hunt something that flees.
# Source: the package (`_prey_policy` is given the index u.shape[0] - 1 + i, and u has the rows of the predators), run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet jaxmarl==0.2.0 jax==0.10.2 jaxlib==0.10.2 flax==0.12.8 gymnax==1.0.1 numpy==2.4.6 six==1.17.0
JAX_PLATFORMS=cpu "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import jax
import jax.numpy as jnp
import jaxmarl

environment = jaxmarl.make("MPE_simple_facmac_v1")
_, begun = environment.reset(jax.random.PRNGKey(0))
idle = {agent: jnp.zeros(5) for agent in environment.agents}
APART = [[-3.0, 0.0], [-3.0, 3.0], [3.0, 3.0], [3.0, -3.0], [-3.0, -3.0], [0.0, 3.0]]
"""Predators, prey, landmarks: nobody is near another."""


def pushed(last_predator, prey, number):
    """Velocity that the prey has after one step from rest, under the draw of this number."""
    places = jnp.array(APART).at[2].set(jnp.array(last_predator)).at[3].set(jnp.array(prey))
    state = begun.replace(p_pos=places, p_vel=jnp.zeros_like(begun.p_vel))
    _, state, *_ = environment.step_env(jax.random.PRNGKey(number), state, idle)
    return state.p_vel[3]


print(f"jaxmarl {version('jaxmarl')}, jax {version('jax')}")
here = jnp.stack([pushed([3.0, 3.0], [3.0, -3.0], number) for number in range(20)])
elsewhere = jnp.stack([pushed([3.0, 3.0], [-1.0, 0.5], number) for number in range(20)])
other_last = jnp.stack([pushed([-2.9, 0.0], [3.0, -3.0], number) for number in range(20)])
force = float(jnp.linalg.norm(here, axis=1).max()) / environment.dt
print(f"another place of the prey changes its motion by {float(jnp.abs(here - elsewhere).max()):g}; expected: much")
print(f"another place of the last predator changes it by {float(jnp.abs(here - other_last).max()):g}; expected: little, far away")
print(f"largest push {force:.2f}, acceleration in its parameters {float(environment.accel[3]):g}")
assert jnp.allclose(here, elsewhere), "the prey decides from its own place now"
assert not jnp.allclose(here, other_last), "the last predator's place is nothing to the prey now"
assert force <= 0.151, "the prey runs faster now"
PYTHON
