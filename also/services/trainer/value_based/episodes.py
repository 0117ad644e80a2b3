"""Playing for Q-learning: what was played goes into a replay, state by state.

Shaping is paid while a task is played, too, and the payment thrown away: so its terms are counted as they are for PPO,
visits of a novelty are made, and schedules go on.

Letters as in `replay`.
"""

import torch
from torch import Tensor

from also.services.trainer.play import Actor, Course, Player
from also.services.trainer.shaping_reward import ShapingReward
from also.services.trainer.tasks.vector_task import Features, VectorTask, View
from also.services.trainer.value_based.batch import Experience, packed
from also.services.trainer.value_based.replay import Replay, Rows
from also.v1.campaign_pb2 import LearnerSettings

_REPLAY = "replay."
"""What the names of the replay's tensors begin with."""


class Recorder(Player[Experience]):
    """Plays a task with actors, and records it."""

    def __init__(
        self,
        task: VectorTask,
        shaping: ShapingReward,
        settings: LearnerSettings,
        *,
        replicas: int,
        device: torch.device,
    ) -> None:
        """Play `task` under `shaping`; call `begin`, or load a state, before the first rollout."""
        super().__init__(task, shaping, settings, replicas=replicas, device=device)
        self._names = tuple(feature.name for feature in task.card.features)
        self.replay = Replay(task.card, settings, replicas=replicas, whole_numbers=task.whole_numbers, device=device)
        self.experience = Experience(
            self.replay, shaping, task.card, observations=self.observations, states=self.states
        )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """All features of the card: which ones a later config reads, nobody knows."""
        return self._names

    def begin_episodes(self) -> None:
        """Take note that the task has begun new episodes everywhere."""
        super().begin_episodes()
        self.replay.begin(packed(self.task.features(self._names), self.task.card, 2))

    def made_of(self, policy: Actor, course: Course, view: View) -> Experience:
        """Record the T env_steps, and their statistics; the replay with them."""
        del policy
        done = torch.stack(course.done, dim=1)
        terminated = torch.stack([each.terminated for each in course.outcomes], dim=1)
        reward = torch.stack([each.reward for each in course.outcomes], dim=1)
        presence = course.presence(view, done & ~terminated)
        reached, first = self.told(course)
        self.shaped(course, reached, first, reward, terminated, presence)
        seen = self._seen(course.views)
        self._record(course, seen, self._seen([view]), reached, first, reward, terminated, done)
        self.observations.update(
            seen["observations"].flatten(1, 2), None if presence is None else presence.acted.flatten(1, 2)
        )
        if "states" in seen:
            self.states.update(seen["states"])
        return self.experience

    def trim(self) -> None:
        """Empty the replay where checkpoints are to be without it."""
        if not self.settings.value_learning.replay_in_checkpoint:
            self.replay.clear()

    def state_dict(self) -> dict[str, Tensor]:
        """Everything that runs on, the replay with it; first axis R."""
        return super().state_dict() | {f"{_REPLAY}{name}": part for name, part in self.replay.state_dict().items()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue from what `state_dict` returned."""
        super().load_state_dict(state)
        self.replay.load_state_dict(
            {name.removeprefix(_REPLAY): part for name, part in state.items() if name.startswith(_REPLAY)}
        )

    def _record(
        self,
        course: Course,
        seen: Rows,
        last: Rows,
        reached: Features,
        first: Features | None,
        reward: Tensor,
        terminated: Tensor,
        done: Tensor,
    ) -> None:
        """Write all that the T env_steps were; what is written later may lie over what was written before."""
        replay, card, time = self.replay, self.task.card, done.shape[1]
        places = replay.places(done)
        replay.write(places[:, :time] + 1, {"features": packed(reached, card, 3)})
        if first is not None:
            replay.write(places[:, [t + 1 for t in course.first_moments]], {"features": packed(first, card, 3)})
        for t, view in course.cut.items():
            replay.write(places[:, t : t + 1] + 1, self._seen([view]))
        actions = torch.stack([decision.actions for decision in course.decisions], dim=1)
        replay.write(places[:, :time], seen | {"actions": actions, "reward": reward, "terminated": terminated})
        replay.write(places[:, time:], last)
        replay.advance(places, done, course.first_moments)

    def _seen(self, views: list[View]) -> Rows:
        """What was seen of T states, (R, T, E, ...) by its name in a row."""
        parts = {"observations": torch.stack([view.observations for view in views], dim=1)}
        if "states" in self.replay.rows:
            parts["states"] = torch.stack([view.state for view in views], dim=1)
        if "masks" in self.replay.rows:
            masks = [view.action_mask for view in views if view.action_mask is not None]
            parts["masks"] = torch.stack(masks, dim=1)
        everybody = torch.ones_like(views[0].observations[..., 0], dtype=torch.bool)
        parts["present"] = torch.stack([everybody if view.present is None else view.present for view in views], dim=1)
        return parts
