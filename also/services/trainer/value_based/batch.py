"""A batch of whole episodes, drawn from a replay and priced: what Q-learning learns from.

The shaping reward is no part of the replay. It is computed when episodes are drawn, from the features that were kept,
under the config of the moment: a new config re-prices all that was ever played (ADR 29). The team has one reward, the
task's and the mean over all agents of what shaping pays them: no agent's cap is then exceeded by the team's sum, and
credit, which keeps the sum over agents, moves nothing.

Letters as in `replay`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from also.services.trainer.normaliser import InputNormaliser
from also.services.trainer.presence import Presence
from also.services.trainer.shaping_reward import ShapingReward
from also.services.trainer.tasks.vector_task import Features
from also.services.trainer.value_based.replay import Drawn, Replay, axes_of
from also.v1 import task_pb2


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """B whole episodes of each replica; what comes after an episode's end means nothing."""

    inputs: Tensor
    """float32 (R, T + 1, B, A, O): normalised observations."""
    states: Tensor | None
    """float32 (R, T + 1, B, S): normalised global states; None where nothing reads them."""
    masks: Tensor | None
    """bool (R, T + 1, B, A, N), or None."""
    present: Tensor
    """bool (R, T + 1, B, A): agents that are there."""
    actions: Tensor
    """int64 (R, T, B, A)."""
    rewards: Tensor
    """float32 (R, T, B): the team's, shaping included."""
    terminated: Tensor
    """bool (R, T, B)."""
    alive: Tensor
    """bool (R, T, B): the episode lasted, and some agent acted."""


class Experience:
    """A replay, and how what is drawn from it is seen and priced now."""

    def __init__(
        self,
        replay: Replay,
        shaping: ShapingReward,
        card: task_pb2.TaskCard,
        *,
        observations: InputNormaliser,
        states: InputNormaliser,
    ) -> None:
        """Draw from `replay`, under `shaping`, with inputs normalised as they are now."""
        self.replay = replay
        self._shaping, self._card = shaping, card
        self._observations, self._states = observations, states

    def counts(self) -> Tensor:
        """Episodes that can be drawn, int64 (R,)."""
        return self.replay.counts()

    def draw(self, keys: Tensor, count: int) -> Batch:
        """Draw and price episodes.

        Args:
            keys: int64 (R,), stream of this draw.
            count: B.
        """
        return next(self.draws(keys, 1, count))

    def draws(self, keys: Tensor, batches: int, count: int) -> Iterator[Batch]:
        """Draw and price batches of episodes, one after the other, as all together may be gigabytes.

        Args:
            keys: int64 (R,), stream of these draws.
            batches: how many, at least 1.
            count: B of each.
        """
        return map(self._priced, self.replay.draws(keys, batches, count))

    @torch.inference_mode()
    def _priced(self, drawn: Drawn) -> Batch:
        rows = drawn.rows
        present, time = rows["present"], rows["reward"].shape[1] - 1
        following = torch.arange(time, device=present.device).view(1, -1, 1)
        lasts = following < drawn.lengths.unsqueeze(1)
        inputs, states = rows["observations"].float(), rows.get("states")
        return Batch(
            inputs=self._observations(inputs.flatten(1, 2)).view_as(inputs),
            states=None if states is None else self._states(states.float()),
            masks=rows.get("masks"),
            present=present,
            actions=rows["actions"][:, :time].long(),
            rewards=rows["reward"][:, :time] + self._shaped(drawn).mean(dim=-1),
            terminated=rows["terminated"][:, :time],
            alive=lasts & present[:, :time].any(dim=-1),
        )

    def _shaped(self, drawn: Drawn) -> Tensor:
        """Shaping rewards, (R, T, B, A)."""
        rows = drawn.rows
        present, terminated = rows["present"], rows["terminated"][:, :-1]
        presence = None
        if not bool(present.all()):
            presence = Presence(acted=present[:, :-1], stayed=present[:, 1:])
        return self._shaping.price(self._features(rows["features"]), terminated, presence)

    def _features(self, numbers: Tensor) -> Features:
        """Features that shaping reads, of numbers (R, T + 1, B, W)."""
        return unpacked(numbers, self._card, self._shaping.feature_names)


def packed(features: Features, card: task_pb2.TaskCard, axes: int) -> Tensor:
    """All features of a card in its order, float32 (..., W), of such with so many axes before those of agents."""
    parts = [features[feature.name] for feature in card.features]
    return torch.cat([part.flatten(axes) if part.dim() > axes else part.unsqueeze(-1) for part in parts], dim=-1)


def unpacked(numbers: Tensor, card: task_pb2.TaskCard, names: tuple[str, ...]) -> Features:
    """Some features by name, (..., [A[, A]]), of numbers (..., W)."""
    agents, features, place = len(card.agents), {}, 0
    for feature in card.features:
        width = agents ** axes_of(feature)
        if feature.name in names:
            part = numbers[..., place : place + width]
            features[feature.name] = part.reshape(*numbers.shape[:-1], *[agents] * axes_of(feature))
        place += width
    return features
