"""A run of R replicas: learner, collector, task and shaping, from one moment to a later one.

Everything random is a function of a replica's key and of the number of updates, so the state of a
run is its tensors and two counters. `snapshot` cuts one replica out as a state of its own, and
`restore` stacks such states: the main run, a branch and a group of branches are the same thing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from also.errors import CheckpointError
from also.services.trainer import device
from also.services.trainer.algorithm import Statistics, learner_of, player_of
from also.services.trainer.parts import as_part, part_of
from also.services.trainer.shaping_reward import ShapingReward
from also.services.trainer.streams import mix
from also.services.trainer.tasks.opening import open_task
from also.services.trainer.tasks.vector_task import VectorTask
from also.updates import env_steps_of_update
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import TaskCard

_ENVIRONMENTS, _ACTIONS, _MINIBATCHES, _WEIGHTS = range(4)
"""What a replica's stream is split into; for Q-learning the third is what is drawn from the replay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One replica at one moment: what a checkpoint holds."""

    tensors: dict[str, Tensor]
    """State of learner, collector, task and shaping, on the CPU; first axis 1."""
    env_steps: int
    """env_steps of the run."""
    updates: int
    """Updates of the run."""
    config_hash: str
    """Hash of the shaping config that the state belongs to."""


class Run:
    """R replicas in training."""

    def __init__(
        self,
        campaign: Campaign,
        configs: Sequence[ShapingConfig],
        keys: Tensor,
        *,
        threads: int = 1,
        card: TaskCard | None = None,
    ) -> None:
        """Build everything; `start` or `restore` make it ready.

        Args:
            campaign: every default filled in.
            configs: shaping config of each replica, R of them.
            keys: int64 (R,), stream of each replica.
            threads: threads that learn, 1 or 2, to the same bits.
            card: the task's card in the journal, where there is one.

        Raises:
            DeviceError: the learner's device is asked for and not there.
            TaskError: the algorithm cannot learn the task's actions.
        """
        settings = campaign.learner
        self.campaign = campaign
        self.device = device.resolve(settings)
        self.keys = keys = keys.to(self.device)
        self.task: VectorTask = open_task(
            campaign.task, replicas=len(configs), environments=settings.environments, device=self.device, card=card
        )
        self.shaping = ShapingReward(
            configs, self.task.card, environments=settings.environments, gamma=settings.gamma, device=self.device
        )
        self.learner = learner_of(self.task.card, settings, mix(keys, _WEIGHTS), threads=threads)
        self.collector = player_of(self.task, self.shaping, settings, replicas=len(configs), device=self.device)
        self._purposes = torch.tensor([[_ACTIONS], [_MINIBATCHES]], device=self.device)
        self.env_steps = 0
        self.updates = 0
        self.finite = torch.ones(len(configs), dtype=torch.bool, device=self.device)

    @classmethod
    def start(
        cls,
        campaign: Campaign,
        configs: Sequence[ShapingConfig],
        seeds: Sequence[int],
        *,
        threads: int = 1,
        card: TaskCard | None = None,
    ) -> "Run":
        """New runs from nothing, one for each seed in [0, 2^53); the rest as of `restore`."""
        run = cls(campaign, configs, torch.tensor(list(seeds), dtype=torch.int64), threads=threads, card=card)
        run.collector.begin(run._environment_keys())
        return run

    @classmethod
    def restore(
        cls,
        campaign: Campaign,
        configs: Sequence[ShapingConfig],
        snapshots: Sequence[Snapshot],
        seeds: Sequence[int | None],
        *,
        threads: int = 1,
        card: TaskCard | None = None,
    ) -> "Run":
        """Go on from snapshots; the shaping configs are applied last.

        Args:
            campaign: the campaign of the snapshots.
            configs: shaping config of each replica.
            snapshots: state of each replica, all after equally many updates.
            seeds: new seed of each replica's stream, in [0, 2^53); None keeps the stream (all or none).
            threads: threads that learn, 1 or 2, to the same bits.
            card: the task's card in the journal, where there is one.

        Raises:
            CheckpointError: the snapshots do not fit together, or do not fit the campaign.
        """
        moments = {(snapshot.env_steps, snapshot.updates) for snapshot in snapshots}
        if len(moments) != 1:
            raise CheckpointError(
                f"checkpoints of one batch are after {sorted(moments)} (env_steps, updates); equal ones are needed"
            )
        run = cls(campaign, configs, torch.zeros(len(configs), dtype=torch.int64), threads=threads, card=card)
        run.env_steps, run.updates = moments.pop()
        with fitting():
            stacked = {
                name: torch.cat([snapshot.tensors[name] for snapshot in snapshots]).to(run.device)
                for name in snapshots[0].tensors
            }
            run._load(stacked, [snapshot.config_hash for snapshot in snapshots], seeds)
        return run

    def take(self, snapshot: Snapshot, *, whole: bool) -> None:
        """Begin all replicas with what another run has learnt; episodes, streams and counts are their own.

        Args:
            snapshot: the other run, of the same task and nets.
            whole: its algorithm is the same, so the optimiser continues, too.

        Raises:
            CheckpointError: it does not fit.
        """
        state = {
            name: tensor.to(self.device).expand(len(self.keys), *tensor.shape[1:]).clone()
            for name, tensor in snapshot.tensors.items()
        }
        steps = int(snapshot.tensors["optimiser_steps"][0]) if whole else None
        with fitting():
            self.learner.take(part_of(state, "learner"), optimiser_steps=steps)
            self.collector.take(part_of(state, "collector"))

    @property
    def env_steps_per_update(self) -> int:
        """env_steps of each replica between two updates."""
        return env_steps_of_update(self.campaign.learner)

    def advance(self) -> Statistics:
        """Collect one rollout and learn from it."""
        actions, minibatches = mix(mix(self.keys, self.updates + 1), self._purposes)
        played = self.collector.collect(self.learner.policy, actions)
        statistics = self.learner.update(played, minibatches)
        self.updates += 1
        self.env_steps += self.env_steps_per_update
        self.finite &= statistics.finite
        return statistics

    def snapshots(self, *, whole: bool = False) -> list[Snapshot]:
        """The state of every replica, as copies on the CPU.

        A task whose environments cannot be copied begins new episodes here, in the live run too, so
        that a restored run and the live one agree. So does what a checkpoint leaves out end here.

        Args:
            whole: nothing is left out, for a save of a run that continues.
        """
        task_state = self.task.state_dict()
        if not self.task.copies_state:
            self.task.load_state_dict(task_state)
            self.collector.begin_episodes()
        if not whole:
            self.collector.trim()
        state = {
            "keys": self.keys,
            "optimiser_steps": torch.full_like(self.keys, self.learner.optimiser_steps),
            **as_part("learner", self.learner.state_dict()),
            **as_part("collector", self.collector.state_dict()),
            **as_part("shaping", self.shaping.state_dict()),
            **as_part("task", task_state),
        }
        state = {name: tensor.cpu() for name, tensor in state.items()}
        return [
            Snapshot(
                tensors={name: tensor[replica : replica + 1].clone() for name, tensor in state.items()},
                env_steps=self.env_steps,
                updates=self.updates,
                config_hash=config_hash,
            )
            for replica, config_hash in enumerate(self.shaping.config_hashes)
        ]

    def close(self) -> None:
        """End what the task and the learner have started."""
        self.task.close()
        self.learner.close()

    def _load(self, state: dict[str, Tensor], hashes: Sequence[str], seeds: Sequence[int | None]) -> None:
        self.learner.load_state_dict(part_of(state, "learner"), optimiser_steps=int(state["optimiser_steps"][0]))
        self.collector.load_state_dict(part_of(state, "collector"))
        self.task.load_state_dict(part_of(state, "task"))
        same = [given == live for given, live in zip(hashes, self.shaping.config_hashes, strict=True)]
        kept = torch.tensor(same, device=self.device)
        self.shaping.begin(self.task.features(self.shaping.feature_names))
        self.shaping.load_state_dict(_rows_where(kept, part_of(state, "shaping"), self.shaping.state_dict()))
        self.keys = state["keys"].clone()
        if any(seed is not None for seed in seeds):
            self.keys = torch.tensor([int(seed or 0) for seed in seeds], dtype=torch.int64, device=self.device)
            self.collector.begin(self._environment_keys())

    def _environment_keys(self) -> Tensor:
        """Keys of all environments' episodes, int64 (R, E)."""
        streams = mix(self.keys, _ENVIRONMENTS).unsqueeze(1)
        return mix(streams, torch.arange(self.campaign.learner.environments, device=self.device))


@contextmanager
def fitting() -> Iterator[None]:
    """Load what a checkpoint holds.

    Raises:
        CheckpointError: it does not fit.
    """
    try:
        yield
    except torch.OutOfMemoryError:  # is a RuntimeError, and says nothing of the checkpoint
        raise
    except (KeyError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"checkpoint does not fit the campaign's learner or task: {error}") from error


def _rows_where(kept: Tensor, given: dict[str, Tensor], fresh: dict[str, Tensor]) -> dict[str, Tensor]:
    """The given rows where `kept`, bool (R,), else the fresh ones."""
    return {
        name: torch.where(kept.view(-1, *[1] * (tensor.dim() - 1)), given[name], tensor)
        for name, tensor in fresh.items()
    }
