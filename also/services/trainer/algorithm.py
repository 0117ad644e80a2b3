"""What a run needs of an algorithm: a player that makes of a rollout what is learnt from, and a learner.

PPO and Q-learning are the two that there are. Runs, evaluation, probes and evidence go by what stands here, and do not
know which.
"""

from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from also import algorithms
from also.services.trainer.actor import Actor
from also.services.trainer.play import Player
from also.services.trainer.ppo.learner import Learner
from also.services.trainer.ppo.rollout import Collector
from also.services.trainer.shaping_reward import ShapingReward
from also.services.trainer.tasks.vector_task import VectorTask
from also.services.trainer.value_based.episodes import Recorder
from also.services.trainer.value_based.learner import QLearner
from also.v1.campaign_pb2 import LearnerSettings
from also.v1.task_pb2 import TaskCard


class Statistics(Protocol):
    """How an update of R replicas went."""

    told_as: ClassVar[str]
    """Field of `Evidence` that its numbers belong to."""

    @property
    def finite(self) -> Tensor:
        """Bool (R,): every number of the update was finite."""

    def numbers(self) -> dict[str, Tensor]:
        """What evidence tells, float32 (R,) each, by its names."""


class Learning(Protocol):
    """A learner of R replicas."""

    optimiser_steps: int
    """Steps of the optimiser so far."""

    @property
    def policy(self) -> Actor:
        """What acts: in training, in evaluation and in probes."""

    def update(self, played: Any, keys: Tensor) -> Statistics:
        """Improve all replicas.

        Args:
            played: what the algorithm's own player has made.
            keys: int64 (R,): stream of all that is random in this update.
        """

    def state_dict(self) -> dict[str, Tensor]:
        """All that learns; first axis R."""

    def load_state_dict(self, state: dict[str, Tensor], *, optimiser_steps: int) -> None:
        """Continue from what `state_dict` returned after so many optimiser steps."""

    def take(self, state: dict[str, Tensor], *, optimiser_steps: int | None) -> None:
        """Begin with what another learner's `state_dict` has learnt.

        Args:
            state: of a learner with the same nets.
            optimiser_steps: steps of its optimiser, which continues; None if the other one has another algorithm: then
                only what acts is taken.
        """

    def close(self) -> None:
        """End what was started."""


def player_of(
    task: VectorTask, shaping: ShapingReward, settings: LearnerSettings, *, replicas: int, device: torch.device
) -> Player[Any]:
    """The player of a learner's algorithm.

    Args:
        task: what is played.
        shaping: what is paid.
        settings: every default filled in.
        replicas: R.
        device: where the task's tensors are.
    """
    kind: type[Player[Any]] = Recorder if algorithms.is_value_based(settings) else Collector
    return kind(task, shaping, settings, replicas=replicas, device=device)


def learner_of(card: TaskCard, settings: LearnerSettings, keys: Tensor, *, threads: int) -> Learning:
    """The learner of an algorithm.

    Args:
        card: card of the task.
        settings: every default filled in.
        keys: int64 (R,), stream of each replica's first weights.
        threads: threads that learn, 1 or 2, to the same bits; Q-learning takes one.

    Raises:
        TaskError: the algorithm cannot learn the task's actions.
    """
    if algorithms.is_value_based(settings):
        return QLearner(keys, card, settings)
    return Learner(keys, card, settings, threads=threads)
