#!/usr/bin/env bash
# highway-env 1.12.1, the intersection environments (alone or multi-agent) beside any other of its environments in one process.
#
# A good guess: an environment is its id, its config and its seed. A policy that does not learn plays the same episodes on the
# same seeds of a road today and tomorrow, whatever else the process has made.
# Seen: making an intersection (`gymnasium.make` is enough; it need not be played) makes the other drivers of all other roads in the
# process drive otherwise, from the next moment on and for good: they want 7 m of distance in place of 10, and take up to twice
# the acceleration and 3/5 of the braking. Equal seeds then give other episodes on the highway, at the merge and on the two-way
# road, in environments that were made before, too; a car that keeps its speed earns more on the highway and less at the merge. So
# a suite's scores depend on its order, a policy that trains on several roads in one process meets other traffic once the
# intersection comes up, and a road that is evaluated alone is not the one that was trained on. Processes of their own are spared.
# Docs describe the drivers' model and each road; none says that all roads share its parameters.
# Source: the package (`IntersectionEnv._make_vehicles` assigns DISTANCE_WANTED, COMFORT_ACC_MAX and COMFORT_ACC_MIN to the class
# that its config names, which is everybody's `IDMVehicle`), run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet highway-env==1.12.1 gymnasium==1.4.0 numpy==2.4.6 pygame-ce==2.5.8
SDL_VIDEODRIVER=dummy "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import gymnasium
import highway_env  # noqa: F401  (registers)
import numpy as np

SEEDS = range(1, 13)
KEEP_SPEED = 1
ROADS = {road: gymnasium.make(road) for road in ("highway-fast-v0", "merge-v1", "two-way-v0")}


def play(environment):
    """Observations of an episode for each seed, as bytes, and its return, of a car that keeps lane and speed."""
    episodes, returns = [], []
    for seed in SEEDS:
        observation, _ = environment.reset(seed=seed)
        seen, total, over = [observation], 0.0, False
        while not over:
            observation, reward, terminated, truncated, _ = environment.step(KEEP_SPEED)
            seen.append(observation)
            total += float(reward)
            over = terminated or truncated
        episodes.append(np.stack(seen).tobytes())
        returns.append(total)
    return episodes, np.array(returns)


def different(one, other):
    return sum(first != second for first, second in zip(one, other))


print(f"highway-env {version('highway-env')}, gymnasium {version('gymnasium')}")
before = {road: play(environment) for road, environment in ROADS.items()}
again = {road: play(environment) for road, environment in ROADS.items()}
gymnasium.make("intersection-multi-agent-v2")
after = {road: play(environment) for road, environment in ROADS.items()}
others = 0
for road in ROADS:
    (first, earned), (second, _), (third, earned_after) = before[road], again[road], after[road]
    other_returns = int((np.abs(earned - earned_after) > 1e-6).sum())
    others += other_returns
    print(f"{road}, {len(SEEDS)} seeds, again: {different(first, second)} episodes differ; with an intersection made:")
    print(f"    {different(first, third)} differ, {other_returns} of them in their return, expected: 0;", end=" ")
    print(f"mean return {earned.mean():.2f}, then {earned_after.mean():.2f}")
    assert different(first, second) == 0, "episodes do not repeat even without an intersection now"
    assert different(first, third) > len(SEEDS) / 2, "an intersection leaves other roads alone now"
assert others > 0, "an intersection leaves returns alone now"
PYTHON
