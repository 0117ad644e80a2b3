"""An episode in words and numbers: which it is, its outcome, and how fast it plays."""

from collections.abc import Sequence
from itertools import accumulate

from also import enums
from also.v1.episode_pb2 import Episode, EpisodeChoice, Frame

EPISODE_SECONDS = 12.0
"""How long an episode of many env_steps plays, about."""

SHORTEST_SECONDS, LONGEST_SECONDS = 0.04, 0.25
"""How long a frame is shown."""

REST_SECONDS = 2.0
"""How long the last frame of a film stays beyond that."""


def returns(frames: Sequence[Frame]) -> list[float]:
    """Return up to each frame, units of task reward."""
    return list(accumulate(frame.reward for frame in frames))


def frame_seconds(count: int) -> float:
    """How long each of so many frames is shown."""
    return min(LONGEST_SECONDS, max(SHORTEST_SECONDS, EPISODE_SECONDS / count))


def title(episode: Episode) -> str:
    """Which episode it is, in words."""
    choice = enums.short_name(EpisodeChoice.DESCRIPTOR, episode.choice)
    return f"{choice} of {episode.episodes:,} report episodes" if episode.episodes > 1 else "the one report episode"


def outcome(episode: Episode) -> str:
    """Its outcome, in words."""
    success = ", success" if episode.success else ""
    return f"return {episode.total_reward:.3g} after {episode.env_steps} env_steps{success}"
