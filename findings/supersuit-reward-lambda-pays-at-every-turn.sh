#!/usr/bin/env bash
# SuperSuit 3.11.0, reward_lambda_v0 (and clip_reward_v0) around a Parallel environment.
#
# A good guess: the function is applied to each agent's reward of a step, once. Taking 0.01 from it is the usual price of time,
# 0.01 a step for each agent, whatever the team's size.
# Seen: each agent loses 0.01 times the number of agents. A Parallel environment is wrapped as turns: the function is applied to
# all rewards after every agent's turn, also after those in which the environment has paid 0 because the others have not moved
# yet, and the turns are summed. A step of N agents pays f(r) + (N - 1) f(0). Functions with f(0) = 0, such as factors and the
# default bounds of clip_reward_v0, come out right, so that a test with one of them finds nothing; a constant, a floor above 0
# and 1 - r do not. The same price weighs five times as much in a team of five.
# Source: the package (`aec_reward_lambda`), run here around mpe2 1.1.1, through PettingZoo 1.27.0's conversions.
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

STEPS = 10


def paid(agents, wrap):
    """Rewards of all agents under one seed and equal actions, (STEPS, agents)."""
    environment = wrap(simple_spread_v3.parallel_env(N=agents))
    environment.reset(seed=1)
    steps = [environment.step(dict.fromkeys(environment.agents, 1))[1] for _ in range(STEPS)]
    return np.array([[rewards[agent] for agent in environment.possible_agents] for rewards in steps])


print(f"SuperSuit {version('supersuit')}, PettingZoo {version('pettingzoo')}, mpe2 {version('mpe2')}")
for agents in (2, 3, 5):
    plain = paid(agents, lambda environment: environment)
    dear = paid(agents, lambda environment: supersuit.reward_lambda_v0(environment, lambda reward: reward - 0.01))
    tenfold = paid(agents, lambda environment: supersuit.reward_lambda_v0(environment, lambda reward: reward * 10))
    print(f"{agents} agents, reward - 0.01: an agent loses {(plain - dear).mean():.2f} a step; expected: 0.01")
    assert np.allclose(plain - dear, 0.01 * agents), "a constant is taken another number of times now"
    assert np.allclose(tenfold, 10 * plain), "a factor is applied in another way now"

floored = paid(3, lambda environment: supersuit.clip_reward_v0(environment, 0.1, 1))
print(f"3 agents, clipped to [0.1, 1], all rewards below 0: an agent gets {floored.mean():.1f} a step; expected: 0.1")
assert np.allclose(floored, 0.3), "a floor is applied another number of times now"
PYTHON
