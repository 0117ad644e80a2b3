"""An episode as a row of images: the board, and above and below it what it is and how far it is."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from PIL import Image, ImageDraw

from also import enums
from also.showing import palette
from also.showing.board import board, picture
from also.v1.episode_pb2 import Episode, EpisodeChoice, Frame

_MARGIN, _HEAD, _FOOT, _LEAST = 18, 62, 56, 440
"""Pixels around the board, above it, below it, and of the whole width at least."""

EPISODE_SECONDS = 12.0
"""How long an episode of many env_steps plays, about."""

SHORTEST_SECONDS, LONGEST_SECONDS = 0.04, 0.25
"""How long a frame is shown."""


def boards(episode: Episode, frames: Sequence[Frame]) -> Iterator[Image.Image]:
    """The boards alone, an RGB image a frame, all of one size."""
    for frame in frames:
        if frame.HasField("picture"):
            yield picture(frame.picture)
        else:
            yield board(episode.ground, frame.scene)


def film(episode: Episode, frames: Sequence[Frame]) -> Iterator[Image.Image]:
    """Boards with their captions, an RGB image a frame, all of one size."""
    for number, (shown, frame, total) in enumerate(zip(boards(episode, frames), frames, returns(frames), strict=True)):
        yield _captioned(episode, shown, number, frame.reward, total)


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
    """What came of it, in words."""
    success = ", success" if episode.success else ""
    return f"return {episode.total_reward:.3g} after {episode.env_steps} env_steps{success}"


def _captioned(episode: Episode, shown: Image.Image, number: int, reward: float, total: float) -> Image.Image:
    width = max(shown.width + 2 * _MARGIN, _LEAST)
    image = Image.new("RGB", (width, _HEAD + shown.height + _FOOT), palette.PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((_MARGIN, 14), episode.task, palette.INK, palette.font(18))
    draw.text((_MARGIN, 38), f"{title(episode)}: {outcome(episode)}", palette.PALE_INK, palette.font(13))
    image.paste(shown, ((width - shown.width) // 2, _HEAD))
    below = _HEAD + shown.height
    right = width - _MARGIN
    draw.rectangle((_MARGIN, below + 13, right, below + 16), palette.LINE)
    done = number / max(1, episode.env_steps)
    draw.rectangle((_MARGIN, below + 13, _MARGIN + done * (right - _MARGIN), below + 16), palette.AGENTS[0])
    draw.text((_MARGIN, below + 26), f"env_step {number}", palette.INK, palette.font(15))
    draw.text((right, below + 26), f"return {total:.3g}", palette.INK, palette.font(15), anchor="ra")
    if reward:
        colour = palette.GAIN if reward > 0 else palette.LOSS
        draw.text((width / 2, below + 26), f"{reward:+.3g}", colour, palette.font(15), anchor="ma")
    return image
