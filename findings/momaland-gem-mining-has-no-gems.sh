#!/usr/bin/env bash
# MOMAland 0.2.0, mogem_mining_v0 (villages send their workers to mines and share all gems; one of its cooperative environments).
#
# A good guess: each mine holds each type of gem with a probability between `min_prob` and `max_prob`, 0.01 and 0.5 by default.
# Twenty villages find some gems at most steps, and learn which mines are worth the way.
# Seen: nobody ever finds a gem. The probabilities are cut to whole numbers when they are stored, so that 0.01, 0.5 and 0.99 are
# all 0: whatever the seed, the number of agents and the arguments, every reward is a vector of zeros. Only mines that are certain
# (both arguments 1) pay. Nothing raises, and zeros lie in the reward space: a learner has a flat curve, which looks like a task
# with a very sparse reward that is not solved yet, and every comparison of learners is a tie.
# With numpy 2.4 `step` raises for another reason (a number of workers that is a list of one); the package allows 1.21 and later.
# Docs (the environment's text) describe the probabilities as above. No issue was found that tells; the repository's stored
# version (commit 946d364) has the same line.
# Source: the package (`self.base_probabilities[i] = np.zeros(…, dtype=int)`, then filled with fractions), run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.3.5 gymnasium==1.4.0 pettingzoo==1.27.0 typing-extensions==4.16.0
"$folder/venv/bin/pip" install --quiet --no-deps momaland==0.2.0
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from momaland.envs.gem_mining import mogem_mining_v0

STEPS, MOST = 300, 0.9
"""MOST is the default upper limit of a probability."""


def mined(**arguments):
    """Gems of each type that the team finds in random play, and how many the arguments promise at least, on average."""
    environment = mogem_mining_v0.parallel_env(**arguments)
    least = min(arguments.get("min_prob", 0.01), MOST)
    generator = np.random.default_rng(1)
    found, promised = np.zeros(environment.num_objectives), 0.0
    for seed in range(STEPS):
        environment.reset(seed=seed)
        mines = {}
        for agent in environment.agents:
            space = environment.action_space(agent)
            mines[agent] = int(generator.integers(space.start, space.start + space.n))
        _, rewards, *_ = environment.step(mines)
        assert all(np.array_equal(reward, rewards["agent_0"]) for reward in rewards.values()), "rewards differ between agents now"
        found += rewards["agent_0"]
        promised += least * len(set(mines.values()))
    return found, promised


print(f"MOMAland {version('momaland')}, numpy {version('numpy')}; {STEPS} steps of random play")
for arguments in (
    {},
    {"seed": 7},
    {"num_agents": 50, "num_objectives": 3},
    {"correlated_objectives": False, "min_prob": 0.3, "max_prob": 0.6},
    {"correlated_objectives": False, "min_prob": 0.99, "max_prob": 0.99},
):
    found, promised = mined(**arguments)
    print(f"{arguments or 'defaults'}: gems of each type {found.astype(int).tolist()}, expected: at least {promised:.0f} or so")
    assert promised > 30 and not found.any(), "there are gems now"

found, promised = mined(correlated_objectives=False, min_prob=1.0, max_prob=1.0)
print(f"all probabilities 1: gems of each type {found.astype(int).tolist()}, expected: about {promised:.0f}")
assert np.all(np.abs(found - promised) < 0.05 * promised), "certain mines pay otherwise now"
PYTHON
