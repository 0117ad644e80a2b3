#!/usr/bin/env bash
# POGEMA 1.4.0 (path finding of many agents under partial observability), all its forms, the PettingZoo one included.
#
# A good guess: `reset(seed=s)` chooses the map, the starts and the goals, as in Gymnasium and PettingZoo: equal seeds give equal
# episodes, other seeds other ones.
# Seen: the seed of `reset` is noted after the grid has been made, and read by nobody. With the default configuration equal
# seeds give different maps, so that an evaluation "on the same 20 seeds" compares policies on other maps each time. With a seed
# in the configuration, which looks like the cure, every episode under every seed is the same map with the same starts and
# goals: a team that "learned to find paths" has learned one map, and 20 evaluation seeds are one episode. Only a new
# environment for each seed does what a seed is for.
# Source: the package (`Pogema.reset`: `self.grid.seed` is set and not used; `Grid` draws from `GridConfig.seed`), run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pogema==1.4.0 gymnasium==0.28.1 numpy==1.26.4 pydantic==1.9.1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from pogema import GridConfig, pogema_v0

SEEDS = 20


def seen(environment, seed):
    """All that all agents see at the beginning of an episode."""
    observations, _ = environment.reset(seed=seed)
    values = observations.values() if isinstance(observations, dict) else observations
    return np.concatenate([np.ravel(each) for each in values]).tobytes()


print(f"POGEMA {version('pogema')}, gymnasium {version('gymnasium')}")
for integration in (None, "PettingZoo"):
    drawn = pogema_v0(GridConfig(num_agents=4, size=8, density=0.3, integration=integration))
    fixed = pogema_v0(GridConfig(num_agents=4, size=8, density=0.3, integration=integration, seed=1))
    again = len({seen(drawn, 7) for _ in range(SEEDS)})
    different = len({seen(fixed, seed) for seed in range(SEEDS)})
    name = integration or "a list of agents"
    print(f"{name}, no seed in the configuration: {SEEDS} resets with seed 7 give {again} beginnings; expected: 1")
    print(f"{name}, a seed in the configuration: resets with {SEEDS} seeds give {different}; expected: {SEEDS}")
    assert again == SEEDS, "equal seeds give equal episodes now"
    assert different == 1, "other seeds give other episodes now"
PYTHON
