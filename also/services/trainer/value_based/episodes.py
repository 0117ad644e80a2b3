"""Playing for Q-learning: what was played goes into a replay, state by state.

Shaping is paid while a task is played, too, and the payment thrown away: so its terms are counted as they are for PPO,
visits of a novelty are made, and schedules continue.

Letters as in `replay`.
"""

import torch

from also.services.trainer.actor import Actor
from also.services.trainer.parts import State, as_part, part_of
from also.services.trainer.play import Course, Player
from also.services.trainer.shaping_reward import ShapingReward
from also.services.trainer.tasks.vector_task import VectorTask, View
from also.services.trainer.value_based.batch import Experience, packed
from also.services.trainer.value_based.replay import Replay, Rows
from also.v1.campaign_pb2 import LearnerSettings


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
        self.replay = Replay(task.card, settings, replicas=replicas, whole_numbers=task.whole_numbers, device=device)
        self.experience = Experience(
            self.replay, shaping, task.card, observations=self.observations, states=self.states
        )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """All features of the card: which ones a later config reads, nobody knows."""
        return tuple(feature.name for feature in self.task.card.features)

    def begin_episodes(self) -> None:
        """Take note that the task has begun new episodes everywhere."""
        super().begin_episodes()
        self.replay.begin(packed(self.task.features(self.feature_names), self.task.card, 2))

    def made_of(self, policy: Actor, course: Course) -> Experience:
        """Record the T env_steps; what is written later may lie over what was written before."""
        del policy
        replay, card, done = self.replay, self.task.card, course.done
        places, time = replay.places(done), done.shape[1]
        replay.write(places[:, :time] + 1, {"features": packed(course.reached, card, 3)})
        at = () if course.begun is None else course.begun.at
        if course.begun is not None:
            replay.write(places[:, [t + 1 for t in at]], {"features": packed(course.begun.features, card, 3)})
        for t, view in course.cut.items():
            replay.write(places[:, t : t + 1] + 1, self._seen([view]))
        actions = course.stacked(lambda turn: turn.decision.actions)
        acted = {"actions": actions, "reward": course.reward, "terminated": course.terminated}
        replay.write(places[:, :time], self._seen([turn.view for turn in course.turns]) | acted)
        replay.write(places[:, time:], self._seen([course.last]))
        replay.advance(places, done, at)
        return self.experience

    def trim(self) -> None:
        """Empty the replay where checkpoints are to be without it."""
        if not self.settings.value_learning.replay_in_checkpoint:
            self.replay.clear()

    def state_dict(self) -> State:
        """Everything that runs on, the replay with it; first axis R."""
        return super().state_dict() | as_part("replay", self.replay.state_dict())

    def load_state_dict(self, state: State) -> None:
        """Continue from what `state_dict` returned."""
        super().load_state_dict(state)
        self.replay.load_state_dict(part_of(state, "replay"))

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
