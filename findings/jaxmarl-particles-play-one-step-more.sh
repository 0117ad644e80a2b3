#!/usr/bin/env bash
# JaxMARL 0.2.0, MPE_simple_spread_v3 and the other particle environments.
#
# A good guess: an environment with `max_steps` 25 has episodes of 25 steps, as the MPE of PettingZoo and mpe2 with
# `max_cycles=25` has, so that rollouts of 25 end with the episode and returns of both are sums of 25 rewards.
# Seen: an episode takes 26 steps. `done` is read from the counter before the step is counted. With rollouts of 25 an
# episode's end wanders through the rollouts, and returns are of one reward more than those of the original.
# Source: the package, run here beside mpe2 1.1.1.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet jaxmarl==0.2.0 jax==0.10.2 jaxlib==0.10.2 flax==0.12.8 gymnax==1.0.1 numpy==2.4.6 six==1.17.0 \
  mpe2==1.1.1 pettingzoo==1.27.0
JAX_PLATFORMS=cpu "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import jax
import jaxmarl
from mpe2 import simple_spread_v3

environment = jaxmarl.make("MPE_simple_spread_v3")
_, state = environment.reset(jax.random.PRNGKey(0))
taken, over = 0, False
while not over:
    actions = {agent: 0 for agent in environment.agents}
    _, state, _, dones, _ = environment.step_env(jax.random.PRNGKey(taken), state, actions)
    taken, over = taken + 1, bool(dones["__all__"])

original = simple_spread_v3.parallel_env(max_cycles=25)
original.reset(seed=0)
cycles = 0
while original.agents:
    original.step(dict.fromkeys(original.agents, 0))
    cycles += 1

print(f"jaxmarl {version('jaxmarl')}, jax {version('jax')}, mpe2 {version('mpe2')}")
print(f"mpe2 with max_cycles=25: {cycles} steps; JaxMARL with max_steps={environment.max_steps}: {taken} steps")
assert environment.max_steps == 25 and cycles == 25, "the limits are other ones now"
assert taken == 26, "an episode takes as many steps as its limit says now"
print("expected of both: 25; seen: 25 and 26")
PYTHON
