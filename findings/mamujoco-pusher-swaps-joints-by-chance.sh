#!/usr/bin/env bash
# gymnasium-robotics 1.4.2, multi-agent MuJoCo's Pusher ("3p": shoulder, elbow and wrist are three agents).
#
# A good guess: equal arguments make equal environments. The number at a place of an observation means the same in every copy, every
# process and every day, so that a batch of copies is one batch, and a checkpoint that is loaded goes on as it was left.
# Seen: a throw of a coin for each copy decides whether the shoulder's agent observes its pan joint before its lift joint or after
# it. Actions keep their order. Of sixty copies in one process about half have one order and half the other; whoever trains on
# a batch of them mixes two bodies, and whoever trains on one copy evaluates on a swapped one every second time. Seeds do
# not help, PYTHONHASHSEED does not either, and a test of two copies passes as often as not.
# Three joints are named alike, r_wrist_roll_joint; an agent's joints lie in a set, which iterates by their places in memory, and are
# then sorted by name, which leaves equal names as they came. Walker2d, whose names differ, has one order.
# Docs give the right names, in the order of the actions, and say nothing of the order in an observation.
# Source: the package (`get_parts_and_edges` and `get_joints_at_kdist` in `multiagent_mujoco/obsk.py`), run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet gymnasium-robotics==1.4.2 gymnasium==1.4.0 mujoco==4.0.0 pettingzoo==1.27.0 numpy==2.4.6
cd "$folder"
PYTHONHASHSEED=0 venv/bin/python -W ignore - <<'PYTHON'
from collections import Counter
from importlib.metadata import version

import numpy as np
from gymnasium_robotics import mamujoco_v1

COPIES = 60
OWN_AND_NEXT = 1
"""Joints that an agent observes: its own, and those one joint away."""


def places(environment):
    """The joint, counted from 1, whose angle is at each place of each agent's observation; 0 where there is something else."""
    single = environment.single_agent_env.unwrapped
    environment.reset(seed=1)
    joints = single.model.nu
    found = {agent: np.zeros(environment.observation_space(agent).shape, int) for agent in environment.possible_agents}
    position, still = single.data.qpos.copy(), np.zeros(single.model.nv)
    for joint in range(joints):
        address = single.model.jnt_qposadr[single.model.actuator_trnid[joint, 0]]
        seen = []
        for angle in (0.1, 0.2):
            position[address] = angle
            single.set_state(position, still)
            seen.append(environment._get_obs())
        for agent, place in found.items():
            place[np.isclose(seen[0][agent], 0.1) & np.isclose(seen[1][agent], 0.2)] = joint + 1
    return tuple(tuple(place.tolist()) for place in found.values())


print(f"gymnasium-robotics {version('gymnasium-robotics')}, gymnasium {version('gymnasium')}, MuJoCo {version('mujoco')}")
for scenario, parts, orders in (("Walker2d", "2x3", 1), ("Pusher", "3p", 2)):
    copies = [mamujoco_v1.parallel_env(scenario, parts, agent_obsk=OWN_AND_NEXT) for _ in range(COPIES)]
    seen = Counter(places(each) for each in copies)
    print(f"{scenario} {parts}: {COPIES} equal copies, expected: 1 order of observations; seen: {len(seen)}")
    for order, copies_with in seen.most_common():
        print(f"    {copies_with} copies: the first agent observes joints {[joint for joint in order[0] if joint]}")
    assert len(seen) == orders, f"{scenario} has another number of orders now"
    others = {order[1:] for order in seen}
    assert len(others) == 1, "other agents' observations are swapped too"
PYTHON
