#!/usr/bin/env bash
# SuperSuit 3.11.0, black_death_v3 around a Parallel environment.
#
# A good guess: black death keeps agents that have left in the episode, with observations and rewards of 0, and changes nothing
# else: an episode ends at the same step, terminated where the environment terminates, truncated where it truncates.
# Seen: an end is one only where all agents terminate and are truncated at once, which hardly any environment says. At the last
# step all agents go on; the caller has to take one more, in which nobody is left to act, and is told there, with
# observations of 0, that every agent terminated and was truncated. Episodes are one step longer, the last reward is followed by
# a state that does not exist, and a time limit is a termination to whoever looks at terminations first.
# Source: the package (`env_is_done` joins both kinds of end with "and", and is empty, so true, one step later), run here around
# knights_archers_zombies_v11 of PettingZoo 1.27.0 and simple_spread_v3 of mpe2 1.1.1.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "pettingzoo[butterfly]==1.27.0" gymnasium==1.4.0 numpy==2.4.6 pygame-ce==2.5.8 \
  cloudpickle==3.1.2
"$folder/venv/bin/pip" install --quiet --no-deps supersuit==3.11.0 mpe2==1.1.1
SDL_VIDEODRIVER=dummy "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import numpy as np
import supersuit
from mpe2 import simple_spread_v3
from pettingzoo.butterfly import knights_archers_zombies_v11


def episode(environment, action):
    """Steps of an episode of one action; of the last: any terminated, any truncated, largest number that is observed."""
    environment.reset(seed=1)
    steps = 0
    while environment.agents:
        actions = dict.fromkeys(environment.agents, action)
        observations, _, terminated, truncated, _ = environment.step(actions)
        steps += 1
    largest = max(float(np.abs(each).max()) for each in observations.values())
    return steps, any(terminated.values()), any(truncated.values()), largest


tasks = {
    "zombies (somebody is caught at last)": (lambda: knights_archers_zombies_v11.parallel_env(), 5, (True, False)),
    "spread (a time limit of 25)": (lambda: simple_spread_v3.parallel_env(max_cycles=25), 0, (False, True)),
}
print(f"SuperSuit {version('supersuit')}, PettingZoo {version('pettingzoo')}, mpe2 {version('mpe2')}")
for name, (build, action, ends) in tasks.items():
    plain, wrapped = episode(build(), action), episode(supersuit.black_death_v3(build()), action)
    for kind, (steps, terminated, truncated, largest) in {"plain": plain, "black_death_v3": wrapped}.items():
        seen = f"terminated {terminated}, truncated {truncated}, largest number observed {largest:.2f}"
        print(f"{name}, {kind}: {steps} steps; the last: {seen}")
    assert plain[1:3] == ends and plain[3] > 0, "the environment ends in another way now"
    assert wrapped == (plain[0] + 1, True, True, 0.0), "black death ends another way now"
print("expected of black_death_v3: as plain; seen: a step more, both kinds of end at once, and nothing in it")
PYTHON
