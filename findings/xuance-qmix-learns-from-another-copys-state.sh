#!/usr/bin/env bash
# XuanCe 1.4.4, learners from replay with the global state (QMIX, weighted QMIX, QTRAN, DCG_S), in more than one copy.
#
# A good guess: a stored transition is of one environment. `state` is the state in which these observations were made and these
# actions taken, in each of the 16 parallel copies that the configurations have; where the state is all agents' observations in
# a row, as in simple_spread, the two are the same numbers.
# Seen: when a copy's episode ends, the state of all copies becomes the new start of that one, and the next transition of every
# copy is stored with it. In simple_spread with its own configuration, where all copies end together, 15 of 16 episodes begin in
# the state of the last copy. Where episodes end at different times (read in the source, not run here) the others are in the
# middle of theirs: as soon as any copy ends, the next transition of all others has a state in which none of its observations
# was made. Shapes fit, as one state is repeated for all; the next state of the same transition is right, and so are
# observations, actions and rewards. So the mixing network, which is what QMIX has over VDN, learns from states that do not
# belong to the values that it mixes, the more the more copies there are. One copy is spared, so that a test with one finds
# nothing.
# No issue was found that tells.
# Source: the package (`OffPolicyMARLAgents.train` and `run_episodes` assign `info[i]["reset_state"]` to `state`, where
# observations are assigned to `obs_dict[i]`; learners on policy have `state[i]` in their `train`); `train` of QMIX is run here.
#
# It installs pinned packages (PyTorch 2.15.0 as PyPI has it: with CUDA, several GB, on Linux; XuanCe without what this does not
# need) into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 numpy==1.26.4 gymnasium==1.2.3 pettingzoo==1.25.0 pygame==2.6.1 \
    scipy==1.17.1 PyYAML==6.0.4 tqdm==4.70.1 tensorboard==2.21.0 wandb==0.31.0 pyglet==1.5.15
"$folder/venv/bin/pip" install --quiet --no-deps xuance==1.4.4
cd "$folder"
SDL_VIDEODRIVER=dummy TQDM_DISABLE=1 "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version

import numpy as np
import torch
from xuance import get_arguments, make_envs
from xuance.torch.agents import REGISTRY_Agents

torch.set_num_threads(1)
STEPS, CYCLES = 100, 25


def replay(name, task, copies):
    """Observations in a row and states of a replay, now and next, each (copies, steps, size), and where an episode went on."""
    config = get_arguments("qmix", "mpe", "simple_spread_v3")
    config.env_name, config.env_id, config.parallels = name, task, copies
    config.buffer_size, config.start_training = copies * STEPS, 10 * copies * STEPS
    environments = make_envs(config)
    environments.reset()
    agents = REGISTRY_Agents["QMIX"](config, environments)
    agents.train(STEPS)
    data = agents.memory.data
    seen, seen_next = (np.concatenate([data[kind][key] for key in agents.agent_keys], -1) for kind in ("obs", "obs_next"))
    goes_on = np.zeros(seen.shape[:2], bool)
    goes_on[:, 1:] = (seen[:, 1:] == seen_next[:, :-1]).all(-1)
    # The first step of a training is left out: there an observation is stored as the next one is, another matter.
    return [array[:, 1:] for array in (seen, data["state"], seen_next, data["state_next"], goes_on)]


names = ("xuance", "torch", "pettingzoo", "gymnasium", "numpy")
print(", ".join(f"{name} {version(name)}" for name in names))
for copies in (1, 16):
    seen, states, seen_next, states_next, goes_on = replay("mpe", "simple_spread_v3", copies)
    wrong = (seen != states).any(-1)
    print(f"copies: {copies}; states that are not of their observations: {wrong.sum()} of {wrong.size}, expected: 0")
    assert (seen_next == states_next).all(), "the next states are wrong, too, now"
    if copies == 1:
        assert not wrong.any(), "one copy is not spared now"
        continue
    after_an_end = (~goes_on).any(0)
    assert not wrong[:, ~after_an_end].any(), "states are wrong where no episode has ended, too, now"
    same = (states == states[:1]).all(-1).all(0)
    assert wrong[:, after_an_end].any(0).all() and same[after_an_end].all(), "each copy has its own state now"
    assert wrong.sum() == (copies - 1) * (STEPS // CYCLES - 1), "other starts are stored now"
PYTHON
