#!/usr/bin/env bash
# AgileRL 2.58.0, `train_multi_agent_on_policy`, the training loop of IPPO.
#
# A good guess: where all agents are terminated, the episode is over for the learner, too: the advantage of the last step has
# its reward and no value of what comes after, so that the policy goes for the return of an episode, as in the paper.
# Seen: as soon as all agents of a copy are done, the loop sets the flags of all copies and agents back to zero, before they
# are stored with the next step. Of more than 5000 ends within rollouts the learner is told of none (one at the last step of
# a rollout goes another way), and adds up rewards and values across them, into the next episode. A policy is so trained for
# reward per step: two agents are paid 0.4 each for every step of ten, or 1 each when one of them leaves, which ends the
# episode. They learn to leave at once, which returns 2; with the ends put back into what the learner is given they stay, and
# leave at the tenth step, if at all, which returns about 9. The critic is wrong by as much: of the tenth step, with 1 to be
# had, it expects 8 to 10. (Four copies at a time, tried apart: no end is told of either.)
# Docs (the page on IPPO) have the same loop, to be written by oneself. No issue was found that tells.
# Source: the package (`done` becomes a dictionary of zeros below `if all(agent_dones)`; `IPPO.learn` reads the flag of a
# step from the next one), run here.
#
# It installs pinned packages (PyTorch 2.15.0 as PyPI has it: with CUDA, several GB, on Linux; AgileRL without what this does
# not need) into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 tensordict==0.13.0 numpy==2.4.6 gymnasium==1.2.3 pettingzoo==1.26.1 \
    accelerate==1.15.0 transformers==5.14.1 peft==0.21.0 pydantic==2.14.4 dill==0.4.1 fastrand==3.1.0 lazy-loader==0.6 \
    rich==15.0.0 tqdm==4.70.1 wandb==0.31.0 pillow==13.0.0
"$folder/venv/bin/pip" install --quiet --no-deps agilerl==2.58.0 agilerl-arena==1.29.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - 2>errors <<'PYTHON' || { cat errors >&2 && exit 1; }  # where progress bars go as well
from importlib.metadata import version

import numpy as np
import torch
from agilerl.algorithms import IPPO
from agilerl.training.train_multi_agent_on_policy import train_multi_agent_on_policy
from gymnasium import spaces
from pettingzoo import ParallelEnv

torch.set_num_threads(1)
CYCLES, STAYED, LEFT, ROLLOUT, STEPS = 10, 0.4, 1.0, 256, 24 * 256


class Shift(ParallelEnv):
    """Two agents stay (0) or leave (1), and see the step's number; one who leaves, or the tenth step, ends it for both."""

    metadata = {"name": "shift"}
    possible_agents = ["left", "right"]

    def __init__(self):
        self.agents, self.ends = [], []

    def observation_space(self, agent):
        return spaces.Box(0, 1, (CYCLES + 1,), np.float32)

    def action_space(self, agent):
        return spaces.Discrete(2)

    def show(self):
        return dict.fromkeys(self.possible_agents, np.eye(CYCLES + 1, dtype=np.float32)[self.steps])

    def reset(self, seed=None, options=None):
        self.agents, self.steps = self.possible_agents[:], 0
        return self.show(), {agent: {} for agent in self.agents}

    def step(self, actions):
        self.steps += 1
        agents, left = self.agents, any(int(action) for action in actions.values())
        over = left or self.steps == CYCLES
        self.ends.append(over)
        self.agents = [] if over else agents
        rewards, infos = dict.fromkeys(agents, LEFT if left else STAYED), {agent: {} for agent in agents}
        return self.show(), rewards, dict.fromkeys(agents, over), dict.fromkeys(agents, False), infos


class Watched(IPPO):
    """IPPO that counts the ends within rollouts and those that it is told of, and may put them back."""

    def watch(self, task, mend):
        self.task, self.mend, self.ended, self.told = task, mend, 0, 0

    def learn(self, experiences):
        states, actions, log_probs, rewards, dones, *rest = experiences
        # A flag is stored with the step after. The first one of a rollout is not used.
        ends = [False, *self.task.ends[-len(rewards["left"]) : -1]]
        self.ended += sum(ends)
        self.told += int(np.nansum(dones["left"][1:]))
        if self.mend:
            dones = {agent: [np.array([float(end)]) for end in ends] for agent in dones}
        return super().learn((states, actions, log_probs, rewards, dones, *rest))


def trained(mend, seed):
    """Ends within rollouts, ends the learner was told of, what the team returns, and the value of the tenth step."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    task = Shift()
    names = task.possible_agents
    seen, acts = [task.observation_space(name) for name in names], [task.action_space(name) for name in names]
    team = Watched(seen, acts, names, learn_step=ROLLOUT, batch_size=64, lr=3e-3)
    team.watch(task, mend)
    lengths = {"max_steps": STEPS, "evo_steps": STEPS, "eval_loop": 20}
    _, (fitness,) = train_multi_agent_on_policy(task, "shift", "IPPO", [team], verbose=False, **lengths)
    with torch.no_grad():
        value = float(team.critics["left"](torch.eye(CYCLES + 1)[CYCLES - 1 : CYCLES]))
    return team.ended, team.told, fitness, value


packages = ("agilerl", "torch", "pettingzoo", "gymnasium", "numpy")
print(", ".join(f"{package} {version(package)}" for package in packages))
most = 2 * (STAYED * (CYCLES - 1) + LEFT)
for seed in (1, 2):
    ended, told, returned, value = trained(False, seed)
    _, _, mended, right = trained(True, seed)
    print(f"seed {seed}: ends within rollouts that the learner is told of: {told} of {ended}, expected: all")
    print(f"    the team returns {returned:.2f}; with the ends put back {mended:.2f}; {2 * LEFT} at once, most {most:.1f}")
    print(f"    the tenth step is valued {value:.1f}; with the ends put back {right:.1f}; at most {LEFT} can be had")
    assert mended > 0.8 * most and right < 1.5 * LEFT, "the task is not learned, so that this shows nothing"
    assert ended > 0 and told == 0, "the learner is told of ends now"
    assert returned < 0.5 * most and value > 5 * LEFT, "an episode's return is learned now"
PYTHON
