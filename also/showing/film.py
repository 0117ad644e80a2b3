"""An episode as a row of images: the board, and above and below it what it is and how far it is."""

from collections.abc import Iterator, Sequence

from PIL import Image, ImageDraw

from also.showing import palette
from also.showing.board import Board, picture
from also.showing.telling import outcome, returns, title
from also.v1.episode_pb2 import Episode, Frame

_MARGIN, _HEAD, _FOOT, _LEAST = 18, 62, 56, 440
"""Pixels around the board, above it, below it, and of the whole width at least."""


def boards(episode: Episode, frames: Sequence[Frame]) -> Iterator[Image.Image]:
    """The boards alone, an RGB image a frame, all of one size."""
    if not episode.HasField("ground"):
        yield from (picture(frame.picture) for frame in frames)
        return
    board = Board(episode.ground)
    yield from (board.image(frame.scene) for frame in frames)


def film(episode: Episode, frames: Sequence[Frame]) -> Iterator[Image.Image]:
    """Boards with their captions, an RGB image a frame, all of one size."""
    for number, (shown, frame, total) in enumerate(zip(boards(episode, frames), frames, returns(frames), strict=True)):
        yield _captioned(episode, shown, number, frame.reward, total)


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
