"""simple_spread of mpe2 stepped and not trained on: alone in a loop, or by a worker of ALSO's.

    PYTHONPATH=. .venv/bin/python benchmarks/contenders/spread_environment.py --task plain --side worker --repeats 5

Both sides play the same 8 environments, with the same kind of random actions and with restarts. CPU time is that of the
process that calls the environment: of the loop, or of ALSO's one worker with all that it does (checks, copies into
the shared memory, wake-ups), without the process that tells it what to do. `--calls all` has the loop call
the environment's `state()` too, and `features()` where it has that, as the worker does after each env_step.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from mpe2 import simple_spread_v3
from serving import Meter

from also.services.trainer.tasks.opening import open_task
from also.v1.task_pb2 import Task
from examples import simple_spread

TASKS: dict[str, tuple[str, Callable[[], Any]]] = {
    "plain": ("mpe2.simple_spread_v3:parallel_env", simple_spread_v3.parallel_env),
    "example": ("examples.simple_spread:make_env", simple_spread.make_env),
}
"""Import path, and the function that it names."""
LANES, AGENTS, CHOICES, EPISODE = 8, 3, 5, 25


def main() -> None:
    """Step and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", choices=TASKS, required=True)
    parser.add_argument("--side", choices=("alone", "worker"), required=True)
    parser.add_argument("--calls", choices=("step", "all"), default="step", help="what the loop calls")
    meter = Meter(parser)
    name, function = TASKS[meter.arguments.task]
    actions = np.random.default_rng(0).integers(0, CHOICES, (EPISODE, LANES, AGENTS))
    if meter.arguments.side == "worker":
        play_by_worker(meter, name, actions)
    play_alone(meter, [function() for _ in range(LANES)], actions, every=meter.arguments.calls == "all")


def play_alone(meter: Meter, envs: list[Any], actions: np.ndarray[Any, Any], *, every: bool) -> None:
    """Step environments one after another, for as long as the meter asks."""
    looks = [call for env in envs[:1] for call in ("state", "features") if every and callable(getattr(env, call, None))]

    def look(env: Any) -> None:
        for call in looks:
            getattr(env, call)()

    episode = 0
    while True:
        for lane, env in enumerate(envs):
            env.reset(seed=episode * LANES + lane)
            look(env)
        env_steps = 0
        for joint in actions.tolist():
            for env, chosen in zip(envs, joint, strict=True):
                if env.agents:
                    env.step(dict(zip(env.agents, chosen, strict=True)))
                    look(env)
                    env_steps += 1
        episode += 1
        meter.tick(env_steps)


def play_by_worker(meter: Meter, name: str, actions: np.ndarray[Any, Any]) -> None:
    """Have one worker step environments, for as long as the meter asks."""
    task: Any = open_task(Task(name=name, workers=1), replicas=1, environments=LANES)
    meter.workers, meter.counts_itself = task._processes.pids, False
    task.reset(torch.arange(LANES).unsqueeze(0))
    everywhere = torch.ones(1, LANES, dtype=torch.bool)
    while True:
        env_steps = 0
        playing = everywhere
        for joint in actions:
            outcome = task.step(torch.from_numpy(joint).unsqueeze(0))
            env_steps += int(playing.sum())
            playing = playing & ~(outcome.terminated | outcome.truncated)
        task.restart(everywhere)
        meter.tick(env_steps)


if __name__ == "__main__":
    main()
