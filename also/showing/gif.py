"""An episode as an animated GIF, which plays again and again and rests on its last frame."""

import io
from collections.abc import Sequence

from PIL import Image

from also.showing.film import film
from also.showing.telling import REST_SECONDS, frame_seconds
from also.v1.episode_pb2 import Episode, Frame

_COLOURS = 128


def gif(episode: Episode, frames: Sequence[Frame]) -> bytes:
    """The file."""
    images = list(film(episode, frames))
    colours = _together(images).quantize(_COLOURS, Image.Quantize.MEDIANCUT)
    drawn = [image.quantize(palette=colours, dither=Image.Dither.NONE) for image in images]
    each = round(1000 * frame_seconds(len(frames)))
    content = io.BytesIO()
    durations = [each] * (len(drawn) - 1) + [each + round(1000 * REST_SECONDS)]
    drawn[0].save(content, "GIF", save_all=True, append_images=drawn[1:], duration=durations, loop=0)
    return content.getvalue()


def _together(images: Sequence[Image.Image]) -> Image.Image:
    """First, middle and last image side by side: all colours that there are, about."""
    chosen = [images[0], images[len(images) // 2], images[-1]]
    sheet = Image.new("RGB", (sum(image.width for image in chosen), chosen[0].height))
    left = 0
    for image in chosen:
        sheet.paste(image, (left, 0))
        left += image.width
    return sheet
