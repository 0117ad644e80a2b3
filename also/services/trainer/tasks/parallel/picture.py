"""What a PettingZoo environment looks like: a frame of its own `render`, small enough to be sent."""

import base64
import inspect
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from also.errors import TaskError
from also.services.trainer.tasks.parallel.object import UserObject
from also.v1.episode_pb2 import Picture

RGB_ARRAY = "rgb_array"
"""Render mode, by PettingZoo's name, in which `render` returns an array."""

LARGEST = 800
"""Pixels of a picture's longer side at most; of a larger one every second, third, … pixel is kept."""

_ADVICE = (
    f"an array (rows, columns, 3) of bytes is expected: let the function take render_mode={RGB_ARRAY!r} and hand it to "
    "its environment"
)


def takes_render_mode(function: Callable[..., Any]) -> bool:
    """Whether a function says that it takes `render_mode`."""
    try:
        return "render_mode" in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def picture_of(user: UserObject) -> Picture:
    """A frame of an environment.

    Raises:
        TaskError: it has no `render`, or that raises or returns no picture.
    """
    render = getattr(user.env, "render", None)
    if not callable(render):
        raise user.error(f"it has no render(); {_ADVICE}")
    try:
        frame = user.call("render()", render)
    except TaskError as error:
        raise user.error(f"{user.told(error)}; {_ADVICE}") from error.__cause__
    pixels = np.asarray(frame) if frame is not None else None
    if pixels is None or pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        found = "nothing" if pixels is None else f"{pixels.dtype} of shape {pixels.shape}"
        raise user.error(f"render() returned {found}; {_ADVICE}")
    step = -(-max(pixels.shape[:2]) // LARGEST)
    pixels = np.ascontiguousarray(pixels[::step, ::step, :3])
    return Picture(
        width=pixels.shape[1],
        height=pixels.shape[0],
        pixels=base64.b64encode(zlib.compress(pixels.tobytes())).decode(),
    )
