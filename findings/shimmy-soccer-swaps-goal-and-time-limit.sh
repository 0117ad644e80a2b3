#!/usr/bin/env bash
# Shimmy 2.0.1, DmControlMultiAgentCompatibilityV0 (dm_control's soccer as a PettingZoo Parallel environment).
#
# A good guess: as in Shimmy's wrapper for one agent, the end of an episode by its own rule (discount 0) terminates, and an
# episode that the time limit cuts (discount 1) is truncated.
# Seen: the other way round. A goal, which ends the episode with rewards of 1 and -1, is reported as truncated, so that a learner
# adds the value of what would come after it; the time limit is reported as terminated, so that a learner takes the future there
# for worthless. The wrapper for one agent converts the same two moments rightly.
# Source: the package (`_unravel_ma_timestep`; `dm_env_step2gym_step` is the right one), run here with dm_control 1.0.34.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dm_control==1.0.34 mujoco==3.3.7 pettingzoo==1.27.0 gymnasium==1.3.0 numpy==2.4.6 \
  imageio==2.38.1 packaging==26.4
"$folder/venv/bin/pip" install --quiet --no-deps shimmy==2.0.1
MUJOCO_GL=disable "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import dm_env
import numpy as np
from dm_control.locomotion import soccer
from shimmy.dm_control_multiagent_compatibility import DmControlMultiAgentCompatibilityV0
from shimmy.utils.dm_env import dm_env_step2gym_step


def end(time_limit, ball_in_goal):
    """How an episode in which nobody moves ends: terminated, truncated, discount and rewards."""
    environment = DmControlMultiAgentCompatibilityV0(
        team_size=1, time_limit=time_limit, disable_walker_contacts=False, enable_field_box=True, terminate_on_goal=True,
        walker_type=soccer.WalkerType.BOXHEAD,
    )  # fmt: skip
    environment.reset()
    if ball_in_goal:
        game, goal = environment._env, environment._env.task.arena.home_goal
        game.task.ball.set_pose(game.physics, position=(np.array(goal.lower) + np.array(goal.upper)) / 2)
        game.task.ball.set_velocity(game.physics, velocity=np.zeros(3), angular_velocity=np.zeros(3))
    while environment.agents:
        actions = {agent: np.zeros(environment.action_space(agent).shape) for agent in environment.agents}
        _, rewards, terminated, truncated, infos = environment.step(actions)
    found = terminated["player_0"], truncated["player_0"], float(infos["player_0"]["timestep.discount"])
    return found, sorted(float(reward) for reward in rewards.values())


print(f"Shimmy {version('shimmy')}, dm_control {version('dm_control')}, MuJoCo {version('mujoco')}")
goal, scored = end(time_limit=2.0, ball_in_goal=True)
limit, unscored = end(time_limit=0.2, ball_in_goal=False)
for name, found in {"a goal": goal, "the time limit": limit}.items():
    print(f"soccer, {name}: terminated {found[0]}, truncated {found[1]}, discount {found[2]:g}")
assert goal == (False, True, 0.0) and scored == [-1, 1], "a goal ends an episode in another way now"
assert limit == (True, False, 1.0) and unscored == [0, 0], "the time limit ends an episode in another way now"

alone = {
    "discount 0": dm_env_step2gym_step(dm_env.termination(1.0, np.zeros(1)))[2:4],
    "discount 1": dm_env_step2gym_step(dm_env.truncation(1.0, np.zeros(1)))[2:4],
}
print(f"the wrapper for one agent, (terminated, truncated): {alone}; expected of soccer: the same")
assert alone == {"discount 0": (True, False), "discount 1": (False, True)}, "the wrapper for one agent is another now"
PYTHON
