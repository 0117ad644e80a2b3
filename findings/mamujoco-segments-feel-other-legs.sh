#!/usr/bin/env bash
# gymnasium-robotics 1.4.2, multi-agent MuJoCo's ManySegmentAnt (a chain of ants; "6x2": six agents with two segments each).
#
# A good guess: an agent observes the joints that it moves (`agent_obsk=0`), and with `agent_obsk=1` also the next joints before and
# behind it, as in Ant. The first and the last agent of a chain are alike.
# Seen: what an agent moves is counted from the front, what it observes from the rear, and in the middle the two hardly meet. In
# "6x2" agents observe angle and speed of 9 of the 48 joints that they move. Four of six agents observe other agents' legs and none
# of their own, and in "2x1" the first of two agents observes no leg at all: it has numbers of the trunk in their place, among them
# where on the floor that stands, which Ant leaves out on purpose. Only the last segment is right. Elsewhere an angle and the speed
# beside it belong to different joints. With `agent_obsk=1` an agent has the neighbour before it, never the one behind: the first
# has none. Spaces fit and nothing raises, so that it looks like a task that decentralised learners find hard.
# Docs say of `agent_obsk` that 0 is the local state only, and 1 that and one joint over; nothing of this task's observations.
# Source: the package (`off = -4 * (n_segs - 1 - segment)`, then `-4 - off`, in `obsk.py`; its edges join copies of nodes), run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet gymnasium-robotics==1.4.2 gymnasium==1.4.0 mujoco==4.0.0 pettingzoo==1.27.0 numpy==2.4.6
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from gymnasium_robotics import mamujoco_v1


def moved(environment, agent):
    """Joints of the MuJoCo model that the agent's actions drive."""
    model, joints = environment.single_agent_env.unwrapped.model, set()
    for place in range(environment.action_space(agent).shape[0]):
        actions = {each: np.zeros(environment.action_space(each).shape) for each in environment.possible_agents}
        actions[agent][place] = 1
        (actuator,) = np.flatnonzero(environment.map_local_actions_to_global_action(actions))
        joints.add(int(model.actuator_trnid[actuator, 0]))
    return joints


def observed(environment):
    """For each agent: joints with a motor whose angle it observes, and whose speed; whether it observes where the trunk stands."""
    single = environment.single_agent_env.unwrapped
    environment.reset(seed=1)
    start = single.data.qpos.copy(), single.data.qvel.copy()

    def alters(kind, address):
        """Agents whose observation another position (kind 0) or velocity (kind 1) alters."""
        state = [each.copy() for each in start]
        single.set_state(*state)
        before = environment._get_obs()
        state[kind][address] += 0.1
        single.set_state(*state)
        return {agent for agent, after in environment._get_obs().items() if not np.array_equal(after, before[agent])}

    angles, speeds = ({agent: set() for agent in environment.possible_agents} for _ in range(2))
    for joint in set.union(*(moved(environment, agent) for agent in environment.possible_agents)):
        for agent in alters(0, single.model.jnt_qposadr[joint]):
            angles[agent].add(joint)
        for agent in alters(1, single.model.jnt_dofadr[joint]):
            speeds[agent].add(joint)
    return angles, speeds, alters(0, 0)


print(f"gymnasium-robotics {version('gymnasium-robotics')}, gymnasium {version('gymnasium')}, MuJoCo {version('mujoco')}")
EXPECTED = {
    ("Ant", "2x4"): ([4, 4], [0, 0]),
    ("ManySegmentAnt", "2x1"): ([0, 4], [0, 0]),
    ("ManySegmentAnt", "4x1"): ([2, 0, 0, 4], [2, 2, 0, 0]),
    ("ManySegmentAnt", "6x2"): ([0, 0, 5, 0, 0, 4], [9, 9, 3, 9, 6, 0]),
}
"""For each agent: own joints of which it observes angle and speed, others' joints of which it observes either."""
for (scenario, parts), expected in EXPECTED.items():
    environment = mamujoco_v1.parallel_env(scenario, parts, agent_obsk=0)
    agents = environment.possible_agents
    own = {agent: moved(environment, agent) for agent in agents}
    angles, speeds, place = observed(environment)
    felt = [len(own[agent] & angles[agent] & speeds[agent]) for agent in agents]
    foreign = [len((angles[agent] | speeds[agent]) - own[agent]) for agent in agents]
    motors = [len(joints) for joints in own.values()]
    print(f"{scenario} {parts}, agent_obsk=0: agents move {motors} joints, observe angle and speed of {felt}, expected: {motors};")
    print(f"    something of {foreign} joints of others, expected: none; {len(place)} agents observe where the trunk stands")
    assert (felt, foreign) == expected, "agents observe other joints now"
    assert bool(place) == (scenario != "Ant"), "the trunk's place is observed by others now"

for segments in (4, 6):
    near, local = (
        mamujoco_v1.parallel_env("ManySegmentAnt", f"{segments}x1", agent_obsk=over).observation_spaces.values() for over in (1, 0)
    )
    neighbours = [with_neighbours.shape[0] - alone.shape[0] for with_neighbours, alone in zip(near, local)]
    even = [2] + [4] * (segments - 2) + [2]
    print(f"ManySegmentAnt {segments}x1: agent_obsk=1 adds {neighbours} hips of neighbours, expected: {even}")
    assert neighbours == [0] + [2] * (segments - 1), "agents have other neighbours now"
PYTHON
