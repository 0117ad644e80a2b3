"""Images, GIFs and pages of episodes."""

import base64
import io
import json
import re
from fractions import Fraction

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from also.showing.board import Board
from also.showing.film import boards, film
from also.showing.gif import gif
from also.showing.mp4 import mp4
from also.showing.page import page
from also.showing.telling import REST_SECONDS, frame_seconds

EPISODES = ["on_grid", "in_plane", "rendered"]


@pytest.fixture(params=EPISODES)
def shown(request):
    """An episode with its frames."""
    return request.getfixturevalue(request.param)


def test_all_images_of_an_episode_have_one_size(shown):
    """With captions and without; no two states that differ look the same."""
    for images in (list(boards(*shown)), list(film(*shown))):
        assert len({image.size for image in images}) == 1
        assert all(image.mode == "RGB" for image in images)
        assert len({image.tobytes() for image in images}) == len(images)


def test_every_kind_of_item_is_seen(on_grid):
    """A board without one of the items is another board."""
    episode, frames = on_grid
    board = Board(episode.ground)
    whole = board.image(frames[0].scene)
    for place in range(len(frames[0].scene.items)):
        without = type(frames[0].scene)()
        without.CopyFrom(frames[0].scene)
        del without.items[place]
        assert ImageChops.difference(whole, board.image(without)).getbbox() is not None, place


def test_a_gif_has_a_frame_for_each_state_and_rests_on_the_last(shown):
    """It plays again and again."""
    image = Image.open(io.BytesIO(gif(*shown)))
    assert (image.n_frames, image.info["loop"]) == (len(shown[1]), 0)
    image.seek(0)
    first = image.info["duration"]
    image.seek(image.n_frames - 1)
    assert image.info["duration"] >= first + 1900


@pytest.mark.slow
def test_a_video_has_a_frame_for_each_state_and_rests_on_the_last(shown):
    """Its pictures are the film's, at the pace of the GIF; players that ask for even sizes find them."""
    expected = list(film(*shown))
    with av.open(io.BytesIO(mp4(*shown))) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width % 2, stream.height % 2) == (0, 0)
        assert stream.average_rate == 1 / Fraction(frame_seconds(len(expected))).limit_denominator(1000)
        played = [frame.to_image() for frame in container.decode(stream)]
    rest = round(REST_SECONDS * stream.average_rate)
    assert len(played) == len(expected) + rest
    for image, drawn in zip(played, [*expected, *expected[-1:] * rest], strict=True):
        apart = ImageStat.Stat(ImageChops.difference(image.crop((0, 0, *drawn.size)), drawn))
        assert max(apart.mean) < 4, "of 255 levels"


def test_a_page_is_whole_in_itself(on_grid, rendered):
    """No address of another file or machine is in it, and a text of the task cannot leave its place."""
    on_grid[0].task = "</script><b>warehouse"
    text = page([on_grid, rendered]).decode()
    assert not re.findall(r"https?:|\b(?:src|href)=\"(?!data:)|@import|url\(", text)
    assert "</script><b>" not in text
    assert text.count("</script>") == 2
    assert not re.findall("@[A-Z]+@", text)


def test_the_player_lays_down_the_boards_that_there_are(shown):
    """Each patch over the ones before gives the board, but for its number of colours."""
    (told,) = episodes_of(page([shown]))
    assert told["text"] == "best of 20 report episodes: return 0.5 after 3 env_steps, success"
    assert len(told["returns"]) == len(told["patches"]) == len(shown[1])
    laid = Image.new("RGB", (told["width"], told["height"]))
    for (left, top, content), expected in zip(told["patches"], boards(*shown), strict=True):
        if content:
            laid.paste(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB"), (left, top))
        apart = ImageChops.difference(laid, expected)
        assert max(high for _, high in apart.getextrema()) <= 96
        assert sum(apart.convert("L").tobytes()) / (apart.width * apart.height) < 1.5


def episodes_of(content):
    """What a page tells its player."""
    found = re.search(r'<script id="player-episodes"[^>]*>(.*?)</script>', content.decode(), re.DOTALL)
    return json.loads(found.group(1))
