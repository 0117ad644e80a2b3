"""An episode as a video: H.264 in MP4, which browsers, slides and chats play."""

import io
from collections.abc import Sequence
from fractions import Fraction

import av
from PIL import Image

from also.showing import palette
from also.showing.film import film
from also.showing.telling import REST_SECONDS, frame_seconds
from also.v1.episode_pb2 import Episode, Frame

_CODEC, _COLOURS, _QUALITY = "libx264", "yuv420p", "20"


def mp4(episode: Episode, frames: Sequence[Frame]) -> bytes:
    """The file."""
    images = [_even(image) for image in film(episode, frames)]
    seconds = frame_seconds(len(images))
    images += images[-1:] * round(REST_SECONDS / seconds)
    content = io.BytesIO()
    with av.open(content, "w", format="mp4") as container:
        stream = container.add_stream(_CODEC, rate=Fraction(seconds).limit_denominator(1000) ** -1)
        stream.width, stream.height, stream.pix_fmt = *images[0].size, _COLOURS
        stream.options = {"crf": _QUALITY, "preset": "slow"}
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_image(image)))
        container.mux(stream.encode())
    return content.getvalue()


def _even(image: Image.Image) -> Image.Image:
    """The image with an even width and height, as the colours of most players need."""
    size = image.width + image.width % 2, image.height + image.height % 2
    if image.size == size:
        return image
    larger = Image.new("RGB", size, palette.PAPER)
    larger.paste(image)
    return larger
