#!/usr/bin/env bash
# SuperSuit 3.11.0, concat_vec_envs_v1 with workers (`num_cpus` of 2 or more), around mpe2's simple_spread.
#
# A good guess: `num_cpus` decides who steps the environments, not what they play. `reset(seed=1)` of eight copies gives eight
# different episodes, the same eight with one process, two or four, so that a run can be repeated on a machine of another size.
# Seen: a worker adds the number of each of its environments to its seed, and workers' seeds are one apart. Two workers with four
# environments each begin with 1 2 3 4 and 2 3 4 5: of eight episodes five are different ones, and each later one, begun
# without a seed, starts as often in the same places. Thirty-two in two workers play seventeen. A batch that is taken for eight
# independent episodes is not (nor is an interval of an evaluation over them), and one and two processes train on other data.
# Two counts are spared: one process, and a worker for each environment, which a test on a small machine is likely to use.
# Docs (the package's description) say what `num_cpus` is for, and nothing about seeds. Without any seed all copies are equal,
# which its issue 89 knows; a seed is the cure named there.
# Source: the package (`ProcConcatVec.reset` and `ConcatVecEnv.reset` both add a place to the seed, from 0), run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pettingzoo==1.27.0 gymnasium==1.4.0 numpy==2.4.6 pygame-ce==2.5.8 cloudpickle==3.1.2
"$folder/venv/bin/pip" install --quiet --no-deps supersuit==3.11.0 mpe2==1.1.1
SDL_VIDEODRIVER=dummy "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import numpy as np
import supersuit
from mpe2 import simple_spread_v3

AGENTS, CYCLES, EPISODES = 3, 5, 3


def starts(copies, workers):
    """First observations of each copy's episodes, as bytes, (EPISODES, copies)."""
    environment = supersuit.pettingzoo_env_to_vec_env_v1(simple_spread_v3.parallel_env(N=AGENTS, max_cycles=CYCLES))
    vector = supersuit.concat_vec_envs_v1(environment, copies, num_cpus=workers)
    generator = np.random.default_rng(1)

    def first(observations):
        return [each.tobytes() for each in observations.reshape(copies, -1)]

    observations, _ = vector.reset(seed=1)
    begun = [first(observations)]
    while len(begun) < EPISODES:
        observations, _, _, truncated, _ = vector.step(generator.integers(5, size=vector.num_envs))
        if truncated.all():
            begun.append(first(observations))
    vector.close()
    return begun


print(f"SuperSuit {version('supersuit')}, PettingZoo {version('pettingzoo')}, mpe2 {version('mpe2')}")
for copies, workers, expected in ((8, 1, 8), (8, 2, 5), (8, 4, 5), (8, 8, 8), (32, 2, 17)):
    begun, alone = starts(copies, workers), starts(copies, 1)
    different = [len(set(episode)) for episode in begun]
    same = sum(one == other for one, other in zip(begun[0], alone[0]))
    print(f"{copies} copies, num_cpus={workers}: {different} different starts in {EPISODES} episodes, expected: {copies} in each;")
    print(f"    {same} copies begin as with one process, expected: {copies}")
    assert different == [expected] * EPISODES, "other copies repeat each other now"
    assert (same == copies) == (workers in (1, copies)), "workers begin other episodes now"
PYTHON
