#!/usr/bin/env bash
# PettingZoo 1.27.0, butterfly/knights_archers_zombies_v11.
#
# A good guess: `reset(seed=s)` begins the same episode each time, as PettingZoo's own `seed_test` and `parallel_seed_test`
# expect of two new objects; so one object may be reset for every episode, and equal seeds compare equal episodes.
# Seen: the count of cycles until the next zombie is left as the episode before left it. After 40 cycles (twice the default
# `spawn_delay` of 20) the same object repeats the episode; after 50 the first zombie comes 10 cycles sooner, and
# everything after it differs. An evaluation on fixed seeds depends on how long the episodes before it were.
# Source: the package itself, run here; `zombie_spawn_interval` is made by `__init__` and not by `reset`.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "pettingzoo[butterfly]==1.27.0" pygame-ce==2.5.8 gymnasium==1.4.0 numpy==2.4.6
SDL_VIDEODRIVER=dummy "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from pettingzoo.butterfly import knights_archers_zombies_v11

STAY, SEED = 5, 1


def episode(env, cycles):
    """What all agents see in an episode of so many cycles in which everybody stays, (cycles + 1, numbers)."""
    observations, _ = env.reset(seed=SEED)
    seen = [observations]
    for _ in range(cycles):
        observations, *_ = env.step(dict.fromkeys(env.agents, STAY))
        seen.append(observations)
    return np.stack([np.concatenate([each[agent].ravel() for agent in env.possible_agents]) for each in seen])


def parts_after(cycles):
    """Cycle at which the second of two episodes of one object and one seed parts from the first; None if it does not."""
    env = knights_archers_zombies_v11.parallel_env()
    first, second = episode(env, cycles), episode(env, cycles)
    apart = np.flatnonzero((first != second).any(axis=1))
    return int(apart[0]) if len(apart) else None


print(f"pettingzoo {version('pettingzoo')}, pygame-ce {version('pygame-ce')}")
new = [episode(knights_archers_zombies_v11.parallel_env(), 50) for _ in range(2)]
after = {cycles: parts_after(cycles) for cycles in (40, 50)}
print(f"two new objects, equal seeds: equal {np.array_equal(*new)}")
for cycles, parted in after.items():
    print(f"one object, equal seeds, after an episode of {cycles} cycles: parts at cycle {parted}")
assert np.array_equal(*new), "two new objects differ now"
assert after == {40: None, 50: 10}, "the second episode is another one now"
print("expected of one object: the same episode; seen: zombies come as the episode before left their count")
PYTHON
