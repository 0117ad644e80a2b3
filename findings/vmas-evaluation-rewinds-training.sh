#!/usr/bin/env bash
# VMAS 1.5.2 (VectorizedMultiAgentSimulator), two environments in one process; also through BenchMARL 1.5.2 (`evaluation_static`).
#
# A good guess: an environment that is made with `seed=s` draws from that seed. Another one, for evaluations that each begin with
# `reset(seed=100)`, leaves it alone: training seeds 0 to 4 train on five sequences of episodes, and every reset starts new ones.
# VMAS keeps its random numbers apart from those of torch, NumPy and Python on purpose, so that this looks taken care of.
# Seen: all environments of a process draw from one sequence, and a seed given to any of them sets it for all. Where the one for
# evaluations is made last, five training seeds are one: the same starts in the same order. An evaluation on a fixed seed rewinds
# training, which goes on from the places where it went on after the evaluation before: twenty resets, with an evaluation before
# each, have the starts of one. An evaluation without a seed moves training on to other episodes, so that how often one evaluates
# decides what is trained on. No scenario that was tried is spared. Returns look as ever, only with less variety behind them.
# BenchMARL has this with `evaluation_static: True`, which is said to make evaluations alike: the last six of eight batches of
# training start in the same places. With its default, evaluations without a seed of their own, they start in new ones.
# Docs call `seed` the seed of the environment. VMAS's pull request 154 ("Local seed") says that a seed inside does not touch what
# is outside, and the reverse, and nothing of two environments; an issue that knows of it was not found. Some who train with VMAS
# put the sequence back after each evaluation, which cures it.
# Source: the packages (`Environment.vmas_random_state` is one list of the class, which `local_seed` swaps in around each call;
# `Experiment._evaluation_loop` seeds the environment for evaluations), run here on the CPU.
#
# It installs pinned packages (PyTorch 2.15.0 as PyPI has it: with CUDA, several GB, on Linux; BenchMARL without torchvision and
# av, which this does not need) into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.15.0 numpy==2.4.6 vmas==1.5.2 gym==0.26.2 tensordict==0.11.0 torchrl==0.11.1 \
    hydra-core==1.3.2 tqdm==4.67.1
"$folder/venv/bin/pip" install --quiet --no-deps benchmarl==1.5.2
TQDM_DISABLE=1 RL_LOGGING_LEVEL=ERROR "$folder/venv/bin/python" -W ignore - "$folder/runs" <<'PYTHON'
import copy
import sys
from importlib.metadata import version
from pathlib import Path

import torch
import vmas
from benchmarl.algorithms import MappoConfig
from benchmarl.environments import VmasTask
from benchmarl.experiment import Callback, Experiment, ExperimentConfig
from benchmarl.models.mlp import MlpConfig
from vmas.simulator.environment import Environment

torch.set_num_threads(1)
SEEDS, RESETS, COPIES, STEPS, BATCHES = range(5), 20, 8, 5, 8
EVALUATION_SEED = 100
SCENARIOS = ("simple_spread", "navigation", "balance", "transport", "discovery", "football")


def make(scenario, seed):
    return vmas.make_env(scenario, num_envs=COPIES, seed=seed)


def start(environment):
    """What all agents of all copies observe first, after a reset without a seed."""
    return torch.cat(environment.reset(), -1).numpy().tobytes()


def trained(scenario, seed, beside=False, evaluate=None):
    """The starts of a training environment with this seed, alone or beside one for evaluations, maybe used before each reset."""
    training = make(scenario, seed)
    evaluation = make(scenario, EVALUATION_SEED) if beside else None
    starts = []
    while len(starts) < RESETS:
        if evaluate:
            evaluate(evaluation)
        starts.append(start(training))
    return tuple(starts)


def seeded(evaluation):
    evaluation.reset(seed=EVALUATION_SEED)


def unseeded(evaluation):
    evaluation.reset()


def put_back(evaluation):
    shared = Environment.vmas_random_state
    kept = copy.deepcopy(shared)
    seeded(evaluation)
    shared[:] = kept


versions = (f"{name} {version(name)}" for name in ("vmas", "benchmarl", "torchrl", "torch"))
print(", ".join(versions))
for scenario in SCENARIOS:
    alone = {trained(scenario, seed) for seed in SEEDS}
    beside = {trained(scenario, seed, beside=True) for seed in SEEDS}
    print(f"{scenario}: {len(SEEDS)} training seeds beside an environment for evaluations are {len(beside)} in effect,", end=" ")
    print(f"expected: {len(SEEDS)} (alone: {len(alone)})")
    assert len(alone) == len(SEEDS), "seeds do not choose the starts of an environment that is alone now"
    assert len(beside) == 1, "an environment that is made later leaves the seed alone now"

    once, often, others, cured = (
        trained(scenario, 0, beside=True, evaluate=evaluate) for evaluate in (None, seeded, unseeded, put_back)
    )
    print(f"    different starts in {RESETS} resets, each after an evaluation with a seed: {len(set(often))},", end=" ")
    print(f"expected: {RESETS} (without evaluations: {len(set(once))})")
    assert len(set(once)) == RESETS, "resets repeat their starts without evaluations now"
    assert len(set(often)) == 1, "evaluations leave training alone now"
    kept = sum(one == other for one, other in zip(once, others))
    print(f"    starts that evaluations without a seed leave as they are: {kept}, expected: {RESETS}")
    assert kept == 0, "evaluations without a seed leave training alone now"
    assert cured == once, "putting the sequence back does not cure it now"


class Starts(Callback):
    """Keeps the first observations of each batch; a batch is one episode of each copy."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def on_batch_collected(self, batch):
        first, done = batch["agents", "observation"][:, 0], batch["next", "done"][:, :, 0]
        assert done[:, -1].all() and not done[:, :-1].any(), "a batch is not one episode of each copy now"
        self.batches.append([each.numpy().tobytes() for each in first])


def collected(folder, static):
    """The starts of the batches that BenchMARL trains on, with an evaluation after each batch."""
    config = ExperimentConfig.get_from_yaml()
    config.sampling_device = config.train_device = config.buffer_device = "cpu"
    config.on_policy_n_envs_per_worker, config.max_n_iters, config.max_n_frames = COPIES, BATCHES, None
    config.on_policy_collected_frames_per_batch = config.on_policy_minibatch_size = COPIES * STEPS
    config.on_policy_n_minibatch_iters = 1
    config.evaluation, config.evaluation_static, config.evaluation_interval = True, static, COPIES * STEPS
    config.evaluation_episodes, config.render = 4, False
    config.loggers, config.create_json, config.save_folder = [], True, folder
    folder.mkdir(parents=True)
    task = VmasTask.SIMPLE_SPREAD.get_from_yaml()
    task.config["max_steps"] = STEPS
    starts = Starts()
    experiment = Experiment(
        task=task, algorithm_config=MappoConfig.get_from_yaml(), model_config=MlpConfig.get_from_yaml(),
        critic_model_config=MlpConfig.get_from_yaml(), seed=0, config=config, callbacks=[starts],
    )
    experiment.run()
    return starts.batches


for static, expected in ((False, BATCHES), (True, 3)):
    batches = collected(Path(sys.argv[1]) / str(static), static)
    different = len({tuple(batch) for batch in batches})
    episodes = {start for batch in batches for start in batch}
    print(f"BenchMARL, evaluation_static={static}: {BATCHES} batches of {COPIES} episodes; starts {different},", end=" ")
    print(f"of episodes {len(episodes)}, expected: {BATCHES} and {BATCHES * COPIES}")
    assert different == expected and len(episodes) == expected * COPIES, "BenchMARL's evaluations act otherwise on training now"
    assert all((batch == batches[2]) == static for batch in batches[3:]), "other batches repeat each other now"
PYTHON
