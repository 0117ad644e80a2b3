"""Any PettingZoo Parallel environment as a task, by the import path of a function that returns one.

    task: {name: "my_package.my_module:make_env", arguments: {agents: 3}, workers: 2}

R * E environments are spread over worker processes, which share memory with the trainer; the trainer
itself never runs user code. The environment may say more of itself in two methods, each looked up on
the environment and on its `unwrapped`:

- `features()` returns numbers by name: a scalar for the team, shape (A,) for agents, (A, A) for
  pairs. Without it, features are parts of the observations.
- `task_card()` returns a dict with any of description, features, milestones, roles, smallest_return,
  largest_return, episode_limit and action_space (names, idle), as in `proto/also/v1/task.proto`.

The team's reward is the sum of its agents' rewards divided by the number of agents. Environments
cannot be copied, so a loaded state begins the next episode of each.
"""

from collections.abc import Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from also.errors import TaskError
from also.services.trainer.streams import mix
from also.services.trainer.tasks.parallel.count import worker_count
from also.services.trainer.tasks.parallel.processes import Processes
from also.services.trainer.tasks.vector_task import Features, Outcome, View
from also.v1.episode_pb2 import Picture
from also.v1.task_pb2 import Task, TaskCard

_SEED_MASK = 0x7FFFFFFF
"""Seeds of an environment's `reset` lie in [0, 2^31)."""


def describe_parallel(task: Task) -> TaskCard:
    """Card of an import-path task; its environment is tried in a process of its own.

    Raises:
        TaskError: the environment cannot be built, or breaks the API.
        ServiceUnavailable: the process died.
    """
    processes = Processes(task, 1)
    try:
        return processes.inspect()
    finally:
        processes.close()


class ParallelTask:
    """An import-path task."""

    copies_state = False
    whole_numbers = False

    def __init__(
        self,
        task: Task,
        *,
        replicas: int,
        environments: int,
        device: str | torch.device = "cpu",
        card: TaskCard | None = None,
        renders: bool = False,
    ) -> None:
        """Start the workers, try the environment in the first unless its card is given, and build all environments.

        Arguments are those of `opening.open_task`; the task's defaults are filled in, and each worker has at least one
        environment.

        Raises:
            TaskError: the environment cannot be built, breaks the API, or does not fit the card.
            ServiceUnavailable: a worker died.
        """
        self._shape = (replicas, environments)
        self._device = device
        self._keys = torch.zeros(self._shape, dtype=torch.int64)
        self._episode = torch.zeros_like(self._keys)
        lanes = replicas * environments
        self._processes = Processes(task, worker_count(task, lanes))
        try:
            known = card if card is not None and card.action_space.HasField("masked") else self._processes.inspect()
            self.card = known if card is None else card
            self._masked = known.action_space.masked
            self._memory = self._processes.open(self.card, lanes, renders=renders)
        except BaseException:
            self.close()
            raise

    def reset(self, keys: Tensor) -> None:
        """Begin episode 0 of every environment; keys is int64 (R, E)."""
        self._keys = keys.cpu()
        self._begin(torch.zeros_like(self._keys), torch.ones(self._shape, dtype=torch.bool))

    def restart(self, done: Tensor) -> None:
        """Begin the next episode where `done`, bool (R, E)."""
        done = done.cpu()
        self._begin(self._episode + done, done)

    def view(self, *, whole: bool = True) -> View:
        """What is seen of the current state; a copy."""
        memory = self._memory
        observations = self._tensor(memory.observations)
        return View(
            observations=observations,
            state=self._tensor(memory.state) if whole else observations[:, :, 0, :0],
            action_mask=self._tensor(memory.masks) if self._masked else None,
            present=None if memory.present.all() else self._tensor(memory.present),
        )

    def step(self, actions: Tensor) -> Outcome:
        """Move every environment by one env_step; a lane whose episode is over waits for its restart."""
        self._memory.actions[...] = actions.cpu().flatten(0, 1).numpy()
        self._processes.tell("step")
        return Outcome(
            reward=self._tensor(self._memory.reward),
            terminated=self._tensor(self._memory.terminated),
            truncated=self._tensor(self._memory.truncated),
        )

    def features(self, names: tuple[str, ...]) -> Features:
        """Features by name, within the ranges of the card.

        Raises:
            TaskError: the card has no such feature.
        """
        for name in names:
            if name not in self._memory.features:
                known = ", ".join(self._memory.features)
                raise TaskError(f"task {self.card.task!r} has no feature {name!r}; it has: {known}")
        return {name: self._tensor(self._memory.features[name]) for name in names}

    def moment(self, names: tuple[str, ...]) -> Features:
        """The features themselves, as copies; errors as of `features`."""
        return self.features(names)

    def features_at(self, moments: Sequence[Features], names: tuple[str, ...]) -> Features:
        """Features of T states at once, (R, T, E, ...)."""
        return {name: torch.stack([moment[name] for moment in moments], dim=1) for name in names}

    def clipped(self) -> dict[str, float]:
        """Share of each feature's values, in [0, 1], that lay outside its range so far and were clipped to it."""
        memory = self._memory
        counted = max(1, int(memory.counted.sum()))
        totals = memory.clipped.sum(axis=0).tolist()
        shares = zip(memory.widths.items(), totals, strict=True)
        return {name: total / (counted * width) for (name, width), total in shares}

    def picture(self, lane: int) -> Picture:
        """What the environment's own `render` shows of one of the R * E environments.

        Raises:
            TaskError: it shows nothing.
            ServiceUnavailable: a worker died.
        """
        return self._processes.picture(lane)

    def state_dict(self) -> dict[str, Tensor]:
        """Keys and numbers of episodes, int64 (R, E)."""
        return {"keys": self._keys, "episode": self._episode}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Begin the episode after each one that `state_dict` was called in."""
        self._keys = state["keys"].cpu()
        self._begin(state["episode"].cpu() + 1, torch.ones(self._shape, dtype=torch.bool))

    def close(self) -> None:
        """End the workers."""
        self._processes.close()

    def _begin(self, episode: Tensor, where: Tensor) -> None:
        self._episode = episode
        self._memory.seeds[...] = (mix(self._keys, episode) & _SEED_MASK).flatten().numpy()
        self._memory.restart[...] = where.flatten().numpy()
        self._processes.tell("restart")

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self._device, copy=True).view(*self._shape, *array.shape[1:])
