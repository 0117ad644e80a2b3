"""BenchMARL on PettingZoo's simple_spread (mpe2), trained by its own MAPPO: whole training in one process.

    python benchmarks/contenders/benchmarl_spread.py --case spread-16x50 --repeats 5

The sizes of `spread-16x50` are those of ALSO's case of that name: 3 agents, episodes of 25, an actor and a value
net of 2 layers of 64 with shared parameters, 4 epochs of 4 minibatches. Case `defaults` has BenchMARL's own
layers, passes over a batch and minibatches, with 800 env_steps a batch in place of 6,000 so that a batch is
short. What differs from ALSO: BenchMARL steps its environments one after another in the training process (its
default; its other choice, a process for each, was slower on two cores), and its value net gives one value for
each agent. TorchRL's `PettingZooEnv` looks for tasks in `pettingzoo.mpe`, which has moved to mpe2, so the
environment is built from there and put into TorchRL's `PettingZooWrapper`, which `PettingZooEnv` is too.
Evaluation, logs and plots are off.
"""

import argparse
import importlib.metadata
import logging
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import torch
from benchmarl.algorithms import MappoConfig
from benchmarl.environments.pettingzoo.common import PettingZooClass
from benchmarl.experiment import Callback, Experiment, ExperimentConfig
from benchmarl.models.mlp import MlpConfig
from mpe2 import simple_spread_v3
from serving import Meter
from torchrl.envs import EnvBase, PettingZooWrapper

CASES = {
    "spread-16x50": {"environments": 16, "rollout": 50, "epochs": 4, "minibatch": 200, "hidden": 64},
    "defaults": {"environments": 10, "rollout": 80, "epochs": 45, "minibatch": 400, "hidden": 256},
}
EPISODE = 25


def main() -> None:
    """Train and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES, required=True)
    meter = Meter(parser)
    case = CASES[meter.arguments.case]
    names = ("benchmarl", "torchrl", "tensordict", "torch", "mpe2")
    meter.versions = {name: importlib.metadata.version(name) for name in names}
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        experiment = Experiment(
            task=Spread("SIMPLE_SPREAD", {"max_cycles": EPISODE}),
            algorithm_config=MappoConfig.get_from_yaml(),
            model_config=_layers(case["hidden"]),
            critic_model_config=_layers(case["hidden"]),
            seed=0,
            config=_config(folder, case),
            callbacks=[Ticking(meter)],
        )
        experiment.run()


class Spread(PettingZooClass):  # type: ignore[misc]
    """BenchMARL's PettingZoo task, with the environment from mpe2."""

    def get_env_fun(
        self, num_envs: int, continuous_actions: bool, seed: int | None, device: Any
    ) -> Callable[[], EnvBase]:
        """A function that builds one environment."""
        del num_envs, continuous_actions
        return lambda: PettingZooWrapper(
            simple_spread_v3.parallel_env(N=3, max_cycles=self.config["max_cycles"], continuous_actions=False),
            categorical_actions=True,
            return_state=True,
            seed=seed,
            device=device,
        )


class Ticking(Callback):  # type: ignore[misc]
    """Tells the meter of every collected and learnt batch."""

    def __init__(self, meter: Meter) -> None:
        """Tell `meter`."""
        super().__init__()
        self._meter = meter

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: BenchMARL stores its callbacks beside its results, and a meter is no result."""
        return {}

    def on_train_end(self, training_td: Any, group: str) -> None:
        """A batch has been collected and learnt from."""
        config = self.experiment.config
        self._meter.tick(config.collected_frames_per_batch(on_policy=True))


def _config(folder: str, case: Mapping[str, int]) -> ExperimentConfig:
    config = ExperimentConfig.get_from_yaml()
    config.prefer_continuous_actions = False
    config.on_policy_n_envs_per_worker = case["environments"]
    config.on_policy_collected_frames_per_batch = case["environments"] * case["rollout"]
    config.on_policy_n_minibatch_iters = case["epochs"]
    config.on_policy_minibatch_size = case["minibatch"]
    config.max_n_frames = 10**9
    config.lr, config.adam_eps = 5e-4, 1e-5
    config.evaluation = config.render = config.create_json = False
    config.loggers = []
    config.save_folder = folder
    return config


def _layers(hidden: int) -> MlpConfig:
    config = MlpConfig.get_from_yaml()
    config.num_cells = [hidden, hidden]
    config.activation_class = torch.nn.ReLU
    return config


if __name__ == "__main__":
    main()
