#!/usr/bin/env bash
# AgileRL 2.58.0, IPPO with agents of one group (`worker_0`, `worker_1`: names that differ only behind the last underscore).
#
# A good guess: a group shares one policy, which learns from what each of its agents saw, did and was paid. Two agents with
# one policy learn a task that is the same for both at least as well as two agents with a policy each.
# Seen: observations and actions of a rollout are put in a row agent by agent, all steps of the first and then all of the
# next; rewards, values and old log-probabilities, and so advantages and returns, step by step. Shapes fit, and nothing is
# said, but an action is judged by the advantage and the old log-probability of another step, half the time another agent's:
# of 512 samples of two agents 2 are together. Two agents who are each shown one of four signals, and paid for naming it,
# name nearly all with a policy each; with the shared one they name no more than chance. The same policy learns it once all
# is in one order. A group is what names as in PettingZoo make (all agents of simple_spread are one). A group of one agent is
# spared, so that a test with one agent, or with one of each kind, finds nothing.
# Docs (the page on IPPO) advise groups where many agents are alike; the description of the function that orders observations
# has the order step by step in its example, which is not what comes back. No issue was found that tells.
# Source: the package (`concatenate_experiences_into_batches` appends agents along the first axis, the one of steps;
# `vectorize_experiences_by_agent` stacks them along the second), trained here with `train_multi_agent_on_policy`.
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
from agilerl.algorithms import IPPO, ippo
from agilerl.training.train_multi_agent_on_policy import train_multi_agent_on_policy
from agilerl.utils.algo_utils import concatenate_experiences_into_batches, vectorize_agent_experiences_flat
from gymnasium import spaces
from pettingzoo import ParallelEnv

torch.set_num_threads(1)
SIGNALS, CYCLES, ROLLOUT, STEPS = 4, 5, 256, 24 * 256


class Signals(ParallelEnv):
    """Each agent sees a signal of its own, and is paid 1 for the action of the same number."""

    metadata = {"name": "signals"}

    def __init__(self, names, seed):
        self.possible_agents, self.agents = list(names), list(names)
        self.generator = np.random.default_rng(seed)

    def observation_space(self, agent):
        return spaces.Box(0, 1, (SIGNALS,), np.float32)

    def action_space(self, agent):
        return spaces.Discrete(SIGNALS)

    def show(self):
        self.signals = {agent: int(self.generator.integers(SIGNALS)) for agent in self.agents}
        return {agent: np.eye(SIGNALS, dtype=np.float32)[signal] for agent, signal in self.signals.items()}

    def reset(self, seed=None, options=None):
        self.agents, self.steps = self.possible_agents[:], 0
        return self.show(), {agent: {} for agent in self.agents}

    def step(self, actions):
        self.steps += 1
        agents, over = self.agents, self.steps == CYCLES
        rewards = {agent: float(actions[agent] == self.signals[agent]) for agent in agents}
        observations, infos = self.show(), {agent: {} for agent in agents}
        self.agents = [] if over else agents
        return observations, rewards, dict.fromkeys(agents, over), dict.fromkeys(agents, False), infos


def named(names, seed):
    """The share of signals that a team with these names gives back after a training."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    task = Signals(names, seed)
    seen, acts = [task.observation_space(name) for name in names], [task.action_space(name) for name in names]
    team = IPPO(seen, acts, list(names), learn_step=ROLLOUT, batch_size=64, lr=3e-3)
    lengths = {"max_steps": STEPS, "evo_steps": STEPS, "eval_steps": CYCLES, "eval_loop": 20}
    _, (fitness,) = train_multi_agent_on_policy(task, "signals", "IPPO", [team], verbose=False, **lengths)
    return fitness / len(names) / CYCLES


def step_by_step(experiences, space, actions=False):
    """What the function below that is replaced has in its example."""
    return torch.stack([torch.as_tensor(each) for each in experiences.values()], 1).flatten(0, 2)


packages = ("agilerl", "torch", "pettingzoo", "gymnasium", "numpy")
print(", ".join(f"{package} {version(package)}" for package in packages))
numbers = np.arange(2 * ROLLOUT, dtype=np.float32).reshape(ROLLOUT, 2)
rollout = {f"worker_{agent}": numbers[:, agent : agent + 1] for agent in range(2)}
seen = concatenate_experiences_into_batches(rollout, spaces.Box(0, np.inf, (1,))).flatten()
paid = vectorize_agent_experiences_flat(rollout).flatten()
print(f"steps of two agents, as observations begin: {seen[:6].int().tolist()}; as rewards begin: {paid[:6].int().tolist()}")
print(f"samples of one agent at one step: {int((seen == paid).sum())} of {seen.numel()}, expected: all")
assert sorted(seen) == sorted(paid) and (seen == paid).sum() == 2, "other samples are together now"

for seed in (1, 2):
    apart, together = named(("left", "right"), seed), named(("worker_0", "worker_1"), seed)
    shuffling, ippo.concatenate_experiences_into_batches = ippo.concatenate_experiences_into_batches, step_by_step
    ordered = named(("worker_0", "worker_1"), seed)
    ippo.concatenate_experiences_into_batches = shuffling
    print(f"signals named, seed {seed}: a policy each {apart:.2f}; one for both {together:.2f}, expected: no less;")
    print(f"    one for both, in one order {ordered:.2f}; by chance {1 / SIGNALS}")
    assert min(apart, ordered) > 0.8, "the task is not learned, so that this shows nothing"
    assert together < 0.5, "a group learns now"
PYTHON
