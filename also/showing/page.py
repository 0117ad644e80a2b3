"""Episodes as one HTML file with a player: everything is inside, and nothing is fetched.

A frame is stored as the part of the board that differs from the frame before, a PNG of few colours; the player lays
them over each other.
"""

import base64
import html
import io
import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

from PIL import Image, ImageChops

from also import enums
from also.showing.film import boards
from also.showing.telling import frame_seconds, outcome, returns, title
from also.v1.episode_pb2 import Episode, EpisodeChoice, Frame

_COLOURS = 64


def page(shown: Sequence[tuple[Episode, Sequence[Frame]]]) -> bytes:
    """The file.

    Args:
        shown: episodes of one task, at least one, and their frames; each has a button.
    """
    template = resources.files("also.showing").joinpath("page.html").read_text(encoding="utf-8")
    data = json.dumps([_told(episode, frames) for episode, frames in shown], separators=(",", ":"))
    filled = {
        "@TITLE@": html.escape(shown[0][0].task),
        "@EPISODES@": data.replace("<", "\\u003c"),  # no text of a task ends the script
    }
    for name, text in filled.items():
        template = template.replace(name, text)
    return template.encode()


def _told(episode: Episode, frames: Sequence[Frame]) -> dict[str, Any]:
    """An episode as the player reads it."""
    patches: list[tuple[int, int, str]] = []
    before: Image.Image | None = None
    for image in boards(episode, frames):
        patches.append(_patch(image, before))
        before = image
    assert before is not None
    return {
        "name": enums.short_name(EpisodeChoice.DESCRIPTOR, episode.choice),
        "text": f"{title(episode)}: {outcome(episode)}",
        "width": before.width,
        "height": before.height,
        "milliseconds": round(1000 * frame_seconds(len(frames))),
        "returns": [round(total, 6) for total in returns(frames)],
        "patches": patches,
    }


def _patch(image: Image.Image, before: Image.Image | None) -> tuple[int, int, str]:
    """Where a frame differs from the one before, and Base64 of the PNG to lay there; empty where nothing does."""
    box = (0, 0, *image.size) if before is None else ImageChops.difference(image, before).getbbox()
    if box is None:
        return 0, 0, ""
    content = io.BytesIO()
    image.crop(box).quantize(_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(content, "PNG")
    return box[0], box[1], base64.b64encode(content.getvalue()).decode()
