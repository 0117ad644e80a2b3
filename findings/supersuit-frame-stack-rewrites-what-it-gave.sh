#!/usr/bin/env bash
# SuperSuit 3.11.0, frame_stack_v1 and frame_stack_v2 around a Parallel environment.
#
# A good guess: an observation is the caller's once it is returned, so that what was kept for a replay or a rollout is what
# the policy saw, as without the wrapper.
# Seen: all stacks of an agent are one array, which each step moves on in place. Of an episode that is kept until it is learnt
# from, every observation is the last one; observation and next observation of a transition are equal; and reset begins a new
# array, so that the last one is right and a test of one step, or one that compares new observations only, finds nothing. A learner
# that copies at once (into a buffer of its own, or as SuperSuit's vectors do) is spared.
# Source: the package (`stack_obs` assigns into the array, `modify_obs` returns it), run here around mpe2 1.1.1.
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

STEPS, RIGHT = 10, 2


def episode(wrap):
    """What the first agent is given at each moment, as returned and as copied at once, two lists of STEPS + 1 arrays."""
    environment = wrap(simple_spread_v3.parallel_env())
    observations, _ = environment.reset(seed=1)
    kept, copied = [observations["agent_0"]], [observations["agent_0"].copy()]
    for _ in range(STEPS):
        observations, *_ = environment.step(dict.fromkeys(environment.agents, RIGHT))
        kept.append(observations["agent_0"])
        copied.append(observations["agent_0"].copy())
    return kept, copied


print(f"SuperSuit {version('supersuit')}, PettingZoo {version('pettingzoo')}, mpe2 {version('mpe2')}")
wrappers = {
    "no wrapper": (lambda environment: environment, STEPS + 1),
    "frame_stack_v1": (lambda environment: supersuit.frame_stack_v1(environment, 4), 1),
    "frame_stack_v2": (lambda environment: supersuit.frame_stack_v2(environment, 4), 1),
}
for name, (wrap, expected) in wrappers.items():
    kept, copied = episode(wrap)
    right = sum(np.array_equal(one, other) for one, other in zip(kept, copied))
    arrays = len({id(each) for each in kept})
    different = len({each.tobytes() for each in copied})
    print(f"{name}: {STEPS + 1} moments, {different} different when copied at once; kept: {arrays} arrays, {right} of them right")
    assert different == STEPS + 1, "the agent does not move now"
    assert right == arrays == expected, "what was kept is another thing now"
print(f"expected of both stacks: {STEPS + 1} right ones; seen: the last one, {STEPS + 1} times")
PYTHON
