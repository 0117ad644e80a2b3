#!/usr/bin/env bash
# JaxMARL 0.2.0, MPE_simple_facmac_v1, _3a_v1, _6a_v1, _9a_v1 (predator and prey under partial observability).
#
# A good guess: `view_radius` 1.5 hides from an agent each other one that is farther away than that, as in the predator-prey
# of FACMAC that it is named after; and arrays have the shape that `observation_space` says.
# Seen: the radius is compared with one number for all others, the root of the sum of all their squared distances. An agent
# sees everybody or nobody: with five units to one of them it is blind to a partner at its side, and three others at a distance
# of 0.9 are all invisible. Landmarks are hidden in the same way. And _6a_v1 and _9a_v1 return arrays of 28 and 40 numbers where
# their spaces say 16, so that a net built from the space fits neither.
# Source: the package, run here.
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
_, state = environment.reset(jax.random.PRNGKey(0))


def seen(second, third, prey):
    """What the first predator, in the middle, sees of the others, (3, 2)."""
    places = state.p_pos.at[:4].set(jnp.array([[0.0, 0.0], second, third, prey]))
    return environment.get_obs(state.replace(p_pos=places))["adversary_0"][8:14].reshape(3, 2)


print(f"jaxmarl {version('jaxmarl')}, jax {version('jax')}; view radius {float(environment.view_radius[0])}")
near = seen([0.5, 0.0], [0.0, 0.5], [0.5, 0.5])
one_far = seen([0.5, 0.0], [0.0, 0.5], [5.0, 0.0])
crowd = seen([0.9, 0.0], [0.0, 0.9], [-0.9, 0.0])
print(f"all at 0.7 at most: {near.tolist()}")
print(f"the prey at 5: {one_far.tolist()}; expected: both partners")
print(f"all at 0.9: {crowd.tolist()}; expected: all of them")
assert (jnp.abs(near).sum(axis=1) > 0).all(), "not even near ones are seen now"
assert not one_far.any(), "a partner at 0.5 is seen now while the prey is far"
assert not crowd.any(), "others at 0.9 are seen now"

for name, size in {"MPE_simple_facmac_6a_v1": 28, "MPE_simple_facmac_9a_v1": 40}.items():
    larger = jaxmarl.make(name)
    observed, _ = larger.reset(jax.random.PRNGKey(0))
    print(f"{name}: space {larger.observation_space('adversary_0').shape}, array {observed['adversary_0'].shape}")
    assert larger.observation_space("adversary_0").shape == (16,) and observed["adversary_0"].shape == (size,)
PYTHON
