"""Where the time of ALSO's training goes: each part's µs an env_step and dispatches an update, as one JSON line.

    PYTHONPATH=. .venv/bin/python benchmarks/contenders/also_parts.py --case ippo-64x25

Functions of the trainer are wrapped by name, those that the commit has, and the time inside a function belongs to
its part unless a wrapped function takes it further in. Time is that of the processor, JAX's threads included, which
work beside it changes less than time on a clock. So any commit can be measured: put its root first into
PYTHONPATH. A dispatch is an operator that reaches PyTorch's dispatcher. The floor is the update's matrix products
alone, at the sizes of a minibatch, into memory that is there already.
"""

import argparse
import functools
import itertools
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch
from also_training import CASES, start
from commit import has, trainer
from torch.utils._python_dispatch import TorchDispatchMode

determinism, network, normaliser, run, shaping_reward = map(
    trainer, ("determinism", "network", "normaliser", "run", "shaping_reward")
)
learner, policy, rollout = (trainer(f"ppo.{name}", name) for name in ("learner", "policy", "rollout"))

PARTS: dict[str, list[tuple[Any, tuple[str, ...]]]] = {
    "environment": [],  # of whichever task it is, see `TASK`
    "features": [],
    "inference": [(policy.Policy, ("decide",))],
    "shaping": [(shaping_reward.ShapingReward, ("pay", "restart", "pay_rollout"))],
    "collection, the rest": [
        *((kind, ("collect",)) for kind in rollout.Collector.__mro__),  # its own, or its player's
        (normaliser.InputNormaliser, ("update",)),
    ],
    "values": [(learner.Learner, ("_values",))],
    "advantages": [(learner, ("generalised_advantages", "normalised", "explained_variance"))],
    "minibatches": [(learner.Learner, ("_order", "_orders"))],
    "forward": [(learner.Learner, ("_forward",)), (network.ReplicaNet, ("vjp",))],
    "loss": [(learner.Learner, ("_step", "_policy_loss", "_value_loss"))],
    "backward": [(torch.Tensor, ("backward",))],
    "clip and Adam": [(learner, ("clip_gradients",)), (torch.optim.Adam, ("step",))],
    "bookkeeping": [(run.Run, ("advance",))],
}
"""Functions of each part, by their owner; what a commit does not have is left out."""

TASK = {"environment": ("step", "restart", "view"), "features": ("features", "features_at", "moment")}
"""Functions of each part that a task has."""

UPDATES = 20
"""Updates of a repeat."""


class Clock:
    """Time and dispatches of the part that is at work."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Begin outside of any part; `now` tells seconds."""
        self._now = now
        self.seconds: dict[str, float] = defaultdict(float)
        self.dispatches: dict[str, int] = defaultdict(int)
        self._at_work: list[str] = []
        self._since = 0.0

    def wrapped(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose time belongs to a part, and so that of a function which it returns beside a tensor."""

        @functools.wraps(function)
        def timed(*given: Any, **named: Any) -> Any:
            self._switch()
            self._at_work.append(part)
            try:
                answer = function(*given, **named)
            finally:
                self._switch()
                self._at_work.pop()
            if part == "forward" and isinstance(answer, tuple) and callable(answer[-1]):  # the way back
                return *answer[:-1], self.wrapped("backward", answer[-1])
            return answer

        return timed

    def count(self) -> None:
        """Count a dispatch."""
        if self._at_work:
            self.dispatches[self._at_work[-1]] += 1

    def _switch(self) -> None:
        now = self._now()
        if self._at_work:
            self.seconds[self._at_work[-1]] += now - self._since
        self._since = now


class Counting(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts every operator."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._clock = clock

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._clock.count()
        return func(*args, **(kwargs or {}))


def main() -> None:
    """Measure, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=[name for name in CASES if "spread" not in name], required=True)
    parser.add_argument("--repeats", type=int, default=9, help="medians are over so many")
    arguments = parser.parse_args()
    determinism.prepare()
    clock = Clock(time.process_time)
    training = start(arguments.case, threads=1, workers=None)
    wrap_all(clock, type(training.task))
    env_steps = training.env_steps_per_update * CASES[arguments.case].get("replicas", 1)
    for _ in range(3):
        training.advance()
    clock.dispatches.clear()
    with Counting(clock):
        training.advance()
    repeats = []
    updates = max(1, UPDATES * 1600 // env_steps)
    for _ in range(arguments.repeats):
        clock.seconds.clear()
        for _ in range(updates):
            training.advance()
        repeats.append({part: spent / updates / env_steps * 1e6 for part, spent in clock.seconds.items()})
    parts = {
        part: {
            "microseconds": statistics.median(repeat.get(part, 0.0) for repeat in repeats),
            "dispatches": clock.dispatches[part],
        }
        for part in PARTS
    }
    total = statistics.median(sum(repeat.values()) for repeat in repeats)
    print(json.dumps({"parts": parts, "microseconds": total, "floor": floor(training)}))


def wrap_all(clock: Clock, task: type) -> None:
    """Wrap every function of the parts, and the optimiser where it is the commit's own."""
    owners = {part: list(owned) for part, owned in PARTS.items()}
    for part, methods in TASK.items():
        owners[part] += [(kind, methods) for kind in task.__mro__]
    own = getattr(learner, "Optimiser", None)
    if own is not None:
        owners["clip and Adam"].append((own, ("step",)))
    samples = next((trainer(name) for name in ("ppo.samples", "samples") if has(name)), None)
    owners["minibatches"].append((samples or getattr(learner, "_Batches"), ("_rows", "select")))  # noqa: B009
    for part, owned in owners.items():
        for owner, names in owned:
            for name in names:
                if name in vars(owner):
                    setattr(owner, name, clock.wrapped(part, vars(owner)[name]))


@torch.no_grad()
def floor(training: Any) -> float:
    """The least µs an env_step, of seven tries, that the update's matrix products take."""
    settings, card, net = training.campaign.learner, training.task.card, training.learner.policy.net
    env_steps = settings.environments * settings.rollout // settings.minibatches
    samples, width = env_steps * len(card.agents), net.hidden
    outputs = {"policy": card.action_space.size, "value": 2}
    products = []
    for size in outputs.values():
        layers = [card.observation_size, *[width] * net.layers]
        for rows, columns in itertools.pairwise(layers):
            inputs, sums, weights = (
                torch.randn(samples, rows),
                torch.randn(samples, columns),
                torch.randn(rows, columns),
            )
            products += [(inputs, weights), (inputs.T, sums)] + ([(sums, weights.T)] if rows == width else [])
        hidden, last, weights = torch.randn(width, samples), torch.randn(size, samples), torch.randn(size, width)
        products += [(weights, hidden), (last, hidden.T), (last.T, weights)]
    places = [torch.empty(first.shape[0], second.shape[1]) for first, second in products]
    tries: list[float] = []
    for _ in range(7):
        began = time.process_time()
        for _ in range(20):
            for (first, second), place in zip(products, places, strict=True):
                torch.mm(first, second, out=place)
        tries.append(time.process_time() - began)
    return float(min(tries) / 20 / env_steps * settings.epochs * 1e6)


if __name__ == "__main__":
    main()
