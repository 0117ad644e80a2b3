"""Episodes as one HTML file with a player: everything is inside, and nothing is fetched.

A frame is stored as the part of the board that differs from the frame before, a PNG of few colours; the player lays
them over each other.
"""

import base64
import html
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from PIL import Image, ImageChops

from also import enums
from also.showing.film import boards
from also.showing.telling import frame_seconds, outcome, returns, title
from also.v1.episode_pb2 import Episode, EpisodeChoice, Frame

_COLOURS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """A player of episodes, to be set into a page; one page holds one."""

    markup: str
    """HTML with the episodes inside."""
    style: str
    """CSS; the page says the colours that it names."""
    script: str
    """JavaScript that comes after the markup."""


def page(shown: Sequence[tuple[Episode, Sequence[Frame]]]) -> bytes:
    """The file.

    Args:
        shown: episodes of one task, at least one, and their frames; each has a button.
    """
    made = player(shown)
    filled = {
        "@TITLE@": html.escape(shown[0][0].task),
        "@STYLE@": made.style,
        "@SCRIPT@": made.script,
        "@PLAYER@": made.markup,  # last: what episodes say is not searched
    }
    template = _asset("page.html")
    for name, text in filled.items():
        template = template.replace(name, text)
    return template.encode()


def player(shown: Sequence[tuple[Episode, Sequence[Frame]]], *, paused: bool = False) -> Player:
    """The part of a page that plays.

    Args:
        shown: as in `page`.
        paused: whether it waits for its button.
    """
    data = json.dumps([_told(episode, frames) for episode, frames in shown], separators=(",", ":"))
    told = data.replace("<", "\\u003c")  # no text of a task ends the script
    return Player(
        markup=_asset("player.html").replace("@BEGINS@", "paused" if paused else "playing").replace("@EPISODES@", told),
        style=_asset("player.css"),
        script=_asset("player.js"),
    )


def _asset(name: str) -> str:
    return resources.files("also.showing").joinpath(name).read_text(encoding="utf-8")


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
